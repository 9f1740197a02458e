"""What a process holds while it runs: settings, the database pool, objects, mail, threads. Made in a composition root.

Routes get it by `RuntimeDep`, jobs and sagas as their first argument. Nothing else is shared, and nothing here keeps
state that another process would need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from vibestream.platform.config import Settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database

if TYPE_CHECKING:
    from vibestream.platform.mail import Mailer
    from vibestream.platform.storage import ObjectStore

T = TypeVar("T")


class PartMissing(LookupError):
    """The composition root of this process did not bring what is asked for: a defect of the root."""

    def __init__(self, kind: type[Any]) -> None:
        super().__init__(f"this process was started without {kind.__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The resources of one process."""

    settings: Settings
    database: Database
    objects: ObjectStore
    mailer: Mailer
    cpu: BoundedThreads
    parts: Mapping[type[Any], Any] = field(default_factory=dict)
    """What contexts need for the time of the process, such as clients of outside providers, by its type."""

    def part(self, kind: type[T]) -> T:
        """Return the part of this type.

        Raises:
            PartMissing: the process was started without it.
        """
        found = self.parts.get(kind)
        if not isinstance(found, kind):
            raise PartMissing(kind)
        return found

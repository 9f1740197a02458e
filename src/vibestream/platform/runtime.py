"""What a process holds while it runs: settings, the database pool, objects, mail, threads. Made in a composition root.

Routes get it by `RuntimeDep`, jobs and sagas as their first argument. Nothing else is shared, and nothing here keeps
state that another process would need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vibestream.platform.config import Settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database

if TYPE_CHECKING:
    from vibestream.platform.mail import Mailer
    from vibestream.platform.storage import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The resources of one process."""

    settings: Settings
    database: Database
    objects: ObjectStore
    mailer: Mailer
    cpu: BoundedThreads

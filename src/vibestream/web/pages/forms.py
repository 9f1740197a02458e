"""What forms have in common: the values and errors they are shown again with, and where they lead afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import RedirectResponse

SEE_OTHER: Final = 303
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown: what was typed, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    """Sentences by field; the empty name holds what belongs to no field."""

    def refused(self, sentence: str, *, field_name: str = "") -> Filled:
        """Return the form with a sentence at a field, or above them all."""
        return Filled(self.values, {**self.wrong, field_name: sentence})


def local_path(wish: str, *, default: str = "/") -> str:
    """Return an address of this site to go on to: the wish when it is one, else the default.

    Only a path is taken: what begins with two slashes or holds a backslash, a scheme or a control character leads elsewhere.
    """
    if not wish.startswith("/") or wish.startswith("//") or "\\" in wish:
        return default
    return wish if wish.isprintable() and len(wish) <= _LONGEST else default


def see_other(path: str) -> RedirectResponse:
    """Return the answer that sends a browser on after a form did its work, so that reloading does not repeat it."""
    return RedirectResponse(path, SEE_OTHER)

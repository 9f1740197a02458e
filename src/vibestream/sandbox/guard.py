"""The gate that every stand-in passes before it loads."""

from __future__ import annotations

from typing import ClassVar, Final

from vibestream.kernel.errors import Unavailable
from vibestream.platform.config import Settings

LABEL: Final = "sandbox"
"""What a stand-in calls itself wherever it shows itself."""


class SandboxRefused(Unavailable):
    """A stand-in was to be loaded in production, where only the real party will do."""

    code: ClassVar[str] = "sandbox.refused"

    def __init__(self, *, part: str) -> None:
        super().__init__(f"The sandbox's {part} does not load in production: configure the real one.")
        self.part = part


def refuse_in_production(settings: Settings, *, part: str) -> None:
    """Return when stand-ins may load.

    Raises:
        SandboxRefused: this is production.
    """
    if not settings.sandboxed:
        raise SandboxRefused(part=part)

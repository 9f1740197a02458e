"""Whose fault it is when a program that read a master did not end well: the master's, or the machine's."""

from __future__ import annotations

import re
import signal
from typing import ClassVar, Final

from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused
from vibestream.kernel.errors import Unavailable
from vibestream.platform.media.child import Ending

_OURS: Final = (
    *("bwrap: ", "setpriv: ", "launch.py", "error while loading shared libraries"),
    *("Cannot allocate memory", "Resource temporarily unavailable"),
)
_THEIRS: Final = (
    ("matches no streams", Reason.NO_SOUND),
    ("does not contain any stream", Reason.NO_SOUND),
    ("Format not on whitelist", Reason.NOT_AUDIO),
    ("Decoding requested, but no decoder found", Reason.CODEC),
)
_REFUSED_CODEC: Final = re.compile(r"Codec \((\w+)\) not on whitelist")
_PICTURES: Final = frozenset({"png", "mjpeg", "gif", "bmp", "webp", "tiff"})
"""ffmpeg says so of an embedded cover, too, and goes on without it."""
_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE})
_PROGRAM_ERROR_CHARS: Final = 500


class MachineFault(Unavailable):
    """Packaging broke off through no fault of the master: the same run may succeed later."""

    code: ClassVar[str] = "packaging.machine_fault"

    def __init__(self, *, why: str) -> None:
        super().__init__("Preparing the track was interrupted on our side. It is tried again by itself.")
        self.why = why


def check_ending(ending: Ending) -> None:
    """Return when the program ended well.

    Raises:
        Refused: the master broke it, or made it run out of its processor time.
        MachineFault: it was killed, took too long by the clock, or could not be started.
    """
    said = ending.complaints
    if ending.well:
        return
    if ending.late:
        raise MachineFault(why="took too long")
    if ending.killed_by is signal.SIGXCPU:
        raise Refused(Reason.TOO_COSTLY)
    if ending.killed_by in _OUTSIDE:
        raise MachineFault(why=f"killed by {ending.killed_by.name}")
    if ending.killed_by is not None:
        raise Refused(Reason.DAMAGED)  # a decoder that crashes on a file crashes on it again
    if any(mark in said for mark in _OURS):
        raise MachineFault(why=said[-_PROGRAM_ERROR_CHARS:])
    if not _PICTURES.issuperset(_REFUSED_CODEC.findall(said)):
        raise Refused(Reason.CODEC)
    raise Refused(next((reason for mark, reason in _THEIRS if mark in said), Reason.DAMAGED))

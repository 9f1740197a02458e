"""Which renditions a listener may hear: lossy ones up to a bitrate, and the lossless one or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.music.delivery.domain.files import AssetFile

_LOSSY: Final = re.compile(r"aac-([1-9][0-9]{1,3})(?:\.[1-9][0-9]?)?")
_LOSSLESS: Final = "/lossless.m3u8"
_VARIANT: Final = "#EXT-X-STREAM-INF:"


@dataclass(frozen=True, slots=True)
class Quality:
    """The best that somebody may hear."""

    max_kbps: int
    """Of lossy renditions, by the bitrate that they are named for."""
    lossless: bool

    @property
    def most_kbps(self) -> int | None:
        """The bound as an address carries it; None: everything."""
        return None if self.lossless else self.max_kbps


EVERYBODYS: Final = Quality(160, lossless=False)
"""What those hear who pay nothing, or are not signed in: the rung that is made first, so that it is always there."""


def within(rung: str, *, most_kbps: int | None) -> bool:
    """Say whether a rung, such as `aac-160`, a later take of one such as `aac-160.2`, or `flac`, is within a bound."""
    if most_kbps is None:
        return True
    lossy = _LOSSY.fullmatch(rung)
    return lossy is not None and int(lossy[1]) <= most_kbps


def opens(file: AssetFile, *, most_kbps: int | None) -> bool:
    """Say whether a bound lets a file of an asset be had."""
    if file.rung:
        return within(file.rung, most_kbps=most_kbps)
    return most_kbps is None or not file.key.endswith(_LOSSLESS)


def without_better(master: str, *, most_kbps: int | None) -> str:
    """Return a master playlist of ours without the variants that are better than a bound."""
    lines = master.splitlines()
    kept: list[str] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(_VARIANT):
            rung = after.partition("/")[0]
        elif not line.startswith("#"):
            rung = line.partition("/")[0]
        else:
            rung = None
        if rung is None or within(rung, most_kbps=most_kbps):
            kept.append(line)
    return "\n".join(kept) + "\n"

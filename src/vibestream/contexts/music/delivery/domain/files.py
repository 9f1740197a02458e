"""What may be fetched at all: the files of an asset and the covers, by name. Whatever is not spelled out does not exist.

    /media/{token}/a/{address}/{file}            of an asset, with a token that was signed for it
    /media/covers/{sha256}-{edge}.{kind}         a cover, for anybody: its name is its content's checksum
    /media/a/{address}/cover/{sha256}-{edge}...  a cover that came inside a master, alike

A path is taken only as a whole and only in this one spelling, so there is nothing to normalise, decode once more or
resolve: a dot stands only before a file's kind or a take's number, and there is no way to write `..`, `//`, a
backslash, a NUL or an escape.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

_ADDRESS: Final = r"(?P<address>[0-9a-f]{64})"
_RUNG: Final = r"(?P<rung>[a-z0-9]{1,8}(?:-[a-z0-9]{1,8})?(?:\.[1-9][0-9]?)?)"
_OF_ASSET: Final = re.compile(
    rf"/media/(?P<token>[A-Za-z0-9._-]{{60,160}})/(?P<key>a/{_ADDRESS}/"
    rf"(?:(?P<master>master|lossless)\.m3u8|{_RUNG}/(?:(?P<playlist>index)\.m3u8|init\.mp4|s(?P<segment>[0-9]{{5}})\.m4s)))"
)
_COVER: Final = re.compile(
    r"/media/(?P<key>(?:covers|a/[0-9a-f]{64}/cover)/[0-9a-f]{64}-[1-9][0-9]{1,3}\.(?:jpg|png|webp))"
)


class FileKind(enum.Enum):
    """What sort of file of an asset it is, which decides how long it may be kept."""

    MASTER = "master"
    """A list of rungs: grows while rungs are added."""
    PLAYLIST = "playlist"
    """A list of segments: grows until it ends."""
    INITIALISATION = "initialisation"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class AssetFile:
    """A file of an asset, and the token with which it is asked for."""

    key: str
    """Of the object."""
    address: str
    token: str
    kind: FileKind
    rung: str
    """Empty for a master playlist."""
    segment: int
    """Number of the segment, from 1; 0 for anything else."""

    @property
    def prefix(self) -> str:
        """What the token must have been signed over."""
        return f"a/{self.address}/"


@dataclass(frozen=True, slots=True)
class CoverFile:
    """One size of a cover."""

    key: str


def parse_path(path: str) -> AssetFile | CoverFile | None:
    """Return which file a request's decoded path names, None when it names none."""
    if found := _OF_ASSET.fullmatch(path):
        if found["master"]:
            kind = FileKind.MASTER
        elif found["playlist"]:
            kind = FileKind.PLAYLIST
        else:
            kind = FileKind.SEGMENT if found["segment"] else FileKind.INITIALISATION
        return AssetFile(
            found["key"], found["address"], found["token"], kind, found["rung"] or "", int(found["segment"] or 0)
        )
    if found := _COVER.fullmatch(path):
        return CoverFile(found["key"])
    return None

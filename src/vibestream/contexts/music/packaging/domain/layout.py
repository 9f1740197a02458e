"""Where an asset's objects lie. One prefix per asset, which is what a delivery signature covers.

    a/{address}/master.m3u8             the lossy ladder; grows while rungs are added
    a/{address}/lossless.m3u8           the FLAC master, when the source is lossless
    a/{address}/{rung}/index.m3u8       a rung's segments; grows until its ENDLIST
    a/{address}/{rung}/init.mp4         immutable
    a/{address}/{rung}/s00001.m4s       immutable
    a/{address}/cover/{sha256}-640.webp immutable

The address is a hash of the master's SHA-256 and the ladder's version: the same master leads to the same objects, also
after the database was lost, and the address does not tell the master's own checksum. Where an interrupted run cannot be
continued bit for bit (another ffmpeg since), the rung is made anew beside the old one as `{rung}.2`, because what was
listed as immutable may be in caches.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from vibestream.contexts.music.packaging.domain.ladder import Family

PLAYLIST_TYPE: Final = "application/vnd.apple.mpegurl"
INITIALISATION_TYPE: Final = "video/mp4"
SEGMENT_TYPE: Final = "video/iso.segment"
"""Source: RFC 8216 (playlists) and ISO/IEC 14496-12 annex (fragments); players go by the playlist, not by these."""

_SEGMENT: Final = re.compile(r"s(\d{5})\.m4s")


def address_of(sha256: str, *, ladder_version: int) -> str:
    """Return an asset's address: 64 lower-case hexadecimal digits.

    Args:
        sha256: the master's SHA-256 in lower-case hexadecimal.
        ladder_version: `LADDER_VERSION` of the ladder that packages it.
    """
    return hashlib.sha256(f"{sha256}/{ladder_version}".encode()).hexdigest()


def original_key(sha256: str) -> str:
    """Return the key of an original in the object store. Never below `a/`: originals are not delivered."""
    return f"originals/{sha256}"


def prefix_of(address: str) -> str:
    """Return the prefix of an asset's objects, with a slash at its end."""
    return f"a/{address}/"


def master_key(address: str, family: Family) -> str:
    """Return the key of a family's master playlist."""
    return prefix_of(address) + ("lossless.m3u8" if family is Family.LOSSLESS else "master.m3u8")


def rung_folder(rung: str, *, take: int) -> str:
    """Return the folder of a rung below the prefix: its name, with the number of the take from the second on."""
    return rung if take == 1 else f"{rung}.{take}"


def playlist_key(address: str, folder: str) -> str:
    """Return the key of a rung's playlist."""
    return f"{prefix_of(address)}{folder}/index.m3u8"


def initialisation_key(address: str, folder: str) -> str:
    """Return the key of a rung's initialisation segment."""
    return f"{prefix_of(address)}{folder}/init.mp4"


def segment_key(address: str, folder: str, number: int) -> str:
    """Return the key of a segment; the first is number 1."""
    return f"{prefix_of(address)}{folder}/{segment_name(number)}"


def segment_name(number: int) -> str:
    """Return a segment's file name; the first is number 1."""
    return f"s{number:05d}.m4s"


def segment_number(name: str) -> int | None:
    """Return the number in a segment's file name, None when it is another file."""
    found = _SEGMENT.fullmatch(name)
    return int(found[1]) if found else None


def cover_key(address: str, *, sha256: str, edge_px: int, extension: str) -> str:
    """Return the key of one size of the embedded cover."""
    return f"{prefix_of(address)}cover/{sha256}-{edge_px}.{extension}"

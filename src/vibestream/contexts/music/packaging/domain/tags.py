"""Embedded tags, as text that is safe to keep and show: a suggestion for the artist, never an authority."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_TEXT: Final = 200
"""Characters; what is longer is cut."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction of what follows: a title may be right to left, but not turn its neighbours."""
_NUMBER: Final = re.compile(r"\s*([0-9]{1,4})(?:\s*/\s*[0-9]+)?\s*")
_YEAR: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What the file says about itself; None where it says nothing usable. Plain text: whoever shows it escapes it."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    licence: str | None = None
    date: str | None = None
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    isrc: str | None = None
    track_no: int | None = None
    disc_no: int | None = None


def tags_of(raw: Mapping[str, str]) -> Tags:
    """Return the tags in what a reader found, by our names; unknown names and unusable values are left out."""
    date = _YEAR.match(raw.get("date", ""))
    isrc = _ISRC.fullmatch(re.sub(r"[\s-]", "", raw.get("isrc", "")).upper())
    return Tags(
        title=clean_text(raw.get("title", "")),
        artist=clean_text(raw.get("artist", "")),
        album=clean_text(raw.get("album", "")),
        album_artist=clean_text(raw.get("album_artist", "")),
        genre=clean_text(raw.get("genre", "")),
        licence=clean_text(raw.get("licence", "")),
        date=date and date[0],
        isrc=isrc and isrc[0],
        track_no=_number(raw.get("track_no", "")),
        disc_no=_number(raw.get("disc_no", "")),
    )


def clean_text(text: str) -> str | None:
    """Return text in NFC without control characters, direction marks and runs of blanks, cut; None when none is left."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text[: 4 * MAX_TEXT])
        if character.isspace()
        or not (character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"})
    )
    return " ".join(kept.split())[:MAX_TEXT].strip() or None


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found and int(found[1]) else None

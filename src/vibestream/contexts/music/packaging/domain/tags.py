"""Embedded tags, as text that is safe to keep and show: a suggestion for the artist, never an authority."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

MAX_TEXT: Final = 200
"""Characters; what is longer is cut."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction of what follows: a title may be right to left, but not turn its neighbours."""
_NUMBER: Final = re.compile(r"\s*(\d{1,4})(?:\s*/\s*\d+)?\s*")
_YEAR: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")


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


_TEXTS: Final = ("title", "artist", "album", "album_artist", "genre", "licence")


def tags_of(raw: Mapping[str, str]) -> Tags:
    """Return the tags in what a reader found, by our names; unknown names and unusable values are left out."""
    values: dict[str, str | int | None] = {name: clean_text(raw.get(name, "")) for name in _TEXTS}
    date = _YEAR.match(raw.get("date", ""))
    isrc = _ISRC.fullmatch(re.sub(r"[\s-]", "", raw.get("isrc", "")).upper())
    values |= {"date": date and date[0], "isrc": isrc and isrc[0]}
    values |= {name: _number(raw.get(name, "")) for name in ("track_no", "disc_no")}
    return Tags(**values)  # type: ignore[arg-type] - each name has its own kind, as above


def clean_text(text: str) -> str | None:
    """Return text in NFC without control characters, direction marks and runs of blanks, cut; None when none is left."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text[: 4 * MAX_TEXT])
        if character.isspace()
        or not (character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"})
    )
    return " ".join(kept.split())[:MAX_TEXT].strip() or None


def tag_names() -> tuple[str, ...]:
    """Return the names of every tag that is kept."""
    return tuple(field.name for field in fields(Tags))


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found and int(found[1]) else None

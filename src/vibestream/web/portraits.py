"""How artists and people look beside their names: their picture, or else their initial on a colour that is theirs.

A `Face` is what the templates of `parts/portrait.html` take. A list of names costs one query for all its pictures.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vibestream.contexts.user.pictures import service as pictures
from vibestream.contexts.user.pictures.service import Picture, Place
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

TONES: Final = 12
"""Colours that portraits.css has for those without a picture."""
_READ: Final = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"})
"""Signs that stand for somebody: letters and digits, not what only modifies a letter. Source: Unicode, General_Category."""


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody's picture, or what stands in its place."""

    name: str
    initial: str
    tone: int
    picture: Picture | None = None


def face_of(subject_id: UUID, name: str, picture: Picture | None = None) -> Face:
    """Return how somebody looks."""
    return Face(name, initial_of(name), subject_id.int % TONES, picture)


async def faces_of(tx: Tx, named: Mapping[UUID, str], *, viewer: UserId | None) -> dict[UUID, Face]:
    """Return how artists and people with these ids and names look to a viewer, by id."""
    found = await pictures.pictures_of(tx, subjects=list(named), viewer=viewer)
    return {one: face_of(one, name, found.get(one)) for one, name in named.items()}


async def banner_of(tx: Tx, artist_id: UUID, *, viewer: UserId | None) -> Picture | None:
    """Return what stands over an artist's page, if anything."""
    found = await pictures.pictures_of(tx, subjects=[artist_id], viewer=viewer, place=Place.BANNER)
    return found.get(artist_id)


def initial_of(name: str) -> str:
    """Return the first letter or digit of a name in capitals, with what combines with it; a note when it has none."""
    composed = unicodedata.normalize("NFC", name)
    first = next((at for at, sign in enumerate(composed) if unicodedata.category(sign) in _READ), None)
    if first is None:
        return "\u266a"
    end = first + 1
    while end < len(composed) and unicodedata.category(composed[end])[0] == "M":
        end += 1
    capital = composed[first].upper()
    return (capital if len(capital) == 1 else composed[first]) + composed[first + 1 : end]

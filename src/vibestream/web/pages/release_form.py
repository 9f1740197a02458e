"""The studio's form of a release: read as it was sent, merged with what is, and carried out as edits.

Saving, publishing and moving a song up or down all send the whole form, so that nothing that was typed is lost by
pressing another button than Save. The form also sends what it showed at first (its *base*): a part that the artist left
alone keeps what somebody else made of it meanwhile, such as titles read from the files' tags while packaging runs; only
a part that both changed is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final
from uuid import UUID

from pydantic import TypeAdapter
from starlette.datastructures import FormData

from vibestream.contexts.music.catalogue.service import Release
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import TrackId

MOST_CREDITS: Final = 50
PLAIN: Final = ("title", "kind", "description", "release_date", "language", "genres", "upc")
"""The fields of a release that are one text each."""


class FormBroken(InvalidInput):
    """The form is not one of this page's: a field that the page always sends is missing or malformed."""

    code: ClassVar[str] = "studio.form_broken"

    def __init__(self) -> None:
        super().__init__("The form did not arrive whole. Load the page again and repeat your change.")


@dataclass(frozen=True, slots=True)
class SongFields:
    """What the form says of one song."""

    track_id: TrackId
    disc_no: int
    title: str
    isrc: str
    explicit: bool


@dataclass(frozen=True, slots=True)
class ReleaseFields:
    """What the form says of a release; its songs in the order in which they stood on the page."""

    title: str
    kind: str
    description: str
    release_date: str
    language: str
    genres: str
    upc: str
    credits: tuple[tuple[str, str], ...]
    """Name and role."""
    songs: tuple[SongFields, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: what it says, what it showed at first, and which button sent it."""

    fields: ReleaseFields
    base: ReleaseFields
    action: str


_BASE: Final = TypeAdapter(ReleaseFields)


def read(form: FormData) -> Sent:
    """Return what a form says.

    Raises:
        FormBroken: it is not this page's.
    """
    try:
        order = [TrackId(UUID(value)) for value in _texts(form, "song")]
        songs = tuple(_song(form, track_id) for track_id in order)
        base = _BASE.validate_json(_text(form, "base"))
    except ValueError:
        raise FormBroken from None
    names, roles = _texts(form, "credit-name")[:MOST_CREDITS], _texts(form, "credit-role")[:MOST_CREDITS]
    fields = ReleaseFields(
        title=_text(form, "title"),
        kind=_text(form, "kind"),
        description=_text(form, "description").replace("\r\n", "\n"),
        release_date=_text(form, "release_date"),
        language=_text(form, "language"),
        genres=_text(form, "genres"),
        upc=_text(form, "upc"),
        credits=tuple((name.strip(), role) for name, role in zip(names, roles, strict=False) if name.strip()),
        songs=songs,
    )
    return Sent(fields, base, _text(form, "action"))


def fields_of(release: Release) -> ReleaseFields:
    """Return a release as the form shows it."""
    return ReleaseFields(
        title=release.title,
        kind=release.kind.value,
        description=release.description,
        release_date=release.release_date.isoformat() if release.release_date else "",
        language=release.language or "",
        genres=", ".join(release.genres),
        upc=release.upc or "",
        credits=tuple((one.name, one.role.value) for one in release.credits),
        songs=tuple(
            SongFields(track.track_id, track.disc_no, track.title, track.isrc or "", track.explicit)
            for track in release.tracks
        ),
    )


def base_of(fields: ReleaseFields) -> str:
    """Return what a form shows at first, as the form sends it back."""
    return _BASE.dump_json(fields).decode()


def moved(fields: ReleaseFields, track_id: TrackId, *, by: int) -> ReleaseFields:
    """Return the form with one song a place up (-1) or down (1); over the edge of a disc, it changes the disc."""
    songs = list(fields.songs)
    place = next((index for index, song in enumerate(songs) if song.track_id == track_id), None)
    if place is None or not 0 <= place + by < len(songs):
        return fields
    song, other = songs[place], songs[place + by]
    if song.disc_no != other.disc_no:
        songs[place] = replace(song, disc_no=other.disc_no)
    else:
        songs[place], songs[place + by] = other, song
    return replace(fields, songs=tuple(songs))


def _song(form: FormData, track_id: TrackId) -> SongFields:
    return SongFields(
        track_id=track_id,
        disc_no=int(_text(form, f"disc-{track_id}") or 1),
        title=_text(form, f"title-{track_id}"),
        isrc=_text(form, f"isrc-{track_id}"),
        explicit=f"explicit-{track_id}" in form,
    )


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]

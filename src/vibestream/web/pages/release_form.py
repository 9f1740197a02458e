"""The studio's form of a release: read as it was sent, compared with what is, and carried out as edits.

Saving, publishing and moving a song up or down all send the whole form, so that nothing that was typed is lost by
pressing another button than Save.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Final, cast
from uuid import UUID

from starlette.datastructures import FormData

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import (
    Credit,
    CreditRole,
    Release,
    ReleaseChanges,
    ReleaseKind,
    Track,
    TrackChanges,
)
from vibestream.kernel.errors import InvalidInput, VibeStreamError
from vibestream.kernel.ids import ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx

MOST_CREDITS: Final = 50
_FIELDS: Final = {
    "catalogue.invalid_genres": "genres",
    "catalogue.invalid_language": "language",
    "catalogue.invalid_upc": "upc",
    "catalogue.invalid_credits": "credits",
    "catalogue.title_needed": "title",
    "studio.date_invalid": "release_date",
}


class FormBroken(InvalidInput):
    """The form is not one of this page's: a field that the page always sends is missing or malformed."""

    code: ClassVar[str] = "studio.form_broken"

    def __init__(self) -> None:
        super().__init__("The form did not arrive whole. Load the page again and repeat your change.")


class DateInvalid(InvalidInput):
    """Not a date."""

    code: ClassVar[str] = "studio.date_invalid"

    def __init__(self) -> None:
        super().__init__("This is not a date. Write it as year-month-day.")


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

    version: int
    action: str
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


class FieldRefused(Exception):
    """An edit was refused, and the field that it came from is known."""

    def __init__(self, error: VibeStreamError, field: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.field = field


def read(form: FormData) -> ReleaseFields:
    """Return what a form says.

    Raises:
        FormBroken: it is not this page's.
    """
    try:
        order = [TrackId(UUID(value)) for value in _texts(form, "song")]
        songs = tuple(
            SongFields(
                track_id=track_id,
                disc_no=int(_text(form, f"disc-{track_id}") or 1),
                title=_text(form, f"title-{track_id}"),
                isrc=_text(form, f"isrc-{track_id}"),
                explicit=f"explicit-{track_id}" in form,
            )
            for track_id in order
        )
        version = int(_text(form, "version"))
    except ValueError:
        raise FormBroken from None
    names, roles = _texts(form, "credit-name")[:MOST_CREDITS], _texts(form, "credit-role")[:MOST_CREDITS]
    return ReleaseFields(
        version=version,
        action=_text(form, "action"),
        title=_text(form, "title"),
        kind=_text(form, "kind"),
        description=_text(form, "description"),
        release_date=_text(form, "release_date"),
        language=_text(form, "language"),
        genres=_text(form, "genres"),
        upc=_text(form, "upc"),
        credits=tuple((name.strip(), role) for name, role in zip(names, roles, strict=False) if name.strip()),
        songs=songs,
    )


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


async def carry_out(tx: Tx, release: Release, fields: ReleaseFields, *, user_id: UserId, now: datetime) -> Release:
    """Change a release to what the form says, each part only where it differs, and return it as it became.

    Raises:
        FieldRefused: a part may not be so; with the field.
        EditConflict: the page showed another version.
    """
    edits = _Edits(tx, release.release_id, user_id, now)
    changes = _release_changes(release, fields)
    if changes or release.version != fields.version:
        release = await _at(_FIELDS, "title", edits.release(changes, fields.version))
    for song in fields.songs:
        track = release.track(song.track_id)
        track_changes = _track_changes(track, song)
        if track_changes:
            places = {"catalogue.invalid_isrc": f"isrc-{song.track_id}"}
            edit = edits.track(song.track_id, track_changes, release.version)
            release = await _at(places, f"title-{song.track_id}", edit)
    discs = _discs(fields.songs)
    if discs != _discs_of(release) and discs:
        release = await _at({}, "", edits.order(discs, release.version))
    return release


@dataclass(frozen=True, slots=True)
class _Edits:
    tx: Tx
    release_id: ReleaseId
    user_id: UserId
    now: datetime

    def release(self, changes: ReleaseChanges, version: int) -> Awaitable[Release]:
        return catalogue.edit_release(
            self.tx, release_id=self.release_id, user_id=self.user_id, changes=changes, version=version, now=self.now
        )

    def track(self, track_id: TrackId, changes: TrackChanges, version: int) -> Awaitable[Release]:
        return catalogue.edit_track(
            self.tx,
            release_id=self.release_id,
            track_id=track_id,
            user_id=self.user_id,
            changes=changes,
            version=version,
            now=self.now,
        )

    def order(self, discs: Sequence[Sequence[TrackId]], version: int) -> Awaitable[Release]:
        return catalogue.reorder_tracks(
            self.tx, release_id=self.release_id, user_id=self.user_id, discs=discs, version=version, now=self.now
        )


async def _at(places: dict[str, str], default: str, edit: Awaitable[Release]) -> Release:
    try:
        return await edit
    except VibeStreamError as error:
        raise FieldRefused(error, places.get(error.code, str(error.facts().get("field", default)))) from None


def _release_changes(release: Release, fields: ReleaseFields) -> ReleaseChanges:
    wanted = ReleaseChanges(
        title=fields.title,
        kind=ReleaseKind(fields.kind) if fields.kind in set(ReleaseKind) else release.kind,
        description=fields.description.replace("\r\n", "\n"),
        release_date=_date(fields.release_date),
        language=fields.language.strip() or None,
        genres=tuple(name.strip() for name in fields.genres.split(",") if name.strip()),
        upc=fields.upc.strip() or None,
        credits=tuple(Credit(name, CreditRole(role)) for name, role in fields.credits if role in set(CreditRole)),
    )
    now: ReleaseChanges = {
        "title": release.title,
        "kind": release.kind,
        "description": release.description,
        "release_date": release.release_date,
        "language": release.language,
        "genres": release.genres,
        "upc": release.upc,
        "credits": release.credits,
    }
    changed = {name: value for name, value in wanted.items() if value != now.get(name)}
    return cast(ReleaseChanges, changed)


def _track_changes(track: Track, song: SongFields) -> TrackChanges:
    changes = TrackChanges()
    if song.title != track.title:
        changes["title"] = song.title
    if song.explicit != track.explicit:
        changes["explicit"] = song.explicit
    if (song.isrc.strip() or None) != track.isrc:
        changes["isrc"] = song.isrc.strip() or None
    return changes


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FieldRefused(DateInvalid(), "release_date") from None


def _discs(songs: Sequence[SongFields]) -> list[list[TrackId]]:
    numbers = dict.fromkeys(sorted(song.disc_no for song in songs))
    return [[song.track_id for song in songs if song.disc_no == number] for number in numbers]


def _discs_of(release: Release) -> list[list[TrackId]]:
    numbers = dict.fromkeys(sorted(track.disc_no for track in release.tracks))
    return [[track.track_id for track in release.tracks if track.disc_no == number] for number in numbers]


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]

"""Carrying out what the studio's form says: merged with what the release is now, one edit for each part that differs."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Final, TypeVar, cast

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import (
    Credit,
    CreditRole,
    EditConflict,
    Release,
    ReleaseChanges,
    ReleaseKind,
    Track,
    TrackChanges,
)
from vibestream.kernel.errors import InvalidInput, VibeStreamError
from vibestream.kernel.ids import ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx
from vibestream.web.pages.release_form import PLAIN, ReleaseFields, Sent, SongFields, fields_of

Part = TypeVar("Part")
_FIELDS: Final = {
    "catalogue.invalid_genres": "genres",
    "catalogue.invalid_language": "language",
    "catalogue.invalid_upc": "upc",
    "catalogue.invalid_credits": "credits",
    "catalogue.title_needed": "title",
    "studio.date_invalid": "release_date",
}


class DateInvalid(InvalidInput):
    """Not a date."""

    code: ClassVar[str] = "studio.date_invalid"

    def __init__(self) -> None:
        super().__init__("This is not a date. Write it as year-month-day.")


class FieldRefused(Exception):
    """An edit was refused, and the field that it came from is known."""

    def __init__(self, error: VibeStreamError, field: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.field = field


def merged(sent: Sent, release: Release) -> ReleaseFields:
    """Return the form's changes put on what the release is now.

    Raises:
        EditConflict: a part was changed here and elsewhere, to different things.
    """
    now = fields_of(release)
    plain = {
        name: _one(getattr(sent.base, name), getattr(sent.fields, name), getattr(now, name), release)
        for name in (*PLAIN, "credits")
    }
    order = _one(_order(sent.base), _order(sent.fields), _order(now), release)
    mine, base = ({song.track_id: song for song in one.songs} for one in (sent.fields, sent.base))
    theirs = {song.track_id: song for song in now.songs}
    if set(dict(order)) != set(theirs):
        raise EditConflict(version=release.version)
    songs = []
    for track_id, disc_no in order:
        song = theirs[track_id]
        if track_id in mine and track_id in base:
            parts = {
                name: _one(getattr(base[track_id], name), getattr(mine[track_id], name), getattr(song, name), release)
                for name in ("title", "isrc", "explicit")
            }
            song = replace(song, **parts)
        songs.append(replace(song, disc_no=disc_no))
    return ReleaseFields(**plain, songs=tuple(songs))


async def carry_out(tx: Tx, release: Release, fields: ReleaseFields, *, user_id: UserId, now: datetime) -> Release:
    """Change a release to what the form says, each part only where it differs, and return it as it became.

    Raises:
        FieldRefused: a part may not be so; with the field.
    """
    edits = _Edits(tx, release.release_id, user_id, now)
    changes = _release_changes(release, fields)
    if changes:
        release = await _at(_FIELDS, "title", edits.release(changes, release.version))
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
        description=fields.description,
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


def _order(fields: ReleaseFields) -> tuple[tuple[TrackId, int], ...]:
    return tuple((song.track_id, song.disc_no) for song in fields.songs)


def _one(base: Part, mine: Part, theirs: Part, release: Release) -> Part:
    """Return one part of a three-way merge."""
    if mine in (base, theirs):
        return theirs
    if theirs == base or release.proposed:  # what was proposed out of the files' tags gives way to what somebody typed
        return mine
    raise EditConflict(version=release.version)

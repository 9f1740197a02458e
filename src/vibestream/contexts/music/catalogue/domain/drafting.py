"""A draft release out of masters that were uploaded together: what their tags say, else what their file names say.

Tags are what strangers wrote: each is taken as far as it makes sense and left out otherwise. Nothing here is more than
a proposal; the artist sees and edits all of it before anything is public.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from vibestream.contexts.music.catalogue.domain.codes import InvalidIsrc, parse_isrc
from vibestream.contexts.music.catalogue.domain.release import (
    MAX_DISCS,
    MAX_TRACKS,
    CoverImage,
    Release,
    ReleaseKind,
    Stage,
    numbered,
)
from vibestream.contexts.music.catalogue.domain.words import InvalidGenres, parse_genres, title_from_file
from vibestream.kernel.ids import AssetId, UploadId

_MOST_PROPOSED_GENRES: Final = 3
_SINGLE_TRACKS: Final = 3
_EP_TRACKS: Final = 6

_EXTENSION: Final = re.compile(r"\.(flac|wav|wave|aif|aiff|aifc|mp3|m4a|mp4|aac|ogg|oga|opus|alac)$", re.IGNORECASE)
# "1-02 Title" and "1.02 - Title": a disc and a track.
_DISC_AND_TRACK: Final = re.compile(r"([1-9])[-.]([0-9]{2})[ ._-]+(?=\S)")
# "02 Title", "2. Title", "2 - Title", "(2) Title": a number that is set apart or padded. "99 Luftballons" is not.
_TRACK: Final = re.compile(r"(?:\(([0-9]{1,3})\)|(0[0-9]{1,2})(?=[ ._-])|([0-9]{1,3})(?=\s*[._-]\s))[ ._-]*(?=\S)")
_BARE_NUMBER: Final = re.compile(r"([0-9]{1,3}) (?=\S)")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself; empty or None where it says nothing."""

    title: str = ""
    album: str = ""
    date: str = ""
    genres: tuple[str, ...] = ()
    isrc: str = ""
    disc_no: int | None = None
    track_no: int | None = None


@dataclass(frozen=True, slots=True)
class Master:
    """One uploaded master."""

    upload_id: UploadId
    asset_id: AssetId
    file_name: str
    tags: Tags


@dataclass(frozen=True, slots=True)
class ProposedTrack:
    """A track to begin with."""

    upload_id: UploadId
    asset_id: AssetId
    title: str
    disc_no: int
    isrc: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A release to begin with; its tracks in order."""

    kind: ReleaseKind
    title: str
    release_date: date | None
    genres: tuple[str, ...]
    tracks: tuple[ProposedTrack, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    title: str
    disc_no: int | None = None
    track_no: int | None = None


def propose(masters: Sequence[Master]) -> Proposal:
    """Return the release that these masters make, at most as many tracks as a release may have.

    The album's name, its date and its genres are what most files say. Tracks are in the order of their tags' disc and
    track numbers, else of the numbers in their file names, else as they were given.
    """
    named = _named([master.file_name for master in masters])
    tracks = [
        _Candidate.of(master, name, place) for place, (master, name) in enumerate(zip(masters, named, strict=True))
    ]
    ordered = sorted(tracks, key=lambda one: one.order)[:MAX_TRACKS]
    proposed = tuple(ProposedTrack(one.upload_id, one.asset_id, one.title, one.disc_no, one.isrc) for one in ordered)
    album = _most_said(title_from_file(master.tags.album) for master in masters)
    return Proposal(
        kind=usual_kind(len(proposed)),
        title=album or _shared_title(masters) or (proposed[0].title if len(proposed) == 1 else ""),
        release_date=_most_said_date(masters),
        genres=_most_said_genres(masters),
        tracks=proposed,
    )


def take_over(release: Release, proposal: Proposal, *, cover: tuple[CoverImage, ...], now: datetime) -> Release:
    """Return a release as a proposal for its uploads shapes it; unchanged when that makes no difference.

    A release that somebody has edited is left alone: what an artist typed is not overwritten by what a file says.
    """
    if not release.proposed or release.stage is not Stage.DRAFT:
        return release
    by_upload = {track.upload_id: track for track in release.tracks}
    tracks = [
        replace(by_upload[one.upload_id], title=one.title, disc_no=one.disc_no, isrc=one.isrc)
        for one in proposal.tracks
        if one.upload_id in by_upload
    ]
    shaped = replace(
        release,
        kind=proposal.kind,
        title=proposal.title,
        release_date=proposal.release_date,
        genres=proposal.genres,
        cover=cover or release.cover,
        tracks=numbered(tracks),
    )
    return release if shaped == release else replace(shaped, version=release.version + 1, changed_at=now)


def usual_kind(track_count: int) -> ReleaseKind:
    """Return what a release of so many tracks is usually called.

    Source: the distributors' convention (1 to 3 a single, 4 to 6 an EP, more an album), without its limits of length,
    which are not known yet when a draft is begun.
    """
    if track_count <= _SINGLE_TRACKS:
        return ReleaseKind.SINGLE
    return ReleaseKind.EP if track_count <= _EP_TRACKS else ReleaseKind.ALBUM


def parse_tag_date(text: str) -> date | None:
    """Return the day that a date tag means: `2011`, `2011-06` or `2011-06-30`, the first of what it leaves out."""
    found = _YEAR_FIRST.match(text.strip()[:32])
    if found is None:
        return None
    year, month, day = (int(part) if part else 1 for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Candidate:
    upload_id: UploadId
    asset_id: AssetId
    title: str
    disc_no: int
    isrc: str | None
    order: tuple[int, int, int]

    @classmethod
    def of(cls, master: Master, name: _Named, place: int) -> _Candidate:
        tags = master.tags
        tagged = tags.track_no is not None
        disc_no = (tags.disc_no if tagged else name.disc_no) or 1
        disc_no = disc_no if 1 <= disc_no <= MAX_DISCS else 1
        track_no = tags.track_no if tagged else name.track_no
        return cls(
            upload_id=master.upload_id,
            asset_id=master.asset_id,
            title=title_from_file(tags.title) or name.title,
            disc_no=disc_no,
            isrc=_isrc(tags.isrc),
            order=(disc_no, MAX_TRACKS + 1 if track_no is None else track_no, place),
        )


def _isrc(text: str) -> str | None:
    try:
        return parse_isrc(text)
    except InvalidIsrc:
        return None


def _named(file_names: Sequence[str]) -> list[_Named]:
    """Read numbers and titles out of file names, looking at all of them: what they share is not a title."""
    stems = [_stem(name) for name in file_names]
    shared = _shared_parts(stems)
    rests = [" - ".join(stem.split(" - ")[len(shared) :]) for stem in stems]
    bare = [_BARE_NUMBER.match(rest) for rest in rests]
    # "12 Title" is a numbered title only when every file of several has a number of its own.
    numbered = len(rests) > 1 and all(bare) and len({match[1] for match in bare if match}) == len(rests)
    return [_name(rest, bare_numbers=numbered) for rest in rests]


def _name(rest: str, *, bare_numbers: bool) -> _Named:
    if found := _DISC_AND_TRACK.match(rest):
        return _Named(title_from_file(rest[found.end() :]), int(found[1]), int(found[2]))
    if found := _TRACK.match(rest):
        return _Named(title_from_file(rest[found.end() :]), None, int(next(filter(None, found.groups()))))
    if bare_numbers and (found := _BARE_NUMBER.match(rest)):
        return _Named(title_from_file(rest[found.end() :]), None, int(found[1]))
    return _Named(title_from_file(rest))


def _stem(file_name: str) -> str:
    last = re.split(r"[/\\]", file_name)[-1]
    stem = _EXTENSION.sub("", last)
    spaced = stem if " " in stem else stem.replace("_", " ")
    return " ".join(spaced.split())


def _shared_parts(stems: Sequence[str]) -> list[str]:
    """Return the parts between ` - ` with which several file names all begin, such as the artist and the album."""
    if len(stems) < 2:  # noqa: PLR2004 - one name shares nothing
        return []
    shared: list[str] = []
    for column in zip(*(stem.split(" - ")[:-1] for stem in stems), strict=False):
        if len(set(column)) > 1 or column[0].isdigit():
            break
        shared.append(column[0])
    return shared


def _shared_title(masters: Sequence[Master]) -> str:
    # One shared part is the artist ("Ada - 01 - Nebula"); of two, the second is the album.
    shared = _shared_parts([_stem(master.file_name) for master in masters])
    return title_from_file(shared[-1]) if len(shared) > 1 else ""


def _most_said(texts: Iterable[str]) -> str:
    said = Counter(text for text in texts if text)
    return said.most_common(1)[0][0] if said else ""


def _most_said_date(masters: Sequence[Master]) -> date | None:
    said = Counter(day for master in masters if (day := parse_tag_date(master.tags.date)) is not None)
    return said.most_common(1)[0][0] if said else None


def _most_said_genres(masters: Sequence[Master]) -> tuple[str, ...]:
    said: Counter[str] = Counter()
    for master in masters:
        for genre in master.tags.genres:
            try:
                said.update(parse_genres([genre]))
            except InvalidGenres:
                continue
    return tuple(genre for genre, _ in said.most_common(_MOST_PROPOSED_GENRES))

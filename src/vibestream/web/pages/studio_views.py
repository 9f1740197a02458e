"""What the studio's pages show: releases as cards, uploads that arrived, a release as it is worked on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.music.catalogue.service import (
    By,
    ChecklistItem,
    Release,
    ReleaseCard,
    Requirement,
    Stage,
    StudioRelease,
    Track,
)
from vibestream.contexts.music.packaging.service import Asset
from vibestream.contexts.music.uploads.service import Stage as UploadStage
from vibestream.contexts.music.uploads.service import UploadView
from vibestream.kernel.ids import AssetId
from vibestream.web.localization import Language
from vibestream.web.pages.forms import Filled
from vibestream.web.pages.music import cover_url
from vibestream.web.pages.release_form import PLAIN, ReleaseFields, Sent, base_of, fields_of
from vibestream.web.sentences import N_, refusal_of

STAGES: Final = {
    Stage.DRAFT: N_("Draft"),
    Stage.PUBLISHED: N_("Published"),
    Stage.TAKEN_DOWN: N_("Taken down"),
}
_ARRIVED: Final = frozenset({UploadStage.STORED, UploadStage.PACKAGING, UploadStage.PLAYABLE, UploadStage.READY})
_WORDS: Final = {
    UploadStage.RECEIVING: N_("Interrupted: choose the file again and it goes on where it stopped"),
    UploadStage.STORED: N_("Arrived, waiting its turn"),
    UploadStage.PACKAGING: N_("Being prepared"),
    UploadStage.PLAYABLE: N_("Plays already, being finished"),
    UploadStage.READY: N_("Ready"),
    UploadStage.REFUSED: N_("Cannot be used"),
    UploadStage.FAILED: N_("Our side failed"),
    UploadStage.EXPIRED: N_("Was not finished in time"),
}


@dataclass(frozen=True, slots=True)
class StudioCard:
    """A release in the studio's list."""

    release_id: UUID
    title: str
    cover: str
    stage: Stage
    stage_word: str
    track_count: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ArrivedRow:
    """An upload that is on no release yet."""

    upload_id: UUID
    asset_id: UUID | None
    file_name: str
    size_bytes: int
    percent: int
    word: str
    explanation: str
    usable: bool
    """Whether it can become a song of a release."""
    unfinished: bool
    """Whether bytes are still to come."""
    tone: str


@dataclass(frozen=True, slots=True)
class SongRow:
    """A song of a release that is worked on."""

    track_id: UUID
    asset_id: UUID
    disc_no: int
    number: int
    title: str
    isrc: str
    explicit: bool
    duration_ms: int | None
    percent: int
    word: str
    explanation: str
    tone: str
    removable: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the checklist."""

    words: str
    met: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class DraftView:
    """A release as its artist works on it."""

    release_id: UUID
    base: str
    """What the form shows at first: see `release_form`."""
    artist: str
    stage: Stage
    stage_word: str
    cover: str
    has_cover: bool
    form: Filled
    credits: tuple[tuple[str, str], ...]
    songs: tuple[SongRow, ...]
    checks: tuple[Check, ...]
    publishable: bool
    deletable: bool
    list_fixed: bool
    """Whether songs can be neither added nor removed."""
    held: bool
    """Whether an operator took it down."""


def studio_card(card: ReleaseCard, spoken: Language) -> StudioCard:
    """Return how the studio lists a release."""
    return StudioCard(
        release_id=card.release_id,
        title=card.title,
        cover=cover_url(card.cover, seed=card.release_id),
        stage=card.stage,
        stage_word=spoken.gettext(STAGES[card.stage]),
        track_count=card.track_count,
        changed_at=card.changed_at,
    )


def arrived_row(view: UploadView, spoken: Language, explain: str) -> ArrivedRow:
    """Return how the studio lists an upload; `explain` is why it is refused, in the reader's language."""
    stopped = view.stage in {UploadStage.REFUSED, UploadStage.FAILED, UploadStage.EXPIRED}
    return ArrivedRow(
        upload_id=view.upload.upload_id,
        asset_id=view.asset_id,
        file_name=view.upload.file_name,
        size_bytes=view.upload.size_bytes,
        percent=100 if view.stage is UploadStage.READY else view.percent,
        word=spoken.gettext(_WORDS[view.stage]),
        explanation=explain,
        usable=view.stage in _ARRIVED,
        unfinished=view.stage is UploadStage.RECEIVING,
        tone="stopped" if stopped else "done" if view.stage is UploadStage.READY else "",
    )


def draft_view(
    studio: StudioRelease,
    assets: dict[AssetId, Asset],
    spoken: Language,
    *,
    sent: Sent | None = None,
    wrong: dict[str, str] | None = None,
) -> DraftView:
    """Return a release as its artist works on it: as it is, or as it was typed when that was refused."""
    release = studio.release
    shown = sent.fields if sent else fields_of(release)
    checks = tuple(_checks(studio.checklist, spoken))
    return DraftView(
        release_id=release.release_id,
        base=base_of(sent.base if sent else shown),
        artist=release.artist.name,
        stage=release.stage,
        stage_word=spoken.gettext(STAGES[release.stage]),
        cover=cover_url(release.cover, seed=release.release_id),
        has_cover=bool(release.cover),
        form=Filled({name: getattr(shown, name) for name in PLAIN}, wrong or {}),
        credits=shown.credits,
        songs=tuple(_songs(release, assets, spoken, shown)),
        checks=checks,
        publishable=release.stage is not Stage.PUBLISHED and all(check.met or not check.needed for check in checks),
        deletable=release.published_at is None,
        list_fixed=release.stage is Stage.PUBLISHED,
        held=release.withdrawn_by is By.OPERATOR,
    )


def _songs(release: Release, assets: dict[AssetId, Asset], spoken: Language, shown: ReleaseFields) -> Iterable[SongRow]:
    typed = {song.track_id: song for song in shown.songs}
    for track in release.tracks:
        asset = assets.get(track.asset_id)
        said = typed.get(track.track_id)
        word, tone = _audio_word(asset)
        yield SongRow(
            track_id=track.track_id,
            asset_id=track.asset_id,
            disc_no=track.disc_no,
            number=track.track_no,
            title=said.title if said else track.title,
            isrc=said.isrc if said else track.isrc or "",
            explicit=said.explicit if said else track.explicit,
            duration_ms=track.duration_ms or (asset.duration_ms if asset else None),
            percent=asset.percent if asset else 0,
            word=spoken.gettext(word),
            explanation=_explain(asset, spoken),
            tone=tone,
            removable=_removable(release, track),
            withdrawn=track.withdrawn_by is not None,
        )


def _explain(asset: Asset | None, spoken: Language) -> str:
    if asset is None or asset.explanation is None:
        return ""
    return refusal_of(asset.reason.value if asset.reason else None, asset.explanation, spoken)


def _removable(release: Release, track: Track) -> bool:
    return release.stage is not Stage.PUBLISHED and track.published_at is None


def _audio_word(asset: Asset | None) -> tuple[str, str]:
    stage = UploadStage.STORED if asset is None else _STAGE_OF.get(asset.state.value, UploadStage.PACKAGING)
    tone = {"ready": "done", "refused": "stopped", "failed": "stopped"}.get(stage.value, "")
    return _WORDS[stage], tone


_STAGE_OF: Final = {
    "waiting": UploadStage.STORED,
    "playable": UploadStage.PLAYABLE,
    "ready": UploadStage.READY,
    "refused": UploadStage.REFUSED,
    "failed": UploadStage.FAILED,
}


def _checks(items: tuple[ChecklistItem, ...], spoken: Language) -> Iterable[Check]:
    """Return the checklist, with the lines about single songs put together to one each."""
    _ = spoken.gettext
    by_requirement: dict[Requirement, list[ChecklistItem]] = {}
    for item in items:
        by_requirement.setdefault(item.requirement, []).append(item)
    for requirement, lines in by_requirement.items():
        needed = [line for line in lines if line.needed] or lines
        open_lines = [line for line in needed if not line.met]
        if requirement is Requirement.NOT_HELD and not open_lines:
            continue
        words = _(_CHECKS[requirement])
        if open_lines and requirement in {Requirement.AUDIO, Requirement.TRACK_TITLE}:
            left = spoken.ngettext("{n} song left", "{n} songs left", len(open_lines)).format(n=len(open_lines))
            words = f"{words} ({left})"
        yield Check(words, not open_lines, any(line.needed for line in lines))


_CHECKS: Final = {
    Requirement.TITLE: N_("The release has a title"),
    Requirement.TRACKS: N_("It has a song"),
    Requirement.TRACK_TITLE: N_("Every song has a title"),
    Requirement.AUDIO: N_("Every song plays"),
    Requirement.COVER: N_("It has a cover"),
    Requirement.NOT_HELD: N_("No operator holds it"),
}

"""Making a release public and withdrawing it, whole or track by track, by who works for its artist or by an operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from vibestream.contexts.music.catalogue import domain, store
from vibestream.contexts.music.catalogue.domain import By, EditConflict, Release
from vibestream.contexts.music.catalogue.service.audio import audio_of
from vibestream.contexts.music.catalogue.service.locking import locked
from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown
from vibestream.kernel.events import Event
from vibestream.kernel.ids import AssetId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

Decision = tuple[Release, tuple[Event, ...]]


async def publish_release(tx: Tx, *, release_id: ReleaseId, user_id: UserId, version: int, now: datetime) -> Release:
    """Make a release that the account may edit public and announce it with its tracks.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, AlreadyPublished, HeldByOperator, NotReadyToPublish: see `domain.publish`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    audio = await audio_of(tx, release=release)
    return await _decided(tx, release, domain.publish(release, audio=audio, expected=version, now=now), by=user_id)


async def take_down_release(tx: Tx, *, release_id: ReleaseId, user_id: UserId, version: int, now: datetime) -> Release:
    """Withdraw a public release that the account may edit and announce it; its addresses stop working within seconds.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, NotPublished: see `domain.take_down`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    decision = domain.take_down(release, by=By.ARTIST, expected=version, now=now)
    return await _decided(tx, release, decision, by=user_id)


async def withdraw_track(
    tx: Tx, *, release_id: ReleaseId, track_id: TrackId, user_id: UserId, version: int, now: datetime
) -> Release:
    """Withdraw one track of a public release that the account may edit.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, TrackMissing, NotPublished, LastTrack: see `domain.withdraw_track`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    return await _decided(
        tx, release, domain.withdraw_track(release, track_id, by=By.ARTIST, expected=version, now=now)
    )


async def restore_track(
    tx: Tx, *, release_id: ReleaseId, track_id: TrackId, user_id: UserId, version: int, now: datetime
) -> Release:
    """Give back a track that the account withdrew by itself.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, TrackMissing, AlreadyPublished, HeldByOperator, NotReadyToPublish: see `domain.restore_track`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    audio = await audio_of(tx, release=release)
    return await _decided(
        tx, release, domain.restore_track(release, track_id, by=By.ARTIST, audio=audio, expected=version, now=now)
    )


async def hold_release(tx: Tx, *, release_id: ReleaseId, now: datetime) -> Release:
    """Take a release down as an operator, whoever's it is; only an operator gives it back.

    Raises:
        ReleaseMissing: there is none.
        NotPublished: it is a draft, or held already.
    """
    return await _as_operator(
        tx, release_id, lambda one: domain.take_down(one, by=By.OPERATOR, expected=one.version, now=now)
    )


async def lift_hold(tx: Tx, *, release_id: ReleaseId, now: datetime) -> Release:
    """Give a release that an operator took down back to its artist, who may publish it again.

    Raises:
        ReleaseMissing: there is none.
        NotPublished: no operator holds it.
    """
    return await _as_operator(tx, release_id, lambda one: (domain.lift_hold(one, expected=one.version, now=now), ()))


async def hold_track(tx: Tx, *, release_id: ReleaseId, track_id: TrackId, now: datetime) -> Release:
    """Withdraw one track as an operator; only an operator gives it back.

    Raises:
        ReleaseMissing, TrackMissing: there is none.
        NotPublished, LastTrack: see `domain.withdraw_track`.
    """
    return await _as_operator(
        tx,
        release_id,
        lambda one: domain.withdraw_track(one, track_id, by=By.OPERATOR, expected=one.version, now=now),
    )


async def release_track(tx: Tx, *, release_id: ReleaseId, track_id: TrackId, now: datetime) -> Release:
    """Give back, as an operator, a track that was withdrawn by itself.

    Raises:
        ReleaseMissing, TrackMissing: there is none.
        AlreadyPublished, NotReadyToPublish: see `domain.restore_track`.
    """
    release = await locked(tx, release_id=release_id, editor=None)
    audio = await audio_of(tx, release=release)
    decision = domain.restore_track(release, track_id, by=By.OPERATOR, audio=audio, expected=release.version, now=now)
    return await _decided(tx, release, decision)


async def withdraw_audio(tx: Tx, *, asset_id: AssetId, now: datetime) -> None:
    """Withdraw every public track that plays an asset which turned out to be unfit, and releases left without any."""
    for release_id in await store.list_published_with(tx, asset_id=asset_id):
        release = await store.lock_release(tx, release_id=release_id, editor=None)
        if release is not None:
            await _decided(tx, release, domain.withdraw_audio(release, asset_id, now=now))


async def _as_operator(tx: Tx, release_id: ReleaseId, decide: Callable[[Release], Decision]) -> Release:
    release = await locked(tx, release_id=release_id, editor=None)
    return await _decided(tx, release, decide(release))


async def _decided(tx: Tx, before: Release, decision: Decision, *, by: UserId | None = None) -> Release:
    release, events = decision
    if release is before:
        return before
    if not await store.save_release(tx, before=before, release=release):
        raise EditConflict(version=before.version)
    if events:
        await publish(tx, *(_said(event, by=by) for event in events))
    return release


def _said(event: Event, *, by: UserId | None) -> Event:
    """Return the news of a release with who did it: in the artist's name that may be somebody of theirs."""
    return replace(event, by_user_id=by) if isinstance(event, ReleasePublished | ReleaseTakenDown) else event

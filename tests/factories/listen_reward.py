"""Builders for listening: tracks, listens, heartbeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vibestream.contexts.listen_reward.listening import service
from vibestream.contexts.listen_reward.listening.domain import Beat, Listen, Playing, Track
from vibestream.contexts.listen_reward.pools.domain import Policy
from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Database, Tx

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GENEROUS = Policy(budget=Money(1_000_000, VIBE), per_listen=Money(10_000, VIBE))


def make_track(*, duration_ms: int = 180_000, owner_user_id: UserId | None = None) -> Track:
    return Track(TrackId(new_id()), ArtistId(new_id()), owner_user_id or UserId(new_id()), duration_ms)


def make_listen(*, duration_ms: int = 180_000, attributed: bool | None = False) -> Listen:
    return Listen(
        ListenId(new_id()), UserId(new_id()), make_track(duration_ms=duration_ms), NOON, attributed=attributed
    )


def played(
    *, from_s: float = 0, until_s: float, every_s: float = 10, first_seq: int = 1, at_s: float | None = None
) -> list[Beat]:
    """Heartbeats of audio played in real time from one position to another."""
    beats, position, clock = [], from_s, at_s if at_s is not None else from_s
    seq = first_seq
    while True:
        beats.append(Beat(seq, round(clock * 1000), round(position * 1000), Playing.PLAYING))
        if position >= until_s:
            return beats
        step = min(every_s, until_s - position)
        seq, position, clock = seq + 1, position + step, clock + step


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def registered(tx: Tx, track: Track) -> Track:
    await service.register_track(
        tx,
        track_id=track.track_id,
        artist_id=track.artist_id,
        owner_user_id=track.owner_user_id,
        duration_ms=track.duration_ms,
    )
    return track


async def opened(tx: Tx, *, track: Track | None = None, user_id: UserId | None = None, now: datetime = NOON) -> Listen:
    """An open listen of a registered track, by a new listener unless given, with playback granted unattributed."""
    track = track or await registered(tx, make_track())
    listen = await service.open_listen(
        tx,
        user_id=user_id or UserId(new_id()),
        track_id=track.track_id,
        player_id="tab-1",
        policy=GENEROUS,
        now=now,
    )
    await service.grant_evidence(tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=False, now=now)
    return listen


async def listen_of(database: Database, client: Any) -> ListenId:
    """A listen, of some track, that whoever is signed in with a client has opened."""
    user_id = UserId(UUID((await client.get("/api/v1/me")).json()["user_id"]))
    async with database.begin() as tx:
        return (await opened(tx, user_id=user_id)).listen_id

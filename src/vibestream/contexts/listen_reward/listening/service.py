"""Listening sessions: opening, heartbeats, evidence, ending. The public interface of this capability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.listen_reward.listening import domain, store
from vibestream.contexts.listen_reward.listening.domain import (
    Beat,
    Heard,
    Listen,
    Playing,
    Reason,
    State,
    Track,
    enough_ms,
)
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.domain import Policy
from vibestream.contexts.listen_reward.scoring import service as scoring
from vibestream.contexts.listen_reward.scoring.service import Proven, Verdict, cases
from vibestream.contexts.listen_reward.scoring.service.cases import CaseState
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import ArtistId, HeldCaseId, ListenId, SessionId, TrackId, UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = ["Beat", "Heard", "Listen", "Playing", "Reason", "State", "enough_ms"]

_SWEEP: Final = 1_000


class TrackNotPlayable(Missing):
    """There is no such track to listen to, or it was taken down."""

    code = "listening.track_not_playable"


class ListenNotFound(Missing):
    """There is no such listen of this account."""

    code = "listening.not_found"


@dataclass(frozen=True, slots=True)
class Origin:
    """The network and the device that a listen comes from, as keyed hashes of 12 bytes."""

    network: bytes | None = None
    device: bytes | None = None


UNKNOWN: Final = Origin()


@dataclass(frozen=True, slots=True)
class Beats:
    """Heartbeats that one account sent for one listen."""

    listen_id: ListenId
    user_id: UserId
    beats: tuple[Beat, ...]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """A stretch of a track's audio that this server delivered to a listen, in milliseconds, half-open."""

    listen_id: ListenId
    track_id: TrackId
    from_ms: int
    until_ms: int


async def register_track(
    tx: Tx, *, track_id: TrackId, artist_id: ArtistId, owner_user_id: UserId, duration_ms: int
) -> None:
    """Let a track be listened to, with its facts as they are now. Registering it again renews them."""
    await store.save_track(tx, Track(track_id, artist_id, owner_user_id, duration_ms))


async def withdraw_track(tx: Tx, *, track_id: TrackId) -> None:
    """Keep new listens of a track from being opened; those that are open go on."""
    await store.withdraw_track(tx, track_id)


async def open_listen(
    tx: Tx,
    *,
    user_id: UserId,
    track_id: TrackId,
    player_id: str,
    policy: Policy,
    now: datetime,
    origin: Origin = UNKNOWN,
    session_id: SessionId | None = None,
) -> Listen:
    """Open a listen of a track by one player, ending the account's live listen if there is one.

    `policy` is what today's epoch pays when this is its first listen; `origin` is where it comes from, for scoring;
    `session_id` is the session, or the app's grant, in which alone playback is granted to it.

    Raises:
        TrackNotPlayable: there is no such track, or it was taken down.
    """
    track = await store.load_track(tx, track_id)
    if track is None:
        raise TrackNotPlayable("There is no such track to listen to.")
    await pools.open_epochs(tx, policy=policy, now=now)
    await store.lock_listener(tx, user_id)
    superseded = [domain.end(one, reason=Reason.SUPERSEDED, now=now) for one in await store.lock_live(tx, user_id)]
    await store.save_listens(tx, superseded)
    listen = Listen(ListenId(new_id()), user_id, track, opened_at=now)
    await store.insert_listen(
        tx, listen, player_id=player_id, session_id=session_id, network=origin.network, device=origin.device
    )
    return listen


async def record_beats(tx: Tx, *, sent: Sequence[Beats]) -> list[Listen | ListenNotFound]:
    """Take heartbeats of many listens at once and return each listen after them, in the order sent.

    For a listen that is not the sender's, the answer in its place is the error, so that one wrong id does not sink the
    batch. Accepted listens are announced in the same transaction.
    """
    before = {one.listen_id: one for one in await store.lock_listens(tx, {one.listen_id for one in sent})}
    after = dict(before)
    raw: list[tuple[ListenId, Beat]] = []
    answers: list[Listen | ListenNotFound] = []
    received_at = max(one.received_at for one in sent)
    for one in sent:
        listen = after.get(one.listen_id)
        if listen is None or listen.user_id != one.user_id:
            answers.append(ListenNotFound("There is no such listen."))
            continue
        listen, taken = domain.take_beats(listen, one.beats, now=one.received_at)
        after[one.listen_id] = listen
        raw.extend((one.listen_id, beat) for beat in taken)
        answers.append(listen)
    await store.copy_beats(tx, raw, received_at=received_at)
    held = await _save_changed(tx, before, after, now=received_at)
    return [
        held.get(one.listen_id, one) if isinstance(one, Listen) and one.state is State.ACCEPTED else one
        for one in answers
    ]


async def grant_evidence(tx: Tx, *, listen_id: ListenId, track_id: TrackId, attributed: bool, now: datetime) -> None:
    """Note that playback was granted to a listen, and whether every segment it fetches will be reported.

    Playback of another track than the listen's is none of its evidence. A listen that was ever granted unattributed delivery stays unattributed: it may have been served unseen.
    """
    for listen in await store.lock_listens(tx, [listen_id]):
        if listen.track.track_id != track_id:
            continue
        known = attributed if listen.attributed is None else listen.attributed and attributed
        await _save_changed(
            tx, {listen_id: listen}, {listen_id: domain.decide(replace(listen, attributed=known), now=now)}, now=now
        )


async def note_served(tx: Tx, *, served: Iterable[Served], now: datetime) -> None:
    """Add what was served to listens' evidence; reporting a stretch again changes nothing.

    Unknown listens, and audio of another track than the listen's, are passed over.
    """
    spans: dict[tuple[ListenId, TrackId], list[tuple[int, int]]] = {}
    for one in served:
        spans.setdefault((one.listen_id, one.track_id), []).append((one.from_ms, one.until_ms))
    before = {one.listen_id: one for one in await store.lock_listens(tx, {listen_id for listen_id, _ in spans})}
    after = {}
    for key, listen in before.items():
        known = domain.merged([*listen.served, *spans.get((key, listen.track.track_id), [])])
        after[key] = domain.decide(replace(listen, served=known), now=now)
    await _save_changed(tx, before, after, now=now)


async def require_opened_by(tx: Tx, *, listen_id: ListenId, user_id: UserId, session_id: SessionId) -> None:
    """Return when a listen was opened in this session: only to that one is playback granted for it.

    Otherwise somebody could have segments that others fetch, elsewhere, count as heard in a listen of theirs.

    Raises:
        ListenNotFound: there is no such listen, or it is another account's or another session's.
    """
    if not await store.is_opened_by(tx, listen_id, user_id=user_id, session_id=session_id):
        raise ListenNotFound("There is no such listen.")


async def close_listen(tx: Tx, *, listen_id: ListenId, user_id: UserId, now: datetime) -> Listen:
    """End a listen because its player left it. Ending it again changes nothing.

    Raises:
        ListenNotFound: there is no such listen of this account.
    """
    found = [one for one in await store.lock_listens(tx, [listen_id]) if one.user_id == user_id]
    if not found:
        raise ListenNotFound("There is no such listen.")
    after = domain.end(found[0], reason=Reason.LEFT, now=now)
    await _save_changed(tx, {listen_id: found[0]}, {listen_id: after}, now=now)
    return after


async def load_listen(tx: Tx, *, listen_id: ListenId, user_id: UserId) -> Listen:
    """Return a listen of an account.

    Raises:
        ListenNotFound: there is no such listen of this account.
    """
    listen = await store.load_listen(tx, listen_id, user_id=user_id)
    if listen is None:
        raise ListenNotFound("There is no such listen.")
    return listen


async def heard_by(
    tx: Tx, *, user_id: UserId, since: datetime | None = None, until: datetime | None = None
) -> list[Heard]:
    """Return an account's accepted listens that began in a half-open stretch of time, or ever, in order."""
    return await store.list_heard(tx, user_id, since=since, until=until)


async def heard_in(tx: Tx, *, listen_ids: Iterable[ListenId]) -> list[Heard]:
    """Return those of these listens that are accepted, as figures count them."""
    return await store.list_heard_in(tx, listen_ids)


async def sweep(tx: Tx, *, now: datetime) -> int:
    """End listens that went silent and close for good those that ended; return how many changed.

    Up to a thousand of each at a time, passing over those in use, so that it can run beside anything.
    """
    silent = await store.lock_silent(tx, since=now - domain.SILENT_AFTER, limit=_SWEEP)
    ended = await store.lock_unsettled(tx, ended_before=now - domain.SETTLES_AFTER, limit=_SWEEP)
    changed = [domain.end(one, reason=Reason.TIMED_OUT, now=now) for one in silent]
    changed += [domain.settle(one, now=now) for one in ended]
    await store.save_listens(tx, changed)
    return len(changed)


async def decide_case(
    tx: Tx, *, case_id: HeldCaseId, state: CaseState, by: UserId, note: str, policy: Policy, now: datetime
) -> int:
    """Release or reject the listens of a case, once; return how many were moved on.

    What is released is accepted as of now: it is of today's epoch, or of the next one that takes receipts, never of one
    that is over. `policy` is what today's epoch pays when nothing opened it before.

    Raises:
        CaseNotFound, CaseDecided, OwnCase, WordsMissing: see `scoring.service.cases.decide`.
    """
    # Listens before their case, as those who listen lock them; what is put into the case meanwhile is locked after it.
    await store.lock_listens(tx, await cases.listens_in(tx, case_id=case_id))
    ids = await cases.decide(tx, case_id=case_id, state=state, by=by, note=note, now=now)
    before = await store.lock_listens(tx, ids)
    move = domain.reject if state is CaseState.REJECTED else partial(domain.release, now=now)
    changed = [after for one in before if (after := move(one)) != one]
    await store.save_listens(tx, changed)
    if released := [one for one in changed if one.state is State.ACCEPTED]:
        await pools.open_epochs(tx, policy=policy, now=now)
        await publish(tx, *map(_accepted, released))
    return len(changed)


async def _save_changed(
    tx: Tx, before: dict[ListenId, Listen], after: dict[ListenId, Listen], *, now: datetime
) -> dict[ListenId, Listen]:
    """Write what changed, let scoring decide about what was proven, and announce what counts; return what does not."""
    changed = {key: listen for key, listen in after.items() if listen != before[key]}
    newly = [one for key, one in changed.items() if one.state is State.ACCEPTED and before[key].state is State.OPEN]
    decided = await scoring.score(tx, proven=[_proven(one) for one in newly], now=now)
    held = {
        one.listen_id: domain.hold(one, rejected=decided[one.listen_id].verdict is Verdict.REJECT)
        for one in newly
        if decided[one.listen_id].verdict is not Verdict.ACCEPT
    }
    await store.save_listens(tx, list({**changed, **held}.values()))
    if counted := [one for one in newly if one.listen_id not in held]:
        await publish(tx, *map(_accepted, counted))
    return held


def _proven(listen: Listen) -> Proven:
    assert listen.accepted_at is not None  # noqa: S101 - the state says so
    return Proven(
        listen_id=listen.listen_id,
        user_id=listen.user_id,
        track_id=listen.track.track_id,
        artist_id=listen.track.artist_id,
        owner_user_id=listen.track.owner_user_id,
        duration_ms=listen.track.duration_ms,
        oddities=listen.oddities,
        enough_ms=enough_ms(listen.track.duration_ms),
        at=listen.accepted_at,
    )


def _accepted(listen: Listen) -> ListenAccepted:
    assert listen.accepted_at is not None  # noqa: S101 - the state says so, and the table checks it
    return ListenAccepted(
        occurred_at=listen.accepted_at,
        listen_id=listen.listen_id,
        user_id=listen.user_id,
        track_id=listen.track.track_id,
        artist_id=listen.track.artist_id,
        owner_user_id=listen.track.owner_user_id,
        heard_ms=listen.heard_ms,
    )

"""Scoring: deciding about proven listens. The public interface of this capability, with `cases` and `models`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter

from vibestream.contexts.listen_reward.events import ListensHeld
from vibestream.contexts.listen_reward.scoring.domain import cases as domain
from vibestream.contexts.listen_reward.scoring.domain.cases import CONFIRMED_FOR
from vibestream.contexts.listen_reward.scoring.domain.deciding import REASONS, Decided, Standing, decide, named
from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY, Policy, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics import features as known
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import (
    FEATURE_SET,
    Facts,
    History,
    Past,
    vector_of,
)
from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Signals, signals_of
from vibestream.contexts.listen_reward.scoring.service.models import Model, committed_model
from vibestream.contexts.listen_reward.scoring.store import cases as held
from vibestream.contexts.listen_reward.scoring.store import scores
from vibestream.contexts.listen_reward.scoring.store.scores import Origin, Proven, Row
from vibestream.kernel.ids import HeldCaseId, ListenId, UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = ["Decided", "Proven", "Verdict", "forget_origins", "score"]

ORIGINS_KEPT: Final = timedelta(days=30)
"""For so long it is known which listens came from one network; no feature looks further back."""
BEATS: Final = 60
_REPLAYS: Final = 200
_TRIES: Final = 5

SCORED: Final = Counter("vibestream_listens_scored", "Proven listens that were decided about.", ["verdict"])


async def score(tx: Tx, *, proven: Sequence[Proven], now: datetime) -> dict[ListenId, Decided]:
    """Decide about proven listens, in the order of their instants, and keep what each was decided by.

    Those that are held or rejected are put into their listener's open case; that one was opened is announced. Each listen is given once in its life: the
    caller has locked it, and moves it on in this transaction. Listens of one batch see those before them; those of
    transactions in flight elsewhere they do not see.
    """
    ordered = sorted(proven, key=lambda one: (one.at, one.listen_id))
    if not ordered:
        return {}
    opened, rejected = await held.standing_of(tx, {one.user_id for one in ordered}, rejected_since=now - CONFIRMED_FOR)
    before = await _before(tx, ordered)
    model, policy = committed_model(), DEFAULT_POLICY
    rows: list[Row] = []
    waiting = set(opened)
    for one in ordered:
        standing = _standing(one.user_id, waiting, rejected)
        row = _decided(one, before, rows, standing=standing, policy=policy, model=model)
        rows.append(row)
        if row.decided.verdict is not Verdict.ACCEPT:
            waiting.add(one.user_id)
        SCORED.labels(row.decided.verdict.value).inc()
    await scores.insert_scores(tx, rows, feature_set=FEATURE_SET, policy=policy.version, model=model.sha256)
    waits = [(one.proven.listen_id, one.proven.user_id) for one in rows if one.decided.verdict is not Verdict.ACCEPT]
    await _hold(tx, waits, now=now)
    return {one.proven.listen_id: one.decided for one in rows}


async def forget_origins(tx: Tx, *, now: datetime, limit: int) -> int:
    """Forget the networks and devices of listens older than thirty days; return how many, at most so many at a time."""
    return await scores.forget_origins(tx, before=now - ORIGINS_KEPT, limit=limit)


async def _hold(tx: Tx, waits: Sequence[tuple[ListenId, UserId]], *, now: datetime) -> None:
    """Put listens into open cases. A case may be decided while we look: then another is opened."""
    left = list(waits)
    for _ in range(_TRIES):
        if not left:
            return
        for user_id in sorted({user for _, user in left}):
            case = domain.open_case(case_id=HeldCaseId(new_id()), user_id=user_id, now=now)
            if await held.insert_case(tx, case):
                told = ListensHeld(occurred_at=now, case_id=case.case_id, user_id=user_id, due_at=case.due_at)
                await publish(tx, told)
        placed = await held.hold_listens(tx, left)
        left = [one for one in left if one[0] not in placed]
    raise AssertionError(f"{len(left)} held listens found no open case")


@dataclass(frozen=True, slots=True)
class _Before:
    """What came before the listens of a batch, read at once."""

    signals: Mapping[ListenId, Signals]
    origins: Mapping[ListenId, Origin]
    windows: Mapping[str, Mapping[ListenId, list[Past]]]
    counts: Mapping[ListenId, scores.Counted]


async def _before(tx: Tx, proven: Sequence[Proven]) -> _Before:
    ids = [one.listen_id for one in proven]
    beats = await scores.beats_of(tx, ids, most=BEATS)
    origins = await scores.origins_of(tx, ids)
    signals = {one.listen_id: signals_of(beats[one.listen_id], enough_ms=one.enough_ms) for one in proven}
    origin = [origins[one] for one in ids]
    windows = {
        "own": await scores.own_windows(tx, proven),
        "network": await scores.windows(tx, proven, column="network", keys=[one.network for one in origin]),
        "device": await scores.windows(tx, proven, column="device", keys=[one.device for one in origin]),
        "artist": await scores.windows(tx, proven, column="artist_id", keys=[one.artist_id for one in proven]),
    }
    signatures = [signals[one].signature for one in ids]
    counts = await scores.counts(tx, proven, signatures=signatures, most=_REPLAYS)
    return _Before(signals, origins, windows, counts)


def _standing(user_id: UserId, waiting: set[UserId], rejected: set[UserId]) -> Standing:
    if user_id in waiting:
        return Standing.WAITING
    return Standing.CONFIRMED if user_id in rejected else Standing.CLEAR


def _decided(
    one: Proven, before: _Before, earlier: Sequence[Row], *, standing: Standing, policy: Policy, model: Model
) -> Row:
    origin, signals = before.origins[one.listen_id], before.signals[one.listen_id]
    facts = Facts(
        at_s=int(one.at.timestamp()),
        user=one.user_id,
        track=one.track_id,
        artist=one.artist_id,
        network=origin.network,
        device=origin.device,
        duration_ms=one.duration_ms,
        oddities=one.oddities,
        signals=signals,
    )
    history = _history(one, facts, before, earlier)
    vector = vector_of(facts, history)
    features = named(vector)
    decided = decide(
        features,
        standing=standing,
        policy=policy,
        risk_ppm=model.risk_ppm(vector) if policy.has_evidence(features) else None,
        said=lambda: model.explain(vector, most=REASONS),
    )
    past = Past(
        *(facts.at_s, one.user_id, one.track_id, one.artist_id, origin.network, origin.device),
        pair_pm=known.pair_pm(facts, history.own),
        quick_pm=known.quick_pm(history.own),
        age_h=known.age_h(facts, history),
        hidden_pm=signals.hidden_pm,
    )
    return Row(one, origin, decided, vector, signals.signature, past)


def _history(one: Proven, facts: Facts, before: _Before, earlier: Sequence[Row]) -> History:
    """Return what came before a listen: what was read, and what was decided before it in the same batch."""
    counted = before.counts[one.listen_id]
    mine = [row for row in earlier if row.proven.user_id == one.user_id]
    first = min((row.proven.at for row in mine), default=None)
    first_at = min((at for at in (counted.first_at, first) if at is not None), default=None)
    batch = [row.past for row in reversed(earlier)]

    def window(name: str, most: int, key: str) -> list[Past]:
        own = getattr(facts, key)
        fresh = [] if own is None else [past for past in batch if getattr(past, key) == own]
        return [*fresh, *before.windows[name].get(one.listen_id, ())][:most]

    hours = {row.past.at_s // known.HOUR_S for row in mine}
    return History(
        own=window("own", known.OWN, "user"),
        network=window("network", known.NETWORK, "network"),
        device=window("device", known.DEVICE, "device"),
        artist=window("artist", known.ARTIST, "artist"),
        own_24h=counted.own_24h + len(mine),
        own_hours=max(counted.own_hours, len(hours)),
        first_s=None if first_at is None else int(first_at.timestamp()),
        replay_accounts=counted.replay_accounts + _replays(before.signals[one.listen_id], one.user_id, earlier),
        reciprocal=counted.reciprocal
        + sum(row.proven.user_id == one.owner_user_id and row.proven.owner_user_id == one.user_id for row in earlier),
        peers=counted.peers,  # those that the same batch adds count from the next one on
    )


def _replays(signals: Signals, user_id: UserId, earlier: Sequence[Row]) -> int:
    if signals.signature is None:
        return 0
    return len({row.proven.user_id for row in earlier if row.signature == signals.signature} - {user_id})

"""Scoring on a real database: what was decided is kept, held listens wait and count once released, nothing is paid twice."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.factories.listen_reward import GENEROUS, NOON, make_track, registered
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.domain import Beat, Listen, Playing, Track
from vibestream.contexts.listen_reward.listening.invariants import INVARIANTS as LISTENING
from vibestream.contexts.listen_reward.listening.service import Beats, Origin
from vibestream.contexts.listen_reward.scoring import service as scoring
from vibestream.contexts.listen_reward.scoring.domain.cases import AppealedBefore, CaseDecided, OwnCase, WordsMissing
from vibestream.contexts.listen_reward.scoring.domain.deciding import named
from vibestream.contexts.listen_reward.scoring.invariants import INVARIANTS
from vibestream.contexts.listen_reward.scoring.service import cases
from vibestream.contexts.listen_reward.scoring.service.cases import CaseNotFound, CaseState
from vibestream.kernel.ids import HeldCaseId, UserId, new_id
from vibestream.platform.database import Database, Tx

HOME = Origin(b"n" * 12, b"d" * 12)
STEPS = [(0, 0), (10_007, 9_700), (20_019, 19_690), (30_023, 29_900), (40_040, 39_900)]


def beats(steps: list[tuple[int, int]]) -> tuple[Beat, ...]:
    return tuple(Beat(n + 1, at, position, Playing.PLAYING) for n, (at, position) in enumerate(steps))


def own_steps(seed: int) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    return [(at + chance.randint(1, 400), position) for at, position in STEPS]


async def listen_to(
    tx: Tx,
    track: Track,
    *,
    by: UserId | None = None,
    at: datetime = NOON,
    origin: Origin = HOME,
    steps: list[tuple[int, int]] | None = None,
) -> Listen:
    """Open a listen and play 40 seconds of it; return it as it is afterwards."""
    user = by or UserId(new_id())
    listen = await listening.open_listen(
        tx, user_id=user, track_id=track.track_id, player_id="tab", policy=GENEROUS, now=at, origin=origin
    )
    await listening.grant_evidence(tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=False, now=at)
    told = beats(steps or own_steps(listen.listen_id.int))
    (after,) = await listening.record_beats(tx, sent=[Beats(listen.listen_id, user, told, at + timedelta(seconds=41))])
    assert isinstance(after, Listen)
    return after


async def replayed_by(tx: Tx, track: Track, accounts: int) -> list[Listen]:
    """Let so many accounts send the same recorded session, one after the other."""
    return [await listen_to(tx, track, at=NOON + timedelta(minutes=n), steps=STEPS) for n in range(accounts)]


async def announced(tx: Tx, *listens: Listen) -> int:
    texts = [str(one.listen_id) for one in listens]
    found = await tx.values("SELECT data::text FROM platform.outbox WHERE type LIKE '%%listen_accepted' ORDER BY seq")
    return sum(any(text in payload for payload in found) for text in texts)


async def case_of(tx: Tx, listen: Listen) -> HeldCaseId:
    return HeldCaseId(
        await tx.value("SELECT case_id FROM listen_reward.held_listen WHERE listen_id = %s", [listen.listen_id])
    )


async def decided(
    tx: Tx,
    case_id: HeldCaseId,
    state: CaseState,
    *,
    by: UserId | None = None,
    now: datetime = NOON,
    note: str = "Seen.",
) -> int:
    return await listening.decide_case(
        tx, case_id=case_id, state=state, by=by or UserId(new_id()), note=note, policy=GENEROUS, now=now
    )


def tuple_of(*, listen: int, score: int) -> tuple[int, int]:
    return listen, score


async def sound(tx: Tx) -> list[str]:
    return [one.name for one in (*INVARIANTS, *LISTENING) if not (await one.check(tx)).ok]


async def test_a_listen_that_counts_keeps_what_it_was_decided_by(tx: Tx):
    track = await registered(tx, make_track())

    listen = await listen_to(tx, track)

    assert listen.state == "accepted"
    row: dict[str, Any] | None = await tx.one(
        dict[str, Any], "SELECT * FROM listen_reward.score WHERE listen_id = %s", [listen.listen_id]
    )
    assert row is not None
    assert (row["verdict"], row["quality"], row["risk_ppm"], row["reasons"]) == ("accept", 1000, None, [])
    assert (bytes(row["network"]), bytes(row["device"])) == (HOME.network, HOME.device)
    features = named(row["features"])
    assert (features["own.count"], features["network.accounts"], features["own.pair"]) == (0, 1, 1000)
    assert features["duration_s"] == 180
    assert row["signature"] is not None
    assert await sound(tx) == []


async def test_what_came_before_is_counted_from_the_tables(tx: Tx):
    track, other = await registered(tx, make_track()), await registered(tx, make_track())
    fan = UserId(new_id())
    await listen_to(tx, track, by=fan)
    await listen_to(tx, other, by=fan, at=NOON + timedelta(minutes=2))
    await listen_to(tx, track, at=NOON + timedelta(minutes=3))

    last = await listen_to(tx, track, by=fan, at=NOON + timedelta(hours=2))

    features = named(await tx.value("SELECT features FROM listen_reward.score WHERE listen_id = %s", [last.listen_id]))
    assert (features["own.count"], features["own.1h"], features["own.24h"], features["own.hours"]) == (2, 0, 2, 1)
    assert (features["own.tracks"], features["own.age_h"]) == (2, 2)
    assert features["own.quick"] == 0  # 40 seconds are more than eight beyond what counts
    assert (features["network.count"], features["network.accounts"]) == (3, 2)
    assert (features["artist.count"], features["artist.listeners"]) == (2, 2)
    assert features["own.pair"] == 666


async def test_somebody_who_hears_one_who_hears_them_is_counted_as_reciprocal(tx: Tx):
    one, other = UserId(new_id()), UserId(new_id())
    ones, others = [await registered(tx, make_track(owner_user_id=owner)) for owner in (one, other)]
    await listen_to(tx, ones, by=other)

    back = await listen_to(tx, others, by=one, at=NOON + timedelta(minutes=5))

    features = named(await tx.value("SELECT features FROM listen_reward.score WHERE listen_id = %s", [back.listen_id]))
    assert features["reciprocal"] == 1


async def test_eight_artists_who_all_hear_one_back_are_a_ring_and_friends_are_not(tx: Tx):
    own, at = UserId(new_id()), NOON
    mine = await registered(tx, make_track(owner_user_id=own))
    theirs = [await registered(tx, make_track(owner_user_id=UserId(new_id()))) for _ in range(10)]

    async def heard(track: Track, by: UserId) -> Listen:
        nonlocal at
        at += timedelta(minutes=2)
        home = Origin(by.bytes[:12], by.bytes[-12:])
        return await listen_to(tx, track, by=by, at=at, origin=home)

    for track in theirs[:8]:  # eight of the ten hear what is mine
        await heard(mine, track.owner_user_id)
    await heard(mine, UserId(new_id()))
    said = []
    for track in (*theirs[8:], *theirs[6:], *theirs[6:], *theirs[:6]):
        last = await heard(track, own)
        found: list[str] = await tx.value(
            "SELECT reasons FROM listen_reward.score WHERE listen_id = %s", [last.listen_id]
        )
        said.append((await peers_of(tx, last), "rule.ring" in found))

    # Two who do not hear one back are none; two friends stay two; the eighth makes it a ring.
    assert said == [(n, False) for n in (0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7)] + [(8, True)]
    at += timedelta(days=8)
    assert await peers_of(tx, await heard(theirs[0], own)) == 0
    assert await sound(tx) == []


async def peers_of(tx: Tx, listen: Listen) -> float:
    found = named(await tx.value("SELECT features FROM listen_reward.score WHERE listen_id = %s", [listen.listen_id]))
    return found["own.peers"]


async def test_a_recording_is_held_from_the_sixth_account_on_and_counts_for_nothing(tx: Tx):
    track = await registered(tx, make_track())

    listens = await replayed_by(tx, track, 7)

    assert [one.state.value for one in listens] == [*["accepted"] * 5, "held", "held"]
    assert await announced(tx, *listens) == 5
    assert await announced(tx, *listens[5:]) == 0
    assert await tx.value("SELECT count(*) FROM listen_reward.held_case WHERE state = 'open'") == 2
    assert await sound(tx) == []


async def test_from_the_twenty_first_on_it_is_rejected_and_still_in_a_case(tx: Tx):
    track = await registered(tx, make_track())

    listens = await replayed_by(tx, track, 21)

    assert listens[-1].state == "rejected"
    explained = await cases.explain(tx, case_id=await case_of(tx, listens[-1]), limit=10)
    assert [one.verdict for one in explained.listens] == ["reject"]
    assert explained.listens[0].reasons[0] == "rule.replayed"
    assert await sound(tx) == []


async def test_in_one_batch_later_listens_see_those_before_them(tx: Tx):
    track = await registered(tx, make_track())
    opened = []
    for _ in range(8):
        listen = await listening.open_listen(
            tx, user_id=UserId(new_id()), track_id=track.track_id, player_id="t", policy=GENEROUS, now=NOON, origin=HOME
        )
        await listening.grant_evidence(
            tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=False, now=NOON
        )
        opened.append(listen)

    answers = await listening.record_beats(
        tx,
        sent=[Beats(one.listen_id, one.user_id, beats(STEPS), NOON + timedelta(seconds=41)) for one in opened],
    )

    states = [one.state.value for one in answers if isinstance(one, Listen)]
    assert sorted(states) == [*["accepted"] * 5, *["held"] * 3]


async def test_while_a_case_is_open_everything_of_the_account_waits_in_it(tx: Tx):
    track, other = await registered(tx, make_track()), await registered(tx, make_track())
    held = (await replayed_by(tx, track, 6))[-1]

    later = await listen_to(tx, other, by=held.user_id, at=NOON + timedelta(hours=1))

    assert later.state == "held"
    assert await case_of(tx, later) == await case_of(tx, held)
    (row,) = await cases.cases_of(tx, user_id=held.user_id, limit=10)
    assert (row.listens, row.case.state) == (2, "open")


async def test_released_listens_count_once_as_of_their_release_and_never_in_an_epoch_that_is_over(tx: Tx):
    track = await registered(tx, make_track())
    held = (await replayed_by(tx, track, 6))[-1]
    case_id, tomorrow = await case_of(tx, held), NOON + timedelta(days=1)

    moved = await decided(tx, case_id, CaseState.RELEASED, now=tomorrow)

    after = await listening.load_listen(tx, listen_id=held.listen_id, user_id=held.user_id)
    assert (moved, after.state, after.accepted_at) == (1, "accepted", tomorrow)
    assert await announced(tx, held) == 1
    occurred = await tx.value("SELECT max(occurred_at) FROM platform.outbox WHERE type LIKE '%%listen_accepted'")
    assert occurred == tomorrow
    assert await sound(tx) == []

    with pytest.raises(CaseDecided):
        await decided(tx, case_id, CaseState.RELEASED, now=tomorrow)
    assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%listen_accepted'") == 6


async def test_after_a_rejection_the_listens_count_for_nothing_and_what_follows_waits(tx: Tx):
    track, other = await registered(tx, make_track()), await registered(tx, make_track())
    held = (await replayed_by(tx, track, 6))[-1]

    await decided(tx, await case_of(tx, held), CaseState.REJECTED)

    after = await listening.load_listen(tx, listen_id=held.listen_id, user_id=held.user_id)
    assert after.state == "rejected"
    assert await announced(tx, held) == 0
    soon = await listen_to(tx, other, by=held.user_id, at=NOON + timedelta(days=1))
    assert soon.state == "held"
    assert await case_of(tx, soon) != await case_of(tx, held)
    await decided(tx, await case_of(tx, soon), CaseState.RELEASED, now=NOON + timedelta(days=2))
    months_later = await listen_to(tx, other, by=held.user_id, at=NOON + timedelta(days=40))
    assert months_later.state == "accepted"


async def test_whoever_listened_or_owns_a_song_does_not_decide_and_nobody_decides_without_words(tx: Tx):
    track = await registered(tx, make_track())
    held = (await replayed_by(tx, track, 6))[-1]
    case_id = await case_of(tx, held)

    for person in (held.user_id, track.owner_user_id):
        with pytest.raises(OwnCase):
            await decided(tx, case_id, CaseState.RELEASED, by=person)
    for note in ("", "  \n", "x" * 2_001):
        with pytest.raises(WordsMissing):
            await decided(tx, case_id, CaseState.RELEASED, note=note)
    with pytest.raises(CaseNotFound):
        await decided(tx, HeldCaseId(new_id()), CaseState.RELEASED)
    assert await announced(tx, held) == 0


async def test_a_listener_appeals_once_and_only_their_own(tx: Tx):
    track = await registered(tx, make_track())
    held = (await replayed_by(tx, track, 6))[-1]

    appealed = await cases.appeal(tx, user_id=held.user_id, text=" It was me. ", now=NOON)

    assert (appealed.appeal, appealed.appealed_at) == ("It was me.", NOON)
    assert (await cases.explain(tx, case_id=appealed.case_id, limit=1)).case == appealed
    with pytest.raises(AppealedBefore):
        await cases.appeal(tx, user_id=held.user_id, text="Again.", now=NOON)
    with pytest.raises(CaseNotFound):
        await cases.appeal(tx, user_id=UserId(new_id()), text="Me too.", now=NOON)


async def test_twenty_who_decide_at_once_release_once(database: Database):
    async with database.begin() as tx:
        track = await registered(tx, make_track())
        held = (await replayed_by(tx, track, 6))[-1]
        case_id = await case_of(tx, held)

    async def release() -> bool:
        try:
            async with database.begin() as tx:
                await decided(tx, case_id, CaseState.RELEASED)
        except CaseDecided:
            return False
        return True

    assert sum(await asyncio.gather(*(release() for _ in range(20)))) == 1
    async with database.begin() as tx:
        assert await announced(tx, held) == 1
        assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%listen_accepted'") == 6
        assert await sound(tx) == []


async def test_a_case_decided_while_a_listen_is_being_held_leaves_no_listen_without_a_case(database: Database):
    async with database.begin() as tx:
        track, other = await registered(tx, make_track()), await registered(tx, make_track())
        held = (await replayed_by(tx, track, 6))[-1]
        case_id = await case_of(tx, held)

    async def listen_on() -> Listen:
        async with database.begin() as tx:
            return await listen_to(tx, other, by=held.user_id, at=NOON + timedelta(minutes=30))

    async def decide() -> None:
        async with database.begin() as tx:
            await decided(tx, case_id, CaseState.REJECTED)

    later, _ = await asyncio.gather(listen_on(), decide())

    async with database.begin() as tx:
        assert later.state == "held"
        assert isinstance(await case_of(tx, later), UUID)
        assert await sound(tx) == []


async def test_where_a_listen_came_from_is_forgotten_after_thirty_days(tx: Tx):
    track = await registered(tx, make_track())
    old = await listen_to(tx, track)
    young = await listen_to(tx, track, at=NOON + timedelta(days=20))

    emptied = await scoring.forget_origins(tx, now=NOON + timedelta(days=31), limit=100)

    assert emptied == 1
    for listen, known in ((old, False), (young, True)):
        kept = await tx.one(
            tuple_of,
            """
            SELECT num_nonnulls(l.network, l.device) AS listen, num_nonnulls(s.network, s.device) AS score
            FROM listen_reward.listen l JOIN listen_reward.score s USING (listen_id) WHERE listen_id = %s
            """,
            [listen.listen_id],
        )
        assert kept == ((2, 2) if known else (0, 0))

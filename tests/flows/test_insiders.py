"""Whoever works for an artist earns nothing by hearing it: from joining to leaving, whenever the reward is decided."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from tests.contexts.listen_reward.scoring.test_service import STEPS, case_of, listen_to, replayed_by
from tests.factories.bus import announce, drain, registered
from tests.factories.labels import make_label
from tests.factories.listen_reward import GENEROUS, NOON
from tests.factories.listen_reward import registered as listenable
from tests.factories.pool_policies import approved
from tests.factories.teams import member_of
from tests.factories.users import Artist, User, make_artist, make_user
from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.listen_reward.insiders import service as insiders
from vibestream.contexts.listen_reward.insiders.personal import PERSONAL
from vibestream.contexts.listen_reward.insiders.service import Through
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.listen_reward.pools.service import Outcome
from vibestream.contexts.listen_reward.scoring.domain.cases import CaseState
from vibestream.contexts.user.events import RoleChanged
from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import LabelRole, Side
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.flows import listen_to_reward, work_for_artists
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers

MINUTE: Final = timedelta(minutes=1)
DAYS: Final = 3
(HEARS_OWN_WORK,) = (one for one in work_for_artists.INVARIANTS if one.name == "insiders.hear_own_work")
HOW: Final = ["editor", "analyst", "label that edits", "label that reads"]


@dataclass(frozen=True, slots=True)
class Working:
    """Somebody, an artist with a song, and how to begin and to end working for it."""

    artist: Artist
    track: Track
    who: User
    join: Callable[[datetime], Awaitable[None]]
    leave: Callable[[datetime], Awaitable[None]]


async def working(database: Database, how: str) -> Working:
    async with database.begin() as tx:
        artist = await make_artist(tx)
        track = await song_of(tx, artist)
        who = (await make_label(tx)).user if how.startswith("label") else await make_user(tx)
    relation = new_id()

    async def join(now: datetime) -> None:
        async with database.begin() as tx:
            if how.startswith("label"):
                role = LabelRole.EDITOR if how.endswith("edits") else LabelRole.ANALYST
                await labels.ask_artist(tx, label=who.user_id, handle=artist.handle, role=role, key=relation, now=now)
                await work_for_artists.accept(tx, relation_id=relation, side=Side.ARTIST, by=artist.user_id, now=now)
            else:
                await member_of(tx, artist.artist_id, artist.user_id, who, TeamRole(how), now=now)

    async def leave(now: datetime) -> None:
        async with database.begin() as tx:
            if how.startswith("label"):
                await work_for_artists.end(tx, relation_id=relation, side=Side.ARTIST, by=artist.user_id, now=now)
            else:
                await work_for_artists.drop(tx, artist_id=artist.artist_id, member=who.user_id, by=who.user_id, now=now)

    return Working(artist, track, who, join, leave)


async def song_of(tx: Tx, artist: Artist) -> Track:
    return await listenable(tx, Track(TrackId(new_id()), artist.artist_id, artist.user_id, 180_000))


async def hears(database: Database, who: UserId, track: Track, at: datetime) -> ListenId:
    async with database.begin() as tx:
        return (await listen_to(tx, track, by=who, at=at)).listen_id


async def decide(database: Database) -> None:
    await drain(database, await registered(database, Consumers(listen_to_reward.SUBSCRIPTIONS)))


async def outcomes(database: Database) -> dict[ListenId, str]:
    async with database.begin() as tx:
        rows = await tx.rows("SELECT listen_id, outcome, amount FROM listen_reward.reward")
    assert all(amount == (10_000 if outcome == "granted" else 0) for _, outcome, amount in rows)
    return {listen: outcome for listen, outcome, _ in rows}


async def is_sound(database: Database) -> tuple[bool, str]:
    async with database.begin() as tx:
        found = await HEARS_OWN_WORK.check(tx)
    return found.ok, found.detail


@pytest.mark.parametrize("how", HOW)
async def test_they_earn_by_it_before_and_after_and_never_while_they_work_for_it(database: Database, how: str):
    one = await working(database, how)
    me = one.who.user_id
    before = await hears(database, me, one.track, NOON)
    await one.join(NOON + 5 * MINUTE)
    during = await hears(database, me, one.track, NOON + 10 * MINUTE)
    assert await is_sound(database) == (True, "")
    await one.leave(NOON + 15 * MINUTE)
    later = await hears(database, me, one.track, NOON + 20 * MINUTE)

    await decide(database)

    assert await outcomes(database) == {before: "granted", during: Outcome.OWN_TRACK, later: "granted"}
    assert await is_sound(database) == (True, "")


async def test_another_artist_and_another_listener_are_paid_as_ever(database: Database):
    one = await working(database, "editor")
    await one.join(NOON)
    async with database.begin() as tx:
        other = await song_of(tx, await make_artist(tx))
        same_owner = await song_of(tx, await make_artist(tx, user=one.artist.user))
    fan = UserId(new_id())
    paid = [
        await hears(database, one.who.user_id, other, NOON + MINUTE),
        await hears(database, one.who.user_id, same_owner, NOON + 2 * MINUTE),
        await hears(database, fan, one.track, NOON + MINUTE),
    ]
    owners = await hears(database, one.artist.user_id, one.track, NOON + MINUTE)

    await decide(database)

    assert await outcomes(database) == dict.fromkeys(paid, "granted") | {owners: Outcome.OWN_TRACK}


ORDER: Final = ("hear before", "join", "hear during", "leave", "hear after")


@pytest.mark.parametrize("decided", [*itertools.product([False, True], repeat=4)])
async def test_whenever_what_was_heard_is_decided_the_outcome_is_the_same(
    database: Database, decided: tuple[bool, ...]
):
    """After each step the rewards that wait are decided, or left to a later one: every way in which the two interleave."""
    one = await working(database, "editor")
    heard: dict[str, ListenId] = {}
    for place, step in enumerate(ORDER):
        at = NOON + 5 * place * MINUTE
        if step == "join":
            await one.join(at)
        elif step == "leave":
            await one.leave(at)
        else:
            heard[step] = await hears(database, one.who.user_id, one.track, at)
        if place < len(decided) and decided[place]:
            await decide(database)
    await decide(database)

    assert await outcomes(database) == {
        heard["hear before"]: "granted",
        heard["hear during"]: Outcome.OWN_TRACK,
        heard["hear after"]: "granted",
    }


async def test_what_waited_for_an_older_account_is_judged_by_when_it_was_heard(database: Database):
    await approved(database, warm_up_days=DAYS)
    left, came = await working(database, "editor"), await working(database, "editor")
    await left.join(NOON - MINUTE)
    own = await hears(database, left.who.user_id, left.track, NOON)
    others = await hears(database, came.who.user_id, came.track, NOON)
    await decide(database)
    assert await outcomes(database) == {}
    await left.leave(NOON + timedelta(days=1))
    await came.join(NOON + timedelta(days=1))

    async with database.begin() as tx:
        released = await listen_to_reward.release_waiting(tx, policy=GENEROUS, now=NOON + timedelta(days=DAYS, hours=1))

    assert released == 2
    assert await outcomes(database) == {own: Outcome.OWN_TRACK, others: "weighed"}


@pytest.mark.parametrize("then", ["works for it", "is a stranger"])
async def test_what_a_person_releases_later_is_judged_by_when_it_was_heard(database: Database, then: str):
    """It is accepted on the day of its release; what counts is when enough of it had been heard."""
    one = await working(database, "analyst")
    async with database.begin() as tx:
        await replayed_by(tx, one.track, 5)
    if then == "works for it":
        await one.join(NOON)
    async with database.begin() as tx:
        held = await listen_to(tx, one.track, by=one.who.user_id, at=NOON + 5 * MINUTE, steps=STEPS)
        assert held.state == "held"
    await (one.leave if then == "works for it" else one.join)(NOON + timedelta(hours=12))
    async with database.begin() as tx:
        await listening.decide_case(
            tx,
            case_id=await case_of(tx, held),
            state=CaseState.RELEASED,
            by=UserId(new_id()),
            note="Heard by a person.",
            policy=GENEROUS,
            now=NOON + timedelta(days=1),
        )
    await decide(database)

    expected = Outcome.OWN_TRACK if then == "works for it" else Outcome.GRANTED
    assert (await outcomes(database))[held.listen_id] == expected


async def test_coming_back_counts_anew_and_the_time_between_is_a_strangers(database: Database):
    one = await working(database, "editor")
    found = []
    for hour in range(4):
        at = NOON + timedelta(hours=hour)
        await (one.join(at) if hour % 2 == 0 else one.leave(at))
        found.append(await hears(database, one.who.user_id, one.track, at + MINUTE))
    await decide(database)

    assert [(await outcomes(database))[listen] for listen in found] == ["own_track", "granted"] * 2


async def test_said_twice_it_is_the_same_and_the_first_beginning_stands(tx: Tx):
    artist, who = await make_artist(tx), await make_user(tx)
    for hour in range(3):
        await insiders.admit(
            tx,
            artist_id=artist.artist_id,
            owner_user_id=artist.user_id,
            user_id=who.user_id,
            through=Through.TEAM,
            now=NOON + timedelta(hours=hour),
        )
    assert await tx.values("SELECT since FROM listen_reward.insider") == [NOON]
    for _ in range(3):
        for through in (Through.LABEL, Through.TEAM):  # never a label: nothing to end
            await insiders.dismiss(
                tx, artist_id=artist.artist_id, user_id=who.user_id, through=through, now=NOON - MINUTE
            )
    # a clock that is behind the one of the beginning ends it at its beginning
    assert await tx.rows("SELECT since, until FROM listen_reward.insider") == [(NOON, NOON)]


async def test_a_label_that_is_one_no_more_is_paid_again_however_often_that_is_told(database: Database):
    one = await working(database, "label that edits")
    await one.join(NOON)
    async with database.begin() as tx:
        await tx.execute("DELETE FROM users.role_grant WHERE user_id = %s AND role = 'label'", [one.who.user_id])
    consumers = await registered(database, Consumers(work_for_artists.SUBSCRIPTIONS))
    for _ in range(2):
        await announce(database, RoleChanged(user_id=one.who.user_id, role="label", granted=False, occurred_at=NOON))
        await drain(database, consumers)

    assert await is_sound(database) == (True, "")
    async with database.begin() as tx:
        assert await insiders.everybody(tx) == set()


async def test_the_same_news_of_a_listen_told_again_decides_nothing_again(database: Database):
    one = await working(database, "editor")
    await one.join(NOON)
    heard = await hears(database, one.who.user_id, one.track, NOON + MINUTE)
    await decide(database)
    await one.leave(NOON + 5 * MINUTE)
    again = ListenAccepted(
        occurred_at=NOON + 2 * MINUTE,
        listen_id=heard,
        user_id=one.who.user_id,
        track_id=one.track.track_id,
        artist_id=one.artist.artist_id,
        owner_user_id=one.artist.user_id,
        heard_ms=40_000,
    )
    await announce(database, again)
    await decide(database)

    assert await outcomes(database) == {heard: Outcome.OWN_TRACK}


async def test_of_accepting_and_ending_at_once_what_is_left_agrees_with_the_roster(database: Database):
    for _ in range(5):
        async with database.begin() as tx:
            artist, label = await make_artist(tx), await make_label(tx)
            relation = new_id()
            await labels.ask_artist(
                tx, label=label.user_id, handle=artist.handle, role=LabelRole.EDITOR, key=relation, now=NOON
            )

        async def accept(relation: UUID = relation, owner: UserId = artist.user_id) -> None:
            async with database.begin() as tx:
                await work_for_artists.accept(tx, relation_id=relation, side=Side.ARTIST, by=owner, now=NOON)

        async def end(relation: UUID = relation, by: UserId = label.user_id) -> None:
            async with database.begin() as tx:
                await work_for_artists.end(tx, relation_id=relation, side=Side.LABEL, by=by, now=NOON)

        await asyncio.gather(accept(), end(), return_exceptions=True)
        assert await is_sound(database) == (True, "")


async def test_what_is_forgotten_to_be_told_is_found(tx: Tx):
    artist = await make_artist(tx)
    who = await make_user(tx)
    await member_of(tx, artist.artist_id, artist.user_id, who, TeamRole.ANALYST)
    assert (await HEARS_OWN_WORK.check(tx)).ok
    await tx.execute("UPDATE listen_reward.insider SET until = now()")
    found = await HEARS_OWN_WORK.check(tx)
    assert (found.ok, "is paid to hear it" in found.detail) == (False, True)
    await tx.execute("DELETE FROM users.artist_member")
    assert (await HEARS_OWN_WORK.check(tx)).ok


async def test_a_copy_tells_for_whom_one_works_and_not_whose_that_is(tx: Tx):
    artist = await make_artist(tx)
    who = await make_user(tx)
    await member_of(tx, artist.artist_id, artist.user_id, who, TeamRole.EDITOR, now=NOON)
    (record,) = await PERSONAL.export(tx, who.user_id)
    assert isinstance(record, dict)
    assert (record["artist_id"], record["through"], record["until"]) == (str(artist.artist_id), "team", None)
    assert str(artist.user_id) not in str(record)
    assert await PERSONAL.export(tx, artist.user_id) == []


@pytest.mark.parametrize("gone", ["member", "owner"])
async def test_erasing_either_leaves_nothing_that_disagrees(tx: Tx, gone: str):
    artist = await make_artist(tx)
    who, other = await make_user(tx), await make_artist(tx)
    await member_of(tx, artist.artist_id, artist.user_id, who, TeamRole.EDITOR)
    await member_of(tx, other.artist_id, other.user_id, who, TeamRole.EDITOR)
    for _ in range(2):
        for held in PERSONAL_DATA:
            if held.name in {"user.teams", "user.labels", "listen_reward.insiders"}:
                await held.erase(tx, who.user_id if gone == "member" else artist.user_id)
    assert (await HEARS_OWN_WORK.check(tx)).detail == ""
    left = {(other.artist_id, who.user_id, Through.TEAM)} if gone == "owner" else set()
    assert await insiders.everybody(tx) == left

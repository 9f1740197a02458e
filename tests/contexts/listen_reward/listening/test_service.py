"""Listening on a real database: one live listen, evidence, batches, races."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.factories.listen_reward import GENEROUS, NOON, after, make_track, opened, played, registered
from vibestream.contexts.listen_reward.listening import service
from vibestream.contexts.listen_reward.listening.domain import SETTLES_AFTER, SILENT_AFTER, Listen
from vibestream.contexts.listen_reward.listening.invariants import INVARIANTS
from vibestream.contexts.listen_reward.listening.service import Beats, Served
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.group_commit import GroupCommit


async def send(tx: Tx, listen: Listen, *, until_s: float = 30) -> Listen:
    sent = Beats(listen.listen_id, listen.user_id, tuple(played(until_s=until_s)), received_at=after(until_s))
    answer = (await service.record_beats(tx, sent=[sent]))[0]
    assert isinstance(answer, Listen)
    return answer


async def announced(tx: Tx) -> list[str]:
    return await tx.values("SELECT type FROM platform.outbox WHERE type LIKE '%%listen_accepted' ORDER BY seq")


async def stored(tx: Tx, listen: Listen) -> Listen:
    return await service.load_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id)


async def test_an_accepted_listen_is_stored_with_its_heartbeats_and_announced_once(tx: Tx):
    listen = await opened(tx)

    accepted = await send(tx, listen)
    await send(tx, listen)

    assert accepted.state == "accepted"
    assert await stored(tx, listen) == accepted
    assert await tx.value("SELECT count(*) FROM listen_reward.heartbeat WHERE listen_id = %s", [listen.listen_id]) == 4
    assert await announced(tx) == ["vibestream.listen_reward.listen_accepted"]


async def test_a_track_that_is_unknown_or_taken_down_cannot_be_opened(tx: Tx):
    track = await registered(tx, make_track())
    await service.withdraw_track(tx, track_id=track.track_id)

    for track_id in (track.track_id, TrackId(new_id())):
        with pytest.raises(service.TrackNotPlayable):
            await service.open_listen(
                tx, user_id=UserId(new_id()), track_id=track_id, player_id="a", policy=GENEROUS, now=NOON
            )
    assert await tx.value("SELECT count(*) FROM listen_reward.listen") == 0


async def test_a_track_published_again_can_be_opened_with_its_new_facts(tx: Tx):
    track = await registered(tx, make_track(duration_ms=1000))
    await service.withdraw_track(tx, track_id=track.track_id)
    await service.register_track(
        tx, track_id=track.track_id, artist_id=track.artist_id, owner_user_id=track.owner_user_id, duration_ms=2000
    )

    assert (await opened(tx, track=track)).track.duration_ms == 2000


async def test_opening_a_second_listen_ends_the_first(tx: Tx):
    first = await opened(tx)

    second = await opened(tx, user_id=first.user_id, now=after(40))

    ended = await stored(tx, first)
    assert (ended.live, ended.reason, ended.ended_at) == (False, "superseded", after(40))
    assert (await stored(tx, second)).live


async def test_two_listens_opened_at_once_leave_one_live(database: Database):
    async with database.begin() as tx:
        track = await registered(tx, make_track())
    user_id = UserId(new_id())

    async def open_one(n: int) -> None:
        async with database.begin() as tx:
            await service.open_listen(
                tx, user_id=user_id, track_id=track.track_id, player_id=f"tab-{n}", policy=GENEROUS, now=NOON
            )

    await asyncio.gather(*map(open_one, range(8)))

    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM listen_reward.listen WHERE live") == 1
        assert await tx.value("SELECT count(*) FROM listen_reward.listen") == 8


async def test_heartbeats_for_a_listen_of_somebody_else_are_refused_without_sinking_the_batch(tx: Tx):
    mine, theirs = await opened(tx), await opened(tx)
    beats = tuple(played(until_s=30))

    answers = await service.record_beats(
        tx,
        sent=[
            Beats(theirs.listen_id, mine.user_id, beats, after(30)),
            Beats(ListenId(new_id()), mine.user_id, beats, after(30)),
            Beats(mine.listen_id, mine.user_id, beats, after(30)),
        ],
    )

    assert [type(one) for one in answers] == [service.ListenNotFound, service.ListenNotFound, Listen]
    assert (await stored(tx, theirs)).last_seq == 0
    assert (await stored(tx, mine)).state == "accepted"


async def test_evidence_that_arrives_after_the_listen_ended_still_counts(tx: Tx):
    track = await registered(tx, make_track())
    listen = await service.open_listen(
        tx, user_id=UserId(new_id()), track_id=track.track_id, player_id="a", policy=GENEROUS, now=NOON
    )
    assert (await send(tx, listen)).state == "open"
    await service.close_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id, now=after(31))

    await service.grant_evidence(
        tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=True, now=after(32)
    )
    await service.note_served(tx, served=[Served(listen.listen_id, track.track_id, 0, 16_000)], now=after(32))
    assert (await stored(tx, listen)).state == "open"
    unknown = Served(ListenId(new_id()), track.track_id, 0, 4_000)
    again = [Served(listen.listen_id, track.track_id, 12_000, 32_000), unknown]
    await service.note_served(tx, served=again, now=after(33))

    accepted = await stored(tx, listen)
    assert (accepted.state, accepted.accepted_at) == ("accepted", after(33))
    assert accepted.served == ((0, 32_000),)
    assert len(await announced(tx)) == 1


async def test_unattributed_delivery_once_granted_cannot_be_made_attributed_again(tx: Tx):
    listen = await opened(tx)

    await service.grant_evidence(
        tx, listen_id=listen.listen_id, track_id=listen.track.track_id, attributed=True, now=NOON
    )

    assert (await stored(tx, listen)).attributed is False


async def test_another_tracks_playback_and_audio_are_no_evidence(tx: Tx):
    track = await registered(tx, make_track())
    listen = await service.open_listen(
        tx, user_id=UserId(new_id()), track_id=track.track_id, player_id="a", policy=GENEROUS, now=NOON
    )
    await send(tx, listen)
    other = TrackId(new_id())

    await service.grant_evidence(tx, listen_id=listen.listen_id, track_id=other, attributed=False, now=after(31))
    await service.note_served(tx, served=[Served(listen.listen_id, other, 0, 40_000)], now=after(31))

    seen = await stored(tx, listen)
    assert (seen.state, seen.attributed, seen.served) == ("open", None, ())


async def test_only_its_listener_sees_or_ends_a_listen(tx: Tx):
    listen, stranger = await opened(tx), UserId(new_id())

    with pytest.raises(service.ListenNotFound):
        await service.load_listen(tx, listen_id=listen.listen_id, user_id=stranger)
    with pytest.raises(service.ListenNotFound):
        await service.close_listen(tx, listen_id=listen.listen_id, user_id=stranger, now=NOON)
    assert (await stored(tx, listen)).live


async def test_a_silent_listen_ends_and_settles(tx: Tx):
    listen = await opened(tx)

    assert await service.sweep(tx, now=NOON + SILENT_AFTER) == 0
    assert await service.sweep(tx, now=NOON + SILENT_AFTER + timedelta(seconds=1)) == 1
    assert (await stored(tx, listen)).reason == "timed_out"
    assert await service.sweep(tx, now=NOON + SILENT_AFTER + SETTLES_AFTER + timedelta(seconds=2)) == 1
    assert (await stored(tx, listen)).state == "closed"
    assert await service.sweep(tx, now=NOON + timedelta(days=1)) == 0


async def test_players_that_send_at_once_share_transactions_and_each_gets_its_own_answer(database: Database):
    async with database.begin() as tx:
        track = await registered(tx, make_track())
        listens = [await opened(tx, track=track) for _ in range(60)]
    commits: GroupCommit[Beats, Listen | service.ListenNotFound] = GroupCommit(
        database, lambda tx, sent: service.record_beats(tx, sent=sent)
    )

    answers = await asyncio.gather(
        *(
            commits.submit(Beats(one.listen_id, one.user_id, tuple(played(until_s=30 - n % 2)), after(30)))
            for n, one in enumerate(listens)
        )
    )

    assert [one.listen_id for one in answers if isinstance(one, Listen)] == [one.listen_id for one in listens]
    assert [one.state for one in answers if isinstance(one, Listen)] == ["accepted", "open"] * 30
    async with database.begin() as tx:
        assert await tx.value("SELECT count(DISTINCT xmin::text) FROM listen_reward.heartbeat") <= 3
        assert len(await announced(tx)) == 30
        assert [(await one.check(tx)).ok for one in INVARIANTS] == [True, True]


async def test_the_audit_finds_a_listen_that_was_accepted_for_nothing(tx: Tx):
    listen = await opened(tx)
    await tx.execute(
        "UPDATE listen_reward.listen SET state = 'accepted', accepted_at = now() WHERE listen_id = %s",
        [listen.listen_id],
    )

    finding = await INVARIANTS[0].check(tx)

    assert (finding.ok, finding.detail) == (False, str(listen.listen_id))

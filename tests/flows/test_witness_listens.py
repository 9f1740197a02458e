"""What music saw becomes a listen's evidence, over the real bus."""

from __future__ import annotations

import pytest

from tests.factories.bus import announce, drain, registered
from tests.factories.listen_reward import GENEROUS, NOON, after, make_track, played
from tests.factories.listen_reward import registered as listenable
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.service import Beats, Listen
from vibestream.contexts.music.events import PlaybackGranted, SegmentsServed
from vibestream.flows.witness_listens import SUBSCRIPTIONS
from vibestream.kernel.ids import AssetId, TrackId, UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def played_half_a_minute(database: Database) -> Listen:
    async with database.begin() as tx:
        track = await listenable(tx, make_track())
        listen = await listening.open_listen(
            tx, user_id=UserId(new_id()), track_id=track.track_id, player_id="a", policy=GENEROUS, now=NOON
        )
        sent = Beats(listen.listen_id, listen.user_id, tuple(played(until_s=30)), after(30))
        await listening.record_beats(tx, sent=[sent])
    return listen


def playback(listen: Listen, *, track_id: TrackId | None = None, attributed: bool) -> PlaybackGranted:
    return PlaybackGranted(
        occurred_at=NOON,
        listen_id=listen.listen_id,
        track_id=track_id or listen.track.track_id,
        asset_id=AssetId(new_id()),
        user_id=listen.user_id,
        attributed=attributed,
    )


def served(listen: Listen, *spans: tuple[int, int], track_id: TrackId | None = None) -> SegmentsServed:
    return SegmentsServed(
        occurred_at=NOON,
        batch_id=str(new_id()),
        listen_ids=(listen.listen_id,) * len(spans),
        track_ids=(track_id or listen.track.track_id,) * len(spans),
        from_ms=tuple(start for start, _ in spans),
        until_ms=tuple(stop for _, stop in spans),
        first_at_ms=(0,) * len(spans),
        last_at_ms=(0,) * len(spans),
    )


async def state_of(database: Database, listen: Listen) -> str:
    async with database.begin() as tx:
        return (await listening.load_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id)).state.value


async def test_a_listen_is_accepted_once_the_segments_it_heard_are_known_to_be_served(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    listen = await played_half_a_minute(database)

    await announce(database, playback(listen, attributed=True), served(listen, (0, 4_000), (8_000, 32_000)))
    await drain(database, consumers)
    assert await state_of(database, listen) == "open"
    await announce(database, served(listen, (4_000, 8_000)))
    await drain(database, consumers)

    assert await state_of(database, listen) == "accepted"


@pytest.mark.parametrize("served_first", [True, False])
async def test_the_order_in_which_evidence_arrives_means_nothing(database: Database, served_first: bool):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    listen = await played_half_a_minute(database)
    news = [served(listen, (0, 32_000)), playback(listen, attributed=True)]

    for event in news if served_first else reversed(news):
        await announce(database, event)
        await drain(database, consumers)

    assert await state_of(database, listen) == "accepted"


async def test_where_a_cdn_answers_nothing_is_concluded_from_what_was_not_seen(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    listen = await played_half_a_minute(database)

    await announce(database, playback(listen, attributed=False))
    await drain(database, consumers)

    assert await state_of(database, listen) == "accepted"


async def test_audio_of_another_track_is_no_evidence(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    listen, other = await played_half_a_minute(database), TrackId(new_id())

    await announce(database, playback(listen, attributed=True), served(listen, (0, 60_000), track_id=other))
    await announce(database, playback(listen, attributed=False, track_id=other))
    await drain(database, consumers)

    assert await state_of(database, listen) == "open"

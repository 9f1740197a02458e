"""Publications and accepted listens reach royalties over the real bus, each once."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.factories.bus import announce, drain, registered
from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.music.events import TrackPublished
from vibestream.flows import count_royalties
from vibestream.kernel.ids import ArtistId, AssetId, ListenId, ReleaseId, TrackId, UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
ARTIST, OWNER, TRACK = ArtistId(new_id()), UserId(new_id()), TrackId(new_id())


def published(title: str) -> TrackPublished:
    return TrackPublished(
        occurred_at=AT,
        track_id=TRACK,
        release_id=ReleaseId(new_id()),
        artist_id=ARTIST,
        owner_user_id=OWNER,
        asset_id=AssetId(new_id()),
        duration_ms=200_000,
        title=title,
        artist_name="Los Faros",
        release_title="Abril",
        disc_no=1,
        track_no=1,
        explicit=False,
        isrc="ESA012600001",
        genres=(),
    )


def accepted(listener: UserId) -> ListenAccepted:
    return ListenAccepted(
        occurred_at=AT,
        listen_id=ListenId(new_id()),
        user_id=listener,
        track_id=TRACK,
        artist_id=ARTIST,
        owner_user_id=OWNER,
        heard_ms=45_000,
    )


async def test_a_published_track_and_its_listens_are_counted_once(database: Database):
    fan, other = UserId(new_id()), UserId(new_id())
    consumers = Consumers(count_royalties.SUBSCRIPTIONS)
    await registered(database, consumers)
    listen = accepted(fan)
    await announce(database, listen, accepted(fan), accepted(other), published("Mañana"))
    await drain(database, consumers)
    async with database.begin() as tx:
        await count_royalties.count_listens(tx, [listen])  # as after a crash that lost the note that it was done

        assert await tx.values(
            "SELECT concat_ws(' ', month, listens, heard_ms) FROM payment.royalty_usage ORDER BY listens"
        ) == ["2026-11-01 1 45000", "2026-11-01 2 90000"]
        assert await tx.values(
            "SELECT concat_ws(' ', track_id, owner_user_id, title, isrc) FROM payment.royalty_track"
        ) == [f"{TRACK} {OWNER} Mañana ESA012600001"]

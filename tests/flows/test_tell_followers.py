"""Followers hear of a release: everyone once, whatever dies on the way, and nobody who does not want to."""

from __future__ import annotations

import asyncio
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.factories.bus import announce, drain, registered
from tests.factories.followers import make_followers, published
from tests.factories.users import MADE_AT, Artist, User, make_artist, make_user
from vibestream.contexts.music.events import ReleaseTakenDown
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Channel, Kind
from vibestream.contexts.user.release_news import invariants
from vibestream.contexts.user.release_news import service as release_news
from vibestream.flows import tell_followers
from vibestream.kernel.ids import ArtistId, ReleaseId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

SOME = 1_203
"""Three batches: 500, 500, 203."""


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(environment=Environment.TEST, data_dir=tmp_path / "data", database_url=database.dsn)
    threads = BoundedThreads(threads=1)
    yield Runtime(
        settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=threads
    )
    threads.close()


@pytest.fixture
async def consumers(database: Database) -> Consumers:
    return await registered(database, Consumers(tell_followers.SUBSCRIPTIONS))


async def artist_of(database: Database) -> Artist:
    async with database.begin() as tx:
        return await make_artist(tx)


async def follower(tx: Tx, artist: Artist) -> User:
    one = await make_user(tx)
    await fans.follow_artist(tx, user_id=one.user_id, handle=artist.handle, now=MADE_AT)
    return one


async def waiting(database: Database) -> list[str]:
    """Return the news that jobs wait for, and take the jobs."""
    async with database.begin() as tx:
        found = await tx.values(
            "SELECT args ->> 'news_id' FROM jobs.procrastinate_jobs WHERE task_name = 'user.tell_followers'"
            " AND status = 'todo' ORDER BY id"
        )
        await tx.execute(
            "DELETE FROM jobs.procrastinate_jobs WHERE task_name = 'user.tell_followers' AND status = 'todo'"
        )
    return [str(one) for one in found]


async def told(database: Database) -> list[tuple[Any, ...]]:
    """Return how often who was told: (user_id, times)."""
    async with database.begin() as tx:
        return await tx.rows(
            "SELECT user_id, count(*) FROM users.notification WHERE kind = 'new_release' GROUP BY user_id ORDER BY user_id"
        )


async def standing(database: Database, news_id: str) -> tuple[Any, ...]:
    async with database.begin() as tx:
        (row,) = await tx.rows(
            "SELECT state, told, reached FROM users.release_news WHERE news_id = %s", [UUID(news_id)]
        )
    return row


async def begun(tx: Tx, artist: Artist, release_id: ReleaseId, at: datetime) -> UUID | None:
    return await release_news.begin(
        tx, release_id=release_id, artist_id=artist.artist_id, form="single", published_at=at, now=at
    )


async def test_a_follower_is_told_once_by_name_and_mailed_the_next_morning_only_when_they_chose_so(
    database: Database, runtime: Runtime, consumers: Consumers
):
    artist = await artist_of(database)
    async with database.begin() as tx:
        ana, ben, stranger = await follower(tx, artist), await follower(tx, artist), await make_user(tx)
        await tx.execute(
            "INSERT INTO users.artist_follow VALUES (%s, %s, %s)", [artist.user_id, artist.artist_id, MADE_AT]
        )
        await notifications.choose(tx, user_id=ben.user_id, kind=Kind.NEW_RELEASE, channel=Channel.EMAIL, wanted=True)
        await notifications.choose_hours(tx, user_id=ben.user_id, time_zone="Asia/Tokyo", quiet_from="", quiet_until="")
    release = ReleaseId(new_id())
    await announce(database, published(artist, release_id=release, kind="ep"))
    for _ in range(2):
        await drain(database, consumers)
    (news_id,) = await waiting(database)
    for _ in range(2):
        await tell_followers.tell_followers(runtime, news_id=news_id)

    assert await told(database) == sorted([(ana.user_id, 1), (ben.user_id, 1)])
    assert await standing(database, news_id) == ("done", 2, None)
    async with database.begin() as tx:
        assert await notifications.unread(tx, user_id=stranger.user_id) == 0
        (listed,) = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
        mails = await tx.rows(
            "SELECT n.user_id, d.due_at FROM users.notification_delivery d JOIN users.notification n USING (notification_id)"
        )
    said = notifications.said_of(listed, locale="es", url="https://vibe.example")
    assert said.title == "Río Lento publicó un EP nuevo"
    assert said.path == f"/releases/{release}"
    ((whom, due_at),) = mails
    assert whom == ben.user_id
    assert (due_at.hour, due_at.minute) == (0, 0)  # nine in Tokyo
    assert utc_now() < due_at < utc_now() + timedelta(days=2)


async def test_what_is_kept_names_nobody_and_a_hidden_artist_is_not_named(database: Database, runtime: Runtime):
    artist = await artist_of(database)
    async with database.begin() as tx:
        ana = await follower(tx, artist)
        news_id = await begun(tx, artist, ReleaseId(new_id()), utc_now())
    await tell_followers.tell_followers(runtime, news_id=str(news_id))

    async with database.begin() as tx:
        kept = await tx.value("SELECT facts::text FROM users.notification WHERE user_id = %s", [ana.user_id])
        assert artist.name not in kept
        await tx.execute("UPDATE users.artist_profile SET hidden = true")
        (listed,) = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    said = notifications.said_of(listed, locale="en", url="https://vibe.example")
    assert said.title == "An artist released a new single"


@pytest.mark.parametrize("change", ["unfollow", "block", "blocked", "hide", "take_down"])
async def test_whoever_stops_following_half_way_is_not_told_any_more(
    database: Database, runtime: Runtime, consumers: Consumers, change: str
):
    artist = await artist_of(database)
    release = ReleaseId(new_id())
    async with database.begin() as tx:
        many = sorted(await make_followers(tx, artist, SOME))
        last = many[-1]
        news_id = await begun(tx, artist, release, utc_now())
    assert news_id is not None
    await database.run(lambda tx: tell_followers._tell_next(tx, news_id))

    async with database.begin() as tx:
        match change:
            case "unfollow":
                await fans.unfollow_artist(tx, user_id=last, handle=artist.handle)
            case "block":
                await fans.block_artist(tx, user_id=last, handle=artist.handle, now=utc_now())
            case "blocked":  # a follow that stands beside a block, as no path of ours leaves it
                await tx.execute("INSERT INTO users.block VALUES (%s, %s, now())", [artist.user_id, last])
            case "hide":
                await tx.execute("UPDATE users.artist_profile SET hidden = true")
            case _:
                pass
    if change == "take_down":
        gone = ReleaseTakenDown(
            release_id=release, artist_id=artist.artist_id, owner_user_id=artist.user_id, by="artist",
            occurred_at=utc_now(),
        )  # fmt: skip
        await announce(database, gone)
        await drain(database, consumers)
    await tell_followers.tell_followers(runtime, news_id=str(news_id))

    reached = many[:500] if change in {"hide", "take_down"} else many[:-1]
    assert await told(database) == [(one, 1) for one in reached]
    if change == "take_down":
        assert (await standing(database, str(news_id)))[:2] == ("stopped", 500)
        # Public again, it goes on where it was stopped: nobody twice.
        await announce(database, published(artist, release_id=release))
        await drain(database, consumers)
        assert await waiting(database) == [str(news_id)]
        await tell_followers.tell_followers(runtime, news_id=str(news_id))
        assert await told(database) == [(one, 1) for one in many]


async def test_whoever_follows_only_after_it_was_published_is_not_told(database: Database, runtime: Runtime):
    artist = await artist_of(database)
    at = utc_now()
    async with database.begin() as tx:
        news_id = await begun(tx, artist, ReleaseId(new_id()), at)
        late = await make_user(tx)
        await fans.follow_artist(tx, user_id=late.user_id, handle=artist.handle, now=at + timedelta(microseconds=1))
    await tell_followers.tell_followers(runtime, news_id=str(news_id))
    assert await told(database) == []


async def test_published_again_within_thirty_days_is_no_news_and_after_that_it_is(tx: Tx):
    artist, release = await make_artist(tx), ReleaseId(new_id())
    first = utc_now()
    news_id = await begun(tx, artist, release, first)
    assert news_id is not None
    assert await begun(tx, artist, release, first + timedelta(minutes=1)) is None  # while it runs
    found = await release_news.next_followers(tx, news_id=news_id)
    assert found is not None
    await release_news.note(tx, news=found[0], followers=[])
    assert await begun(tx, artist, release, first + timedelta(days=30) - timedelta(seconds=1)) is None
    assert await begun(tx, artist, release, first + timedelta(days=30)) not in {None, news_id}


async def test_a_catalogue_that_is_put_up_at_once_is_three_messages_a_day(tx: Tx):
    artist, other = await make_artist(tx), await make_artist(tx)
    now = utc_now()
    begins = [await begun(tx, artist, ReleaseId(new_id()), now + timedelta(seconds=n)) for n in range(5)]
    assert [one is not None for one in begins] == [True, True, True, False, False]
    assert await begun(tx, other, ReleaseId(new_id()), now) is not None
    assert await begun(tx, artist, ReleaseId(new_id()), now + timedelta(days=1, seconds=1)) is not None


async def test_what_is_heard_of_a_day_late_or_of_nobody_is_no_news(database: Database, consumers: Consumers):
    artist = await artist_of(database)
    nobody = Artist(artist_id=ArtistId(new_id()), user=artist.user, name="x", handle="x")
    await announce(database, published(artist, at=utc_now() - timedelta(days=1, seconds=1)), published(nobody))
    await drain(database, consumers)
    assert await waiting(database) == []


@pytest.mark.parametrize("when", ["told", "noted", "committed"])
@pytest.mark.parametrize("step", [1, 2, 3])
async def test_killed_half_way_it_tells_nobody_twice_and_leaves_nobody_out(
    database: Database, runtime: Runtime, tmp_path: Path, step: int, when: str
):
    artist = await artist_of(database)
    async with database.begin() as tx:
        many = sorted(await make_followers(tx, artist, SOME))
        news_id = await begun(tx, artist, ReleaseId(new_id()), utc_now())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.factories.followers_process", str(step), when, str(news_id)),
        *(database.dsn, str(tmp_path / "killed")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == -signal.SIGKILL
    batches = [0, 500, 1_000, SOME]
    assert len(await told(database)) == batches[step if when == "committed" else step - 1]

    await tell_followers.tell_followers(runtime, news_id=str(news_id))

    assert await told(database) == [(one, 1) for one in many]
    assert await standing(database, str(news_id)) == ("done", SOME, None)


async def test_news_that_nobody_goes_on_telling_are_seen_by_the_audit(database: Database):
    artist = await artist_of(database)
    (held,) = invariants.INVARIANTS
    async with database.begin() as tx:
        news_id = await begun(tx, artist, ReleaseId(new_id()), utc_now() - timedelta(hours=23))
        assert (await held.check(tx)).ok
        await tx.execute("UPDATE users.release_news SET began_at = began_at - interval '2 hours'")
        found = await held.check(tx)
    assert (found.ok, found.figure, found.detail) == (False, "1 are being told", str(news_id))


async def test_two_workers_with_the_same_job_take_turns(database: Database, runtime: Runtime):
    artist = await artist_of(database)
    async with database.begin() as tx:
        many = sorted(await make_followers(tx, artist, SOME))
        news_id = await begun(tx, artist, ReleaseId(new_id()), utc_now())
    await asyncio.gather(*(tell_followers.tell_followers(runtime, news_id=str(news_id)) for _ in range(2)))
    assert await told(database) == [(one, 1) for one in many]
    assert (await standing(database, str(news_id)))[:2] == ("done", SOME)


async def test_what_is_in_memory_does_not_grow_with_how_many_follow(database: Database, runtime: Runtime):
    peaks = []
    for number in (600, 6_000):
        artist = await artist_of(database)
        async with database.begin() as tx:
            await make_followers(tx, artist, number)
            news_id = await begun(tx, artist, ReleaseId(new_id()), utc_now())
        tracemalloc.start()
        await tell_followers.tell_followers(runtime, news_id=str(news_id))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (await standing(database, str(news_id)))[:2] == ("done", number)
    assert peaks[1] < 1.5 * peaks[0]

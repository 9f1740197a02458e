"""An artist's followers are told of a new release, some hundreds at a time, by a job that goes on where it was killed.

    published -> news begin (one row, one job) -> the next followers are told and noted, again and again -> all were

Each step is one transaction: whoever is told is noted in the one that told them. Telling one person twice is impossible
besides, because a notification's key is the id of the news.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind, Telling
from vibestream.contexts.user.release_news import service as release_news
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime


async def begin(tx: Tx, event: ReleasePublished) -> None:
    """Begin to tell followers of a release that became public, if that is news."""
    news_id = await release_news.begin(
        tx,
        release_id=event.release_id,
        artist_id=event.artist_id,
        form=event.kind,
        published_at=event.occurred_at,
        now=utc_now(),
    )
    if news_id is not None:
        await defer(tx, tell_followers, news_id=str(news_id))


async def stop(tx: Tx, event: ReleaseTakenDown) -> None:
    """Tell nobody else of a release that was taken down."""
    await release_news.stop(tx, release_id=event.release_id)


@job("user.tell_followers", queue="followers", attempts=20)
async def tell_followers(runtime: Runtime, *, news_id: str) -> None:
    """Tell whoever was not told yet, until all were or the news are stopped; two at once take turns."""

    async def step(tx: Tx) -> bool:
        return await _tell_next(tx, UUID(news_id))

    while await runtime.database.run(step):
        pass


async def _tell_next(tx: Tx, news_id: UUID) -> bool:
    found = await release_news.next_followers(tx, news_id=news_id)
    if found is None:
        return False
    news, followers = found
    facts = {"artist_id": str(news.artist_id), "release": str(news.release_id), "form": news.form}
    tellings = [Telling(user_id=one, key=str(news.news_id), facts=facts) for one in followers]
    await notifications.tell_many(tx, kind=Kind.NEW_RELEASE, tellings=tellings, now=utc_now())
    await release_news.note(tx, news=news, followers=followers)
    return bool(followers)


# A taking down that overtook its publication would not stop anything: the key's order is kept.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ReleasePublished, consumer="tell_followers", handle=begin),
    Subscription(event=ReleaseTakenDown, consumer="tell_followers", handle=stop),
)

"""Beginning news of a release, whom to tell next, and stopping them.

News know how far they are: whoever tells the next followers and notes them in one transaction tells nobody twice and leaves
nobody out, wherever it is killed. Who follows is looked up as they are told: whoever stopped following, or blocked, is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.release_news import store
from vibestream.contexts.user.release_news.domain import (
    SAME_WITHIN,
    News,
    NewsState,
    Verdict,
    day_before,
    judged,
)
from vibestream.kernel.ids import ArtistId, ReleaseId, UserId, new_id
from vibestream.platform.database import Tx

__all__ = ["News", "NewsState", "begin", "next_followers", "note", "stop"]

MOST_AT_ONCE: Final = 500
"""Followers who are told in one transaction: what is in memory does not grow with how many follow."""


async def begin(
    tx: Tx, *, release_id: ReleaseId, artist_id: ArtistId, form: str, published_at: datetime, now: datetime
) -> UUID | None:
    """Begin news of a release that became public, or go on with those that were stopped, and return their id.

    None when it is no news: the artist is not there or hidden, it was published long ago or was news lately, or its artist
    was in the news often enough today.
    """
    if not await store.lock_artist(tx, artist_id=artist_id):
        return None
    same = await store.find_last(tx, release_id=release_id, since=now - SAME_WITHIN)
    of_artist = await store.count_of(tx, artist_id=artist_id, since=day_before(now))
    match judged(published_at=published_at, same=same, of_artist=of_artist, now=now):
        case Verdict.SILENCE:
            return None
        case Verdict.GO_ON if same is not None:
            await store.begin_again(tx, news_id=same.news_id, now=now)
            return same.news_id
        case _:
            news = News(
                news_id=new_id(), release_id=release_id, artist_id=artist_id, form=form, state=NewsState.RUNNING,
                began_at=now, reached=None, told=0,
            )  # fmt: skip
            await store.add(tx, news=news)
            return news.news_id


async def next_followers(tx: Tx, *, news_id: UUID) -> tuple[News, list[UserId]] | None:
    """Lock news that run and return them with whom to tell next, in the order of ids; None when they do not run."""
    news = await store.lock_running(tx, news_id=news_id)
    if news is None:
        return None
    followers = await store.list_followers(
        tx, artist_id=news.artist_id, since=news.began_at, after=news.reached, limit=MOST_AT_ONCE
    )
    return news, followers


async def note(tx: Tx, *, news: News, followers: Sequence[UserId]) -> None:
    """Note that these were told, in the transaction that told them; nobody: all were."""
    state = NewsState.RUNNING if followers else NewsState.DONE
    reached = followers[-1] if followers else None
    await store.save(tx, news_id=news.news_id, state=state, reached=reached, told=news.told + len(followers))


async def stop(tx: Tx, *, release_id: ReleaseId) -> None:
    """Stop news of a release that was taken down: nobody else is told of it."""
    await store.stop_running(tx, release_id=release_id)

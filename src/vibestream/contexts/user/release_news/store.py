"""The table of news, and an artist's followers in the order in which they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.release_news.domain import News, NewsState
from vibestream.kernel.ids import ArtistId, ReleaseId, UserId
from vibestream.platform.database import Tx

_NEWS: Final = "SELECT news_id, release_id, artist_id, form, state, began_at, reached, told FROM users.release_news"


async def lock_artist(tx: Tx, *, artist_id: ArtistId) -> bool:
    """Have news of an artist begin one at a time, and say whether there is such an artist who is seen."""
    found = await tx.value(
        "SELECT artist_id FROM users.artist_profile WHERE artist_id = %s AND NOT hidden FOR NO KEY UPDATE", [artist_id]
    )
    return found is not None


async def find_last(tx: Tx, *, release_id: ReleaseId, since: datetime) -> News | None:
    """Return the last news of a release that began after an instant."""
    return await tx.one(
        _news, _NEWS + " WHERE release_id = %s AND began_at > %s ORDER BY began_at DESC LIMIT 1", [release_id, since]
    )


async def count_of(tx: Tx, *, artist_id: ArtistId, since: datetime) -> int:
    """Return how many news of an artist began after an instant."""
    return int(
        await tx.value(
            "SELECT count(*) FROM users.release_news WHERE artist_id = %s AND began_at > %s", [artist_id, since]
        )
    )


async def add(tx: Tx, *, news: News) -> None:
    """Insert news."""
    await tx.execute(
        "INSERT INTO users.release_news (news_id, release_id, artist_id, form, state, began_at, reached, told)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            news.news_id,
            news.release_id,
            news.artist_id,
            news.form,
            news.state.value,
            news.began_at,
            news.reached,
            news.told,
        ],
    )


async def begin_again(tx: Tx, *, news_id: UUID, now: datetime) -> None:
    """Have news that were stopped go on where they were, as of now."""
    await tx.execute(
        "UPDATE users.release_news SET state = 'running', began_at = %s WHERE news_id = %s", [now, news_id]
    )


async def lock_running(tx: Tx, *, news_id: UUID) -> News | None:
    """Lock news that run, and return them; None when they do not."""
    return await tx.one(_news, _NEWS + " WHERE news_id = %s AND state = 'running' FOR NO KEY UPDATE", [news_id])


async def save(tx: Tx, *, news_id: UUID, state: NewsState, reached: UUID | None, told: int) -> None:
    """Note how far locked news are."""
    await tx.execute(
        "UPDATE users.release_news SET state = %s, reached = %s, told = %s WHERE news_id = %s",
        [state.value, reached, told, news_id],
    )


async def stop_running(tx: Tx, *, release_id: ReleaseId) -> None:
    """Stop the news of a release, if they run."""
    await tx.execute(
        "UPDATE users.release_news SET state = 'stopped' WHERE release_id = %s AND state = 'running'", [release_id]
    )


async def list_followers(
    tx: Tx, *, artist_id: ArtistId, since: datetime, after: UUID | None, limit: int
) -> list[UserId]:
    """Return who followed a seen artist at an instant and still does, in the order of ids, from behind one on.

    Whoever speaks for the artist is left out, and so is anybody of whom one blocked the other.
    """
    found = await tx.values(
        "SELECT followed.follower_id FROM users.artist_follow followed"
        " JOIN users.artist_profile artist ON artist.artist_id = followed.artist_id AND NOT artist.hidden"
        " WHERE followed.artist_id = %(artist)s AND (%(after)s::uuid IS NULL OR followed.follower_id > %(after)s)"
        " AND followed.since <= %(since)s AND followed.follower_id <> artist.user_id"
        " AND NOT users.apart(artist.user_id, followed.follower_id) ORDER BY followed.follower_id LIMIT %(limit)s",
        {"artist": artist_id, "since": since, "after": after, "limit": limit},
    )
    return [UserId(one) for one in found]


async def drop_old(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete news that began before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.release_news WHERE news_id IN"
        " (SELECT news_id FROM users.release_news WHERE began_at < %s ORDER BY began_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


def _news(*, state: str, **columns: Any) -> News:
    return News(state=NewsState(state), **columns)

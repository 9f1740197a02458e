"""The tables of follows and blocks. What would be seen of somebody is left out of every list where it may not be."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.fans.domain import Apart, ArtistStanding, Followed
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

Place = tuple[datetime, str]
"""Since when the last one shown is followed, and their handle."""


async def share_pair(tx: Tx, *, one: UserId, other: UserId) -> None:
    """Wait for whoever blocks one of two people just now, and keep both from blocking until this transaction ends."""
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = ANY(%s) ORDER BY user_id FOR SHARE", [[one, other]])


async def lock_pair(tx: Tx, *, one: UserId, other: UserId) -> None:
    """Wait for whoever follows or blocks one of two people just now, and keep both from it until this transaction ends."""
    await tx.execute(
        "SELECT FROM users.fan_profile WHERE user_id = ANY(%s) ORDER BY user_id FOR NO KEY UPDATE", [[one, other]]
    )


async def add_artist(tx: Tx, *, follower: UserId, artist_id: ArtistId, most: int, now: datetime) -> bool:
    """Follow an artist, and say whether they are followed now: not beyond so many, nor when one blocked the other."""
    await tx.execute(
        "INSERT INTO users.artist_follow (follower_id, artist_id, since)"
        " SELECT %(me)s, artist.artist_id, %(now)s FROM users.artist_profile artist WHERE artist.artist_id = %(artist)s"
        " AND NOT users.apart(artist.user_id, %(me)s)"
        " AND (SELECT count(*) FROM users.artist_follow WHERE follower_id = %(me)s) < %(most)s ON CONFLICT DO NOTHING",
        {"me": follower, "artist": artist_id, "now": now, "most": most},
    )
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.artist_follow WHERE follower_id = %s AND artist_id = %s)",
            [follower, artist_id],
        )
    )


async def drop_artist(tx: Tx, *, follower: UserId, artist_id: ArtistId) -> None:
    """Stop following an artist."""
    await tx.execute("DELETE FROM users.artist_follow WHERE follower_id = %s AND artist_id = %s", [follower, artist_id])


async def add_fan(tx: Tx, *, follower: UserId, fan_id: UserId, most: int, now: datetime) -> bool:
    """Follow a person whose page can be seen, and say whether they are followed now."""
    await tx.execute(
        "INSERT INTO users.fan_follow (follower_id, fan_id, since)"
        " SELECT %(me)s, page.user_id, %(now)s FROM users.fan_page page WHERE page.user_id = %(fan)s"
        " AND page.user_id <> %(me)s AND page.open AND NOT page.hidden AND NOT users.apart(page.user_id, %(me)s)"
        " AND (SELECT count(*) FROM users.fan_follow WHERE follower_id = %(me)s) < %(most)s ON CONFLICT DO NOTHING",
        {"me": follower, "fan": fan_id, "now": now, "most": most},
    )
    return await follows_fan(tx, follower=follower, fan_id=fan_id)


async def drop_fan(tx: Tx, *, follower: UserId, fan_id: UserId) -> None:
    """Stop following a person."""
    await tx.execute("DELETE FROM users.fan_follow WHERE follower_id = %s AND fan_id = %s", [follower, fan_id])


async def follows_fan(tx: Tx, *, follower: UserId, fan_id: UserId) -> bool:
    """Say whether somebody follows a person."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.fan_follow WHERE follower_id = %s AND fan_id = %s)", [follower, fan_id]
        )
    )


async def count_followers(tx: Tx, *, fan_id: UserId) -> int:
    """Return how many follow a person."""
    return int(await tx.value("SELECT count(*) FROM users.fan_follow WHERE fan_id = %s", [fan_id]))


async def load_standing(tx: Tx, *, artist_id: ArtistId, viewer: UserId | None) -> ArtistStanding | None:
    """Return how an artist stands to a viewer."""
    return await tx.one(
        ArtistStanding,
        "SELECT artist.artist_id, (SELECT count(*) FROM users.artist_follow one WHERE one.artist_id = artist.artist_id)"
        " AS followers, EXISTS (SELECT FROM users.artist_follow one WHERE one.artist_id = artist.artist_id"
        " AND one.follower_id = %(viewer)s::uuid) AS following, artist.user_id IS NOT DISTINCT FROM %(viewer)s::uuid AS own,"
        " users.apart(artist.user_id, %(viewer)s::uuid) AS apart, artist.verified_at"
        " FROM users.artist_profile artist WHERE artist.artist_id = %(artist)s",
        {"viewer": viewer, "artist": artist_id},
    )


async def list_artists(
    tx: Tx, *, follower: UserId, viewer: UserId | None, limit: int, after: Place | None = None
) -> list[Followed]:
    """Return the artists that somebody follows, the latest first, without those that the viewer is apart from."""
    since, handle = after or (None, "")
    return await tx.all(
        Followed,
        "SELECT artist.artist_id AS subject_id, artist.name, artist.handle, followed.since, artist.verified_at IS NOT NULL AS verified FROM users.artist_follow followed JOIN users.artist_profile artist"
        " USING (artist_id) WHERE followed.follower_id = %(me)s AND NOT artist.hidden AND NOT users.apart(artist.user_id, %(viewer)s::uuid)"
        " AND NOT users.apart(artist.user_id, %(me)s)"
        " AND (%(since)s::timestamptz IS NULL OR (followed.since, artist.handle) < (%(since)s::timestamptz, %(handle)s))"
        " ORDER BY followed.since DESC, artist.handle DESC LIMIT %(limit)s",
        {"me": follower, "viewer": viewer, "limit": limit, "since": since, "handle": handle},
    )


async def list_fans(
    tx: Tx, *, follower: UserId, viewer: UserId | None, limit: int, after: Place | None = None
) -> list[Followed]:
    """Return the people that somebody follows whose pages can be seen, the latest first, as the viewer may see them."""
    since, handle = after or (None, "")
    return await tx.all(
        Followed,
        "SELECT page.user_id AS subject_id, fan.display_name AS name, page.handle, followed.since, false AS verified FROM users.fan_follow followed"
        " JOIN users.fan_page page ON page.user_id = followed.fan_id JOIN users.fan_profile fan ON fan.user_id = page.user_id"
        " WHERE followed.follower_id = %(me)s AND page.open AND NOT page.hidden"
        " AND NOT users.apart(page.user_id, %(viewer)s::uuid) AND NOT users.apart(page.user_id, %(me)s)"
        " AND (%(since)s::timestamptz IS NULL OR (followed.since, page.handle) < (%(since)s::timestamptz, %(handle)s))"
        " ORDER BY followed.since DESC, page.handle DESC LIMIT %(limit)s",
        {"me": follower, "viewer": viewer, "limit": limit, "since": since, "handle": handle},
    )


async def add_block(tx: Tx, *, blocker: UserId, blocked: UserId, now: datetime) -> None:
    """Put somebody apart from an account and end what each followed of the other; the pair is locked."""
    both = {"blocker": blocker, "blocked": blocked, "now": now}
    await tx.execute(
        "INSERT INTO users.block (blocker_id, blocked_id, since) VALUES (%(blocker)s, %(blocked)s, %(now)s)"
        " ON CONFLICT DO NOTHING",
        both,
    )
    await tx.execute(
        "DELETE FROM users.fan_follow WHERE (follower_id, fan_id) IN ((%(blocker)s, %(blocked)s), (%(blocked)s, %(blocker)s))",
        both,
    )
    await tx.execute(
        "DELETE FROM users.artist_follow followed USING users.artist_profile artist"
        " WHERE artist.artist_id = followed.artist_id AND (followed.follower_id, artist.user_id)"
        " IN ((%(blocker)s, %(blocked)s), (%(blocked)s, %(blocker)s))",
        both,
    )


async def drop_block(tx: Tx, *, blocker: UserId, blocked: UserId) -> bool:
    """Take back what an account did, and say whether it had."""
    touched = await tx.execute("DELETE FROM users.block WHERE blocker_id = %s AND blocked_id = %s", [blocker, blocked])
    return touched == 1


async def list_blocks(
    tx: Tx, *, blocker: UserId, after: tuple[datetime, UUID] | None = None, limit: int | None = None
) -> list[Apart]:
    """Return whom an account blocked, the latest first; by name only those whose page is open, or who are artists."""
    since, blocked = after or (None, None)
    return await tx.all(
        Apart,
        "SELECT block.blocked_id AS user_id, coalesce((SELECT fan.display_name || ' @' || page.handle FROM users.fan_page page"
        " JOIN users.fan_profile fan USING (user_id) WHERE page.user_id = block.blocked_id AND page.open AND NOT page.hidden),"
        " (SELECT artist.name || ' @' || artist.handle FROM users.artist_profile artist"
        " WHERE artist.user_id = block.blocked_id ORDER BY artist.artist_id LIMIT 1), '') AS name, block.since"
        " FROM users.block WHERE block.blocker_id = %(me)s"
        " AND (%(since)s::timestamptz IS NULL OR (block.since, block.blocked_id) < (%(since)s::timestamptz, %(last)s::uuid))"
        " ORDER BY block.since DESC, block.blocked_id DESC LIMIT %(limit)s",
        {"me": blocker, "since": since, "last": blocked, "limit": limit},
    )

"""Many followers at once, and news of a release for them."""

from __future__ import annotations

from datetime import datetime

from tests.factories.users import MADE_AT, Artist
from vibestream.contexts.music.events import ReleasePublished
from vibestream.kernel.ids import ReleaseId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


async def make_followers(tx: Tx, artist: Artist, number: int) -> list[UserId]:
    """Make accounts that follow an artist, by a few statements whatever their number."""
    made = [UserId(new_id()) for _ in range(number)]
    await tx.execute("INSERT INTO users.account SELECT unnest(%s::uuid[]), now()", [made])
    await tx.execute(
        "INSERT INTO users.address (user_id, email, lookup, verified_at)"
        " SELECT u, u::text || '@example.org', u::text || '@example.org', now() FROM unnest(%s::uuid[]) AS u",
        [made],
    )
    await tx.execute(
        "INSERT INTO users.artist_follow (follower_id, artist_id, since) SELECT unnest(%s::uuid[]), %s, %s",
        [made, artist.artist_id, MADE_AT],
    )
    return made


def published(
    artist: Artist, *, release_id: ReleaseId | None = None, kind: str = "album", at: datetime | None = None
) -> ReleasePublished:
    """Return what is announced when a release of an artist becomes public."""
    return ReleasePublished(
        release_id=release_id or ReleaseId(new_id()), artist_id=artist.artist_id, owner_user_id=artist.user_id,
        kind=kind, title="First Light", artist_name=artist.name, genres=(), track_count=1, again=False,
        occurred_at=at or utc_now(),
    )  # fmt: skip

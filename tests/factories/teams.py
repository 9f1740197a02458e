"""People in an artist's team, in by a code that was typed in, as the pages let them in.

editor = await make_member(tx, artist)                                  # a user in the artist's team
await member_of(tx, artist.artist_id, artist.user_id, user, TeamRole.ANALYST)
await dropped_from(tx, artist.artist_id, artist.user_id, user)          # by the owner
"""

from __future__ import annotations

from datetime import datetime

from tests.factories.users import MADE_AT, Artist, User, make_user
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.flows import work_for_artists
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


async def member_of(
    tx: Tx, artist_id: ArtistId, owner: UserId, user: User, role: TeamRole, *, now: datetime = MADE_AT
) -> None:
    code = await teams.invite(tx, artist_id=artist_id, owner=owner, role=role, key=new_id(), now=now)
    await work_for_artists.join(tx, user_id=user.user_id, code=code, now=now)


async def make_member(tx: Tx, artist: Artist, role: TeamRole = TeamRole.EDITOR) -> User:
    user = await make_user(tx)
    await member_of(tx, artist.artist_id, artist.user_id, user, role)
    return user


async def dropped_from(tx: Tx, artist_id: ArtistId, owner: UserId, user: User) -> None:
    await work_for_artists.drop(tx, artist_id=artist_id, member=user.user_id, by=owner, now=utc_now())


async def in_catalogue(tx: Tx, artist: Artist) -> None:
    """Let the catalogue know of an artist at once, whom it hears of by an event otherwise."""
    await catalogue.register_artist(
        tx,
        artist_id=artist.artist_id,
        owner_user_id=artist.user_id,
        name=artist.name,
        handle=artist.handle,
        as_of=utc_now(),
    )

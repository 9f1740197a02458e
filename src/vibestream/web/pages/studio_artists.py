"""The artists whose studio somebody may open: their own, and those whom they work for; and the one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import ArtistMissing, Part, ReadOnly
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.teams import service as teams
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class StudioArtist:
    """An artist in the studio's switcher."""

    artist_id: ArtistId
    name: str
    handle: str
    part: Part
    in_team: bool
    """Whether they own it or are in its team, and so see how its page is made; a label only works on its music."""

    @property
    def owned(self) -> bool:
        """Whether it is their own: perks and money are its owner's alone."""
        return self.part is Part.OWNER

    @property
    def edits(self) -> bool:
        """Whether they change its music."""
        return self.part.edits


async def studio_artists(tx: Tx, *, user_id: UserId) -> tuple[StudioArtist, ...]:
    """Return the artists whose studio an account may open: its own first.

    Its own are asked for where they are made: one that was made a moment ago has not arrived in the catalogue.
    """
    own = [
        StudioArtist(one.artist_id, one.name, one.handle, Part.OWNER, in_team=True)
        for one in await profiles.artists_of(tx, user_id=user_id)
    ]
    teams_of = {one.artist_id for one in await teams.memberships(tx, user_id=user_id)}
    others = [
        StudioArtist(
            one.artist.artist_id,
            one.artist.name,
            one.artist.handle,
            one.part,
            in_team=one.artist.artist_id in teams_of,
        )
        for one in await catalogue.artists_of(tx, user_id=user_id)
        if one.part is not Part.OWNER
    ]
    return (*own, *others)


def chosen_of(artists: Sequence[StudioArtist], handle: str) -> StudioArtist:
    """Return the one with a handle; the first when none was named.

    Raises:
        ArtistMissing: none of them has it, as when one is in its team no more.
    """
    found = next((one for one in artists if not handle or one.handle == handle), None)
    if found is None:
        raise ArtistMissing
    return found


def editable_of(artists: Sequence[StudioArtist]) -> list[StudioArtist]:
    """Return those whose music one changes.

    Raises:
        ArtistMissing: there is no artist at all.
        ReadOnly: one is an analyst of each.
    """
    editable = [one for one in artists if one.edits]
    if not editable:
        raise ReadOnly if artists else ArtistMissing
    return editable

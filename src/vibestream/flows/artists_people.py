"""Who may do what for an artist: the one place that says it, for every page and every address of a studio.

Three facts make it, of which each has its owner: whose the artist is and who is in its team are user's; who works on its
music, in its team or as a label, is music's. The first two are asked where they are made: an artist that was made a moment
ago has not arrived in the catalogue, nor has what its team may do there, and both have the studio from the first moment on.

| somebody | sees the studio | changes the music | sees and changes the page | sees who is in the team | owns |
|---|---|---|---|---|---|
| owner | yes | yes | yes | yes | yes |
| editor of the team | yes | yes | yes | yes | |
| analyst of the team | yes | | sees | yes | |
| label | yes | when that was agreed | | | |

What is changed is asked again by whoever owns it, in the statement that changes it; here is said who is shown what, and whose
request gets so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import ArtistMissing as NoneWorkedFor
from vibestream.contexts.music.catalogue.service import Part, ReadOnly
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, ArtistProfile
from vibestream.contexts.user.teams import service as teams
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class StudioArtist:
    """An artist whose studio somebody may open, and what they may do there."""

    artist_id: ArtistId
    name: str
    handle: str
    part: Part
    in_team: bool
    """Whether they own it or are in its team, and so see how its page is made; a label only works on its music."""

    @property
    def owned(self) -> bool:
        """Whether it is their own: perks, labels and money are its owner's alone."""
        return self.part is Part.OWNER

    @property
    def edits(self) -> bool:
        """Whether they change its music."""
        return self.part.edits


async def studio_artists(tx: Tx, *, user_id: UserId) -> tuple[StudioArtist, ...]:
    """Return the artists whose studio an account may open: its own first, then those it works for."""
    own = [
        StudioArtist(one.artist_id, one.name, one.handle, Part.OWNER, in_team=True)
        for one in await profiles.artists_of(tx, user_id=user_id)
    ]
    joined = {one.artist_id: one for one in await teams.memberships(tx, user_id=user_id)}
    worked_for = [
        StudioArtist(
            one.artist.artist_id,
            one.artist.name,
            one.artist.handle,
            one.part,
            in_team=one.artist.artist_id in joined,
        )
        for one in await catalogue.artists_of(tx, user_id=user_id)
        if one.part is not Part.OWNER
    ]
    known = {one.artist_id for one in worked_for}
    arriving = [
        StudioArtist(one.artist_id, one.name, one.handle, Part(one.role.value), in_team=True)
        for one in joined.values()
        if one.artist_id not in known
    ]
    return (*own, *worked_for, *arriving)


async def studio_artist(tx: Tx, *, artist_id: UUID, user_id: UserId) -> StudioArtist:
    """Return an artist whose studio an account may open, as its owner, in its team, or as a label.

    Raises:
        ArtistMissing: it is none of these, or there is no such artist: nothing tells these apart.
    """
    artists = await studio_artists(tx, user_id=user_id)
    found = next((one for one in artists if one.artist_id == artist_id), None)
    if found is None:
        raise _none_of_theirs()
    return found


async def part_in_page(tx: Tx, *, artist_id: UUID, user_id: UserId) -> tuple[ArtistProfile, Part]:
    """Return an artist as its page is made, and the part that an account has in that: its owner's, or a member's.

    Raises:
        ArtistMissing: neither; a label has none.
    """
    own = next((one for one in await profiles.artists_of(tx, user_id=user_id) if one.artist_id == artist_id), None)
    if own is not None:
        return own, Part.OWNER
    team = await teams.memberships(tx, user_id=user_id)
    member = next((one for one in team if one.artist_id == artist_id), None)
    if member is None:
        raise _none_of_theirs()
    return await profiles.artist(tx, artist_id=member.artist_id), Part(member.role.value)


async def own_artist(tx: Tx, *, artist_id: UUID, user_id: UserId) -> ArtistProfile:
    """Return an artist that an account owns.

    Raises:
        ArtistMissing: it does not, or there is no such artist.
    """
    own = await profiles.artists_of(tx, user_id=user_id)
    found = next((one for one in own if one.artist_id == artist_id), None)
    if found is None:
        raise _none_of_theirs()
    return found


def chosen_of(artists: Sequence[StudioArtist], handle: str) -> StudioArtist:
    """Return the one with a handle; the first when none was named.

    Raises:
        ArtistMissing: none of them has it, as when one is in its team no more.
    """
    found = next((one for one in artists if not handle or one.handle == handle), None)
    if found is None:
        raise _none_of_theirs()
    return found


def editable_of(artists: Sequence[StudioArtist]) -> list[StudioArtist]:
    """Return those whose music one changes.

    Raises:
        NoneWorkedFor: there is no artist at all.
        ReadOnly: one is an analyst of each.
    """
    editable = [one for one in artists if one.edits]
    if not editable:
        raise ReadOnly if artists else NoneWorkedFor
    return editable


def _none_of_theirs() -> ArtistMissing:
    return ArtistMissing("There is no such artist profile of yours.")

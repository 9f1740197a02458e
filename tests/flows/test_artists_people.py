"""Who may do what for an artist, of everybody who can be something to one, before and after the catalogue knows it."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from tests.factories.labels import agreed, make_label
from tests.factories.teams import dropped_from, in_catalogue, make_member, member_of
from tests.factories.users import Artist, User, make_artist, make_user
from vibestream.contexts.music.catalogue.service import ArtistMissing as NoneWorkedFor
from vibestream.contexts.music.catalogue.service import Part, ReadOnly
from vibestream.contexts.user.labels.service import LabelRole
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.flows import artists_people
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx


async def refused(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except ArtistMissing:
        return True
    return False


async def standing(tx: Tx, artist: Artist, user: User) -> tuple[str, str, bool]:
    """What the studio, the page and the ownership of an artist say to somebody; empty where they are nobody to it."""
    artist_id, user_id = artist.artist_id, user.user_id
    listed = [
        one for one in await artists_people.studio_artists(tx, user_id=user.user_id) if one.handle == artist.handle
    ]
    studio = page = ""
    if not await refused(artists_people.studio_artist(tx, artist_id=artist_id, user_id=user_id)):
        studio = (await artists_people.studio_artist(tx, artist_id=artist_id, user_id=user_id)).part.value
    if not await refused(artists_people.part_in_page(tx, artist_id=artist_id, user_id=user_id)):
        page = (await artists_people.part_in_page(tx, artist_id=artist_id, user_id=user_id))[1].value
    assert [one.part.value for one in listed] == ([studio] if studio else [])
    assert [one.in_team for one in listed] == ([bool(page)] if studio else [])
    return studio, page, not await refused(artists_people.own_artist(tx, artist_id=artist_id, user_id=user_id))


@pytest.mark.parametrize("arrived", [True, False], ids=["known to music", "not arrived"])
async def test_an_owner_and_a_team_are_what_they_are_from_the_first_moment_on(tx: Tx, arrived: bool):
    artist = await make_artist(tx)
    if arrived:
        await in_catalogue(tx, artist)
    editor, analyst = await make_member(tx, artist), await make_member(tx, artist, TeamRole.ANALYST)
    removed, stranger = await make_member(tx, artist), await make_user(tx, roles=["admin", "moderator"])
    await dropped_from(tx, artist.artist_id, artist.user_id, removed)

    assert await standing(tx, artist, artist.user) == ("owner", "owner", True)
    assert await standing(tx, artist, editor) == ("editor", "editor", False)
    assert await standing(tx, artist, analyst) == ("analyst", "analyst", False)
    assert await standing(tx, artist, removed) == ("", "", False)
    assert await standing(tx, artist, stranger) == ("", "", False)


async def test_a_label_works_on_the_music_and_has_no_part_in_the_page_but_by_the_team(tx: Tx):
    artist = await make_artist(tx)
    await in_catalogue(tx, artist)
    editing, reading, both = [await make_label(tx) for _ in range(3)]
    await agreed(tx, editing, artist, LabelRole.EDITOR)
    await agreed(tx, reading, artist)
    await agreed(tx, both, artist, LabelRole.EDITOR)
    await member_of(tx, artist.artist_id, artist.user_id, both.user, TeamRole.ANALYST)

    assert await standing(tx, artist, editing.user) == ("editor", "", False)
    assert await standing(tx, artist, reading.user) == ("analyst", "", False)
    assert await standing(tx, artist, both.user) == ("editor", "analyst", False)


async def test_ones_own_come_first_and_another_artist_of_the_same_owner_is_another(tx: Tx):
    first = await make_artist(tx)
    second, other = await make_artist(tx, user=first.user), await make_artist(tx)
    for one in (first, other):
        await in_catalogue(tx, one)
    await member_of(tx, other.artist_id, other.user_id, first.user, TeamRole.ANALYST)
    editor = await make_member(tx, second)

    artists = await artists_people.studio_artists(tx, user_id=first.user_id)

    assert [one.part for one in artists] == [Part.OWNER, Part.OWNER, Part.ANALYST]
    assert artists_people.chosen_of(artists, "") == artists[0]
    assert artists_people.chosen_of(artists, other.handle).edits is False
    assert {one.handle for one in artists_people.editable_of(artists)} == {first.handle, second.handle}
    assert await standing(tx, first, editor) == ("", "", False)
    with pytest.raises(ArtistMissing):
        artists_people.chosen_of(artists, "nobody-of-this-name")
    with pytest.raises(ReadOnly):
        artists_people.editable_of(artists[2:])
    with pytest.raises(NoneWorkedFor):
        artists_people.editable_of([])


async def test_an_artist_that_is_not_there_and_one_that_is_somebody_elses_look_the_same(tx: Tx):
    artist, user = await make_artist(tx), await make_user(tx)

    said = []
    for artist_id in (artist.artist_id, new_id()):
        for ask in (artists_people.studio_artist, artists_people.part_in_page, artists_people.own_artist):
            with pytest.raises(ArtistMissing) as refusal:
                await ask(tx, artist_id=artist_id, user_id=user.user_id)
            said.append(str(refusal.value))

    assert set(said) == {"There is no such artist profile of yours."}

"""Teams: in by a code that is good once, and able to do what the role says and nothing more, until taken out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.factories.users import MADE_AT, Artist, User, make_artist, make_user
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, OwnerOnly
from vibestream.contexts.user.teams import service
from vibestream.contexts.user.teams.domain import hash_of, make_code
from vibestream.contexts.user.teams.personal import PERSONAL
from vibestream.contexts.user.teams.service import (
    CodeUnknown,
    InTeam,
    InvitedBefore,
    MemberMissing,
    TeamFull,
    TeamRole,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database, Tx


async def invites(tx: Tx, artist: Artist, role: TeamRole = TeamRole.EDITOR, *, owner: UserId | None = None) -> str:
    return await service.invite(
        tx, artist_id=artist.artist_id, owner=owner or artist.user_id, role=role, key=new_id(), now=MADE_AT
    )


async def member_of(tx: Tx, artist: Artist, role: TeamRole) -> User:
    user = await make_user(tx)
    await service.join(tx, user_id=user.user_id, code=await invites(tx, artist, role), now=MADE_AT)
    return user


def test_a_code_is_read_however_it_is_typed():
    assert hash_of("01abc-defgh") == hash_of(" oi ABCDEFGH ") == hash_of("0L-ABC DEF GH")
    assert hash_of("01abcdefg") is hash_of("01abcdefghj") is hash_of("u1abcdefgh") is hash_of("0" * 99) is None
    codes = {make_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(one) == 11 and one[5] == "-" and hash_of(one) for one in codes)


async def test_who_types_the_code_in_is_in_the_team_and_the_owner_hears_of_it(tx: Tx):
    artist = await make_artist(tx)
    member = await member_of(tx, artist, TeamRole.ANALYST)
    (one,) = await service.members(tx, artist_id=artist.artist_id)
    assert (one.user_id, one.role) == (member.user_id, TeamRole.ANALYST)
    assert [one.artist_id for one in await service.memberships(tx, user_id=member.user_id)] == [artist.artist_id]
    told = await notifications.notifications_of(tx, user_id=artist.user_id, before=None, limit=9)
    assert [one.kind.value for one in told] == ["team_joined"]
    entry = (await audit_log.search(tx, action=Action.TEAM_JOINED))[0].entry
    assert (entry.user_id, entry.actor_id, entry.detail) == (artist.user_id, member.user_id, f"artist {artist.artist_id}: analyst")  # fmt: skip


async def test_an_editor_changes_the_page_but_neither_name_nor_handle(tx: Tx):
    artist = await make_artist(tx)
    editor = await member_of(tx, artist, TeamRole.EDITOR)
    by_editor = {"artist_id": artist.artist_id, "user_id": editor.user_id, "now": MADE_AT}
    changed = await profiles.change_artist(tx, **by_editor, bio="By the editor.", links=[("Site", "https://a.example")])  # type: ignore[arg-type]
    assert (changed.bio, changed.user_id) == ("By the editor.", artist.user_id)
    for wish in ({"name": "Mine now"}, {"handle": "mine-now"}, {"name": "", "bio": "x"}):
        with pytest.raises(OwnerOnly):
            await profiles.change_artist(tx, **by_editor, **wish)  # type: ignore[arg-type]
    assert (await profiles.artist(tx, artist_id=artist.artist_id)).name == artist.name


async def test_an_analyst_and_a_stranger_change_nothing_and_invite_nobody(tx: Tx):
    artist = await make_artist(tx)
    analyst, editor = await member_of(tx, artist, TeamRole.ANALYST), await member_of(tx, artist, TeamRole.EDITOR)
    stranger = (await make_artist(tx)).user
    for user in (analyst, stranger):
        with pytest.raises(ArtistMissing):
            await profiles.change_artist(tx, artist_id=artist.artist_id, user_id=user.user_id, now=MADE_AT, bio="Mine.")
    for user in (analyst, editor, stranger):
        with pytest.raises(ArtistMissing):
            await invites(tx, artist, owner=user.user_id)
        with pytest.raises(MemberMissing):
            await service.drop(tx, artist_id=artist.artist_id, member=artist.user_id, by=user.user_id, now=MADE_AT)
    with pytest.raises(MemberMissing):
        await service.drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=analyst.user_id, now=MADE_AT)


async def test_who_was_taken_out_or_left_changes_nothing_any_more(tx: Tx):
    artist = await make_artist(tx)
    for by_owner in (True, False):
        editor = await member_of(tx, artist, TeamRole.EDITOR)
        by = artist.user_id if by_owner else editor.user_id
        await service.drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=by, now=MADE_AT)
        with pytest.raises(ArtistMissing):
            await profiles.change_artist(tx, artist_id=artist.artist_id, user_id=editor.user_id, now=MADE_AT, bio="x")
        with pytest.raises(MemberMissing):
            await service.drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=by, now=MADE_AT)


async def test_a_code_is_good_once_for_a_week_and_not_for_who_is_apart(tx: Tx):
    artist, user = await make_artist(tx), await make_user(tx)
    code = await invites(tx, artist)
    with pytest.raises(CodeUnknown):
        await service.join(tx, user_id=user.user_id, code=code, now=MADE_AT + timedelta(days=7))
    with pytest.raises(CodeUnknown):
        await service.join(tx, user_id=user.user_id, code="00000-00000", now=MADE_AT)
    await fans.block_artist(tx, user_id=user.user_id, handle=artist.handle, now=MADE_AT)
    with pytest.raises(CodeUnknown):
        await service.join(tx, user_id=user.user_id, code=code, now=MADE_AT)
    await fans.unblock(tx, user_id=user.user_id, blocked_id=artist.user_id)
    await service.join(tx, user_id=user.user_id, code=code.lower(), now=MADE_AT)
    with pytest.raises(CodeUnknown):
        await service.join(tx, user_id=(await make_user(tx)).user_id, code=code, now=MADE_AT)


async def test_the_owner_and_members_do_not_join_again(tx: Tx):
    artist = await make_artist(tx)
    member = await member_of(tx, artist, TeamRole.ANALYST)
    for user_id in (artist.user_id, member.user_id):
        with pytest.raises(InTeam):
            await service.join(tx, user_id=user_id, code=await invites(tx, artist, TeamRole.EDITOR), now=MADE_AT)
    assert [one.role for one in await service.members(tx, artist_id=artist.artist_id)] == [TeamRole.ANALYST]


async def test_a_form_sent_twice_makes_one_invitation_and_twenty_are_enough(tx: Tx):
    artist, key = await make_artist(tx), new_id()
    once = {"artist_id": artist.artist_id, "owner": artist.user_id, "role": TeamRole.EDITOR, "key": key, "now": MADE_AT}
    await service.invite(tx, **once)  # type: ignore[arg-type]
    with pytest.raises(InvitedBefore):
        await service.invite(tx, **once)  # type: ignore[arg-type]
    for _ in range(19):
        await invites(tx, artist)
    with pytest.raises(TeamFull):
        await invites(tx, artist)


async def test_of_many_with_one_code_one_enters(database: Database):
    async with database.begin() as tx:
        artist, people = await make_artist(tx), [await make_user(tx) for _ in range(5)]
        code = await invites(tx, artist)

    async def tries(user: User) -> bool:
        try:
            async with database.begin() as tx:
                await service.join(tx, user_id=user.user_id, code=code, now=MADE_AT)
        except CodeUnknown:
            return False
        return True

    assert sum(await asyncio.gather(*map(tries, people))) == 1


async def test_no_code_is_kept_and_who_left_is_in_no_team(tx: Tx):
    artist = await make_artist(tx)
    member, code = await member_of(tx, artist, TeamRole.EDITOR), await invites(tx, artist)
    rows = str(await tx.values("SELECT to_jsonb(t) FROM users.artist_invitation t"))
    assert code not in rows
    assert code.replace("-", "") not in rows
    told = str(await PERSONAL.export(tx, artist.user_id))
    assert str(member.user_id) not in told
    await PERSONAL.erase(tx, member.user_id)
    assert await service.members(tx, artist_id=artist.artist_id) == []
    await PERSONAL.erase(tx, artist.user_id)
    assert await PERSONAL.export(tx, artist.user_id) == []

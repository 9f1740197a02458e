"""Labels: nothing begins unless both sides want it, the artist's owner last, and either side ends it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.factories.labels import Label, agreed, asked_by_artist, asked_by_label, make_label
from tests.factories.music import make_music
from tests.factories.users import Artist, make_artist, make_user
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import ArtistMissing as NotInMusic
from vibestream.contexts.music.catalogue.service import Part, ReadOnly, ReleaseKind, ReleaseMissing, Through
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.events import RoleChanged
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.labels import service
from vibestream.contexts.user.labels.domain import MOST_LABELS
from vibestream.contexts.user.labels.personal import PERSONAL
from vibestream.contexts.user.labels.service import (
    ArtistUnknown,
    LabelRole,
    LabelUnknown,
    OnRoster,
    RelationMissing,
    RosterFull,
    Side,
)
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.flows.work_for_artists import INVARIANTS, accept, end, hear_of_role
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx


async def told(tx: Tx, user_id: UserId) -> list[str]:
    found = await notifications.notifications_of(tx, user_id=user_id, before=None, limit=9)
    return sorted(one.kind.value for one in found)


async def part_of(tx: Tx, label: Label) -> list[Part]:
    return [one.part for one in await catalogue.artists_of(tx, user_id=label.user_id)]


async def both(tx: Tx) -> tuple[Label, Artist]:
    music = await make_music(tx)
    return await make_label(tx), music.artist


async def test_what_a_label_asks_begins_when_the_owner_accepts_and_not_before(tx: Tx):
    label, artist = await both(tx)
    key = await asked_by_label(tx, label, artist, LabelRole.EDITOR)
    assert (await told(tx, artist.user_id), await part_of(tx, label)) == (["label_invited"], [])
    for side, by in ((Side.LABEL, label.user_id), (Side.LABEL, artist.user_id), (Side.ARTIST, label.user_id)):
        with pytest.raises(RelationMissing):
            await accept(tx, relation_id=key, side=side, by=by, now=utc_now())

    await accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())

    assert await part_of(tx, label) == [Part.EDITOR]
    assert await told(tx, artist.user_id) == ["label_invited", "label_joined"]
    assert await told(tx, label.user_id) == ["roster_joined"]
    (line,) = await service.roster_of(tx, label=label.user_id, now=utc_now())
    assert (line.artist_id, line.role, line.asked_by) == (artist.artist_id, LabelRole.EDITOR, Side.LABEL)
    assert line.since is not None
    entries = [one.entry for one in await audit_log.search(tx, action=Action.ROSTER_JOINED)]
    assert {one.user_id for one in entries} == {artist.user_id, label.user_id}
    assert {one.actor_id for one in entries} == {artist.user_id}
    with pytest.raises(RelationMissing):
        await accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())


async def test_what_an_artist_asks_begins_when_the_label_accepts(tx: Tx):
    label, artist = await both(tx)
    key = await asked_by_artist(tx, artist, label)
    assert (await told(tx, label.user_id), await part_of(tx, label)) == (["roster_asked"], [])
    with pytest.raises(RelationMissing):
        await accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())
    await accept(tx, relation_id=key, side=Side.LABEL, by=label.user_id, now=utc_now())
    assert await part_of(tx, label) == [Part.ANALYST]


async def test_an_analyst_label_changes_no_music_and_an_editor_only_that_artists(tx: Tx):
    label, artist = await both(tx)
    other = await make_music(tx)
    await agreed(tx, label, artist)
    (card,) = await catalogue.my_releases(tx, user_id=label.user_id, before=None, limit=9)
    for artist_id, error in ((artist.artist_id, ReadOnly), (other.artist.artist_id, NotInMusic)):
        with pytest.raises(error):
            await catalogue.create_draft(
                tx, user_id=label.user_id, artist_id=artist_id, kind=ReleaseKind.EP, title="Mine", now=utc_now()
            )
    assert card.artist_id == artist.artist_id


@pytest.mark.parametrize("side", list(Side))
async def test_either_side_ends_it_and_the_label_is_out_in_the_same_transaction(tx: Tx, side: Side):
    music = await make_music(tx, publish=False)
    label, artist = await make_label(tx), music.artist
    key = await agreed(tx, label, artist, LabelRole.EDITOR)
    seen = await catalogue.studio_release(tx, release_id=music.release.release_id, user_id=label.user_id)
    assert seen.release == music.release
    by, other, kind = (
        (label.user_id, artist.user_id, "label_left")
        if side is Side.LABEL
        else (artist.user_id, label.user_id, "roster_left")
    )
    with pytest.raises(RelationMissing):
        await end(tx, relation_id=key, side=side, by=other, now=utc_now())
    await end(tx, relation_id=key, side=side, by=by, now=utc_now())
    with pytest.raises(ReleaseMissing):
        await catalogue.studio_release(tx, release_id=music.release.release_id, user_id=label.user_id)
    assert kind in await told(tx, other)
    assert await service.roster_of(tx, label=label.user_id, now=utc_now()) == []
    with pytest.raises(RelationMissing):
        await end(tx, relation_id=key, side=side, by=by, now=utc_now())


async def test_what_was_refused_or_withdrawn_began_nothing_and_may_be_asked_again(tx: Tx):
    label, artist = await both(tx)
    for side, by in ((Side.ARTIST, artist.user_id), (Side.LABEL, label.user_id)):
        key = await asked_by_label(tx, label, artist)
        await end(tx, relation_id=key, side=side, by=by, now=utc_now())
    assert "roster_left" not in await told(tx, label.user_id)
    assert "label_left" not in await told(tx, artist.user_id)
    await asked_by_label(tx, label, artist)


async def test_a_form_that_is_sent_twice_asks_once_and_another_is_told_so(tx: Tx):
    label, artist = await both(tx)
    key = new_id()
    for _ in range(2):
        await service.ask_artist(
            tx, label=label.user_id, handle=f"@{artist.handle}", role=LabelRole.ANALYST, key=key, now=utc_now()
        )
    assert await told(tx, artist.user_id) == ["label_invited"]
    with pytest.raises(OnRoster):
        await asked_by_label(tx, label, artist)
    with pytest.raises(OnRoster):
        await asked_by_artist(tx, artist, label)


async def test_what_nobody_answered_within_thirty_days_is_over(tx: Tx):
    label, artist = await both(tx)
    long_ago = utc_now() - timedelta(days=30)
    key = await asked_by_label(tx, label, artist, now=long_ago)
    assert await service.roster_of(tx, label=label.user_id, now=utc_now()) == []
    assert await service.labels_of(tx, artist_id=artist.artist_id, owner=artist.user_id, now=utc_now()) == []
    with pytest.raises(RelationMissing):
        await accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())
    await asked_by_artist(tx, artist, label)


async def test_nobody_asks_in_anothers_name_nor_learns_who_is_a_label(tx: Tx):
    label, artist = await both(tx)
    stranger, fan = await make_artist(tx), await make_user(tx)
    with pytest.raises(ArtistMissing):
        await service.ask_label(
            tx,
            owner=stranger.user_id,
            artist_id=artist.artist_id,
            handle=label.handle,
            role=LabelRole.EDITOR,
            key=new_id(),
            now=utc_now(),
        )
    with pytest.raises(OnRoster):  # a fan is no label
        await service.ask_artist(
            tx, label=fan.user_id, handle=artist.handle, role=LabelRole.EDITOR, key=new_id(), now=utc_now()
        )
    await fans.block_artist(tx, user_id=label.user_id, handle=artist.handle, now=utc_now())
    for handle in (label.handle, artist.handle, "nobody.here", "%", "", "x" * 200, "\x00"):
        with pytest.raises(LabelUnknown):
            await service.ask_label(
                tx,
                owner=artist.user_id,
                artist_id=artist.artist_id,
                handle=handle,
                role=LabelRole.EDITOR,
                key=new_id(),
                now=utc_now(),
            )
    for handle in (artist.handle, label.handle, "nobody.here", "_", "", "' OR 1=1 --"):
        with pytest.raises(ArtistUnknown):
            await service.ask_artist(
                tx, label=label.user_id, handle=handle, role=LabelRole.EDITOR, key=new_id(), now=utc_now()
            )
    assert await service.labels_of(tx, artist_id=artist.artist_id, owner=stranger.user_id, now=utc_now()) == []


async def test_who_blocked_the_other_accepts_nothing(tx: Tx):
    label, artist = await both(tx)
    key = await asked_by_label(tx, label, artist)
    await fans.block_artist(tx, user_id=label.user_id, handle=artist.handle, now=utc_now())
    with pytest.raises(RelationMissing):
        await accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())


async def test_a_label_is_not_on_its_own_roster_and_an_artist_asks_ten_at_most(tx: Tx):
    label, artist = await both(tx)
    own = await make_artist(tx, user=label.user)
    with pytest.raises(OnRoster):
        await asked_by_label(tx, label, own)
    for _ in range(MOST_LABELS):
        await asked_by_artist(tx, artist, await make_label(tx))
    with pytest.raises(RosterFull):
        await asked_by_artist(tx, artist, label)


async def test_an_account_that_is_no_label_any_more_works_for_nobody(tx: Tx):
    label, artist = await both(tx)
    await agreed(tx, label, artist, LabelRole.EDITOR)
    waiting = await asked_by_label(tx, label, await make_artist(tx))
    await access.revoke_role(tx, user_id=label.user_id, role=access.Role.LABEL, revoked_by=None, now=utc_now())
    with pytest.raises(RelationMissing):
        await accept(tx, relation_id=waiting, side=Side.LABEL, by=label.user_id, now=utc_now())
    assert not (await INVARIANTS[1].check(tx)).ok, "until it is heard of, the audit says so"
    other = RoleChanged(user_id=label.user_id, role="finance", granted=False, occurred_at=utc_now())
    await hear_of_role(tx, other)
    assert await part_of(tx, label) == [Part.EDITOR]
    await hear_of_role(tx, RoleChanged(user_id=label.user_id, role="label", granted=False, occurred_at=utc_now()))
    assert await part_of(tx, label) == []
    assert "label_left" in await told(tx, artist.user_id)
    assert (await INVARIANTS[1].check(tx)).ok
    await hear_of_role(tx, RoleChanged(user_id=label.user_id, role="label", granted=False, occurred_at=utc_now()))


async def test_both_at_once_begin_one_thing(database: Database):
    async with database.begin() as tx:
        label, artist = await both(tx)

    async def by_label() -> bool:
        try:
            async with database.begin() as tx:
                await asked_by_label(tx, label, artist)
        except OnRoster:
            return False
        return True

    async def by_artist() -> bool:
        try:
            async with database.begin() as tx:
                await asked_by_artist(tx, artist, label)
        except OnRoster:
            return False
        return True

    began = await asyncio.gather(*[one() for _ in range(4) for one in (by_label, by_artist)])
    assert began.count(True) == 1
    async with database.begin() as tx:
        assert len(await service.roster_of(tx, label=label.user_id, now=utc_now())) == 1


async def test_what_rosters_hold_is_exported_and_forgotten_from_either_side(tx: Tx):
    label, artist = await both(tx)
    await agreed(tx, label, artist)
    for user_id in (label.user_id, artist.user_id):
        (one,) = await PERSONAL.export(tx, user_id)
        assert isinstance(one, dict)
        assert (one["artist_id"], "label_id" in one) == (str(artist.artist_id), False)
    await PERSONAL.erase(tx, artist.user_id)
    assert await service.roster_of(tx, label=label.user_id, now=utc_now()) == []
    assert await catalogue.members_through(tx, through=Through.LABEL) != set()  # music's own erasure sees to it

"""Working for an artist: in with the code, out with the word, and never in the music without being in the team."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories.bus import drain, registered
from tests.factories.music import make_music
from tests.factories.music_assets import make_asset, read_master
from tests.factories.teams import dropped_from, in_catalogue, make_member, member_of
from tests.factories.users import Artist, User, make_artist, make_user
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import (
    ArtistMissing,
    Part,
    ReadOnly,
    Release,
    ReleaseKind,
    ReleaseMissing,
    Through,
)
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.contexts.music.packaging.service import reporting
from vibestream.contexts.music.packaging.store import list_owners
from vibestream.contexts.music.uploads.domain import upload as uploads
from vibestream.contexts.music.uploads.domain.upload import Upload
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.teams.service import MemberMissing, TeamRole
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.flows.work_for_artists import INVARIANTS, SUBSCRIPTIONS, drop
from vibestream.kernel.ids import UploadId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers


async def titled(tx: Tx, release: Release, user_id: UserId, title: str) -> Release:
    return await catalogue.edit_release(
        tx,
        release_id=release.release_id,
        user_id=user_id,
        changes={"title": title},
        version=release.version,
        now=utc_now(),
    )


async def audited(tx: Tx) -> tuple[bool, str]:
    found = await INVARIANTS[0].check(tx)
    return found.ok, found.detail


async def test_an_editor_makes_a_release_of_their_own_file_and_publishes_it_for_the_owner(tx: Tx):
    artist = await make_artist(tx)
    await in_catalogue(tx, artist)
    editor = await make_member(tx, artist)
    made = await make_asset(tx, user_id=editor.user_id, file_name="01 Nebula.flac")
    draft = await catalogue.draft_from_uploads(
        tx, user_id=editor.user_id, artist_id=None, upload_ids=[made.upload_id], now=utc_now(), awaited=False
    )
    named = await titled(tx, draft, editor.user_id, "First Light")
    public = await catalogue.publish_release(
        tx, release_id=draft.release_id, user_id=editor.user_id, version=named.version, now=utc_now()
    )
    assert (public.artist.artist_id, public.artist.owner_user_id) == (artist.artist_id, artist.user_id)
    (card,) = await catalogue.my_releases(tx, user_id=artist.user_id, before=None, limit=9)
    assert card.title == "First Light"
    assert [one.part for one in await catalogue.artists_of(tx, user_id=editor.user_id)] == [Part.EDITOR]
    assert [one.part for one in await catalogue.artists_of(tx, user_id=artist.user_id)] == [Part.OWNER]


async def test_what_an_editor_publishes_and_takes_down_is_in_the_owners_security_log(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    artist, release, editor = await committed(database)
    async with database.begin() as tx:
        await make_music(tx)  # by its owner: nothing to write down
        named = await titled(tx, release, editor.user_id, "First Light")
        public = await catalogue.publish_release(
            tx, release_id=release.release_id, user_id=editor.user_id, version=named.version, now=utc_now()
        )
        await catalogue.take_down_release(
            tx, release_id=release.release_id, user_id=editor.user_id, version=public.version, now=utc_now()
        )
    await drain(database, consumers)
    async with database.begin() as tx:
        found = [
            one.entry
            for action in (Action.RELEASE_PUBLISHED, Action.RELEASE_TAKEN_DOWN)
            for one in await audit_log.search(tx, action=action)
        ]
    assert [(one.user_id, one.actor_id, one.detail) for one in found] == [
        (artist.user_id, editor.user_id, f"release {release.release_id}")
    ] * 2


async def test_late_tags_shape_a_draft_that_an_editor_made(tx: Tx):
    artist = await make_artist(tx)
    await in_catalogue(tx, artist)
    editor = await make_member(tx, artist)
    made = await make_asset(tx, user_id=editor.user_id, file_name="take7.flac", state=State.WAITING)
    draft = await catalogue.draft_from_uploads(
        tx, user_id=editor.user_id, artist_id=artist.artist_id, upload_ids=[made.upload_id], now=utc_now()
    )
    await dropped_from(tx, artist.artist_id, artist.user_id, editor)
    await read_master(tx, made, tags=Tags(title="Nebula"))
    await catalogue.hear_of_audio(tx, asset_id=made.asset_id, now=utc_now())
    kept = await catalogue.studio_release(tx, release_id=draft.release_id, user_id=artist.user_id)
    assert [track.title for track in kept.release.tracks] == ["Nebula"]


async def test_nobody_works_with_the_files_of_a_colleague(tx: Tx):
    music = await make_music(tx, publish=False)
    editor = await make_member(tx, music.artist)
    owners = await make_asset(tx, user_id=music.artist.user_id)
    with pytest.raises(catalogue.UploadMissing):
        await catalogue.add_uploads(
            tx,
            release_id=music.release.release_id,
            user_id=editor.user_id,
            upload_ids=[owners.upload_id],
            version=music.release.version,
            now=utc_now(),
        )


async def test_an_analyst_reads_drafts_and_is_told_why_nothing_is_changed(tx: Tx):
    music = await make_music(tx, publish=False)
    analyst = await make_member(tx, music.artist, TeamRole.ANALYST)
    seen = await catalogue.studio_release(tx, release_id=music.release.release_id, user_id=analyst.user_id)
    assert seen.release == music.release
    with pytest.raises(ReadOnly):
        await titled(tx, music.release, analyst.user_id, "Mine")
    with pytest.raises(ReadOnly):
        await catalogue.create_draft(
            tx,
            user_id=analyst.user_id,
            artist_id=music.artist.artist_id,
            kind=ReleaseKind.EP,
            title="Mine",
            now=utc_now(),
        )


async def test_whoever_is_out_sees_and_changes_nothing_from_that_transaction_on(tx: Tx):
    music = await make_music(tx, publish=False)
    editor = await make_member(tx, music.artist)
    await titled(tx, music.release, editor.user_id, "By the editor")
    await drop(tx, artist_id=music.artist.artist_id, member=editor.user_id, by=editor.user_id, now=utc_now())
    for refused in (
        catalogue.studio_release(tx, release_id=music.release.release_id, user_id=editor.user_id),
        catalogue.show_release(tx, release_id=music.release.release_id, viewer=editor.user_id),
        titled(tx, music.release, editor.user_id, "Still here"),
    ):
        with pytest.raises(ReleaseMissing):
            await refused
    with pytest.raises(ArtistMissing):
        await catalogue.create_draft(
            tx,
            user_id=editor.user_id,
            artist_id=None,
            kind=ReleaseKind.EP,
            title="Mine",
            now=utc_now(),
            awaited=False,
        )
    assert await catalogue.my_releases(tx, user_id=editor.user_id, before=None, limit=9) == []
    assert await catalogue.assets_on_releases(tx, user_id=editor.user_id) == frozenset()


async def test_work_for_one_artist_of_an_account_says_nothing_of_its_others(tx: Tx):
    first = await make_music(tx, publish=False)
    second = await make_artist(tx, user=first.artist.user, name="Norte")
    await in_catalogue(tx, second)
    editor = await make_member(tx, second)
    assert [one.artist.name for one in await catalogue.artists_of(tx, user_id=editor.user_id)] == ["Norte"]
    with pytest.raises(ReleaseMissing):
        await titled(tx, first.release, editor.user_id, "Mine")
    with pytest.raises(ArtistMissing):
        await catalogue.create_draft(
            tx,
            user_id=editor.user_id,
            artist_id=first.artist.artist_id,
            kind=ReleaseKind.EP,
            title="Mine",
            now=utc_now(),
        )


async def committed(database: Database) -> tuple[Artist, Release, User]:
    async with database.begin() as tx:
        music = await make_music(tx, publish=False)
        return music.artist, music.release, await make_member(tx, music.artist)


async def test_the_owner_waits_for_an_edit_that_is_under_way_and_none_comes_after(database: Database):
    """The edit has got its answer before the owner has theirs; the next one of the same editor finds nothing."""
    artist, release, editor = await committed(database)
    order: list[str] = []

    async def drops() -> None:
        async with database.begin() as tx:
            await drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=artist.user_id, now=utc_now())
            order.append("out")

    async with database.begin() as tx:
        changed = await titled(tx, release, editor.user_id, "By the editor")
        waiting = asyncio.create_task(drops())
        await asyncio.sleep(0.3)
        assert not waiting.done(), "somebody was out while an edit of theirs was still to be committed"
        order.append("edited")
    await waiting
    assert order == ["edited", "out"]
    async with database.begin() as tx:
        with pytest.raises(ReleaseMissing):
            await titled(tx, changed, editor.user_id, "After all")


async def test_an_edit_that_waits_for_the_owner_finds_nothing(database: Database):
    artist, release, editor = await committed(database)

    async def edits() -> Release:
        async with database.begin() as tx:
            return await titled(tx, release, editor.user_id, "A moment too late")

    async with database.begin() as tx:
        await drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=artist.user_id, now=utc_now())
        waiting = asyncio.create_task(edits())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    with pytest.raises(ReleaseMissing):
        await waiting


async def test_progress_of_a_song_is_told_to_its_editor_while_they_are_one(tx: Tx):
    artist = await make_artist(tx)
    editor = await make_member(tx, artist)
    made = await make_asset(tx, user_id=editor.user_id, state=State.PACKAGING)
    await tx.execute(
        "INSERT INTO music.upload (upload_id, user_id, file_name, metadata, size_bytes, received_bytes, state, place,"
        " sha256, created_at, expires_at, ended_at, as_editor)"
        " VALUES (%s, %s, 'a.flac', '', 9, 9, 'stored', %s, %s, now(), now(), now(), true)",
        [made.upload_id, editor.user_id, new_id(), bytes(32)],
    )
    told = await reporting.announce_progress(tx, asset_id=made.asset_id, state=State.PACKAGING, percent=5)
    assert told == (editor.user_id,)
    await dropped_from(tx, artist.artist_id, artist.user_id, editor)
    assert await reporting.announce_progress(tx, asset_id=made.asset_id, state=State.PACKAGING, percent=6) == ()
    assert await list_owners(tx, asset_id=made.asset_id) == []


async def test_bytes_that_are_on_their_way_when_their_sender_is_taken_out_are_noted_no_more(tx: Tx):
    artist = await make_artist(tx)
    editor = await make_member(tx, artist)
    upload = Upload(
        upload_id=UploadId(new_id()),
        user_id=editor.user_id,
        file_name="a.flac",
        metadata="",
        size_bytes=9,
        received_bytes=0,
        state=uploads.State.RECEIVING,
        place=new_id(),
        sha256=None,
        created_at=utc_now(),
        expires_at=utc_now() + timedelta(hours=1),
    )
    assert await rows.insert_upload(tx, upload, as_editor=True)
    assert await rows.save_progress(tx, upload, received_bytes=4, expires_at=upload.expires_at)
    noted = replace(upload, received_bytes=4)
    await dropped_from(tx, artist.artist_id, artist.user_id, editor)
    assert not await rows.save_progress(tx, noted, received_bytes=6, expires_at=upload.expires_at)
    assert not await rows.save_stored(tx, noted, sha256="00" * 32, now=utc_now())
    assert not await rows.save_terminated(tx, upload_id=upload.upload_id, user_id=editor.user_id, now=utc_now())
    assert not await rows.insert_upload(tx, replace(upload, upload_id=UploadId(new_id())), as_editor=True)
    assert await rows.list_uploads(tx, user_id=editor.user_id, before=None, limit=9) == []


async def test_the_audit_sees_who_is_in_a_team_and_not_at_its_music_and_the_other_way_round(tx: Tx):
    artist = await make_artist(tx)
    editor, analyst = await make_member(tx, artist), await make_member(tx, artist, TeamRole.ANALYST)
    assert await audited(tx) == (True, "")
    await tx.execute("DELETE FROM music.artist_member WHERE user_id = %s", [editor.user_id])
    ok, detail = await audited(tx)
    assert not ok
    assert "not let at its music" in detail
    await member_missing(tx, artist, analyst)
    ok, detail = await audited(tx)
    assert "without being in its team" in detail


async def member_missing(tx: Tx, artist: Artist, user: User) -> None:
    await tx.execute("DELETE FROM users.artist_member WHERE user_id = %s", [user.user_id])
    with pytest.raises(MemberMissing):
        await drop(tx, artist_id=artist.artist_id, member=user.user_id, by=artist.user_id, now=utc_now())


async def forgotten(tx: Tx, user_id: UserId) -> None:
    for held in PERSONAL_DATA:
        if held.name.startswith(("music.", "user.teams")):
            await held.erase(tx, user_id)


async def test_erasing_an_editor_takes_no_song_from_the_artist(tx: Tx):
    """Neither what is public nor the draft: the masters are the artist's; their name and part are gone."""
    music = await make_music(tx, publish=False)
    editor = await make_member(tx, music.artist)
    made = await make_asset(tx, user_id=editor.user_id, file_name="Ana's own take.flac")
    lone = await make_asset(tx, user_id=editor.user_id, file_name="never used.flac")
    await catalogue.add_uploads(
        tx,
        release_id=music.release.release_id,
        user_id=editor.user_id,
        upload_ids=[made.upload_id],
        version=music.release.version,
        now=utc_now(),
    )
    exported = [one for held in PERSONAL_DATA if held.name == "music.catalogue" for one in await held.export(tx, editor.user_id)]  # fmt: skip
    assert [(one["artist_id"], one["role"], one["through"]) for one in exported if isinstance(one, dict)] == [
        (str(music.artist.artist_id), "editor", "team")
    ]

    await forgotten(tx, editor.user_id)

    audio = await catalogue.studio_release(tx, release_id=music.release.release_id, user_id=music.artist.user_id)
    assert made.asset_id in audio.audio
    assert await tx.value("SELECT count(*) FROM music.asset WHERE asset_id = %s", [lone.asset_id]) == 0
    assert await tx.value("SELECT file_name FROM music.asset_upload WHERE upload_id = %s", [made.upload_id]) == "-"
    assert await catalogue.members_through(tx, through=Through.TEAM) == set()
    assert await audited(tx) == (True, "")


async def test_erasing_the_owner_ends_everybodys_work_for_them(tx: Tx):
    music = await make_music(tx)
    editor = await make_member(tx, music.artist)
    await forgotten(tx, music.artist.user_id)
    assert await catalogue.artists_of(tx, user_id=editor.user_id) == []
    assert await audited(tx) == (True, "")


async def test_a_part_given_again_is_the_one_that_was_given_last(tx: Tx):
    artist = await make_artist(tx)
    await in_catalogue(tx, artist)
    user = await make_user(tx)
    await member_of(tx, artist.artist_id, artist.user_id, user, TeamRole.EDITOR)
    await dropped_from(tx, artist.artist_id, artist.user_id, user)
    await member_of(tx, artist.artist_id, artist.user_id, user, TeamRole.ANALYST)
    (one,) = await catalogue.artists_of(tx, user_id=user.user_id)
    assert one.part is Part.ANALYST

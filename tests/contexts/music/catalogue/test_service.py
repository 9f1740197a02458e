"""The catalogue on its tables: drafts, editing under a version, publishing, what each person sees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories.music_assets import MadeAsset, make_asset, read_master
from tests.factories.music_catalogue import NOON
from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.domain import (
    Artist,
    AudioState,
    By,
    CoverImage,
    Credit,
    CreditRole,
    EditConflict,
    HeldByOperator,
    NotReadyToPublish,
    Part,
    Release,
    ReleaseKind,
    Stage,
    TrackMissing,
    WorkedFor,
)
from vibestream.contexts.music.catalogue.service import (
    ArtistMissing,
    ArtistNotHereYet,
    Before,
    ReleaseMissing,
    TakenDown,
    UploadMissing,
)
from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown, TrackPublished, TrackTakenDown
from vibestream.contexts.music.packaging.domain.asset import Cover, State
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.ids import ArtistId, ReleaseId, TrackId, UploadId, UserId, new_id
from vibestream.platform.database import Tx

LATER = NOON + timedelta(minutes=5)


async def known_artist(
    tx: Tx, *, name: str = "Ada Ríos", handle: str = "ada-rios", owner: UserId | None = None
) -> Artist:
    artist = Artist(ArtistId(new_id()), owner or UserId(new_id()), name, handle)
    await service.register_artist(
        tx, artist_id=artist.artist_id, owner_user_id=artist.owner_user_id, name=name, handle=handle, as_of=NOON
    )
    return artist


async def drafted(tx: Tx, artist: Artist, *file_names: str, state: State = State.READY) -> Release:
    made = [
        await make_asset(tx, user_id=artist.owner_user_id, file_name=name, state=state)
        for name in file_names or ("01 Nebula.flac", "02 Quasar.flac")
    ]
    return await service.draft_from_uploads(
        tx,
        user_id=artist.owner_user_id,
        artist_id=None,
        upload_ids=[one.upload_id for one in made],
        now=NOON,
    )


async def titled(tx: Tx, release: Release, title: str = "First Light") -> Release:
    return await service.edit_release(
        tx,
        release_id=release.release_id,
        user_id=release.artist.owner_user_id,
        changes={"title": title},
        version=release.version,
        now=NOON,
    )


async def published(tx: Tx, artist: Artist, *file_names: str, at: timedelta = timedelta()) -> Release:
    release = await titled(tx, await drafted(tx, artist, *file_names))
    return await service.publish_release(
        tx,
        release_id=release.release_id,
        user_id=artist.owner_user_id,
        version=release.version,
        now=NOON + at,
    )


async def announced(tx: Tx) -> list[str]:
    types: list[str] = await tx.value(
        """
        SELECT coalesce(array_agg(split_part(type, '.', 3) ORDER BY seq), '{}')
        FROM platform.outbox WHERE type LIKE 'vibestream.music.%%'
        """
    )
    return types


async def test_a_draft_is_made_of_what_uploads_say_of_themselves(tx: Tx):
    artist = await known_artist(tx)
    cover = Cover(key=f"a/{'0' * 64}/cover/{'1' * 64}-640.webp", content_type="image/webp", width=640, height=600)
    uploads: list[MadeAsset] = [
        await make_asset(
            tx,
            user_id=artist.owner_user_id,
            file_name="b.flac",
            tags=Tags(title="Quasar", album="First Light", track_no=2, date="2011-06-30", genre="Ambient; Drone"),
        ),
        await make_asset(
            tx,
            user_id=artist.owner_user_id,
            file_name="a.flac",
            tags=Tags(title="Nebula", album="First Light", track_no=1, isrc="USRC17607839"),
            covers=(cover,),
        ),
        await make_asset(tx, user_id=artist.owner_user_id, file_name="03_coda_take2.wav"),
    ]

    release = await service.draft_from_uploads(
        tx,
        user_id=artist.owner_user_id,
        artist_id=artist.artist_id,
        upload_ids=[one.upload_id for one in uploads],
        now=NOON,
    )

    assert release == await reloaded(tx, release)
    assert (release.title, release.kind, release.release_date) == ("First Light", ReleaseKind.SINGLE, date(2011, 6, 30))
    assert release.genres == ("ambient", "drone")
    assert [(track.title, track.track_no, track.isrc) for track in release.tracks] == [
        ("Nebula", 1, "USRC17607839"),
        ("Quasar", 2, None),
        ("coda take2", 3, None),
    ]
    assert release.cover == (CoverImage(cover.key, 640, 600),)
    assert release.tracks[0].asset_id == uploads[1].asset_id


async def reloaded(tx: Tx, release: Release) -> Release:
    return await service.show_release(tx, release_id=release.release_id, viewer=release.artist.owner_user_id)


async def test_tags_that_are_read_later_shape_a_draft_that_nobody_has_edited(tx: Tx):
    artist = await known_artist(tx)
    waiting = await make_asset(tx, user_id=artist.owner_user_id, file_name="take7.flac", state=State.WAITING)
    draft = await service.draft_from_uploads(
        tx, user_id=artist.owner_user_id, artist_id=None, upload_ids=[waiting.upload_id], now=NOON
    )
    assert [track.title for track in draft.tracks] == ["take7"]

    await read_master(tx, waiting, tags=Tags(title="Nebula", album="First Light"))
    await service.hear_of_audio(tx, asset_id=waiting.asset_id, now=LATER)

    shaped = await reloaded(tx, draft)
    assert (shaped.title, shaped.tracks[0].title) == ("First Light", "Nebula")
    assert (shaped.version, shaped.tracks[0].track_id) == (draft.version + 1, draft.tracks[0].track_id)
    await service.hear_of_audio(tx, asset_id=waiting.asset_id, now=LATER)
    assert await reloaded(tx, draft) == shaped


async def test_tags_that_are_read_later_leave_an_edited_draft_alone(tx: Tx):
    artist = await known_artist(tx)
    waiting = await make_asset(tx, user_id=artist.owner_user_id, file_name="take7.flac", state=State.WAITING)
    draft = await service.draft_from_uploads(
        tx, user_id=artist.owner_user_id, artist_id=None, upload_ids=[waiting.upload_id], now=NOON
    )
    edited = await titled(tx, draft, "My own title")

    await read_master(tx, waiting, tags=Tags(title="Nebula", album="First Light"))
    await service.hear_of_audio(tx, asset_id=waiting.asset_id, now=LATER)

    assert await reloaded(tx, draft) == edited


async def test_another_accounts_upload_is_missing(tx: Tx):
    artist, other = await known_artist(tx), await known_artist(tx, handle="eve")
    mine = await make_asset(tx, user_id=artist.owner_user_id)
    theirs = await make_asset(tx, user_id=other.owner_user_id)
    release = await drafted(tx, artist)

    for upload_ids in ([mine.upload_id, theirs.upload_id], [UploadId(new_id())]):
        with pytest.raises(UploadMissing):
            await service.draft_from_uploads(
                tx, user_id=artist.owner_user_id, artist_id=None, upload_ids=upload_ids, now=NOON
            )
        with pytest.raises(UploadMissing):
            await service.add_uploads(
                tx,
                release_id=release.release_id,
                user_id=artist.owner_user_id,
                upload_ids=upload_ids,
                version=release.version,
                now=NOON,
            )


async def test_an_account_releases_under_its_own_artists_only(tx: Tx):
    artist, other = await known_artist(tx), await known_artist(tx, handle="eve")

    with pytest.raises(ArtistMissing):
        await service.create_draft(
            tx,
            user_id=artist.owner_user_id,
            artist_id=other.artist_id,
            kind=ReleaseKind.EP,
            title="Mine",
            now=NOON,
        )
    with pytest.raises(ArtistNotHereYet):
        await service.create_draft(
            tx, user_id=UserId(new_id()), artist_id=None, kind=ReleaseKind.EP, title="Mine", now=NOON
        )


async def test_an_edit_is_stored_whole(tx: Tx):
    artist = await known_artist(tx)
    release = await drafted(tx, artist)

    edited = await service.edit_release(
        tx,
        release_id=release.release_id,
        user_id=artist.owner_user_id,
        changes={
            "kind": ReleaseKind.EP,
            "title": "Primera luz",
            "description": "Uno.\n\nDos.",
            "release_date": date(2026, 5, 1),
            "language": "es",
            "genres": ("ambient", "música llanera"),
            "upc": "036000291452",
            "credits": (Credit("Ada Ríos", CreditRole.COMPOSER),),
        },
        version=release.version,
        now=LATER,
    )
    track = await service.edit_track(
        tx,
        release_id=release.release_id,
        track_id=release.tracks[1].track_id,
        user_id=artist.owner_user_id,
        changes={"title": "Cuásar", "explicit": True, "isrc": "USRC17607839"},
        version=edited.version,
        now=LATER,
    )

    assert track == await reloaded(tx, release)
    assert (track.title, track.genres, track.upc) == ("Primera luz", ("ambient", "música llanera"), "036000291452")
    assert [(one.title, one.explicit) for one in track.tracks] == [("Nebula", False), ("Cuásar", True)]


async def test_tracks_change_places_and_discs_in_one_step(tx: Tx):
    artist = await known_artist(tx)
    release = await drafted(tx, artist, "1.flac", "2.flac", "3.flac")
    one, two, three = (track.track_id for track in release.tracks)

    moved = await service.reorder_tracks(
        tx,
        release_id=release.release_id,
        user_id=artist.owner_user_id,
        discs=[[three, one], [two]],
        version=release.version,
        now=LATER,
    )

    assert moved == await reloaded(tx, release)
    assert [(track.track_id, track.disc_no, track.track_no) for track in moved.tracks] == [
        (three, 1, 1),
        (one, 1, 2),
        (two, 2, 1),
    ]


async def test_a_removed_track_is_gone_and_a_deleted_draft_with_all_of_them(tx: Tx):
    artist = await known_artist(tx)
    release = await drafted(tx, artist)
    gone = release.tracks[0].track_id

    left = await service.remove_track(
        tx,
        release_id=release.release_id,
        track_id=gone,
        user_id=artist.owner_user_id,
        version=release.version,
        now=LATER,
    )
    with pytest.raises(TrackMissing):
        await service.show_track(tx, track_id=gone, viewer=artist.owner_user_id)
    await service.delete_draft(tx, release_id=release.release_id, user_id=artist.owner_user_id, version=left.version)

    with pytest.raises(ReleaseMissing):
        await reloaded(tx, release)
    assert await tx.value("SELECT count(*) FROM music.track") == 0


async def test_another_accounts_release_is_missing_to_every_edit(tx: Tx):
    artist = await known_artist(tx)
    release = await drafted(tx, artist)
    stranger = (await known_artist(tx, handle="eve")).owner_user_id
    at: dict[str, Any] = {"release_id": release.release_id, "user_id": stranger, "version": release.version}
    track_id = release.tracks[0].track_id

    attempts = [
        service.edit_release(tx, **at, changes={"title": "Mine"}, now=LATER),
        service.set_cover(tx, **at, cover=(), now=LATER),
        service.add_uploads(tx, **at, upload_ids=[UploadId(new_id())], now=LATER),
        service.edit_track(tx, **at, track_id=track_id, changes={"title": "Mine"}, now=LATER),
        service.remove_track(tx, **at, track_id=track_id, now=LATER),
        service.reorder_tracks(tx, **at, discs=[[one.track_id for one in release.tracks]], now=LATER),
        service.publish_release(tx, **at, now=LATER),
        service.take_down_release(tx, **at, now=LATER),
        service.withdraw_track(tx, **at, track_id=track_id, now=LATER),
        service.restore_track(tx, **at, track_id=track_id, now=LATER),
        service.delete_draft(tx, **at),
        service.studio_release(tx, release_id=release.release_id, user_id=stranger),
        service.show_release(tx, release_id=release.release_id, viewer=stranger),
        service.show_release(tx, release_id=release.release_id, viewer=None),
    ]
    for attempt in attempts:
        with pytest.raises(ReleaseMissing):
            await attempt
    with pytest.raises(TrackMissing):
        await service.show_track(tx, track_id=track_id, viewer=stranger)

    assert await reloaded(tx, release) == release


async def test_publishing_announces_the_release_and_each_track(tx: Tx):
    artist = await known_artist(tx)

    release = await published(tx, artist)

    assert release == await reloaded(tx, release)
    assert [track.duration_ms for track in release.tracks] == [200_000, 200_000]
    assert await announced(tx) == ["release_published", "track_published", "track_published"]
    assert await service.show_release(tx, release_id=release.release_id, viewer=None) == release


async def test_publishing_is_refused_while_audio_is_being_prepared(tx: Tx):
    artist = await known_artist(tx)
    release = await titled(tx, await drafted(tx, artist, "1.flac", state=State.WAITING))
    studio = await service.studio_release(tx, release_id=release.release_id, user_id=artist.owner_user_id)

    with pytest.raises(NotReadyToPublish) as refused:
        await service.publish_release(
            tx,
            release_id=release.release_id,
            user_id=artist.owner_user_id,
            version=release.version,
            now=LATER,
        )

    assert refused.value.missing == [{"requirement": "audio", "track_id": str(release.tracks[0].track_id)}]
    assert [(item.requirement.value, item.met, item.audio) for item in studio.checklist if not item.met] == [
        ("audio", False, AudioState.PREPARING),
        ("cover", False, None),
    ]
    assert await announced(tx) == []


async def test_a_playable_track_is_published_before_it_is_ready(tx: Tx):
    artist = await known_artist(tx)
    release = await titled(tx, await drafted(tx, artist, "1.flac", state=State.PLAYABLE))

    public = await service.publish_release(
        tx, release_id=release.release_id, user_id=artist.owner_user_id, version=release.version, now=LATER
    )

    assert public.stage is Stage.PUBLISHED


async def test_what_was_taken_down_is_gone_for_others_and_there_for_its_artist(tx: Tx):
    artist = await known_artist(tx)
    release = await published(tx, artist)

    down = await service.take_down_release(
        tx, release_id=release.release_id, user_id=artist.owner_user_id, version=release.version, now=LATER
    )

    assert await reloaded(tx, release) == down
    with pytest.raises(TakenDown):
        await service.show_release(tx, release_id=release.release_id, viewer=None)
    with pytest.raises(TakenDown):
        await service.show_track(tx, track_id=release.tracks[0].track_id, viewer=UserId(new_id()))
    assert await service.newest_releases(tx, before=None, limit=10) == []
    assert await service.newest_tracks(tx, before=None, limit=10) == []
    assert (await announced(tx))[3:] == ["release_taken_down", "track_taken_down", "track_taken_down"]


async def test_one_withdrawn_track_is_hidden_from_others(tx: Tx):
    artist = await known_artist(tx)
    release = await published(tx, artist)
    nebula, quasar = (track.track_id for track in release.tracks)

    await service.withdraw_track(
        tx,
        release_id=release.release_id,
        track_id=nebula,
        user_id=artist.owner_user_id,
        version=release.version,
        now=LATER,
    )

    seen = await service.show_release(tx, release_id=release.release_id, viewer=None)
    assert [track.track_id for track in seen.tracks] == [quasar]
    assert [card.track_id for card in await service.newest_tracks(tx, before=None, limit=10)] == [quasar]
    (card,) = await service.newest_releases(tx, before=None, limit=10)
    assert (card.track_count, card.duration_ms) == (1, 200_000)
    with pytest.raises(TakenDown):
        await service.show_track(tx, track_id=nebula, viewer=None)


async def test_an_operator_holds_a_release_that_its_artist_cannot_publish(tx: Tx):
    artist = await known_artist(tx)
    release = await published(tx, artist)

    held = await service.hold_release(tx, release_id=release.release_id, now=LATER)
    with pytest.raises(HeldByOperator):
        await service.publish_release(
            tx, release_id=release.release_id, user_id=artist.owner_user_id, version=held.version, now=LATER
        )
    free = await service.lift_hold(tx, release_id=release.release_id, now=LATER)
    again = await service.publish_release(
        tx, release_id=release.release_id, user_id=artist.owner_user_id, version=free.version, now=LATER
    )

    assert (held.withdrawn_by, free.withdrawn_by, again.stage) == (By.OPERATOR, By.ARTIST, Stage.PUBLISHED)
    assert again.published_at == release.published_at


async def test_an_operator_holds_a_single_track(tx: Tx):
    artist = await known_artist(tx)
    release = await published(tx, artist)
    nebula = release.tracks[0].track_id

    held = await service.hold_track(tx, release_id=release.release_id, track_id=nebula, now=LATER)
    with pytest.raises(HeldByOperator):
        await service.restore_track(
            tx,
            release_id=release.release_id,
            track_id=nebula,
            user_id=artist.owner_user_id,
            version=held.version,
            now=LATER,
        )
    back = await service.release_track(tx, release_id=release.release_id, track_id=nebula, now=LATER)

    assert back.tracks == release.tracks
    for act in (service.hold_release, service.lift_hold):
        with pytest.raises(ReleaseMissing):
            await act(tx, release_id=ReleaseId(new_id()), now=LATER)


async def test_a_master_that_turns_out_unfit_takes_its_tracks_with_it(tx: Tx):
    artist = await known_artist(tx)
    album, single = await published(tx, artist), await published(tx, artist, "Solo.flac")

    await service.withdraw_audio(tx, asset_id=album.tracks[0].asset_id, now=LATER)
    await service.withdraw_audio(tx, asset_id=single.tracks[0].asset_id, now=LATER)
    await service.withdraw_audio(tx, asset_id=single.tracks[0].asset_id, now=LATER)

    one_less, down = await reloaded(tx, album), await reloaded(tx, single)
    assert [(track.title, track.withdrawn_by) for track in one_less.tracks] == [("Nebula", By.AUDIO), ("Quasar", None)]
    assert (one_less.stage, down.stage, down.withdrawn_by) == (Stage.PUBLISHED, Stage.TAKEN_DOWN, By.AUDIO)
    assert (await announced(tx))[5:] == ["track_taken_down", "release_taken_down", "track_taken_down"]


async def test_lists_are_read_page_by_page_from_the_newest(tx: Tx):
    artist, other = await known_artist(tx), await known_artist(tx, name="Eve", handle="eve")
    releases = [
        await published(tx, artist if n % 2 else other, f"{n}.flac", at=timedelta(hours=n // 2)) for n in range(5)
    ]
    await drafted(tx, artist)
    newest = sorted(releases, key=lambda one: (one.published_at, one.release_id), reverse=True)

    first = await service.newest_releases(tx, before=None, limit=3)
    assert first[-1].published_at is not None
    rest = await service.newest_releases(tx, before=Before(first[-1].published_at, first[-1].release_id), limit=3)
    of_artist = await service.newest_releases_of_handle(tx, handle="ada-rios", before=None, limit=10)
    tracks = await service.newest_tracks(tx, before=None, limit=10)

    assert [card.release_id for card in (*first, *rest)] == [one.release_id for one in newest]
    assert [card.release_id for card in of_artist] == [
        one.release_id for one in newest if one.artist.artist_id == artist.artist_id
    ]
    assert {card.track_id for card in tracks} == {one.tracks[0].track_id for one in releases}
    assert (first[0].artist_handle in {"ada-rios", "eve"}, first[0].title) == (True, "First Light")
    with pytest.raises(ArtistMissing):
        await service.newest_releases_of_handle(tx, handle="nobody", before=None, limit=10)


async def test_an_artist_lists_their_own_releases_wherever_they_stand(tx: Tx):
    artist = await known_artist(tx)
    draft, public = await drafted(tx, artist), await published(tx, artist)
    await drafted(tx, await known_artist(tx, handle="eve"))

    mine = await service.my_releases(tx, user_id=artist.owner_user_id, before=None, limit=10)
    older = await service.my_releases(tx, user_id=artist.owner_user_id, before=public.release_id, limit=10)

    assert [(card.release_id, card.stage) for card in mine] == [
        (public.release_id, Stage.PUBLISHED),
        (draft.release_id, Stage.DRAFT),
    ]
    assert [card.release_id for card in older] == [draft.release_id]


async def test_the_replica_says_what_it_was_told_last_also_when_clocks_disagree(tx: Tx):
    artist = await known_artist(tx)

    async def tell(name: str, handle: str, minutes: int) -> None:
        await service.register_artist(
            tx,
            artist_id=artist.artist_id,
            owner_user_id=artist.owner_user_id,
            name=name,
            handle=handle,
            as_of=NOON + timedelta(minutes=minutes),
        )

    await tell("Ada Ríos", "ada-rios", 10)
    await tell("Ada R.", "ada", 5)

    assert (await service.artists_of(tx, user_id=artist.owner_user_id)) == [
        WorkedFor(Artist(artist.artist_id, artist.owner_user_id, "Ada R.", "ada"), Part.OWNER)
    ]
    # Somebody else took the handle that was given up: the news of it may come first.
    eve = await known_artist(tx, name="Eve", handle="ada-rios")
    assert (await service.artist_with_handle(tx, handle="ada-rios")) == eve


async def test_assets_are_withdrawn_until_a_public_track_plays_them_again(tx: Tx):
    artist = await known_artist(tx)
    release = await published(tx, artist, "1.flac", "2.flac")
    one, two = release.tracks
    assert await service.withdrawn_assets(tx, since=NOON) == []

    without = await service.withdraw_track(
        tx,
        release_id=release.release_id,
        track_id=one.track_id,
        user_id=artist.owner_user_id,
        version=release.version,
        now=LATER,
    )
    assert await service.withdrawn_assets(tx, since=NOON) == [one.asset_id]
    assert await service.withdrawn_assets(tx, since=LATER + timedelta(seconds=1)) == []
    down = await service.take_down_release(
        tx, release_id=release.release_id, user_id=artist.owner_user_id, version=without.version, now=LATER
    )
    assert set(await service.withdrawn_assets(tx, since=NOON)) == {one.asset_id, two.asset_id}

    await service.publish_release(
        tx, release_id=release.release_id, user_id=artist.owner_user_id, version=down.version, now=LATER
    )
    assert await service.withdrawn_assets(tx, since=NOON) == [one.asset_id]


async def test_an_asset_that_another_artist_has_public_is_not_withdrawn(tx: Tx):
    artist, other = await known_artist(tx), await known_artist(tx, handle="eve")
    same = "ab" * 32
    releases = []
    for one in (artist, other):
        made = await make_asset(tx, user_id=one.owner_user_id, sha256=same)
        draft = await service.draft_from_uploads(
            tx, user_id=one.owner_user_id, artist_id=None, upload_ids=[made.upload_id], now=NOON
        )
        releases.append(
            await service.publish_release(
                tx,
                release_id=draft.release_id,
                user_id=one.owner_user_id,
                version=draft.version,
                now=NOON,
            )
        )

    for release, withdrawn in zip(releases, ([], [releases[0].tracks[0].asset_id]), strict=True):
        await service.take_down_release(
            tx,
            release_id=release.release_id,
            user_id=release.artist.owner_user_id,
            version=release.version,
            now=LATER,
        )
        assert await service.withdrawn_assets(tx, since=NOON) == withdrawn


async def test_an_accounts_assets_on_releases_are_its_own_alone(tx: Tx):
    artist, other = await known_artist(tx), await known_artist(tx, handle="eve")
    release, _ = await drafted(tx, artist), await drafted(tx, other)
    await make_asset(tx, user_id=artist.owner_user_id)

    used = await service.assets_on_releases(tx, user_id=artist.owner_user_id)

    assert used == {track.asset_id for track in release.tracks}


async def test_a_draft_is_shaped_by_late_tags_whoever_brought_its_masters(tx: Tx):
    artist = await known_artist(tx)
    waiting = await make_asset(tx, user_id=artist.owner_user_id, file_name="take7.flac", state=State.WAITING)
    draft = await service.draft_from_uploads(
        tx, user_id=artist.owner_user_id, artist_id=None, upload_ids=[waiting.upload_id], now=NOON
    )
    heir = UserId(new_id())
    await service.register_artist(
        tx, artist_id=artist.artist_id, owner_user_id=heir, name="Ada", handle="ada", as_of=LATER
    )

    await read_master(tx, waiting, tags=Tags(title="Nebula"))
    await service.hear_of_audio(tx, asset_id=waiting.asset_id, now=LATER)

    kept = await service.show_release(tx, release_id=draft.release_id, viewer=heir)
    assert [track.title for track in kept.tracks] == ["Nebula"]


async def test_a_stale_version_changes_nothing(tx: Tx):
    artist = await known_artist(tx)
    release = await drafted(tx, artist)
    newer = await titled(tx, release, "Second")

    with pytest.raises(EditConflict) as refused:
        await titled(tx, release, "Third")

    assert refused.value.version == newer.version
    assert await reloaded(tx, release) == newer


async def test_events_carry_what_their_readers_need(tx: Tx):
    assert {event.type for event in (ReleasePublished, TrackPublished, ReleaseTakenDown, TrackTakenDown)} == {
        "vibestream.music.release_published",
        "vibestream.music.track_published",
        "vibestream.music.release_taken_down",
        "vibestream.music.track_taken_down",
    }
    assert await service.assets_of_tracks(tx, track_ids=[TrackId(new_id())]) == {}

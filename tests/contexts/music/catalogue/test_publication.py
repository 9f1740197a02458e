"""What may become public, who may withdraw it, and what is announced."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories.music_catalogue import NOON, make_draft, make_published, ready, same_but
from vibestream.contexts.music.catalogue import domain
from vibestream.contexts.music.catalogue.domain import (
    AlreadyPublished,
    Audio,
    AudioState,
    By,
    EditConflict,
    HeldByOperator,
    LastTrack,
    NotPublished,
    NotReadyToPublish,
    Requirement,
    Stage,
)
from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown, TrackPublished, TrackTakenDown

LATER = NOON + timedelta(hours=1)


def test_publishing_makes_release_and_tracks_public_and_says_so():
    draft = make_draft("Nebula", "Quasar")
    audio = ready(draft, duration_ms=241_500)

    release, events = domain.publish(draft, audio=audio, expected=2, now=LATER)

    assert (release.stage, release.version, release.published_at) == (Stage.PUBLISHED, 3, LATER)
    assert release.release_date == date(2026, 3, 1)
    assert [(track.duration_ms, track.published_at) for track in release.tracks] == [(241_500, LATER)] * 2
    assert [type(event) for event in events] == [ReleasePublished, TrackPublished, TrackPublished]
    announced = events[2]
    assert isinstance(announced, TrackPublished)
    track = release.tracks[1]
    assert (announced.track_id, announced.release_id, announced.asset_id) == (
        track.track_id,
        release.release_id,
        track.asset_id,
    )
    assert (announced.artist_id, announced.owner_user_id) == (draft.artist.artist_id, draft.artist.owner_user_id)
    assert (announced.duration_ms, announced.title, announced.track_no) == (241_500, "Quasar", 2)
    assert announced.key == str(track.track_id)


def test_a_date_that_was_set_stays():
    draft = same_but(make_draft("Nebula"), release_date=date(1999, 12, 31))

    release, _ = domain.publish(draft, audio=ready(draft), expected=2, now=LATER)

    assert release.release_date == date(1999, 12, 31)


def test_the_checklist_names_everything_that_is_missing():
    draft = make_draft("Nebula", "", title="")
    audio = {
        draft.tracks[0].asset_id: Audio(AudioState.PLAYABLE, 200_000),
        draft.tracks[1].asset_id: Audio(AudioState.FAILED, None),
    }

    items = domain.checklist(draft, audio=audio)

    assert [(item.requirement, item.met) for item in items] == [
        (Requirement.TITLE, False),
        (Requirement.TRACKS, True),
        (Requirement.TRACK_TITLE, True),
        (Requirement.AUDIO, True),
        (Requirement.TRACK_TITLE, False),
        (Requirement.AUDIO, False),
        (Requirement.COVER, False),
        (Requirement.NOT_HELD, True),
    ]
    second = draft.tracks[1].track_id
    with pytest.raises(NotReadyToPublish) as refused:
        domain.publish(draft, audio=audio, expected=2, now=LATER)
    assert refused.value.missing == [
        {"requirement": "title", "track_id": None},
        {"requirement": "track_title", "track_id": str(second)},
        {"requirement": "audio", "track_id": str(second)},
    ]


def test_a_release_without_tracks_is_not_published():
    with pytest.raises(NotReadyToPublish) as refused:
        domain.publish(make_draft(), audio={}, expected=1, now=LATER)

    assert refused.value.missing == [{"requirement": "tracks", "track_id": None}]


@pytest.mark.parametrize(
    ("audio", "plays"),
    [
        (Audio(AudioState.PREPARING, 200_000), False),
        (Audio(AudioState.PLAYABLE, 200_000), True),
        (Audio(AudioState.PLAYABLE, None), False),
        (Audio(AudioState.READY, 200_000), True),
        (Audio(AudioState.FAILED, 200_000), False),
    ],
)
def test_audio_plays_once_some_of_it_is_there_and_its_length_is_known(audio: Audio, plays: bool):
    assert audio.plays is plays


def test_unknown_audio_does_not_play():
    with pytest.raises(NotReadyToPublish):
        domain.publish(make_draft("Nebula"), audio={}, expected=2, now=LATER)


def test_publishing_needs_the_newest_version_and_something_unpublished():
    draft = make_draft("Nebula")
    with pytest.raises(EditConflict):
        domain.publish(draft, audio=ready(draft), expected=1, now=LATER)
    release = make_published("Nebula")
    with pytest.raises(AlreadyPublished):
        domain.publish(release, audio=ready(release), expected=3, now=LATER)


def test_taking_down_withdraws_everything_that_was_public():
    release = make_published("Nebula", "Quasar")

    down, events = domain.take_down(release, by=By.ARTIST, expected=3, now=LATER)

    assert (down.stage, down.withdrawn_by, down.withdrawn_at) == (Stage.TAKEN_DOWN, By.ARTIST, LATER)
    assert down.public_tracks == ()
    assert [type(event) for event in events] == [ReleaseTakenDown, TrackTakenDown, TrackTakenDown]
    assert [event.key for event in events] == [
        str(release.release_id),
        *(str(track.track_id) for track in release.tracks),
    ]


def test_what_was_taken_down_is_published_again_at_its_old_place():
    release = make_published("Nebula")
    down, _ = domain.take_down(release, by=By.ARTIST, expected=3, now=LATER)

    again, events = domain.publish(down, audio=ready(down), expected=4, now=LATER + timedelta(days=1))

    assert again == same_but(release, version=5, changed_at=LATER + timedelta(days=1))
    first = events[0]
    assert isinstance(first, ReleasePublished)
    assert first.again


def test_only_what_is_public_is_taken_down():
    with pytest.raises(NotPublished):
        domain.take_down(make_draft("Nebula"), by=By.ARTIST, expected=2, now=LATER)
    down, _ = domain.take_down(make_published("Nebula"), by=By.ARTIST, expected=3, now=LATER)
    with pytest.raises(NotPublished):
        domain.take_down(down, by=By.ARTIST, expected=4, now=LATER)


def test_what_an_operator_took_down_only_an_operator_gives_back():
    held, _ = domain.take_down(make_published("Nebula"), by=By.OPERATOR, expected=3, now=LATER)
    with pytest.raises(HeldByOperator):
        domain.publish(held, audio=ready(held), expected=4, now=LATER)

    free = domain.lift_hold(held, expected=4, now=LATER)

    assert (free.stage, free.withdrawn_by) == (Stage.TAKEN_DOWN, By.ARTIST)
    again, _ = domain.publish(free, audio=ready(free), expected=5, now=LATER)
    assert again.stage is Stage.PUBLISHED
    with pytest.raises(NotPublished):
        domain.lift_hold(again, expected=6, now=LATER)


def test_an_operator_holds_also_what_its_artist_withdrew_without_announcing_it_twice():
    down, _ = domain.take_down(make_published("Nebula"), by=By.ARTIST, expected=3, now=LATER)

    held, events = domain.take_down(down, by=By.OPERATOR, expected=4, now=LATER)

    assert (held.withdrawn_by, events) == (By.OPERATOR, ())


def test_one_track_is_withdrawn_and_restored_while_the_others_stay():
    release = make_published("Nebula", "Quasar")
    nebula, quasar = release.tracks

    without, gone = domain.withdraw_track(release, nebula.track_id, by=By.ARTIST, expected=3, now=LATER)
    restored, back = domain.restore_track(
        without, nebula.track_id, by=By.ARTIST, audio=ready(release), expected=4, now=LATER
    )

    assert without.public_tracks == (quasar,)
    assert [(type(event), event.key) for event in gone] == [(TrackTakenDown, str(nebula.track_id))]
    assert restored.tracks == release.tracks
    assert [(type(event), event.key) for event in back] == [(TrackPublished, str(nebula.track_id))]


def test_the_last_public_track_is_not_withdrawn_alone():
    release = make_published("Nebula")

    with pytest.raises(LastTrack):
        domain.withdraw_track(release, release.tracks[0].track_id, by=By.ARTIST, expected=3, now=LATER)


def test_a_track_that_an_operator_withdrew_is_not_restored_by_its_artist():
    release = make_published("Nebula", "Quasar")
    nebula = release.tracks[0].track_id
    held, _ = domain.withdraw_track(release, nebula, by=By.OPERATOR, expected=3, now=LATER)

    with pytest.raises(HeldByOperator):
        domain.restore_track(held, nebula, by=By.ARTIST, audio=ready(release), expected=4, now=LATER)
    freed, _ = domain.restore_track(held, nebula, by=By.OPERATOR, audio=ready(release), expected=4, now=LATER)

    assert freed.track(nebula).withdrawn_by is None


def test_a_withdrawn_track_stays_withdrawn_when_its_release_comes_back_and_does_not_hold_it_up():
    release = make_published("Nebula", "Quasar")
    nebula, quasar = release.tracks
    without, _ = domain.withdraw_track(release, nebula.track_id, by=By.ARTIST, expected=3, now=LATER)
    down, gone = domain.take_down(without, by=By.ARTIST, expected=4, now=LATER)
    audio = {**ready(release), nebula.asset_id: Audio(AudioState.FAILED, None)}

    again, events = domain.publish(down, audio=audio, expected=5, now=LATER)

    assert [event.key for event in gone[1:]] == [str(quasar.track_id)]
    assert [track.track_id for track in again.public_tracks] == [quasar.track_id]
    assert [event.key for event in events[1:]] == [str(quasar.track_id)]


def test_a_master_that_turns_out_unfit_withdraws_its_tracks_and_the_last_one_its_release():
    release = make_published("Nebula", "Quasar")
    nebula, quasar = release.tracks

    less, gone = domain.withdraw_audio(release, nebula.asset_id, now=LATER)
    down, rest = domain.withdraw_audio(less, quasar.asset_id, now=LATER)

    assert (less.stage, less.public_tracks, less.version) == (Stage.PUBLISHED, (quasar,), 4)
    assert [(type(event), event.key) for event in gone] == [(TrackTakenDown, str(nebula.track_id))]
    assert (down.stage, down.withdrawn_by, down.withdrawn_at) == (Stage.TAKEN_DOWN, By.AUDIO, LATER)
    assert [type(event) for event in rest] == [ReleaseTakenDown, TrackTakenDown]
    assert domain.withdraw_audio(down, quasar.asset_id, now=LATER) == (down, ())


def test_withdrawing_and_restoring_need_something_to_withdraw_and_to_restore():
    release = make_published("Nebula", "Quasar")
    nebula = release.tracks[0].track_id
    with pytest.raises(AlreadyPublished):
        domain.restore_track(release, nebula, by=By.ARTIST, audio=ready(release), expected=3, now=LATER)
    draft = make_draft("Nebula", "Quasar")
    with pytest.raises(NotPublished):
        domain.withdraw_track(draft, draft.tracks[0].track_id, by=By.ARTIST, expected=2, now=LATER)


def test_a_track_restored_on_a_release_that_is_down_is_announced_with_the_release():
    release = make_published("Nebula", "Quasar")
    nebula = release.tracks[0].track_id
    without, _ = domain.withdraw_track(release, nebula, by=By.ARTIST, expected=3, now=LATER)
    down, _ = domain.take_down(without, by=By.ARTIST, expected=4, now=LATER)

    restored, events = domain.restore_track(down, nebula, by=By.ARTIST, audio={}, expected=5, now=LATER)

    assert (restored.track(nebula).withdrawn_by, events) == (None, ())


def test_a_track_whose_audio_does_not_play_is_not_restored_to_the_public():
    release = make_published("Nebula", "Quasar")
    nebula = release.tracks[0].track_id
    without, _ = domain.withdraw_track(release, nebula, by=By.ARTIST, expected=3, now=LATER)

    with pytest.raises(NotReadyToPublish):
        domain.restore_track(without, nebula, by=By.ARTIST, audio={}, expected=4, now=LATER)

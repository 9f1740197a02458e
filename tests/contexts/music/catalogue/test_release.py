"""A release is edited as a whole, under its version, and keeps its tracks in order without gaps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.music_catalogue import NOON, make_artist, make_draft, make_new_track, make_published, same_but
from vibestream.contexts.music.catalogue import domain
from vibestream.contexts.music.catalogue.domain import (
    CoverImage,
    Credit,
    CreditRole,
    EditConflict,
    InvalidIsrc,
    InvalidUpc,
    OrderIncomplete,
    Release,
    ReleaseIsPublished,
    ReleaseKind,
    ReleaseWasPublished,
    Stage,
    TitleNeeded,
    TooManyTracks,
    TrackMissing,
    TrackWasPublished,
)
from vibestream.kernel.ids import ReleaseId, TrackId, new_id

LATER = NOON + timedelta(minutes=1)


def places(release: Release) -> list[tuple[int, int, str]]:
    return [(track.disc_no, track.track_no, track.title) for track in release.tracks]


def test_a_new_release_is_an_empty_draft_of_its_artist():
    artist = make_artist()

    release = domain.new_release(
        release_id=ReleaseId(new_id()), artist=artist, kind=ReleaseKind.EP, title=" First  Light ", now=NOON
    )

    assert (release.title, release.kind, release.artist) == ("First Light", ReleaseKind.EP, artist)
    assert (release.stage, release.version, release.tracks) == (Stage.DRAFT, 1, ())
    assert (release.published_at, release.withdrawn_by) == (None, None)


def test_an_edit_changes_what_it_names_and_makes_the_next_version():
    release = make_draft("Nebula")

    edited = domain.edit_release(
        release,
        {
            "title": " Second  Light",
            "description": "One.\r\n\r\n\r\n\r\nTwo.",
            "release_date": date(2026, 5, 1),
            "language": "ES",
            "genres": ("Ambient",),
            "upc": "0 36000 29145 2",
        },
        expected=2,
        now=LATER,
    )

    assert edited == same_but(
        release,
        title="Second Light",
        description="One.\n\nTwo.",
        release_date=date(2026, 5, 1),
        language="es",
        genres=("ambient",),
        upc="036000291452",
        version=3,
        changed_at=LATER,
    )


def test_an_edit_can_take_a_field_away():
    release = same_but(make_draft(), language="es", upc="036000291452", release_date=date(2026, 5, 1))

    edited = domain.edit_release(release, {"language": None, "upc": None, "release_date": None}, expected=1, now=LATER)

    assert (edited.language, edited.upc, edited.release_date) == (None, None, None)


def test_an_edit_of_another_version_is_refused_with_the_newest():
    release = make_draft("Nebula")

    for expected in (1, 3):
        with pytest.raises(EditConflict) as refused:
            domain.edit_release(release, {"title": "Mine"}, expected=expected, now=LATER)
        assert refused.value.version == 2


def test_a_wrong_field_refuses_the_whole_edit():
    with pytest.raises(InvalidUpc):
        domain.edit_release(make_draft(), {"title": "Fine", "upc": "123"}, expected=1, now=LATER)
    release = make_draft("Nebula")
    with pytest.raises(InvalidIsrc):
        domain.edit_track(release, release.tracks[0].track_id, {"isrc": "123"}, expected=2, now=LATER)


def test_what_is_public_keeps_its_titles():
    release = make_published("Nebula")

    with pytest.raises(TitleNeeded):
        domain.edit_release(release, {"title": " "}, expected=3, now=LATER)
    with pytest.raises(TitleNeeded):
        domain.edit_track(release, release.tracks[0].track_id, {"title": ""}, expected=3, now=LATER)


def test_a_track_that_was_public_keeps_its_title_after_its_release_was_taken_down():
    release = make_published("Nebula")
    down, _ = domain.take_down(release, by=domain.By.ARTIST, expected=3, now=LATER)

    assert domain.edit_release(down, {"title": ""}, expected=4, now=LATER).title == ""
    with pytest.raises(TitleNeeded):
        domain.edit_track(down, down.tracks[0].track_id, {"title": ""}, expected=4, now=LATER)


def test_a_tracks_edit_touches_that_track_alone():
    release = make_draft("Nebula", "Quasar")
    nebula, quasar = release.tracks

    edited = domain.edit_track(
        release,
        quasar.track_id,
        {
            "title": "Quásar",
            "explicit": True,
            "isrc": "us-rc1-76-07839",
            "credits": (Credit(" Ada ", CreditRole.MIXING),),
        },
        expected=2,
        now=LATER,
    )

    changed = edited.track(quasar.track_id)
    assert edited.tracks[0] == nebula
    assert (changed.title, changed.explicit, changed.isrc) == ("Quásar", True, "USRC17607839")
    assert changed.credits == (Credit("Ada", CreditRole.MIXING),)
    assert edited.explicit
    assert not release.explicit


def test_a_track_of_another_release_is_missing():
    other = make_draft("Pulsar").tracks[0].track_id

    with pytest.raises(TrackMissing):
        domain.edit_track(make_draft("Nebula"), other, {"title": "Mine"}, expected=2, now=LATER)


def test_added_tracks_go_to_the_end_of_their_discs():
    release = make_draft("Nebula")
    artist = release.artist

    grown = domain.add_tracks(
        release,
        [make_new_track(artist, title="B1", disc_no=7), make_new_track(artist, title="Quasar")],
        expected=2,
        now=LATER,
    )

    assert places(grown) == [(1, 1, "Nebula"), (1, 2, "Quasar"), (2, 1, "B1")]


def test_a_release_has_at_most_two_hundred_tracks():
    release = make_draft(*(f"Take {n}" for n in range(200)))

    with pytest.raises(TooManyTracks):
        domain.add_tracks(release, [make_new_track(release.artist)], expected=2, now=LATER)


def test_removing_a_track_closes_the_gap():
    release = make_draft("Nebula", "Quasar", "Pulsar")

    left = domain.remove_track(release, release.tracks[1].track_id, expected=2, now=LATER)

    assert places(left) == [(1, 1, "Nebula"), (1, 2, "Pulsar")]


def test_the_list_of_tracks_is_fixed_while_public_and_a_track_that_was_public_stays():
    release = make_published("Nebula", "Quasar")
    with pytest.raises(ReleaseIsPublished):
        domain.add_tracks(release, [make_new_track(release.artist)], expected=3, now=LATER)
    with pytest.raises(ReleaseIsPublished):
        domain.remove_track(release, release.tracks[0].track_id, expected=3, now=LATER)

    down, _ = domain.take_down(release, by=domain.By.ARTIST, expected=3, now=LATER)
    with pytest.raises(TrackWasPublished):
        domain.remove_track(down, down.tracks[0].track_id, expected=4, now=LATER)
    grown = domain.add_tracks(down, [make_new_track(down.artist, title="Bonus")], expected=4, now=LATER)
    shrunk = domain.remove_track(grown, grown.tracks[2].track_id, expected=5, now=LATER)
    assert places(shrunk) == [(1, 1, "Nebula"), (1, 2, "Quasar")]


@given(st.permutations(["A", "B", "C", "D", "E"]), st.integers(1, 4))
def test_reordering_gives_exactly_the_order_asked_for(order: list[str], cut: int):
    release = make_draft("A", "B", "C", "D", "E")
    ids = {track.title: track.track_id for track in release.tracks}
    discs = [[ids[title] for title in order[:cut]], [ids[title] for title in order[cut:]]]

    placed = domain.reorder(release, discs, expected=2, now=LATER)

    assert places(placed) == [
        *((1, n, title) for n, title in enumerate(order[:cut], 1)),
        *((2, n, title) for n, title in enumerate(order[cut:], 1)),
    ]


def test_an_order_that_is_not_of_exactly_these_tracks_is_refused():
    release = make_draft("A", "B")
    a, b = (track.track_id for track in release.tracks)

    for discs in ([[a]], [[a, a]], [[a, b, b]], [[a, b], []], [], [[a, TrackId(new_id())]]):
        with pytest.raises(OrderIncomplete):
            domain.reorder(release, discs, expected=2, now=LATER)


def test_only_what_was_never_public_is_deleted():
    domain.deletable(make_draft("Nebula"), expected=2)

    with pytest.raises(EditConflict):
        domain.deletable(make_draft("Nebula"), expected=1)
    with pytest.raises(ReleaseWasPublished):
        domain.deletable(make_published("Nebula"), expected=3)


def test_a_cover_is_set_and_taken_away_as_the_next_version():
    cover = (CoverImage(f"covers/{'ab' * 32}-640.webp", 640, 600),)

    covered = domain.set_cover(make_draft(), cover=cover, expected=1, now=LATER)

    assert (covered.cover, covered.version) == (cover, 2)
    assert domain.set_cover(covered, cover=(), expected=2, now=LATER).cover == ()

"""Masters uploaded together become the draft that their tags, else their file names, describe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.music_catalogue import NOON, make_artist, ready, same_but
from vibestream.contexts.music.catalogue import domain
from vibestream.contexts.music.catalogue.domain import CoverImage, NewTrack, Release, parse_title
from vibestream.contexts.music.catalogue.domain.drafting import (
    Master,
    Proposal,
    Tags,
    parse_tag_date,
    propose,
    take_over,
    usual_kind,
)
from vibestream.contexts.music.catalogue.domain.release import ReleaseKind
from vibestream.kernel.ids import AssetId, ReleaseId, TrackId, UploadId, new_id

COVER = CoverImage(f"covers/{'ab' * 32}-640.webp", 640, 600)


def masters(*files: tuple[str, Tags]) -> list[Master]:
    return [Master(UploadId(new_id()), AssetId(new_id()), name, tags) for name, tags in files]


def from_names(*names: str) -> Proposal:
    return propose(masters(*((name, Tags()) for name in names)))


def titles(proposal: Proposal) -> list[str]:
    return [track.title for track in proposal.tracks]


def test_an_album_is_read_from_its_tags():
    album = masters(
        ("b.flac", Tags("Quasar", "First Light", "2011-06-30", ("Ambient", "Drone"), "US-RC1-76-07840", 1, 2)),
        ("c.flac", Tags("Coda", "First Light", "2011-06-30", ("Ambient",), "", 2, 1)),
        ("a.flac", Tags("Nebula", "First Light", "2012", ("Ambient",), "nonsense", 1, 1)),
    )

    proposal = propose(album)

    assert (proposal.title, proposal.kind) == ("First Light", ReleaseKind.SINGLE)
    assert (proposal.release_date, proposal.genres) == (date(2011, 6, 30), ("ambient", "drone"))
    assert [(track.title, track.disc_no, track.isrc) for track in proposal.tracks] == [
        ("Nebula", 1, None),
        ("Quasar", 1, "USRC17607840"),
        ("Coda", 2, None),
    ]
    assert proposal.tracks[0].asset_id == album[2].asset_id


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["02 Quasar.flac", "01 Nebula.flac"], ["Nebula", "Quasar"]),
        (["2. Quasar.wav", "10. Coda.wav", "1. Nebula.wav"], ["Nebula", "Quasar", "Coda"]),
        (["02_quasar.ogg", "01_nebula.ogg"], ["nebula", "quasar"]),
        (["(2) Quasar.mp3", "(1) Nebula.mp3"], ["Nebula", "Quasar"]),
        (["2 Quasar.mp3", "1 Nebula.mp3"], ["Nebula", "Quasar"]),
        (["1-02 Quasar.aif", "2-01 Coda.aif", "1-01 Nebula.aif"], ["Nebula", "Quasar", "Coda"]),
        (["Ada - 02 - Quasar.m4a", "Ada - 01 - Nebula.m4a"], ["Nebula", "Quasar"]),
        (["99 Luftballons.mp3"], ["99 Luftballons"]),
        (["1999.flac", "Purple.flac"], ["1999", "Purple"]),
        (["7 Seconds.mp3", "Nebula.mp3"], ["7 Seconds", "Nebula"]),
        (["03 - Love - Hate.flac"], ["Love - Hate"]),
        (["C:\\music\\Nebula.FLAC", "../../etc/Quasar.opus"], ["Nebula", "Quasar"]),
        (["take.2.final.wav"], ["take.2.final"]),
        ([".flac"], [""]),
    ],
)
def test_without_tags_titles_and_order_come_from_the_file_names(names: list[str], expected: list[str]):
    assert titles(from_names(*names)) == expected


def test_an_album_named_in_every_file_name_is_the_releases_title():
    proposal = from_names(*(f"Ada Ríos - First Light - 0{n} - Part {n}.flac" for n in range(1, 8)))

    assert (proposal.title, proposal.kind) == ("First Light", ReleaseKind.ALBUM)
    assert titles(proposal) == [f"Part {n}" for n in range(1, 8)]


def test_a_single_is_called_like_its_song_and_more_without_an_album_are_not_named():
    assert from_names("Nebula.flac").title == "Nebula"
    assert from_names("Nebula.flac", "Quasar.flac").title == ""


def test_a_title_in_the_tags_stands_while_the_number_comes_from_the_file_name():
    proposal = propose(masters(("02 b.mp3", Tags("Quasar")), ("01 a.mp3", Tags("Nebula"))))

    assert titles(proposal) == ["Nebula", "Quasar"]


def test_hostile_tags_are_taken_as_far_as_they_make_sense():
    hostile = Tags(
        title="\u202e\x00" + "A" * 100_000,
        album="\x00",
        date="9999-99-99",
        genres=("<b>", "x" * 1000, "Folk"),
        isrc="0" * 9999,
        disc_no=2**31,
        track_no=-(2**63),
    )

    proposal = propose(masters(("evil.mp3", hostile)))

    assert titles(proposal) == ["A" * 200]
    assert (proposal.title, proposal.release_date, proposal.genres) == ("A" * 200, None, ("folk",))
    assert (proposal.tracks[0].disc_no, proposal.tracks[0].isrc) == (1, None)


def drafted(*files: tuple[str, Tags]) -> tuple[Release, Proposal]:
    given_masters = masters(*files)
    proposal = propose(given_masters)
    artist = make_artist()
    release = domain.new_release(
        release_id=ReleaseId(new_id()), artist=artist, kind=proposal.kind, title=proposal.title, now=NOON
    )
    tracks = [
        NewTrack(TrackId(new_id()), one.upload_id, one.asset_id, artist.artist_id, one.title) for one in proposal.tracks
    ]
    return same_but(domain.add_tracks(release, tracks, expected=1, now=NOON), proposed=True), proposal


def test_a_proposal_that_says_nothing_new_changes_nothing():
    release, proposal = drafted(("01 Nebula.flac", Tags()), ("02 Quasar.flac", Tags()))

    assert take_over(release, proposal, cover=(), now=NOON) is release


def test_a_proposal_names_and_places_the_tracks_of_its_uploads():
    release, proposal = drafted(("take1.flac", Tags()), ("take2.flac", Tags()))
    first, second = proposal.tracks
    better = replace(
        proposal,
        title="First Light",
        tracks=(replace(second, title="Nebula"), replace(first, title="Quasar", isrc="USRC17607839")),
    )

    shaped = take_over(release, better, cover=(COVER,), now=NOON)

    assert (shaped.title, shaped.cover, shaped.version, shaped.proposed) == ("First Light", (COVER,), 3, True)
    assert [(track.title, track.track_no, track.upload_id) for track in shaped.tracks] == [
        ("Nebula", 1, second.upload_id),
        ("Quasar", 2, first.upload_id),
    ]


def test_what_somebody_has_edited_or_published_is_left_alone():
    release, proposal = drafted(("take1.flac", Tags()))
    better = replace(proposal, title="First Light")
    edited = domain.edit_release(release, {"title": "Mine"}, expected=2, now=NOON)
    public, _ = domain.publish(release, audio=ready(release), expected=2, now=NOON)

    assert take_over(edited, better, cover=(), now=NOON) is edited
    assert take_over(public, better, cover=(), now=NOON) is public


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2011", date(2011, 1, 1)),
        ("2011-06", date(2011, 6, 1)),
        ("2011-06-30T10:00:00", date(2011, 6, 30)),
        ("2011-02-30", None),
        ("0000", None),
        ("June 2011", None),
        ("", None),
    ],
)
def test_a_date_tag_gives_the_first_day_it_can_mean(text: str, day: date | None):
    assert parse_tag_date(text) == day


def test_the_usual_kinds():
    assert [usual_kind(count).value for count in (1, 3, 4, 6, 7)] == ["single", "single", "ep", "ep", "album"]


@given(st.lists(st.tuples(st.text(), st.builds(Tags, title=st.text(), album=st.text())), min_size=1, max_size=6))
def test_whatever_files_are_called_every_master_becomes_a_track_with_a_title_that_can_be_saved(
    files: list[tuple[str, Tags]],
):
    given_masters = masters(*files)

    proposal = propose(given_masters)

    assert {track.asset_id for track in proposal.tracks} == {master.asset_id for master in given_masters}
    assert all(parse_title(track.title) == track.title for track in proposal.tracks)

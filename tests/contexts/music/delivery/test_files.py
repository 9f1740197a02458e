"""Only files that are spelled out can be fetched; no spelling leads out of an asset's folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.delivery.domain.files import AssetFile, CoverFile, FileKind, parse_path

ADDRESS = "0123456789abcdef" * 4
TOKEN = "1772391600.abcdefgh.p." + "A" * 43
ROOT = f"/media/{TOKEN}/a/{ADDRESS}"


@pytest.mark.parametrize(
    ("file", "kind", "rung", "segment"),
    [
        ("master.m3u8", FileKind.MASTER, "", 0),
        ("lossless.m3u8", FileKind.MASTER, "", 0),
        ("aac-160/index.m3u8", FileKind.PLAYLIST, "aac-160", 0),
        ("aac-160.2/init.mp4", FileKind.INITIALISATION, "aac-160.2", 0),
        ("flac/s00001.m4s", FileKind.SEGMENT, "flac", 1),
        ("aac-96/s99999.m4s", FileKind.SEGMENT, "aac-96", 99_999),
    ],
)
def test_a_file_of_an_asset_is_known_by_its_name(file: str, kind: FileKind, rung: str, segment: int):
    assert parse_path(f"{ROOT}/{file}") == AssetFile(f"a/{ADDRESS}/{file}", ADDRESS, TOKEN, kind, rung, segment)


def test_the_prefix_that_was_signed_is_the_folder_of_the_key():
    file = parse_path(f"{ROOT}/aac-160/s00001.m4s")

    assert isinstance(file, AssetFile)
    assert file.prefix == f"a/{ADDRESS}/"
    assert file.key.startswith(file.prefix)


def test_covers_are_known_by_their_checksum():
    name = "ab" * 32 + "-640.webp"

    assert parse_path(f"/media/covers/{name}") == CoverFile(f"covers/{name}")
    assert parse_path(f"/media/a/{ADDRESS}/cover/{name}") == CoverFile(f"a/{ADDRESS}/cover/{name}")


OUTSIDE = [
    "",
    "/",
    "/media",
    "/media/",
    f"/media/{TOKEN}",
    f"{ROOT}",
    f"{ROOT}/",
    f"{ROOT}//master.m3u8",
    f"{ROOT}/./master.m3u8",
    f"{ROOT}/../{ADDRESS}/master.m3u8",
    f"{ROOT}/aac-160/../../../originals/{ADDRESS}",
    f"{ROOT}/aac-160/..%2f..%2finit.mp4",
    f"{ROOT}/%2e%2e/master.m3u8",
    f"{ROOT}/aac-160%2findex.m3u8",
    f"{ROOT}/aac-160\\index.m3u8",
    f"{ROOT}\\master.m3u8",
    f"{ROOT}/aac-160/s00001.m4s\x00",
    f"{ROOT}/aac-160/s00001.m4s\n",
    f"{ROOT}/aac-160/s00001.m4s/",
    f"{ROOT}/aac-160/s00001.m4s?x",
    f"{ROOT}/aac-160/s1.m4s",
    f"{ROOT}/aac-160/s\u0660\u0660\u0660\u0660\u0661.m4s",
    f"{ROOT}/aac-160/S00001.M4S",
    f"{ROOT}/aac-160/.s00001.m4s",
    f"{ROOT}/.incoming/index.m3u8",
    f"{ROOT}/aac-160.0/index.m3u8",
    f"{ROOT}/cover/{'ab' * 32}-640.webp",
    f"{ROOT}/master.m3u8 ",
    f"/media/{TOKEN}/a/{ADDRESS.upper()}/master.m3u8",
    f"/media/{TOKEN}/a/{ADDRESS[1:]}/master.m3u8",
    f"/media/{TOKEN}/originals/01/{ADDRESS}",
    f"/media/{TOKEN}/covers/{'ab' * 32}-640.webp",
    f"/media/{TOKEN}/../{TOKEN}/a/{ADDRESS}/master.m3u8",
    f"/media/a/{ADDRESS}/master.m3u8",
    f"/media//a/{ADDRESS}/master.m3u8",
    f"/media/covers/../originals/{ADDRESS}-640.webp",
    f"/media/covers/{'ab' * 32}-640.svg",
    f"/media/covers/{'ab' * 32}-0.webp",
    f"/media/covers/{'ab' * 32}.webp",
    f"/media/originals/{ADDRESS}-640.webp",
    f"//media/{TOKEN}/a/{ADDRESS}/master.m3u8",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_any_other_spelling_names_nothing(path: str):
    assert parse_path(path) is None


@given(st.text(alphabet="/.%2e\\\x00:as0-9c", max_size=60))
def test_whatever_is_named_stays_below_its_folder(tail: str):
    found = parse_path(f"{ROOT}/{tail}")

    if found is not None:
        assert found.key.startswith(f"a/{ADDRESS}/")
        assert not {"", ".", ".."} & set(found.key.split("/"))

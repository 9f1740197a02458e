"""A bad master ends in a state with a reason, quickly, and nothing of it stays reachable."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2, TPE1

from tests.factories.sounds import ffmpeg, flac_of_silence, real_song, silence, tone
from vibestream.contexts.music.packaging.service import Reason, State
from vibestream.platform.config import load_settings


async def refused(studio, master: Path, reason: Reason, **settings) -> None:
    """Package a master and see it refused for this reason, everything of it gone, and its artist told why."""
    if settings:
        changed = load_settings(**{**studio.runtime.settings.model_dump(), **settings})
        studio.runtime = type(studio.runtime)(
            settings=changed,
            **{name: getattr(studio.runtime, name) for name in ("database", "objects", "mailer", "cpu")},
        )
    asset = await studio.package(master)
    assert (asset.state, asset.reason) == (State.REFUSED, reason)
    assert asset.explanation
    assert await studio.keys(asset) == set()
    assert await studio.renditions(asset.asset_id) == {}
    events = await studio.events()
    assert events[-1][0] == "asset_refused"
    assert events[-1][1]["reason"] == reason.value


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\0", Reason.NOT_AUDIO),
        (bytes(100_000), Reason.NOT_AUDIO),
        (random.Random(1).randbytes(300_000), Reason.NOT_AUDIO),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", Reason.PLAYLIST),
        (b"\xef\xbb\xbf \n#EXTM3U\n/etc/passwd\n", Reason.PLAYLIST),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Reason.PLAYLIST),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"#EXTM3U\n/etc/passwd\n", Reason.PLAYLIST),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.NOT_AUDIO),
        (b"%PDF-1.7\n", Reason.NOT_AUDIO),
        (b"OggS" + bytes(60), Reason.CODEC),
        (b"fLaC", Reason.UNREADABLE),
        (b"fLaC" + random.Random(2).randbytes(50_000), Reason.UNREADABLE),
        (b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WAVEfmt ", Reason.UNREADABLE),
        (b"\0\0\0\x18ftypM4A " + bytes(12) + random.Random(3).randbytes(9_000), Reason.UNREADABLE),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"A" * 5_000, Reason.UNREADABLE),
    ],
)
async def test_what_is_no_sound_file_is_refused_for_what_it_is(studio, tmp_path, content, reason):
    await refused(studio, written(tmp_path / "master", content), reason)


@pytest.mark.parametrize(
    "name", ["song.flac", "song.wav", "song.aiff", "song.ogg", "song.opus", "song.m4a", "song.mp3"]
)
async def test_a_file_that_was_cut_off_is_refused_even_after_it_had_begun_to_play(studio, tmp_path, name):
    options = ("-movflags", "+faststart") if name.endswith("m4a") else ()
    master = tone(tmp_path / name, *options, seconds=12)
    whole = master.read_bytes()

    await refused(studio, written(tmp_path / "cut", whole[: len(whole) * 2 // 3]), Reason.TRUNCATED)


async def test_a_container_whose_index_was_cut_off_is_unreadable(studio, tmp_path):
    whole = tone(tmp_path / "song.m4a", seconds=6).read_bytes()

    await refused(studio, written(tmp_path / "cut", whole[: len(whole) - 2_000]), Reason.UNREADABLE)


async def test_a_hole_in_the_middle_is_not_papered_over(studio, tmp_path):
    data = bytearray(tone(tmp_path / "song.flac", seconds=12).read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 4] = random.Random(4).randbytes(len(data) // 4)

    asset = await studio.package(written(tmp_path / "holed.flac", bytes(data)))

    assert asset.state is State.REFUSED
    assert asset.reason in {Reason.TRUNCATED, Reason.DAMAGED}
    assert await studio.keys(asset) == set()


async def test_a_flac_of_gigabytes_is_refused_before_it_is_decoded(studio, tmp_path):
    bomb = flac_of_silence(tmp_path / "bomb.flac", seconds=4 * 3600)
    assert bomb.stat().st_size < 1_000_000

    began = time.monotonic()
    await refused(studio, bomb, Reason.TOO_LONG)
    assert time.monotonic() - began < 5


async def test_too_much_sound_within_the_time_is_refused_before_it_is_decoded(studio, tmp_path):
    await refused(studio, flac_of_silence(tmp_path / "bomb.flac", seconds=100 * 60), Reason.TOO_MUCH_SOUND)


@pytest.mark.parametrize(("rate", "reason"), [(48_000, Reason.TOO_LONG), (192_000, Reason.TOO_MUCH_SOUND)])
@pytest.mark.parametrize("declared_s", [0, 2])
async def test_a_bomb_whose_header_lies_is_stopped_while_it_is_decoded(studio, tmp_path, declared_s, rate, reason):
    bomb = flac_of_silence(tmp_path / "bomb.flac", seconds=4 * 3600, rate=rate, declared_samples=declared_s * rate)

    began = time.monotonic()
    await refused(studio, bomb, reason, max_track_minutes=1)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("rate", "layout", "form", "lossy"),
    [
        (8_000, "mono", "s16", "96"),
        (192_000, "stereo", "s32", "96 160 320"),
        (44_100, "mono", "s16", "96 160"),
        (48_000, "5.1", "s16", "96 160 320"),
        (96_000, "7.1", "s16", "96 160 320"),
    ],
)
async def test_unusual_rates_and_channels_play(studio, tmp_path, rate, layout, form, lossy):  # noqa: PLR0917
    options = ("-sample_fmt", form)
    asset = await studio.package(tone(tmp_path / "song.flac", *options, seconds=5, rate=rate, layout=layout))

    assert (asset.state, asset.duration_ms) == (State.READY, 5_000)
    made = await studio.renditions(asset.asset_id)
    assert set(made) == {"flac", *(f"aac-{kbps}" for kbps in lossy.split())}
    assert made["flac"].sample_rate == rate
    assert made["flac"].channels == {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
    assert made["aac-96"].channels == (1 if layout == "mono" else 2)


@pytest.mark.parametrize(("codec", "bits"), [("pcm_f32le", 32), ("pcm_s24le", 24), ("pcm_u8", 8), ("pcm_f64le", 64)])
async def test_wav_of_every_depth_is_taken(studio, tmp_path, codec, bits):
    asset = await studio.package(tone(tmp_path / "song.wav", "-c:a", codec, seconds=3))

    assert asset.state is State.READY
    assert asset.source is not None
    assert asset.source.bits == bits
    assert (await studio.renditions(asset.asset_id))["flac"].bits == (16 if bits == 8 else 24)


async def test_a_wav_that_was_written_to_a_pipe_says_no_length_and_is_taken(studio, tmp_path):
    data = bytearray(tone(tmp_path / "song.wav", "-fflags", "+bitexact", seconds=3).read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff\xff\xff\xff"

    asset = await studio.package(written(tmp_path / "piped.wav", bytes(data)))

    assert (asset.state, asset.duration_ms) == (State.READY, 3_000)


async def test_other_codecs_in_known_containers_are_refused(studio, tmp_path):
    await refused(studio, tone(tmp_path / "adpcm.wav", "-c:a", "adpcm_ms"), Reason.CODEC)
    await refused(studio, tone(tmp_path / "speech.ogg", "-c:a", "flac", "-f", "ogg"), Reason.CODEC)
    await refused(studio, tone(tmp_path / "ac3.m4a", "-c:a", "ac3", "-f", "mp4"), Reason.CODEC)
    await refused(studio, tone(tmp_path / "layer2.mp3", "-c:a", "mp2", "-f", "mp2"), Reason.NOT_AUDIO)


async def test_a_film_without_sound_is_refused(studio, tmp_path):
    film = tmp_path / "film.m4a"
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=2:s=64x64", "-c:v", "mpeg4", "-f", "mp4", film)

    await refused(studio, film, Reason.NO_SOUND)


async def test_a_film_with_sound_is_taken_for_its_sound(studio, tmp_path):
    film = tmp_path / "film.m4a"
    sound = tone(tmp_path / "sound.wav", seconds=4)
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=4:s=64x64", "-i", sound, "-c:v", "mpeg4", "-c:a", "aac", "-f", "mp4", film)

    assert (await studio.package(film)).state is State.READY


async def test_a_tenth_of_a_second_is_no_track(studio, tmp_path):
    await refused(studio, tone(tmp_path / "click.wav", seconds=0.1), Reason.TOO_SHORT)
    await refused(studio, tone(tmp_path / "click.mp3", seconds=0.1), Reason.TOO_SHORT)


@pytest.mark.slow
async def test_two_hours_are_packaged(studio, tmp_path):
    asset = await studio.package(silence(tmp_path / "long.flac", seconds=7_200))

    assert (asset.state, asset.duration_ms) == (State.READY, 7_200_000)
    assert asset.loudness is not None
    assert (asset.loudness.integrated_lufs, asset.loudness.true_peak_dbtp) == (None, None)
    assert (await studio.renditions(asset.asset_id))["aac-96"].segments == 1_796


async def test_hostile_tags_become_plain_short_text(studio, tmp_path):
    master = tone(tmp_path / "song.flac", seconds=2)
    tags = FLAC(master)
    tags["title"] = "Sea\u202egnp.exe\u0007  <script>alert(1)</script>\u2066"
    tags["artist"] = "A" * 1_000_000
    tags["album"] = "مرحبا بالعالم"
    tags["genre"] = "\u200f\u0001"
    tags["date"] = "not a date"
    tags["tracknumber"] = "7/12"
    tags["discnumber"] = "-1"
    tags["isrc"] = "us-abc-12-34567"
    tags.save()

    found = (await studio.package(master)).tags

    assert found.title == "Seagnp.exe <script>alert(1)</script>"
    assert found.artist == "A" * 200
    assert found.album == "مرحبا بالعالم"
    assert (found.genre, found.date, found.disc_no) == (None, None, None)
    assert (found.track_no, found.isrc) == (7, "USABC1234567")


async def test_nul_in_an_id3_tag_ends_the_text(studio, tmp_path):
    master = tone(tmp_path / "song.mp3", seconds=2)
    tags = ID3()
    tags.add(TIT2(encoding=3, text="One\0Two"))
    tags.add(TPE1(encoding=1, text="Björk \U0001f3b5"))
    tags.save(master)

    found = (await studio.package(master)).tags

    assert (found.title, found.artist) == ("One", "Björk \U0001f3b5")


def png_bomb(path: Path, edge: int) -> bytes:
    """Return a PNG of a few kilobytes that decodes to edge times edge pixels."""
    ffmpeg("-f", "lavfi", "-i", f"color=black:s={edge}x{edge}:d=1,format=monob", "-frames:v", "1", path)
    return path.read_bytes()


def pictured(master: Path, data: bytes, mime: str = "image/png") -> Path:
    tags = ID3()
    tags.add(APIC(encoding=3, mime=mime, type=3, desc="", data=data))
    tags.save(master)
    return master


async def test_an_embedded_cover_is_made_anew_in_sizes_without_its_metadata(studio, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=1600x900:d=1", "-frames:v", "1", tmp_path / "c.jpg")
    from PIL import Image

    with Image.open(tmp_path / "c.jpg") as image:
        exif = image.getexif()
        exif[0x010E] = "secret place"
        image.save(tmp_path / "c2.jpg", exif=exif)
    master = pictured(tone(tmp_path / "song.mp3", seconds=2), (tmp_path / "c2.jpg").read_bytes(), "image/jpeg")

    asset = await studio.package(master)

    assert [(cover.width, cover.height, cover.content_type) for cover in asset.covers] == [
        (1200, 675, "image/webp"),
        (640, 360, "image/webp"),
        (160, 90, "image/webp"),
    ]
    for cover in asset.covers:
        data = await studio.runtime.objects.get_bytes(cover.key)
        assert b"secret place" not in data
        assert b"EXIF" not in data


@pytest.mark.parametrize(
    "cover",
    [
        lambda path: png_bomb(path, 12_000),
        lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        lambda _: b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        lambda _: random.Random(5).randbytes(21_000_000),
    ],
    ids=["bomb", "svg", "broken", "huge"],
)
async def test_a_cover_that_is_not_safe_to_decode_costs_the_cover_and_not_the_song(studio, tmp_path, cover):
    asset = await studio.package(pictured(tone(tmp_path / "song.mp3", seconds=2), cover(tmp_path / "cover.png")))

    assert asset.state is State.READY
    assert asset.covers == ()
    assert not any(key.startswith("cover") for key in await studio.keys(asset))


async def test_a_flac_with_a_picture_block_shows_it(studio, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=300x300:d=1", "-frames:v", "1", tmp_path / "c.png")
    master = tone(tmp_path / "song.flac", seconds=2)
    tags, block = FLAC(master), Picture()
    block.data, block.type, block.mime = (tmp_path / "c.png").read_bytes(), 3, "image/png"
    tags.add_picture(block)
    tags.save()

    asset = await studio.package(master)

    assert [(cover.width, cover.height) for cover in asset.covers] == [(300, 300), (160, 160)]


async def test_a_lossy_master_is_never_encoded_above_itself(studio, tmp_path):
    low = real_song("machine_wars.mp3")  # 80 kbit/s
    cut = tmp_path / "low.mp3"
    ffmpeg("-i", low, "-t", "8", "-c", "copy", cut)

    asset = await studio.package(cut)

    made = await studio.renditions(asset.asset_id)
    assert {rung: one.nominal_bps for rung, one in made.items()} == {"aac-96": 80_000}
    assert not (studio.folder(asset) / "lossless.m3u8").exists()

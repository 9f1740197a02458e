"""A good master becomes renditions that independent programs decode to the same sound."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.factories.sounds import decoded, ffmpeg, real_song, tone
from vibestream.contexts.music.packaging.service import Codec, Container, State


def probed(path: Path, *what: str) -> Any:
    command = ["ffprobe", "-v", "error", "-of", "json", *what, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


async def test_a_lossless_master_gets_the_whole_ladder_and_its_flac_apart(studio, tmp_path):
    asset = await studio.package(tone(tmp_path / "song.flac", seconds=10))

    assert (asset.state, asset.percent, asset.reason, asset.duration_ms) == (State.READY, 100, None, 10_000)
    made = await studio.renditions(asset.asset_id)
    assert set(made) == {"aac-96", "aac-160", "aac-320", "flac"}
    assert all(one.complete and one.segments == 3 for one in made.values())
    assert await studio.keys(asset) == {
        "master.m3u8",
        "lossless.m3u8",
        *(
            f"{rung}/{name}"
            for rung in made
            for name in ("index.m3u8", "init.mp4", "s00001.m4s", "s00002.m4s", "s00003.m4s")
        ),
    }
    lossy, lossless = await studio.text(asset, "master.m3u8"), await studio.text(asset, "lossless.m3u8")
    assert re.findall(r'CODECS="(.*?)"\n(.*)', lossy) == [
        ("mp4a.40.2", "aac-160/index.m3u8"),
        ("mp4a.40.2", "aac-96/index.m3u8"),
        ("mp4a.40.2", "aac-320/index.m3u8"),
    ]
    assert re.findall(r'CODECS="(.*?)"\n(.*)', lossless) == [("fLaC", "flac/index.m3u8")]


@pytest.mark.parametrize("bits", [16, 24])
async def test_the_flac_rung_holds_the_masters_own_samples(studio, tmp_path, bits):
    form = {16: "s16", 24: "s32"}[bits]
    noise = np.random.default_rng(7).integers(-(2**31), 2**31 - 1, 96_000 * 2 * 5, dtype=np.int32)
    raw = tmp_path / "noise.raw"
    raw.write_bytes(noise.astype("<i4").tobytes())
    master = tmp_path / "noise.flac"
    ffmpeg("-f", "s32le", "-ar", 96_000, "-ac", 2, "-i", raw, "-sample_fmt", form, "-bits_per_raw_sample", bits, master)

    asset = await studio.package(master)

    playlist = studio.folder(asset) / "flac" / "index.m3u8"
    assert (
        hashlib.sha256(decoded(playlist, form="s32le")).digest()
        == hashlib.sha256(decoded(master, form="s32le")).digest()
    )
    stream = probed(playlist, "-show_streams")["streams"][0]
    assert (stream["codec_name"], stream["sample_rate"], stream["bits_per_raw_sample"]) == ("flac", "96000", str(bits))


@pytest.mark.parametrize(
    ("name", "options", "container", "codec"),
    [
        ("song.wav", (), Container.WAV, Codec.PCM),
        ("song.aiff", (), Container.AIFF, Codec.PCM),
        ("song.mp3", ("-b:a", "320k"), Container.MP3, Codec.MP3),
        ("song.m4a", ("-c:a", "aac", "-b:a", "200k"), Container.MP4, Codec.AAC),
        ("alac.m4a", ("-c:a", "alac"), Container.MP4, Codec.ALAC),
        ("song.ogg", ("-c:a", "libvorbis", "-b:a", "192k"), Container.OGG, Codec.VORBIS),
        ("song.opus", ("-b:a", "192k"), Container.OGG, Codec.OPUS),
    ],
)
async def test_every_format_that_is_taken_plays_for_as_long_as_it_is(  # noqa: PLR0917
    studio, tmp_path, name, options, container, codec
):
    asset = await studio.package(tone(tmp_path / name, *options, seconds=6))

    assert asset.state is State.READY, asset.explanation
    assert asset.source is not None
    assert (asset.source.container, asset.source.codec) == (container, codec)
    assert abs(asset.duration_ms - 6_000) <= 60  # codec delay of the source that its container does not tell
    for rung in await studio.renditions(asset.asset_id):
        sound = decoded(studio.folder(asset) / rung / "index.m3u8", "-ar", "48000", "-ac", "2")
        assert abs(len(sound) / 4 - asset.duration_ms * 48) <= 2 * 1024, rung


async def test_playlists_keep_to_the_rules_of_hls(studio, tmp_path):
    asset = await studio.package(tone(tmp_path / "song.flac", seconds=13, rate=44_100))

    for rung, rendition in (await studio.renditions(asset.asset_id)).items():
        text = await studio.text(asset, f"{rung}/index.m3u8")
        lines = text.splitlines()
        assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:7"]
        assert lines[-1] == "#EXT-X-ENDLIST"
        assert {"#EXT-X-PLAYLIST-TYPE:EVENT", "#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MAP:URI="init.mp4"'} <= set(lines)
        durations = [Fraction(found) for found in re.findall(r"#EXTINF:([\d.]+),", text)]
        target = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", text)[0])
        assert all(round(duration) <= target for duration in durations)
        assert target == 4
        frame = 1024 if rung != "flac" else 4608
        assert 0 <= sum(durations) * 44_100 - 13 * 44_100 <= frame + 1024 + 1
        assert len(durations) == rendition.segments
        folder = studio.folder(asset) / rung
        sizes = [(folder / f"s{number:05d}.m4s").stat().st_size for number in range(1, len(durations) + 1)]
        assert sum(sizes) == rendition.total_bytes
        assert rendition.bandwidth.average == -(-sum(sizes) * 8 * rendition.timescale // rendition.duration_ticks)
        heaviest = max(size * 8 / duration for size, duration in zip(sizes, durations, strict=True) if duration > 2)
        assert heaviest <= rendition.bandwidth.peak <= heaviest * 1.001


async def test_every_segment_can_be_decoded_without_those_before_it(studio, tmp_path):
    asset = await studio.package(tone(tmp_path / "song.flac", seconds=10))

    for rung in await studio.renditions(asset.asset_id):
        folder = studio.folder(asset) / rung
        alone = tmp_path / "alone.mp4"
        alone.write_bytes((folder / "init.mp4").read_bytes() + (folder / "s00002.m4s").read_bytes())
        packets = probed(alone, "-show_packets")["packets"]
        assert packets[0]["flags"].startswith("K")
        assert abs(float(packets[0]["pts_time"]) - 4) < 0.1
        assert len(decoded(alone, "-ar", "48000", "-ac", "2")) / 4 == pytest.approx(4 * 48_000, abs=5_000)


async def test_a_segments_number_tells_which_part_of_the_sound_it_holds(studio, tmp_path):
    asset = await studio.package(tone(tmp_path / "song.flac", seconds=10))

    rendition = (await studio.renditions(asset.asset_id))["aac-160"]
    assert rendition.delay_samples == 1024
    spans = [rendition.span_ms(number) for number in (1, 2, 3)]
    assert spans == [(0, 3_989), (3_989, 8_000), (8_000, 10_000)]


async def test_what_is_measured_is_what_was_made(studio, tmp_path):
    asset = await studio.package(tone(tmp_path / "sine.wav", "-af", "volume=0.5", seconds=8))

    # A stereo sine's loudness and peak by an independent reading: ffmpeg 5's ebur128 over the master itself.
    judge = ["/usr/bin/ffmpeg", "-hide_banner", "-nostats", "-i", str(tmp_path / "sine.wav")]
    said = subprocess.run(
        [*judge, "-af", "ebur128=peak=true", "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    integrated = float(re.findall(r"I:\s+(-?[\d.]+) LUFS\n\s+Threshold", said.stderr)[-1])
    peak = float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said.stderr)[-1])
    assert asset.loudness is not None
    assert asset.loudness.integrated_lufs == pytest.approx(integrated, abs=0.2)
    assert asset.loudness.true_peak_dbtp == pytest.approx(peak, abs=0.2)
    samples = np.abs(np.frombuffer(decoded(tmp_path / "sine.wav"), "<i2").astype(int)).reshape(-1, 480 * 2).max(axis=1)
    assert len(asset.waveform) == 800
    assert np.abs(np.frombuffer(asset.waveform, np.uint8).astype(int) - samples * 255 // 32_768).max() <= 1
    assert len(asset.fingerprint) % 4 == 0
    assert len(asset.fingerprint) > 0


def bit_error(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> float:
    """Return the share of bits in which two fingerprints differ, at the shift of up to 1.5 s that suits them best."""
    rates = []
    for shift in range(12):
        length = min(len(one) - shift, len(other), 300)
        rates.append(np.unpackbits((one[shift:][:length] ^ other[:length]).view(np.uint8)).mean())
    return float(min(rates))


async def test_a_real_song_keeps_its_words_and_is_told_from_another(studio, tmp_path):
    one, other = real_song("Nebula.ogg"), real_song("Coherence.ogg")
    again = tmp_path / "again.mp3"
    ffmpeg("-ss", "0.7", "-i", one, "-t", "60", "-b:a", "64k", again)
    cut = {name: tmp_path / f"{name}.ogg" for name in ("one", "other")}
    ffmpeg("-i", one, "-t", "60", "-c", "copy", cut["one"])
    ffmpeg("-i", other, "-t", "60", "-c", "copy", cut["other"])

    assets = [await studio.package(path) for path in (cut["one"], again, cut["other"])]

    tags = assets[0].tags
    assert (tags.title, tags.artist, tags.album, tags.date) == (
        "Nebula",
        "Maxstack",
        "Endgame: Singularity (Advanced Research)",
        "2012-12-15",
    )
    first, same, different = (np.frombuffer(asset.fingerprint, "<u4") for asset in assets)

    assert bit_error(first, same) < 0.15
    assert bit_error(first, different) > 0.3

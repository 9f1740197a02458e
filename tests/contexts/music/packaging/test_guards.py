"""A playlist that calls itself a song must not read another file. Three guards, each shown to hold alone.

The secret is a real recording: what leaks is its sound, transcoded into the attacker's track. Where a guard is off the
leak is shown to happen first, so that no test passes because the attack was made wrong.
"""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.sounds import tone
from vibestream.contexts.music.packaging.domain.ladder import ladder_of
from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.gateway import commands
from vibestream.contexts.music.packaging.gateway.inspection import read_facts
from vibestream.platform.config import SandboxRule
from vibestream.platform.media.child import Ending, read_all, running
from vibestream.platform.media.programs import ffmpeg
from vibestream.platform.media.sandbox import Limits, Sandbox, open_sandbox, without_bubblewrap

LIMITS = Limits(cpu_s=20, wall_s=60)
LEAKED_BYTES = 50_000


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """Somebody else's private master, which everybody on the machine may read."""
    vault = Path("/var/tmp") / f"vibestream-test-{tmp_path.parent.name}-{tmp_path.name}"
    vault.mkdir(exist_ok=True)
    master = tone(vault / "private.mp3", seconds=10)
    yield master
    master.unlink()
    vault.rmdir()


def attacks(secret: Path) -> dict[str, str]:
    return {
        "ffconcat": f"ffconcat version 1.0\nfile 'file:{secret}'\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    }


@pytest.fixture(params=["ffconcat", "hls"])
def leak(request: pytest.FixtureRequest, secret: Path) -> Iterator[Path]:
    path = secret.with_name("leak.mp3")
    path.write_text(attacks(secret)[request.param])
    yield path
    path.unlink()


async def decode(sandbox: Sandbox, arguments: list[str], path: Path) -> tuple[int, Ending]:
    """Return how many bytes of sound come out, and how ffmpeg ended."""
    program = ffmpeg(Path("/usr/bin/ffmpeg"), sandbox=sandbox, work=path.parent)
    async with running(sandbox, program, arguments, reads=[path], pipes=1, limits=LIMITS) as child:
        return len(await read_all(child.pipes[0], limit_bytes=10**8)), await child.ended()


def careless(path: Path) -> list[str]:
    """What ffmpeg is asked by somebody who trusts `-protocol_whitelist` and turned off concat's own check."""
    protocols = ["-protocol_whitelist", "file,crypto,data"]
    safe = ["-safe", "0"] if path.read_text().startswith("ffconcat") else ["-allowed_extensions", "ALL"]
    return ["-nostdin", "-v", "warning", *protocols, *safe, "-i", f"file:{path}", "-f", "s16le", "pipe:3"]


async def test_without_any_guard_the_private_master_leaks(leak):
    sound, ending = await decode(without_bubblewrap(), careless(leak), leak)

    assert sound > LEAKED_BYTES, ending.complaints


async def test_the_sandbox_alone_stops_it(leak):
    sandbox = open_sandbox(SandboxRule.REQUIRE)

    sound, ending = await decode(sandbox, careless(leak), leak)

    assert sound == 0
    assert not ending.well
    assert "No such file or directory" in ending.complaints or "Failed to open segment" in ending.complaints


CODECS = {
    Container.FLAC: Codec.FLAC,
    Container.WAV: Codec.PCM,
    Container.AIFF: Codec.PCM,
    Container.MP3: Codec.MP3,
    Container.MP4: Codec.AAC,
    Container.OGG: Codec.OPUS,
}


def source_of(container: Container) -> Source:
    return Source(
        container=container,
        codec=CODECS[container],
        sample_rate=44_100,
        channels=2,
        bits=16,
        declared_ms=None,
        exact=False,
        bitrate_bps=0,
    )


@pytest.mark.parametrize("container", list(Container))
async def test_the_forced_and_only_demuxer_alone_stops_it(leak, container):
    source = source_of(container)
    ours = commands.first_rung(source, ladder_of(source).first, path=leak, limit_s=60, fingerprint=False)
    ours = [*ours[: ours.index("-filter_complex")], "-f", "s16le", "pipe:3"]

    sound, ending = await decode(without_bubblewrap(), ours, leak)

    assert sound == 0, ending.complaints


@pytest.mark.parametrize("container", list(Container))
def test_ffmpeg_is_always_asked_with_every_guard(container):
    source = source_of(container)
    ladder = ladder_of(source)
    for asked in (
        commands.first_rung(source, ladder.first, path=Path("/x"), limit_s=60, fingerprint=True),
        commands.further_rungs(source, ladder.rest, path=Path("/x"), limit_s=60),
    ):
        reading = asked[: asked.index("-i")]
        said = dict(itertools.pairwise(reading))
        assert said["-f"] == said["-format_whitelist"]
        assert said["-protocol_whitelist"] == "file"
        assert said["-codec_whitelist"]
        assert said["-t"] == "60.000"
        assert {"-nostdin", "-vn", "-sn", "-dn"} <= set(reading)
        assert asked[asked.index("-i") + 1] == "file:/x"
        written = asked[asked.index("-i") + 2 :]
        assert written.count("-map") == written.count("-f")
        assert all(target.startswith("pipe:") for flag, target in itertools.pairwise(written) if "pipe" in target)


async def test_the_format_whitelist_alone_stops_it(leak):
    whitelisted = careless(leak)
    at = whitelisted.index("-i")
    whitelisted[at:at] = ["-format_whitelist", "mp3"]

    sound, ending = await decode(without_bubblewrap(), whitelisted, leak)

    assert sound == 0
    assert "Format not on whitelist" in ending.complaints


async def test_the_first_bytes_alone_stop_it(leak):
    with pytest.raises(Refused) as refused:
        await read_facts(without_bubblewrap(), leak)

    assert refused.value.reason is Reason.PLAYLIST


async def test_a_file_name_is_never_taken_for_an_option_or_a_protocol(tmp_path):
    sandbox = open_sandbox(SandboxRule.REQUIRE)
    for name in ("-i.flac", "concat:a|b.flac", "http:x.flac", "pipe:0.flac", "a b'$(id).flac"):
        song = tone(tmp_path / "song.flac", seconds=2).rename(tmp_path / name)
        reading = await read_facts(sandbox, song)
        first = ladder_of(reading.source).first
        ours = commands.first_rung(reading.source, first, path=song, limit_s=60, fingerprint=False)
        program = ffmpeg(None, sandbox=sandbox, work=tmp_path)
        async with running(sandbox, program, ours, reads=[song], pipes=2, limits=LIMITS) as child:
            sound = [len(await read_all(pipe, limit_bytes=10**7)) for pipe in reversed(child.pipes)]
            assert (await child.ended()).well, name
        assert sound[0] == 2 * 48_000 * 4


async def test_another_codec_behind_a_wav_header_that_looks_like_samples_is_not_decoded(studio, tmp_path):
    sound = tone(tmp_path / "sound.mp3", seconds=30).read_bytes()
    mp3_as_extensible = bytes.fromhex("5500000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 2, 48_000, 192_000, 4, 16, 22, 16, 3) + mp3_as_extensible
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(sound)) + sound
    master = tmp_path / "looks.wav"
    master.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)

    asset = await studio.package(master)

    assert asset.reason is Reason.CODEC


async def test_a_master_cannot_make_ffmpeg_call_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        port = listener.getsockname()[1]
        path = tmp_path / "call.mp3"
        path.write_text(f"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:{port}/x.mp3\n#EXT-X-ENDLIST\n")
        sandbox = open_sandbox(SandboxRule.REQUIRE)
        daring = ["-nostdin", "-v", "error", "-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL"]
        daring += ["-i", f"file:{path}", "-f", "s16le", "pipe:3"]
        await decode(sandbox, daring, path)
        with pytest.raises(TimeoutError):
            listener.accept()

"""What ffmpeg is asked, as argument lists: one demuxer, the decoders of one codec, one protocol, one stream.

The demuxer is the one that belongs to what the reader found, forced, and the only one on the whitelist: a playlist that
looks like anything else is never taken for a playlist. `-protocol_whitelist file` alone does not stop a playlist from
reading other files of this machine; the demuxer whitelist does, and so does the sandbox. Each is tested alone.

Source: ffmpeg 5.1 and 9.0, ffmpeg-formats(1); research notes B2.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vibestream.contexts.music.packaging.domain.ladder import SEGMENT_S, Rung, encoded_rate
from vibestream.contexts.music.packaging.domain.measures import FINGERPRINT_S
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source

FIRST_PIPE: Final = 3

_DEMUXERS: Final = {
    Container.FLAC: "flac",
    Container.WAV: "wav",
    Container.AIFF: "aiff",
    Container.MP3: "mp3",
    Container.MP4: "mov",
    Container.OGG: "ogg",
}
_PCM: Final = ",".join(
    f"pcm_{form}"
    for form in ("u8", "s8", "s16le", "s24le", "s32le", "f32le", "f64le", "s16be", "s24be", "s32be", "f32be", "f64be")
)
_DECODERS: Final = {
    Codec.FLAC: "flac",
    Codec.PCM: _PCM,
    Codec.ALAC: "alac",
    Codec.MP3: "mp3,mp3float",
    Codec.AAC: "aac",
    Codec.VORBIS: "vorbis",
    Codec.OPUS: "opus,libopus",
}
_TOLERATED_DECODE_ERRORS: Final = "0.02"
"""Share of frames: lossy streams often begin in the middle of another. A lossless master has none."""
_DECODING_THREADS: Final = "1"
"""Decoding is a fiftieth of the work, and handing frames from thread to thread costs more than it gains."""
_COUNTED: Final = "asetpts=round(N/SR/TB)"
"""Time stamps by counting samples. Rounded: the quotient is a float, and cutting it off loses a sample now and then."""
_LAYOUTS: Final = {1: "mono", 2: "stereo"}
_FLAC_FORMATS: Final = {16: "s16", 24: "s32"}
_FRAGMENTED: Final = (
    *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4"),
    *("-strict", "experimental"),  # ffmpeg 5's name for FLAC in MP4
    # delay_moov: the initialisation waits for the first samples, so that its edit list can say what the encoder put in
    # front of them.
    *("-movflags", "+delay_moov+default_base_moof+skip_trailer", "-frag_duration", str(SEGMENT_S * 1_000_000)),
)


def first_rung(source: Source, rung: Rung, *, path: Path, limit_s: float, fingerprint: bool) -> list[str]:
    """Return the arguments that make the first rung and measure everything on the way, decoding once.

    Pipes: the rung as fragmented MP4; 16-bit little-endian samples of what is played, for the waveform; the raw
    fingerprint. Loudness is said on standard error at the end.
    """
    branches = ["e", "l", "w", *(["f"] if fingerprint else [])]
    split = f"asplit={len(branches)}" + "".join(f"[{branch}]" for branch in branches)
    graph = f"[0:a:0]{_played(source, limit_s)},{split};[l]ebur128=peak=true:framelog=verbose,anullsink"
    arguments = [*_reading(source, path, limit_s, level="info"), "-filter_complex", graph]
    arguments += ["-map", "[e]", *_aac(rung), *_FRAGMENTED, f"pipe:{FIRST_PIPE}"]
    arguments += ["-map", "[w]", "-c:a", "pcm_s16le", "-f", "s16le", f"pipe:{FIRST_PIPE + 1}"]
    if fingerprint:
        arguments += ["-map", "[f]", "-t", str(FINGERPRINT_S), "-f", "chromaprint", "-fp_format", "raw"]
        arguments.append(f"pipe:{FIRST_PIPE + 2}")
    return arguments


def further_rungs(source: Source, rungs: Sequence[Rung], *, path: Path, limit_s: float) -> list[str]:
    """Return the arguments that make more rungs, decoding once; each rung has its pipe, in order."""
    lossy = [rung for rung in rungs if rung.bits is None]
    arguments = _reading(source, path, limit_s, level="error")
    if lossy:
        split = f"asplit={len(lossy)}" + "".join(f"[{rung.name}]" for rung in lossy)
        arguments += ["-filter_complex", f"[0:a:0]{_played(source, limit_s)},{split}"]
    for number, rung in enumerate(rungs, FIRST_PIPE):
        if rung.bits is None:
            arguments += ["-map", f"[{rung.name}]", *_aac(rung)]
        else:
            arguments += ["-map", "0:a:0", "-af", _untouched(limit_s, rung.bits), "-c:a", "flac"]
            arguments += ["-sample_fmt", _FLAC_FORMATS[rung.bits], "-bits_per_raw_sample", str(rung.bits)]
        arguments += [*_FRAGMENTED, f"pipe:{number}"]
    return arguments


def _reading(source: Source, path: Path, limit_s: float, *, level: str) -> list[str]:
    demuxer = _DEMUXERS[source.container]
    tolerated = "0" if source.lossless else _TOLERATED_DECODE_ERRORS
    return [
        *("-hide_banner", "-nostdin", "-nostats", "-v", level, "-max_error_rate", tolerated),
        *("-protocol_whitelist", "file", "-format_whitelist", demuxer, "-codec_whitelist", _DECODERS[source.codec]),
        *("-threads", _DECODING_THREADS, "-err_detect", "crccheck", "-vn", "-sn", "-dn", "-t", f"{limit_s:.3f}"),
        *("-f", demuxer, "-i", f"file:{path}"),
    ]


def _played(source: Source, limit_s: float) -> str:
    """Return the filters from the decoder to what is played: counted anew, bounded, at AAC's rate and layout.

    A stream's own time stamps may jump or stand still; its samples do not.
    """
    layout = _LAYOUTS[min(source.channels, 2)]
    rate = encoded_rate(source.sample_rate)
    return f"{_COUNTED},atrim=end={limit_s:.3f},aformat=sample_rates={rate}:channel_layouts={layout}"


def _untouched(limit_s: float, bits: int) -> str:
    return f"{_COUNTED},atrim=end={limit_s:.3f},aformat=sample_fmts={_FLAC_FORMATS[bits]}"


def _aac(rung: Rung) -> list[str]:
    return ["-c:a", "aac", "-b:a", str(rung.bitrate_bps), "-ar", str(rung.sample_rate)]

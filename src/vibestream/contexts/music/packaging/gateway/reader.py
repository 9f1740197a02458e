"""Read a master's headers, tags and cover: executed as a script in the sandbox, never imported.

    python -I -S reader.py FOLDERS UID facts FILE      what it is, and its tags
    python -I -S reader.py FOLDERS UID cover FILE      its embedded picture, as it is: decoding it is another's work

Nothing of VibeStream is visible here. Everything it finds goes to file descriptor 3 as one JSON object, whose reader
believes none of it: `{"refused": REASON}` or what the functions below return. A file that a parser gives up on ends it
with `UNREADABLE`.
"""

from __future__ import annotations

import base64
import codecs
import importlib
import json
import os
import re
import struct
import sys
from types import TracebackType
from typing import Any, BinaryIO

UNREADABLE = 65
"""The exit code for a file that a parser gave up on. Source: sysexits.h, EX_DATAERR."""
MAX_TEXT = 4_000
MAX_PICTURE_BYTES = 20_000_000
_ID3 = b"ID3"
_ID3_HEADER = 10
_MOST_TAGS_BYTES = 64 * 1024 * 1024
_SYNC_WINDOW = 64 * 1024
_FRAMES_IN_A_ROW = 3
_MAGICS = {"flac": b"fLaC", "wav": b"RIFF....WAVE", "aiff": b"FORM....AIF[FC]", "mp4": b"....ftyp"}
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<ASX", b"<smil")
_WAV_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
_WAV_PCM, _WAV_FLOAT, _WAV_EXTENSIBLE = 1, 3, 0xFFFE
_OGG_LAST_PAGE = 4
_TAG_NAMES = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "albumartist": "album_artist",
    "genre": "genre",
    "license": "licence",
    "copyright": "licence",
    "date": "date",
    "isrc": "isrc",
    "tracknumber": "track_no",
    "discnumber": "disc_no",
}


class Refusal(Exception):
    """The file is refused for a reason that its artist can act on."""


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    folders, uid, task, name = arguments
    sys.path += folders.split(":")
    _load()
    if uid != "-":
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    sys.excepthook = _unreadable
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - a script of the standard library, told a path as text
            found = facts(file, name) if task == "facts" else cover(file, name)
    except Refusal as refusal:
        found = {"refused": str(refusal)}
    with os.fdopen(3, "wb") as out:
        out.write(json.dumps(found).encode())


def _unreadable(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say by the exit code that a parser gave up on the file: whatever it raised, the file cannot be read."""
    sys.__excepthook__(kind, error, trace)
    if not issubclass(kind, ImportError):  # our own defect: something was not loaded in time
        os._exit(UNREADABLE)


def _load() -> None:
    """Import everything that will be needed while we still may read it, text encodings included."""
    for encoding in ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "idna"):
        codecs.lookup(encoding)
    for module in ("aiff", "flac", "easyid3", "easymp4", "mp3", "oggopus", "oggvorbis", "wave"):
        importlib.import_module(f"mutagen.{module}")


def facts(file: BinaryIO, name: str) -> dict[str, Any]:
    """Return container, codec, sample rate, channels, bits, length in seconds and whether it is exact, bitrate, tags, whether it has a picture."""
    container = container_of(file)
    opened = open_tags(container, name)
    info = opened.info
    size = os.path.getsize(name)  # noqa: PTH202
    read = {"flac": _flac, "wav": _wav, "aiff": _aiff, "mp3": _mp3, "mp4": _mp4, "vorbis": _ogg, "opus": _ogg}[
        container
    ]
    found = read(file, info)
    seconds = found["seconds"]
    weighed = size * 8 / seconds if seconds else 0  # a header may claim more than the file could hold
    return {
        "container": "ogg" if container in {"vorbis", "opus"} else container,
        "codec": found["codec"],
        "sample_rate": found.get("sample_rate", info.__dict__.get("sample_rate", 0)) or 0,
        "channels": int(info.channels or 0),
        "bits": found.get("bits"),
        "seconds": seconds,
        "exact": found["exact"],
        "bitrate": int(min(found.get("bitrate") or weighed, weighed)),
        "tags": texts(opened.tags),
        "pictured": bool(picture(open_picture_tags(container, name))),
    }


def container_of(file: BinaryIO) -> str:
    """Return the container by the file's first bytes; Ogg is told by the codec inside."""
    start = file.read(64)
    if not start:
        raise Refusal("empty")
    if _is_playlist(start):
        raise Refusal("playlist")
    skipped = _after_id3(file, start)
    if skipped:
        file.seek(skipped)
        start = file.read(64)
    if start.startswith(b"OggS"):
        return _ogg_codec(start)
    for container, magic in _MAGICS.items():
        if re.match(magic, start, re.DOTALL):
            return container
    file.seek(skipped)
    if _has_mp3_frames(file.read(_SYNC_WINDOW)):
        return "mp3"
    raise Refusal("playlist" if _is_playlist(start) else "not_audio")


def open_tags(container: str, name: str) -> Any:
    """Return mutagen's view of the file, with tag names made alike where mutagen can."""
    from mutagen import aiff, flac, mp3, oggopus, oggvorbis, wave
    from mutagen.easymp4 import EasyMP4

    kinds = {
        "flac": flac.FLAC,
        "wav": wave.WAVE,
        "aiff": aiff.AIFF,
        "mp3": mp3.EasyMP3,
        "mp4": EasyMP4,
        "vorbis": oggvorbis.OggVorbis,
        "opus": oggopus.OggOpus,
    }
    return kinds[container](name)  # type: ignore[no-untyped-call]


def texts(tags: Any) -> dict[str, str]:
    """Return the first value of each tag that is kept, cut, by our names."""
    found: dict[str, str] = {}
    if tags is None:
        return found
    if hasattr(tags, "getall"):
        return _id3_texts(tags)
    for theirs, ours in _TAG_NAMES.items():
        try:
            value = tags[theirs]
        except (KeyError, ValueError):
            continue
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first.strip("\0 "):
            found.setdefault(ours, first.split("\0")[0][:MAX_TEXT] or first.strip("\0")[:MAX_TEXT])
    return found


def cover(file: BinaryIO, name: str) -> dict[str, Any]:
    """Return the embedded front cover as it stands in the file; empty when there is none, or one that is too large."""
    raw = picture(open_picture_tags(container_of(file), name))
    return {"picture": base64.b64encode(raw).decode() if len(raw) <= MAX_PICTURE_BYTES else ""}


def open_picture_tags(container: str, name: str) -> Any:
    """Return mutagen's view of the file with pictures, which its easy views leave out."""
    from mutagen.mp3 import MP3
    from mutagen.mp4 import MP4

    if container == "mp3":
        return MP3(name)  # type: ignore[no-untyped-call]
    if container == "mp4":
        return MP4(name)  # type: ignore[no-untyped-call]
    return open_tags(container, name)


def picture(opened: Any) -> bytes:
    """Return the bytes of the front cover, else of the first picture, else nothing."""
    from mutagen.flac import Picture

    front = 3
    found = list(getattr(opened, "pictures", []))
    tags = opened.tags
    if tags is None:
        tags = {}
    if hasattr(tags, "getall"):
        found += tags.getall("APIC")
    elif "metadata_block_picture" in tags:
        found += [Picture(base64.b64decode(text)) for text in tags["metadata_block_picture"][:4]]  # type: ignore[no-untyped-call]
    elif "covr" in tags:
        return bytes(tags["covr"][0]) if tags["covr"] else b""
    found.sort(key=lambda one: one.type != front)
    return bytes(found[0].data) if found else b""


def _is_playlist(start: bytes) -> bool:
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_PLAYLISTS)


def _after_id3(file: BinaryIO, start: bytes) -> int:
    """Return where the sound begins when an ID3v2 tag comes first. Source: ID3v2.4.0 structure, section 3.1."""
    if not start.startswith(_ID3) or len(start) < _ID3_HEADER:
        return 0
    size = sum((byte & 0x7F) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True)) + _ID3_HEADER
    if size > _MOST_TAGS_BYTES:
        raise Refusal("unreadable")
    file.seek(0, os.SEEK_END)
    return size if size < file.tell() else 0


def _has_mp3_frames(window: bytes) -> bool:
    """Say whether three MPEG audio layer III frames follow one another. Source: ISO/IEC 11172-3, section 2.4.2.3."""
    at = window.find(b"\xff")
    while at >= 0:
        follows, frames = at, 0
        while frames < _FRAMES_IN_A_ROW and (length := _mp3_frame_bytes(window[follows : follows + 4])):
            follows, frames = follows + length, frames + 1
            if follows >= len(window) and frames:
                return True
        if frames == _FRAMES_IN_A_ROW:
            return True
        at = window.find(b"\xff", at + 1)
    return False


def _mp3_frame_bytes(header: bytes) -> int:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the frame sync
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:  # noqa: PLR2004 - reserved, or not layer III
        return 0
    first = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    second = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    kbps = (first if version == 3 else second)[bitrate - 1]  # noqa: PLR2004 - MPEG-1
    hertz = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144_000 if version == 3 else 72_000) * kbps // hertz + padding  # noqa: PLR2004 - MPEG-1


def _ogg_codec(page: bytes) -> str:
    packet = page[27 + page[26] :] if len(page) > 27 else b""  # noqa: PLR2004 - the page header and its segment table
    if packet.startswith(b"OpusHead"):
        return "opus"
    if packet.startswith(b"\x01vorbis"):
        return "vorbis"
    raise Refusal("codec")


def _flac(_file: BinaryIO, info: Any) -> dict[str, Any]:
    return {"codec": "flac", "bits": info.bits_per_sample, "seconds": info.length, "exact": info.total_samples > 0}


def _wav(file: BinaryIO, info: Any) -> dict[str, Any]:
    if info.audio_format not in {_WAV_PCM, _WAV_FLOAT, _WAV_EXTENSIBLE}:
        raise Refusal("codec")
    declared, held = _wav_data(file)
    per_second = info.sample_rate * info.channels * ((info.bits_per_sample + 7) // 8)
    unknown = declared in _WAV_UNKNOWN_SIZES
    return {
        "codec": "pcm",
        "bits": info.bits_per_sample,
        "seconds": (held if unknown else declared) / per_second if per_second else 0,
        "exact": not unknown,
    }


def _wav_data(file: BinaryIO) -> tuple[int, int]:
    """Return the size of the data chunk as declared and as there is. Source: RIFF, multiples of two bytes."""
    file.seek(0, os.SEEK_END)
    end, at = file.tell(), 12
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind == b"data":
            return size, end - at - 8
        at += 8 + size + size % 2
    raise Refusal("no_sound")


def _aiff(_file: BinaryIO, info: Any) -> dict[str, Any]:
    return {"codec": "pcm", "bits": info.bits_per_sample, "seconds": info.length, "exact": True}


def _mp3(_file: BinaryIO, info: Any) -> dict[str, Any]:
    if info.layer != 3:  # noqa: PLR2004 - MPEG audio layer III
        raise Refusal("codec")
    counted = "UNKNOWN" not in str(info.bitrate_mode)
    return {"codec": "mp3", "seconds": info.length, "exact": counted, "bitrate": info.bitrate}


def _mp4(_file: BinaryIO, info: Any) -> dict[str, Any]:
    if info.codec.startswith("mp4a.40"):
        return {"codec": "aac", "seconds": info.length, "exact": True, "bitrate": info.bitrate}
    if info.codec == "alac":
        return {"codec": "alac", "bits": info.bits_per_sample, "seconds": info.length, "exact": True}
    raise Refusal("codec" if info.codec else "no_sound")


def _ogg(file: BinaryIO, info: Any) -> dict[str, Any]:
    # A stream that was cut off has no page marked as its last one.
    file.seek(0, os.SEEK_END)
    file.seek(max(file.tell() - 128 * 1024, 0))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 6 or not tail[last + 5] & _OGG_LAST_PAGE:
        raise Refusal("truncated")
    opus = type(info).__name__ == "OggOpusInfo"
    rate = {"sample_rate": 48_000} if opus else {}
    return {"codec": "opus" if opus else "vorbis", "seconds": info.length, "exact": True, **rate}


def _id3_texts(tags: Any) -> dict[str, str]:
    """Return the texts of plain ID3 frames, as WAV and AIFF carry them. Source: ID3v2.4.0 frames, section 4.2."""
    frames = {
        "TIT2": "title",
        "TPE1": "artist",
        "TALB": "album",
        "TPE2": "album_artist",
        "TCON": "genre",
        "TCOP": "licence",
        "TDRC": "date",
        "TSRC": "isrc",
        "TRCK": "track_no",
        "TPOS": "disc_no",
    }
    found = {}
    for frame, ours in frames.items():
        for one in tags.getall(frame):
            if one.text:
                found[ours] = str(one.text[0])[:MAX_TEXT]
    return found


if __name__ == "__main__":
    main(sys.argv[1:])

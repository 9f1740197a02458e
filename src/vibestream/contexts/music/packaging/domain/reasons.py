"""Why a master is refused: a stable code, and one sentence that the artist can act on."""

from __future__ import annotations

import enum
from typing import ClassVar

from vibestream.kernel.errors import InvalidInput


class Reason(enum.StrEnum):
    """What is wrong with a master. Codes are stored and shown; a changed meaning is a new code."""

    EMPTY = "empty"
    PLAYLIST = "playlist"
    NOT_AUDIO = "not_audio"
    UNREADABLE = "unreadable"
    CODEC = "codec"
    NO_SOUND = "no_sound"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_MUCH_SOUND = "too_much_sound"
    SAMPLE_RATE = "sample_rate"
    CHANNELS = "channels"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_COSTLY = "too_costly"


_SENTENCES: dict[Reason, str] = {
    Reason.EMPTY: "The file is empty. Export it again and upload the new file.",
    Reason.PLAYLIST: "This is a playlist, not sound. Upload the sound file that it points to.",
    Reason.NOT_AUDIO: "This is not a sound file we know. Upload FLAC, WAV, AIFF, MP3, M4A, Ogg Vorbis or Opus.",
    Reason.UNREADABLE: "The file's header cannot be read. Export it again from your audio program.",
    Reason.CODEC: "The sound inside is compressed in a way we do not take. Export it as FLAC, WAV or AIFF.",
    Reason.NO_SOUND: "There is no sound in this file. Check the export and upload it again.",
    Reason.TOO_SHORT: "The sound is shorter than one second. Upload the whole piece.",
    Reason.TOO_LONG: "The sound is longer than a track may be here. Split it into parts.",
    Reason.TOO_MUCH_SOUND: "So much sound at this sample rate and number of channels is more than we decode. "
    "Export it in stereo at 96 kHz or less.",
    Reason.SAMPLE_RATE: "The sample rate is outside 8 kHz to 192 kHz. Export it at 44.1, 48 or 96 kHz.",
    Reason.CHANNELS: "The sound has more than eight channels. Export it in stereo, 5.1 or 7.1.",
    Reason.TRUNCATED: "Sound is missing: the file promises more than it holds, as when a copy was cut off. Export it "
    "again and upload the whole file.",
    Reason.DAMAGED: "Parts of the sound cannot be decoded. Export it again from your audio program.",
    Reason.TOO_COSTLY: "Decoding this file takes far longer than sound of its length should. Export it again as FLAC or WAV.",
}


def sentence(reason: Reason) -> str:
    """Return what the artist is told: what is wrong and what to do about it."""
    return _SENTENCES[reason]


class Refused(InvalidInput):
    """The master cannot be packaged, now or later; the reason says what the artist can do."""

    code: ClassVar[str] = "packaging.refused"

    def __init__(self, reason: Reason) -> None:
        super().__init__(sentence(reason))
        self.reason = reason

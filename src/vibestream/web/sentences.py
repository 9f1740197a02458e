"""What an error says to a person, in their language: one sentence per stable code, with the error's facts in it.

An error's own message is English and safe to show; it stands where no sentence is written for its code, so that nobody
is left with a code. A test holds that every error a page can meet has its sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.web.localization import Language


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is said"
    """Mark a message for extraction."""
    return message


SENTENCES: Final[Mapping[str, str]] = {
    "access.not_signed_in": N_("Sign in first."),
    "access.role_missing": N_("Your account may not do this."),
    "http.cross_site": N_("This came from another site. Open VibeStream and try again there."),
    "http.rate_limited": N_("Too many tries. Wait {retry_after_s} seconds and try again."),
    "http.body_too_large": N_("That is larger than this page takes."),
    "database.busy": N_("Too many people changed the same thing at once. Try again."),
}


def say(code: str, message: str, facts: Mapping[str, object], spoken: Language) -> str:
    """Return the sentence of an error in a language; its English message when none is written for its code."""
    sentence = SENTENCES.get(code)
    if sentence is None:
        return message
    try:
        return spoken.gettext(sentence).format_map(facts)
    except KeyError:
        return message


REFUSALS: Final[Mapping[str, str]] = {
    "empty": N_("The file is empty. Export it again and upload the new file."),
    "playlist": N_("This is a playlist, not sound. Upload the sound file that it points to."),
    "not_audio": N_("This is not a sound file we know. Upload FLAC, WAV, AIFF, MP3, M4A, Ogg Vorbis or Opus."),
    "unreadable": N_("The file's header cannot be read. Export it again from your audio program."),
    "codec": N_("The sound inside is compressed in a way we do not take. Export it as FLAC, WAV or AIFF."),
    "no_sound": N_("There is no sound in this file. Check the export and upload it again."),
    "too_short": N_("The sound is shorter than one second. Upload the whole piece."),
    "too_long": N_("The sound is longer than a track may be here. Split it into parts."),
    "too_much_sound": N_(
        "So much sound at this sample rate and number of channels is more than we decode. "
        "Export it in stereo at 96 kHz or less."
    ),
    "sample_rate": N_("The sample rate is outside 8 kHz to 192 kHz. Export it at 44.1, 48 or 96 kHz."),
    "channels": N_("The sound has more than eight channels. Export it in stereo, 5.1 or 7.1."),
    "truncated": N_("The file ends before the sound does: it was cut off. Export it again and upload the whole file."),
    "damaged": N_("Parts of the sound cannot be decoded. Export it again from your audio program."),
    "too_costly": N_(
        "Decoding this file takes far longer than sound of its length should. Export it again as FLAC or WAV."
    ),
}
"""Why a master cannot be used, by packaging's stable codes."""
FAILED: Final = N_("Something on our side went wrong. Your file is safe; ask for it to be prepared again.")
EXPIRED: Final = N_("It was not finished in time. Upload the file again.")


def refusal_of(reason: str | None, explanation: str, spoken: Language) -> str:
    """Return why an upload cannot be used, in a language; `explanation` as it is where it is not one of ours."""
    sentence = REFUSALS.get(reason or "") or next((known for known in (FAILED, EXPIRED) if known == explanation), None)
    return spoken.gettext(sentence) if sentence else explanation

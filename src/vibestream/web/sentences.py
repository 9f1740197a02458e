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

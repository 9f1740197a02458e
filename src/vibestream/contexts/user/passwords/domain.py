"""Which passwords may be chosen: long, not common, not known to be out, not about oneself; no composition rules.

How long depends on what else is asked for: 15 characters where the password alone lets its owner in, 8 where a second
factor is asked for beside it. What was chosen short must not be left alone: the factor cannot be removed before it.

Source: NIST SP 800-63B-4 (2025), 3.1.1.2: at least 15 characters where the password is the only factor, at least 8 where
it is one of two, at least 64 allowed, no composition or rotation rules, a blocklist that includes common and context-specific words, Unicode
normalised before hashing.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict, InvalidInput

MIN_CHARACTERS: Final = 15
MIN_BESIDE_A_FACTOR: Final = 8
MAX_CHARACTERS: Final = 256
MIN_BEYOND_WORDS: Final = 8
"""Characters that must remain when every word that others would guess first has been taken out."""

SERVICE_WORDS: Final = ("vibestream", "vibe", "password", "contraseña")
_MIN_WORD: Final = 4
_LONGEST_UNIT: Final = 8
_WORD: Final = re.compile(r"[^\W_]+")


class PasswordLength(InvalidInput):
    """Shorter or longer than allowed."""

    code: ClassVar[str] = "password.length"

    def __init__(self, *, least: int = MIN_CHARACTERS) -> None:
        super().__init__(
            f"Use {least} to {MAX_CHARACTERS} characters: four or five random words with spaces are a good way."
        )
        self.least = least
        self.most = MAX_CHARACTERS


class PasswordCommon(InvalidInput):
    """Among those that attackers try first, or such a one repeated or spelled out."""

    code: ClassVar[str] = "password.common"

    def __init__(self) -> None:
        super().__init__("This password is among those that are tried first. Choose another.")


class PasswordBreached(InvalidInput):
    """Among those that were stolen from somewhere and published: attackers try them with every address."""

    code: ClassVar[str] = "password.breached"

    def __init__(self) -> None:
        super().__init__("This password was stolen somewhere and is in a list that attackers use. Choose another.")


class PasswordShortAlone(Conflict):
    """The password is too short to be the only thing asked for: a longer one is chosen before the factor is removed."""

    code: ClassVar[str] = "password.short_alone"

    def __init__(self) -> None:
        super().__init__(
            f"Your password is short because a second factor is asked for too. Choose one of {MIN_CHARACTERS} characters "
            "or more first."
        )


class PasswordPersonal(InvalidInput):
    """Mostly made of one's own name or address, or of ours."""

    code: ClassVar[str] = "password.personal"

    def __init__(self) -> None:
        super().__init__("This password is mostly your name, your address or ours. Choose another.")


def normalise(password: str) -> str:
    """Return the form that is hashed: NFC, so that the same keys give the same password on every system."""
    return unicodedata.normalize("NFC", password)


def context_words(*texts: str) -> frozenset[str]:
    """Return what a password must not consist of: texts about a person, such as their name and address, and their words."""
    folded = [_folded(text) for text in texts]
    words = (word for text in folded for word in (text, *_WORD.findall(text)))
    return frozenset(word for word in words if len(word) >= _MIN_WORD)


def require_good(
    password: str, *, context: Iterable[str], common: Collection[str], least: int = MIN_CHARACTERS
) -> None:
    """Return when a normalised password may be chosen. `common` holds common passwords, `context` texts about the person.

    Raises:
        PasswordLength: not `least` to 256 characters.
        PasswordCommon: common, a common or short one repeated, or a run such as `abcdefghijklmno`.
        PasswordPersonal: fewer than 8 characters, or a common password, remain without the words of the context.
    """
    if not least <= len(password) <= MAX_CHARACTERS:
        raise PasswordLength(least=least)
    folded = _folded(password)
    unit = _repeated_unit(folded)
    if folded in common or unit in common or (len(unit) <= _LONGEST_UNIT and unit != folded) or _is_run(folded):
        raise PasswordCommon
    words = context_words(*context) | frozenset(SERVICE_WORDS)
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    left = "".join(_WORD.findall(rest))
    if rest != folded and (len(left) < MIN_BEYOND_WORDS or left in common):
        raise PasswordPersonal


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _repeated_unit(text: str) -> str:
    """Return the shortest unit that the text repeats; the text itself when it repeats none."""
    period = (text + text).find(text, 1)
    return text[:period]


def _is_run(text: str) -> bool:
    """Say whether each character follows the one before it, upwards, downwards or equal (9 is followed by 0)."""
    steps = {(ord(after) - ord(before)) for before, after in itertools.pairwise(text)}
    return any(steps <= allowed for allowed in ({0}, {1, -9, -25}, {-1, 9, 25}))

"""Text that people type and other people read: one canonical form, nothing invisible, a length in characters.

Names are compared, shown beside those of others and put into mail and pages. Whatever could make one name look like
another, break a line or turn the direction of the text around it is refused here, once. Scripts are not restricted:
people and bands are called what they are called; what must not be confused (handles) has a stricter rule of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

_JOINERS: Final = "\u200c\u200d"
"""Zero-width (non-)joiners: needed by Persian and by joined emoji, so allowed between characters beyond ASCII."""
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
"""Characters that draw nothing although Unicode calls them letters, symbols or marks."""
_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MOST_MARKS: Final = 8
"""Combining marks in a row; no living orthography stacks as many."""
_SPACES: Final = re.compile(r"\s+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


class TextInvalid(InvalidInput):
    """A text that is empty, too long, or holds characters that cannot be shown plainly."""

    code: ClassVar[str] = "text.invalid"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def one_line(text: str, *, field: str, most: int, least: int = 1) -> str:
    """Return a text in NFC as one line: outer space dropped, inner space made single.

    `field` names the text in the error; `least` and `most` count characters of the result.

    Raises:
        TextInvalid: too short, too long, or with a character that cannot be seen (control, direction, blank, lone
            surrogate).
    """
    _require_length(text, field=field, least=0, most=4 * most)
    line = unicodedata.normalize("NFC", _SPACES.sub(" ", text).strip())
    _require_visible(line, field=field)
    _require_length(line, field=field, least=least, most=most)
    return line


def paragraphs(text: str, *, field: str, most: int) -> str:
    r"""Return a text in NFC that may hold line breaks (`\n`), at most one empty line in a row; may be empty.

    Raises:
        TextInvalid: too long, or with a character that cannot be seen.
    """
    _require_length(text, field=field, least=0, most=4 * most)
    lines = (_SPACES.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    block = _BLANK_LINES.sub("\n\n", unicodedata.normalize("NFC", "\n".join(lines))).strip()
    _require_visible(block.replace("\n", " "), field=field)
    _require_length(block, field=field, least=0, most=most)
    return block


def _require_length(text: str, *, field: str, least: int, most: int) -> None:
    if len(text) > most:
        raise TextInvalid(f"This is too long: at most {most} characters.", field=field)
    if len(text) < least:
        raise TextInvalid(f"This is too short: at least {least} characters.", field=field)


def _require_visible(text: str, *, field: str) -> None:
    marks = 0
    for position, character in enumerate(text):
        if character in _BLANK or (
            unicodedata.category(character) in _FORBIDDEN and not _joins(text, position, character)
        ):
            raise TextInvalid(f"The character U+{ord(character):04X} cannot be used here.", field=field)
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MOST_MARKS:
            raise TextInvalid("Too many accents on one letter.", field=field)


def _joins(text: str, position: int, character: str) -> bool:
    around = text[max(position - 1, 0) : position], text[position + 1 : position + 2]
    return character in _JOINERS and all(one and not one.isascii() for one in around)

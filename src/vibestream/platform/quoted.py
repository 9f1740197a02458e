"""What an error says, without what it quotes: a database writes the whole row that it refuses into its message.

An error is kept for operators and written into logs, where nobody looks for a person who is to be forgotten.
"""

from __future__ import annotations

import re
from typing import Final

MASKED: Final = "[masked]"

_EMAIL: Final = re.compile(r"[^\s@<>\"'(),:;=]{1,64}@[^\s@<>\"'(),:;=]{1,255}")
_END: Final = r"(?=\n(?:DETAIL|HINT|CONTEXT|QUERY|LINE \d+): |\n\n(?:The above exc|During hand)|\s*\Z)"
"""Where what a database says of one error ends: what it quotes goes on over line ends, and may hold brackets and quotes."""
_QUOTED: Final = tuple(
    (mark, re.compile(pattern, re.DOTALL), instead)
    for mark, pattern, instead in (
        ("ailing row", rf"(Failing row contains )\(.*?{_END}", rf"\1({MASKED})."),
        ("ey (", r"([Kk]ey \([^)\n]*\)=)\(.*?\)(?= already | is | conflicts |\.\s*(?:\n|\Z))", rf"\1({MASKED})"),
        ("invalid input", rf'(invalid input [^"\n]*: )".*?{_END}', rf"\1{MASKED}"),
        ("input_value=", r"(input_value=)[^\n]*(, input_type=\w+\])", rf"\1{MASKED}\2"),
        ("@", _EMAIL.pattern, MASKED),
    )
)
"""What is quoted: a word by which most texts are passed over quickly, the pattern, and what is written instead."""


def unquoted(text: str) -> str:
    """Return a text without the values that PostgreSQL and pydantic quote in what they say, and without e-mail addresses."""
    for mark, pattern, instead in _QUOTED:
        if mark in text:
            text = pattern.sub(instead, text)
    return text


def said_by(error: BaseException, *, most: int) -> str:
    """Return what an error says, its type first, for keeping: unquoted, without NUL, of so many characters at most."""
    return f"{type(error).__name__}: {unquoted(str(error))}".replace("\0", "")[:most]

"""Numbers as proofs carry them: decimal text, one way to write each, never a JSON number.

JSON readers in browsers round numbers above 2^53, so text is the format's rule (snarkjs) and anything else is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MOST_DIGITS: Final = 78
"""Of 2^256, the most that any number in a proof could need; a longer text is not even converted."""


class Malformed(ValueError):
    """What was sent is not written as a claim, a proof or a list of signals is. Never leaves this capability's service."""


def number(document: object, *, below: int) -> int:
    """Return the number that a text of decimal digits stands for.

    Raises:
        Malformed: it is no text of ASCII digits, has a leading zero, or is not below the bound.
    """
    if not isinstance(document, str) or not 1 <= len(document) <= _MOST_DIGITS:
        raise Malformed("A number is a text of decimal digits.")
    if not (document.isascii() and document.isdigit()) or (document[0] == "0" and document != "0"):
        raise Malformed("A number is a text of decimal digits without a leading zero.")
    value = int(document)
    if value >= below:
        raise Malformed("A number is not below the order of its field.")
    return value


def numbers(document: object, *, count: int, below: int) -> tuple[int, ...]:
    """Return so many numbers from a list.

    Raises:
        Malformed: it is no list, or of another length, or one of them is no such number.
    """
    return tuple(number(one, below=below) for one in items(document, count=count))


def items(document: object, *, count: int) -> Sequence[object]:
    """Return a list's members.

    Raises:
        Malformed: it is no list, or of another length.
    """
    if not isinstance(document, list) or len(document) != count:
        raise Malformed(f"A list of {count} was expected.")
    return document


def members(document: object, *, names: frozenset[str]) -> dict[str, object]:
    """Return an object's members, by name.

    Raises:
        Malformed: it is no object, or has other members than these.
    """
    if not isinstance(document, dict) or document.keys() != names:
        raise Malformed(f"An object with exactly these members was expected: {', '.join(sorted(names))}.")
    return document

"""The industry's numbers: ISRC for a recording, UPC or EAN for a product."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{2}[0-9]{5}")
_GTIN: Final = re.compile(r"[0-9]{12,13}")
_ASCII_LETTERS_AND_DIGITS: Final = re.compile(r"[A-Za-z0-9 \-]*")


class InvalidIsrc(InvalidInput):
    """Not an International Standard Recording Code."""

    code: ClassVar[str] = "catalogue.invalid_isrc"

    def __init__(self, *, isrc: str) -> None:
        super().__init__(
            f"{isrc[:40]!r} is not an ISRC: two letters, three letters or digits, two digits of the year, five digits."
        )
        self.isrc = isrc[:40]


class InvalidUpc(InvalidInput):
    """Not a UPC or EAN, or its check digit is wrong."""

    code: ClassVar[str] = "catalogue.invalid_upc"

    def __init__(self, *, upc: str, check_digit: int | None) -> None:
        super().__init__(
            f"{upc[:40]!r} is not a UPC (12 digits) or EAN (13 digits)."
            if check_digit is None
            else f"The last digit of {upc[:40]} does not check: a digit before it was mistyped, or it should be {check_digit}."
        )
        self.upc = upc[:40]


def parse_isrc(text: str) -> str:
    """Return the twelve characters of an ISRC, without its hyphens and in capitals.

    An ISRC has no check digit, so a well-formed one may still be nobody's. Source: ISO 3901:2019; ISRC Bulletin 2009/01
    on the form with hyphens, such as US-RC1-76-07839.

    Raises:
        InvalidIsrc: it is not well-formed.
    """
    compact = _compact(text).upper()
    if not _ISRC.fullmatch(compact):
        raise InvalidIsrc(isrc=text)
    return compact


def parse_upc(text: str) -> str:
    """Return the digits of a UPC-A (12) or EAN-13 (13) whose check digit is right, without spaces and hyphens.

    Raises:
        InvalidUpc: not 12 or 13 digits, or the last one does not check.
    """
    compact = _compact(text)
    if not _GTIN.fullmatch(compact):
        raise InvalidUpc(upc=text, check_digit=None)
    expected = gtin_check_digit(compact[:-1])
    if int(compact[-1]) != expected:
        raise InvalidUpc(upc=compact, check_digit=expected)
    return compact


def gtin_check_digit(body: str) -> int:
    """Return the check digit that follows these digits.

    Counted from the right, the digits weigh 3, 1, 3, 1 and so on; the check digit completes the sum to a multiple of
    ten. Source: GS1 General Specifications, section 7.9.1.
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -total % 10


def _compact(text: str) -> str:
    # Only what people print between the groups is dropped: a letter of another script must not become a Latin one.
    if not _ASCII_LETTERS_AND_DIGITS.fullmatch(text):
        return ""
    return text.replace("-", "").replace(" ", "")

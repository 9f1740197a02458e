"""ISRC, UPC and EAN are taken in every form people write them in, and refused when they cannot be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.catalogue.domain import (
    InvalidIsrc,
    InvalidUpc,
    gtin_check_digit,
    parse_isrc,
    parse_upc,
)


@pytest.mark.parametrize("written", ["USRC17607839", "US-RC1-76-07839", "us-rc1-76-07839", " USRC1 76 07839 "])
def test_an_isrc_is_kept_without_hyphens_and_in_capitals(written: str):
    # The example of the ISRC handbook.
    assert parse_isrc(written) == "USRC17607839"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "USRC1760783",
        "USRC176078390",
        "1SRC17607839",
        "US RC1760783X",
        "\u0405SRC17607839",  # Cyrillic Dze
        "USRC1760783\u0669",  # Arabic-Indic nine
        "USRC17607839\n",
    ],
)
def test_what_cannot_be_an_isrc_is_refused(written: str):
    with pytest.raises(InvalidIsrc) as refused:
        parse_isrc(written)

    assert refused.value.code == "catalogue.invalid_isrc"
    assert refused.value.facts() == {"isrc": written}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("036000291452", "036000291452"),  # the textbook UPC-A
        ("0 36000 29145 2", "036000291452"),
        ("4006381333931", "4006381333931"),  # the textbook EAN-13
        ("4-006381-333931", "4006381333931"),
    ],
)
def test_a_upc_or_ean_is_kept_as_its_digits(written: str, kept: str):
    assert parse_upc(written) == kept


def test_a_mistyped_digit_is_told_with_what_would_check():
    with pytest.raises(InvalidUpc, match="should be 2"):
        parse_upc("036000291453")


@pytest.mark.parametrize("written", ["", "12345678", "40063813339311", "03600029145a", "\u0663" * 12])
def test_what_has_not_twelve_or_thirteen_digits_is_no_upc(written: str):
    with pytest.raises(InvalidUpc, match="is not a UPC"):
        parse_upc(written)


@given(st.text("0123456789", min_size=11, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_changing_any_one_digit_is_noticed(body: str, place: int, by: int):
    code = body + str(gtin_check_digit(body))
    place %= len(code)
    changed = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]

    assert parse_upc(code) == code
    with pytest.raises(InvalidUpc):
        parse_upc(changed)

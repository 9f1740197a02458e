"""Which version an asker has."""

from __future__ import annotations

import pytest

from vibestream.kernel.entity_tags import is_named, tag_of


def test_a_tag_is_of_the_content_alone():
    # Source: FIPS 180-2, B.1: the SHA-256 of "abc".
    assert tag_of(b"abc") == '"ba7816bf8f01cfea414140de5dae2223"'
    assert tag_of(b"abd") != tag_of(b"abc")


@pytest.mark.parametrize(
    ("header", "if_match", "if_none_match"),
    [
        (None, False, False),
        ("", False, False),
        ("abc", False, False),
        ('"abc"', True, True),
        ('W/"abc"', False, True),
        ('"x", W/"y", "abc"', True, True),
        ('"x","abc"', True, True),
        ('"a,bc", "ab"', False, False),
        (" * ", True, True),
        ('"*"', False, False),
        ('w/"abc"', True, True),
        ('"ABC"', False, False),
        ('"abc', False, False),
    ],
)
def test_a_header_names_a_version_by_one_of_its_tags(header: str | None, if_match: bool, if_none_match: bool):
    assert is_named(header, '"abc"', weak=False) is if_match
    assert is_named(header, '"abc"', weak=True) is if_none_match

"""What people may type where other people read it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.kernel.text import TextInvalid, one_line, paragraphs


def line(text: str) -> str:
    return one_line(text, field="name", most=80)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana Río", "Ana Río"),
        ("  Ana \t\n Río ", "Ana Río"),
        ("Ana Ri\u0301o", "Ana R\u00edo"),  # NFD, as macOS sends it
        ("КоЯн", "КоЯн"),
        ("宇多田ヒカル", "宇多田ヒカル"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),  # Persian needs the non-joiner
        ("👩\u200d🎤 Zoë", "👩\u200d🎤 Zoë"),
        ("Ana\u00a0Río", "Ana Río"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # text is text; pages escape it
    ],
)
def test_keeps_what_can_be_read_in_one_canonical_form(typed: str, kept: str):
    assert line(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "a" * 81,
        "a" * 1_000_000,
        "Ana\u202eoiR",  # right-to-left override
        "Ana\u200bRío",  # zero-width space
        "a\u200db",  # a joiner between letters that need none
        "\u200d",
        "Ana\x00",
        "Ana\x1b[31m",
        "Ana\ud800",
        "\u3164",  # the Hangul filler: a letter that is blank
        "\u2800",
        "Ana\u2028Río\u202a",
        "Ana\ue000",
        "Z" + "\u0336" * 9,
    ],
)
def test_refuses_what_cannot_be_seen_or_does_not_fit(typed: str):
    with pytest.raises(TextInvalid) as refused:
        line(typed)
    assert refused.value.field == "name"


def test_counts_characters_after_composing_them():
    assert len(one_line("e\u0301" * 80, field="name", most=80)) == 80


def test_keeps_paragraphs_apart_by_one_empty_line():
    assert paragraphs("One \r\ntwo\r\n\r\n\r\n\r\nthree\t!  ", field="bio", most=100) == "One\ntwo\n\nthree !"


def test_an_empty_text_of_paragraphs_is_a_text():
    assert paragraphs(" \n ", field="bio", most=100) == ""


@pytest.mark.parametrize("typed", ["a" * 101, "a\x07b", "a\n\u202eb", "\x00"])
def test_refuses_paragraphs_like_lines(typed: str):
    with pytest.raises(TextInvalid):
        paragraphs(typed, field="bio", most=100)


@given(st.text())
def test_what_was_kept_once_is_kept_unchanged(typed: str):
    try:
        kept = line(typed)
    except TextInvalid:
        return
    assert line(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert 1 <= len(kept) <= 80
    assert "\n" not in kept

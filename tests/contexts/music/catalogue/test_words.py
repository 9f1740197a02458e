"""What people say of their music is kept as they meant it, bounded, with nothing invisible in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.catalogue.domain import (
    Credit,
    CreditRole,
    InvalidCredits,
    InvalidGenres,
    InvalidLanguage,
    parse_credits,
    parse_genres,
    parse_language,
    parse_title,
    title_from_file,
)
from vibestream.kernel.text import TextInvalid


def test_a_title_may_be_empty_and_at_most_two_hundred_characters():
    assert parse_title("") == ""
    assert parse_title("é" * 200) == "é" * 200
    with pytest.raises(TextInvalid):
        parse_title("é" * 201)


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        ("  Nebula\t(live)\r\n", "Nebula (live)"),
        ("Cafe\u0301", "Café"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("zero\u200bwidth\x00\x07", "zerowidth"),
        ("N" * 5000, "N" * 200),
        ("\x1b[31mred", "[31mred"),
        ("", ""),
        ("a" + "\u0301" * 400, ""),  # stacked accents: nothing that can be saved
    ],
)
def test_a_files_own_title_is_taken_as_far_as_it_makes_one(tag: str, title: str):
    assert title_from_file(tag) == title


@given(st.text())
def test_any_text_of_a_file_gives_a_title_that_an_editor_could_have_typed(text: str):
    title = title_from_file(text)

    assert parse_title(title) == title


def test_genres_are_in_lower_case_each_once_in_the_order_given():
    assert parse_genres(["Ambient", " drum  & bass", "AMBIENT", "", "\uff46\uff4f\uff4c\uff4b"]) == (
        "ambient",
        "drum & bass",
        "folk",
    )
    assert parse_genres(["música llanera", "رای"]) == ("música llanera", "رای")


@pytest.mark.parametrize("names", [["<script>"], ["a" * 41], ["-"], ["a\x00b"], list("abcdef")])
def test_genres_that_are_no_words_or_too_many_are_refused(names: list[str]):
    with pytest.raises(InvalidGenres):
        parse_genres(names)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("ES", "es"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), (" zxx ", "zxx")],
)
def test_a_language_is_kept_in_its_usual_case(written: str, kept: str):
    assert parse_language(written) == kept


@pytest.mark.parametrize("written", ["", "spanish", "e", "es-", "es-ESP", "1s", "\u0435s", "x-klingon"])
def test_what_is_no_language_tag_is_refused(written: str):
    with pytest.raises(InvalidLanguage):
        parse_language(written)


def test_credits_are_cleaned_and_kept_once():
    ada = Credit("Ada Ríos", CreditRole.COMPOSER)

    assert parse_credits([Credit("  Ada  Ríos ", CreditRole.COMPOSER), ada]) == (ada,)
    with pytest.raises(TextInvalid):
        parse_credits([Credit(" ", CreditRole.PRODUCER)])
    with pytest.raises(InvalidCredits):
        parse_credits([Credit(f"Choir {n}", CreditRole.PERFORMER) for n in range(51)])

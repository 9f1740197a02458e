"""A letter says the same in both its forms, links to this site alone, and loads nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.platform import letter

URL = "https://vibe.example"


def html(*paragraphs: str, closing: tuple[str, ...] = (), subject: str = "Hi", locale: str = "en") -> str:
    return letter.html_of(subject, paragraphs, closing, locale=locale, url=URL)


def test_addresses_of_this_site_are_links_and_what_anybody_typed_is_text():
    written = html(
        "See <this>: https://vibe.example/wallet.",
        "By https://evil.example/a and https://vibe.example.evil.example/b <mj-raw>{{ 7 * 7 }}</mj-raw>",
        closing=("Stop: https://vibe.example/u/x-_1",),
        subject="A & B",
    )

    assert "<title>A &amp; B</title>" in written
    assert 'See &lt;this&gt;: <a href="https://vibe.example/wallet">https://vibe.example/wallet</a>.' in written
    assert "&lt;mj-raw&gt;{{ 7 * 7 }}&lt;/mj-raw&gt;" in written
    assert set(re.findall(r'href="([^"]*)"', written)) == {URL, f"{URL}/wallet", f"{URL}/u/x-_1"}


def test_nothing_is_loaded_from_anywhere():
    assert not re.search(r"src=|url\(|@import|<link|<script", html("A", letter.Code("1234 5678")))


def test_a_code_is_shown_large_and_not_before_the_letter_is_opened():
    written = html("Enter this code:", letter.Code("1234 5678"))

    before = re.search(r'<div style="display:none[^>]*>([^<]*)</div>', written)
    assert before is not None
    assert before[1] == "Enter this code:"
    assert re.search(r'class="code".*?font-size:28px[^>]*>1234 5678<', written)
    assert "\n\n1234 5678\n\n" in letter.text_of(["Enter it:", letter.Code("1234 5678")], locale="en", url=URL)


@pytest.mark.parametrize(("locale", "greeting"), [("en", "Hello,"), ("es", "Hola:")])
def test_both_languages_greet_and_say_who_wrote(locale: str, greeting: str):
    text = letter.text_of(["A."], ["B"], locale=locale, url=URL)

    assert text.startswith(f"{greeting}\n\nA.\n\n--\nB\n")
    assert f"VibeStream, {URL}." in text
    assert f">{greeting}</div>" in html("A.", locale=locale)
    assert f'<html lang="{locale}"' in html("A.", locale=locale)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_any_sentence_can_be_written(sentence: str):
    written = html(sentence, sentence, closing=(sentence,), subject=sentence)

    assert written.count("<table") == html("A", "A", closing=("A",)).count("<table")

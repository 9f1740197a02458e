"""File names are text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.uploads.domain.names import shown_file_name


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("01 Nebula.flac", "01 Nebula.flac"),
        ("../../etc/passwd", "passwd"),
        ("/etc/shadow", "shadow"),
        ("C:\\Users\\ana\\Música\\Río.wav", "Río.wav"),
        ("..", "untitled"),
        ("...", "untitled"),
        ("", "untitled"),
        ("   ", "untitled"),
        ("a/b/", "untitled"),
        ("-i;$(touch x).mp3", "-i;$(touch x).mp3"),
        ("<script>alert(1)<\\script>.mp3", "script>.mp3"),
        ("\u202e3pm.exe", "3pm.exe"),
        ("a\x00b\r\nc\td.mp3", "ab c d.mp3"),
        ("\ufefftitle\u200b.mp3", "title.mp3"),
        ("Cafe\u0301.mp3", "Café.mp3"),
        ("東京.flac", "東京.flac"),
        ("\ud800.mp3", ".mp3"),
        ("x" * 300 + ".flac", "x" * 250 + ".flac"),
        ("x" * 300 + "." + "y" * 300, "x" * 255),
        ("🎸" * 300, "🎸" * 255),
    ],
)
def test_shows_the_last_part_of_a_name_without_what_cannot_be_seen(given_name: str, shown: str):
    assert shown_file_name(given_name) == shown


@given(st.text(st.characters(codec=None)))
def test_any_name_becomes_one_visible_line_that_no_path_hides_in(name: str):
    shown = shown_file_name(name)
    assert 1 <= len(shown) <= 255
    assert "/" not in shown
    assert "\\" not in shown
    assert shown.strip(". ")
    assert all(c == " " or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown)
    shown.encode()

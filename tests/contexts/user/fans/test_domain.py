"""A taste is a few words."""

from __future__ import annotations

import pytest

from vibestream.contexts.user.fans.domain import Badge, TasteInvalid, badges_of, parse_taste
from vibestream.kernel.text import TextInvalid


def test_a_taste_is_its_words_each_once_and_in_order():
    assert parse_taste(" ambient,  dub  techno ,, Ambient, nova ") == ("ambient", "dub techno", "nova")
    assert parse_taste("") == ()
    assert parse_taste(" , ,") == ()


@pytest.mark.parametrize("text", [",".join(f"w{n}" for n in range(9)), "x" * 121])
def test_too_many_words_or_a_huge_one_are_refused(text: str):
    with pytest.raises(TasteInvalid):
        parse_taste(text)


@pytest.mark.parametrize("text", ["x" * 31, "a\u202eb", "\u200b", "a\x00b"])
def test_what_cannot_be_shown_is_refused(text: str):
    with pytest.raises(TextInvalid):
        parse_taste(text)


def test_badges_follow_from_what_somebody_is():
    assert badges_of(artist=False, verified=False) == ()
    assert badges_of(artist=True, verified=False) == (Badge.ARTIST,)
    assert badges_of(artist=True, verified=True) == (Badge.VERIFIED_ARTIST,)

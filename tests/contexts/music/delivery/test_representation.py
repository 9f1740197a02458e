"""Which part of an object a request gets, by the letter of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.delivery.domain.representation import (
    Conditions,
    Failed,
    NotModified,
    Outcome,
    Part,
    Unsatisfiable,
    Whole,
    choose,
    parse_range,
)

ETAG = '"abc"'


def asked(method: str = "GET", **headers: str) -> Outcome:
    return choose(Conditions(method, **headers), etag=ETAG, size=1000)


# The examples of RFC 9110, sections 14.1.2 and 14.4, on an object of 10,000 bytes, and what people send besides.
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", Part(0, 500)),
        ("bytes=500-999", Part(500, 1000)),
        ("bytes=-500", Part(9500, 10_000)),
        ("bytes=9500-", Part(9500, 10_000)),
        ("bytes=0-0", Part(0, 1)),
        ("bytes=-1", Part(9999, 10_000)),
        ("bytes=0-", Part(0, 10_000)),
        ("bytes=0-99999", Part(0, 10_000)),
        ("bytes=-99999", Part(0, 10_000)),
        ("BYTES=0-499", Part(0, 500)),
        ("bytes= 0 - 499 ", Part(0, 500)),
        ("bytes=10000-", Unsatisfiable()),
        ("bytes=10000-10001", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=9223372036854775807-", Unsatisfiable()),
        # Not a valid range: as if it had not been sent.
        ("bytes=5-4", Whole()),
        ("bytes=-", Whole()),
        ("bytes=", Whole()),
        ("bytes", Whole()),
        ("bytes=abc", Whole()),
        ("bytes=1-2-3", Whole()),
        ("bytes=+1-2", Whole()),
        ("bytes=0x1-2", Whole()),
        ("bytes=\u0661-\u0662", Whole()),
        ("bytes=" + "9" * 100 + "-", Whole()),
        ("seconds=0-1", Whole()),
        # Several: the whole, so that nobody can have a small question answered by a multipart of thousands.
        ("bytes=0-0,-1", Whole()),
        ("bytes=0-1,0-1,0-1", Whole()),
        ("bytes=" + ",".join(["0-"] * 2000), Whole()),
    ],
)
def test_one_range_is_served_and_anything_else_is_the_whole(header: str, expected: Outcome):
    assert parse_range(header, size=10_000) == expected


def test_nothing_of_an_empty_object_satisfies_a_range():
    assert parse_range("bytes=0-", size=0) == Unsatisfiable()
    assert parse_range("bytes=-1", size=0) == Unsatisfiable()


@given(st.text(max_size=40), st.integers(0, 2000))
def test_a_part_always_lies_within_the_object(header: str, size: int):
    outcome = parse_range("bytes=" + header, size=size)

    if isinstance(outcome, Part):
        assert 0 <= outcome.start < outcome.end <= size


def test_a_range_means_something_for_get_only():
    assert asked("GET", range="bytes=0-0") == Part(0, 1)
    assert asked("HEAD", range="bytes=0-0") == Whole()


@pytest.mark.parametrize("header", ['"abc"', 'W/"abc"', '"x", "abc"', '"x",W/"abc"', "*", '  "abc"  '])
def test_what_the_asker_has_is_not_sent_again(header: str):
    assert asked(if_none_match=header) == NotModified()
    assert asked("HEAD", if_none_match=header) == NotModified()
    assert asked(if_none_match=header, range="bytes=5000-") == NotModified()


@pytest.mark.parametrize("header", ['"abd"', "abc", '""', ""])
def test_what_the_asker_has_not_is_sent(header: str):
    assert asked(if_none_match=header) == Whole()


def test_if_match_wants_this_version_strongly():
    assert asked(if_match='"abc"') == Whole()
    assert asked(if_match="*") == Whole()
    assert asked(if_match='"abd"') == Failed()
    assert asked(if_match='W/"abc"') == Failed()
    assert asked(if_match='"abd"', if_none_match='"abc"') == Failed()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"abc"', Part(10, 20)),
        ('"abd"', Whole()),
        ('W/"abc"', Whole()),
        ("Tue, 24 Nov 2026 09:00:00 GMT", Whole()),
        ("*", Whole()),
    ],
)
def test_if_range_holds_for_the_same_strong_tag_only(header: str, expected: Outcome):
    assert asked(range="bytes=10-19", if_range=header) == expected


def test_if_range_without_a_range_means_nothing():
    assert asked(if_range='"abd"') == Whole()

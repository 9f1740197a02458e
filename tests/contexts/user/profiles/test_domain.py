"""Handles that cannot be mistaken, links that lead where they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.user.profiles.domain import (
    HandleInvalid,
    Link,
    LinkInvalid,
    parse_handle,
    parse_links,
    skeleton_of,
)


@pytest.mark.parametrize(
    ("typed", "handle"),
    [
        ("rio-lento", "rio-lento"),
        ("@Rio_Lento", "rio_lento"),
        ("  rio.lento ", "rio.lento"),
        ("\uff32\uff29\uff2f", "rio"),  # full width
        ("\U0001d426\U0001d422\U0001d428", "mio"),  # mathematical bold
        ("\ufb01ona", "fiona"),  # the ligature fi
        ("a1b", "a1b"),
        ("a" * 30, "a" * 30),
    ],
)
def test_a_handle_has_one_canonical_form(typed: str, handle: str):
    assert parse_handle(typed).text == handle


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ab",
        "a" * 31,
        "a" * 1_000_000,
        "ri\u043e-lento",  # a Cyrillic o
        "\u0440\u0456\u043e",  # all Cyrillic
        "río",
        "ri\u0301o",
        "rio lento",
        "-rio",
        "rio-",
        "rio--lento",
        "rio..lento",
        "rio%",
        "rio_",
        "rio\u200blento",
        "rio\x00",
        "rio\nlento",
        "../rio",
        "<rio>",
        "١٢٣",  # Arabic digits
        "\ud800\ud800\ud800",
        "admin",
        "Adm1n1strator".replace("1", "i"),
        "s-u-p-p-o-r-t",  # reserved, with separators
        "l1ve",
        "supp0rt",  # reserved, with a look-alike
        "vibestrearn",  # reserved: rn looks like m
        "vvallet",
    ],
)
def test_whatever_could_be_mistaken_is_no_handle(typed: str):
    with pytest.raises(HandleInvalid):
        parse_handle(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rio-lento", "riolento"),
        ("rio-lento", "ri0.lent0"),
        ("all-star", "a1l-star"),
        ("modern", "rnodem"),
        ("wow", "vvovv"),
    ],
)
def test_handles_that_look_alike_share_a_skeleton(one: str, other: str):
    assert skeleton_of(one) == skeleton_of(other)


@pytest.mark.parametrize(("one", "other"), [("rio", "rios"), ("ana", "anna"), ("li", "ii"), ("s5", "ss"), ("b8", "bb")])
def test_handles_that_look_different_do_not(one: str, other: str):
    assert skeleton_of(one) != skeleton_of(other)


@given(st.text(max_size=40))
def test_a_canonical_handle_is_its_own_canonical_form(typed: str):
    try:
        handle = parse_handle(typed)
    except HandleInvalid:
        return
    assert parse_handle(handle.text) == handle
    assert handle.text.isascii()
    assert skeleton_of(handle.skeleton) == handle.skeleton


def test_links_keep_their_path_and_lower_their_host():
    assert parse_links([("Site", "https://Example.ORG/a?b=c#d"), ("Bandcamp", "https://rio-lento.example.com")]) == (
        Link("Site", "https://example.org/a?b=c#d"),
        Link("Bandcamp", "https://rio-lento.example.com"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org",
        "http://example.org",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:example.org",
        "https:///example.org",
        "https://",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://user:secret@example.org/",
        "https://example.org@evil.example/",
        "https://example.org:8443/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org\\@evil.example/",
        "https://example.org/\r\nSet-Cookie: a=b",
        "https://ex\u0430mple.org/",
        "https://example.org/" + "a" * 500,
        "https://-example.org/",
        "https://example..org/",
        "https://[example.org/",
    ],
)
def test_refuses_links_that_are_not_plain_https_to_a_named_host(url: str):
    with pytest.raises(LinkInvalid):
        parse_links([("Site", url)])


def test_refuses_more_than_ten_links():
    with pytest.raises(LinkInvalid):
        parse_links([("Site", "https://example.org")] * 11)

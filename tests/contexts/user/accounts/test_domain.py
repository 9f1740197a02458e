"""Addresses and codes."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.user.accounts.domain import Address, AddressInvalid, code_of, is_code, parse_address

KEY = b"k" * 32
ID = UUID("019ab000-0000-7000-8000-000000000001")
EXPECTED = "25085485"


@pytest.mark.parametrize(
    ("typed", "email", "lookup"),
    [
        ("ana@example.org", "ana@example.org", "ana@example.org"),
        ("  Ana.Rio+x@Example.ORG ", "Ana.Rio+x@example.org", "ana.rio+x@example.org"),
        ("n\u0303ame@example.org", "\u00f1ame@example.org", "\u00f1ame@example.org"),  # NFD
        ("ana@m\u00fcnchen.example.org", "ana@xn--mnchen-3ya.example.org", "ana@xn--mnchen-3ya.example.org"),
        ("a%b_c@example.org", "a%b_c@example.org", "a%b_c@example.org"),
        ("demo@vibestream.test", "demo@vibestream.test", "demo@vibestream.test"),
    ],
)
def test_an_address_has_one_canonical_form(typed: str, email: str, lookup: str):
    parsed = parse_address(typed)
    assert (parsed.email, parsed.lookup) == (email, lookup)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@example",
        "ana@localhost",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        "ana@example.org\r\nBcc: everyone@example.org",
        "ana\n@example.org",
        "ana@exam\x00ple.org",
        "ana@example.org,bob@example.org",
        "Ana <ana@example.org>",
        "ana@ex ample.org",
        "\ud800@example.org",
        "a" * 65 + "@example.org",
        "a" * 1_000_000 + "@example.org",
        "%@%",
    ],
)
def test_refuses_what_is_no_address(typed: str):
    with pytest.raises(AddressInvalid):
        parse_address(typed)


def test_letters_beyond_ascii_are_not_folded_into_others():
    dotless = parse_address("m\u0131ke@example.org")
    assert dotless.lookup != Address("mike@example.org").lookup


def test_a_code_is_eight_digits_of_the_key_and_the_sign_up():
    # printf "vibestream.user.sign-up-code.v1:<16 octets>" | openssl dgst -sha256 -hmac kk..., modulo 10^8
    assert code_of(key=KEY, sign_up_id=ID) == EXPECTED
    assert code_of(key=b"l" * 32, sign_up_id=ID) != EXPECTED
    assert code_of(key=KEY, sign_up_id=UUID(int=ID.int + 1)) != EXPECTED


@pytest.mark.parametrize("spelled", ["{}", " {} ", "{}\n"])
def test_takes_a_code_however_it_is_pasted(spelled: str):
    spaced = f"{EXPECTED[:4]} {EXPECTED[4:]}"
    for written in (EXPECTED, spaced, spaced.replace(" ", "-")):
        assert is_code(given=spelled.format(written), key=KEY, sign_up_id=ID)


@given(st.text(max_size=40).filter(lambda text: "".join(text.split()).replace("-", "") != EXPECTED))
def test_takes_nothing_else(text: str):
    assert not is_code(given=text, key=KEY, sign_up_id=ID)

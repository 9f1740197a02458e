"""What a wallet signs, read as strictly as it is written, and whose signature it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.chain_wallets import other_form, wallet
from vibestream.contexts.user.chain_wallets.domain.address import checked, signer_of
from vibestream.contexts.user.chain_wallets.domain.errors import AddressMalformed, MessageRefused, SignatureRefused
from vibestream.contexts.user.chain_wallets.domain.message import Site, check, compose, parse

NOW = datetime(2026, 11, 24, 12, 0, 7, 999, tzinfo=UTC)
SITE = Site(scheme="https", domain="vibestream.example", uri="https://vibestream.example/account/wallets", chain_id=1)
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
NONCE = "32891756aabbccdd"
TEXT = """vibestream.example wants you to sign in with your Ethereum account:
0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed

Connect this wallet with your VibeStream account. It will not sign you in and moves no money.

URI: https://vibestream.example/account/wallets
Version: 1
Chain ID: 1
Nonce: 32891756aabbccdd
Issued At: 2026-11-24T12:00:07Z
Expiration Time: 2026-11-24T12:05:07Z"""


def test_what_is_asked_is_written_in_the_standards_words():
    assert compose(site=SITE, address=ADDRESS.lower(), nonce=NONCE, now=NOW) == TEXT


def test_what_is_asked_is_read_and_found_right_from_a_minute_before_until_it_expires():
    said = parse(TEXT)
    assert (said.domain, said.address, said.nonce, said.chain_id) == (SITE.domain, ADDRESS, NONCE, 1)
    issued = datetime(2026, 11, 24, 12, 0, 7, tzinfo=UTC)
    for moment in (-60, 0, 299):
        check(said, site=SITE, now=issued + timedelta(seconds=moment))
    for moment, reason in ((-61, "issued"), (300, "issued"), (90_000, "issued")):
        with pytest.raises(MessageRefused) as refused:
            check(said, site=SITE, now=issued + timedelta(seconds=moment))
        assert refused.value.reason == reason


def _swap(old: str, new: str) -> Callable[[], str]:
    assert old in TEXT
    return lambda: TEXT.replace(old, new)


REFUSED = {
    # Who reads it in the wallet would see our name.
    "a homoglyph of the domain": (_swap("vibestream.example wants", "vibestr\u0435am.example wants"), "characters"),
    "its punycode": (_swap("vibestream.example wants", "xn--vibestram-0fg.example wants"), "domain"),
    "a subdomain": (_swap("vibestream.example wants", "evil.vibestream.example wants"), "domain"),
    "our name as a user": (_swap("vibestream.example wants", "vibestream.example@evil.example wants"), "grammar"),
    "our name before a path": (_swap("vibestream.example wants", "vibestream.example/x wants"), "grammar"),
    "another port": (_swap("vibestream.example wants", "vibestream.example:444 wants"), "domain"),
    "capitals": (_swap("vibestream.example wants", "VibeStream.example wants"), "domain"),
    "a trailing dot": (_swap("vibestream.example wants", "vibestream.example. wants"), "domain"),
    "another scheme": (_swap("vibestream.example wants", "http://vibestream.example wants"), "scheme"),
    "another page": (_swap("URI: https://vibestream.example/account", "URI: https://evil.example/account"), "uri"),
    "the page with a query": (_swap("/account/wallets\n", "/account/wallets?x\n"), "uri"),
    "another chain": (_swap("Chain ID: 1", "Chain ID: 137"), "chain"),
    "a chain with a zero before it": (_swap("Chain ID: 1", "Chain ID: 01"), "grammar"),
    "a chain in hexadecimal": (_swap("Chain ID: 1", "Chain ID: 0x1"), "grammar"),
    "a chain without end": (_swap("Chain ID: 1", "Chain ID: " + "9" * 40), "grammar"),
    "Arabic digits": (_swap("Chain ID: 1", "Chain ID: \u0661"), "characters"),
    "another version": (_swap("Version: 1", "Version: 2"), "version"),
    "another statement": (_swap("moves no money", "moves your money"), "statement"),
    "no statement": (
        _swap("Connect this wallet with your VibeStream account. It will not sign you in and moves no money.\n", ""),
        "statement",
    ),
    "a short nonce": (_swap(NONCE, "1234567"), "grammar"),
    "a nonce with a space": (_swap(NONCE, NONCE + " x"), "grammar"),
    "CRLF": (lambda: TEXT.replace("\n", "\r\n"), "characters"),
    "CR within a line": (_swap("Version: 1", "Version: 1\rChain ID: 1"), "characters"),
    "a line separator": (_swap("Version: 1", "Version: 1\u2028"), "characters"),
    "a tab": (_swap("Version: 1", "Version:\t1"), "characters"),
    "NUL": (_swap("Version: 1", "Version: 1\0"), "characters"),
    "text turned about": (_swap("Version: 1", "Version: \u202e1"), "characters"),
    "a line after its end": (lambda: TEXT + "\n", "grammar"),
    "a line before its beginning": (lambda: "\n" + TEXT, "grammar"),
    "lines in another order": (_swap("Version: 1\nChain ID: 1", "Chain ID: 1\nVersion: 1"), "grammar"),
    "a line twice": (_swap("Chain ID: 1", "Chain ID: 1\nChain ID: 137"), "grammar"),
    "a line in the statement": (_swap("It will", "\nURI: https://evil.example\nIt will"), "grammar"),
    "no expiry": (_swap("\nExpiration Time: 2026-11-24T12:05:07Z", ""), "expiry"),
    "an expiry that is far": (_swap("2026-11-24T12:05:07Z", "2027-11-24T12:05:07Z"), "expiry"),
    "an expiry that is over": (_swap("2026-11-24T12:05:07Z", "2026-11-24T12:00:06Z"), "expiry"),
    "from the future": (_swap("Issued At: 2026-11-24T12:00", "Issued At: 2026-11-24T12:04"), "issued"),
    "from the past": (_swap("Issued At: 2026-11-24T12:00", "Issued At: 2026-11-24T11:54"), "issued"),
    "not before later": (lambda: TEXT + "\nNot Before: 2026-11-24T12:01:00Z", "not before"),
    "a date that is none": (_swap("Issued At: 2026-11-24", "Issued At: 2026-02-30"), "instant"),
    "a time without a zone": (_swap("Issued At: 2026-11-24T12:00:07Z", "Issued At: 2026-11-24T12:00:07"), "instant"),
    "a time in words": (_swap("Issued At: 2026-11-24T12:00:07Z", "Issued At: now"), "instant"),
    "a date at the end of time": (
        _swap("Issued At: 2026-11-24T12:00:07Z", "Issued At: 9999-12-31T23:59:59-23:59"),
        "instant",
    ),
    "a request's id": (lambda: TEXT + "\nRequest ID: 7", "more than was asked"),
    "resources": (lambda: TEXT + "\nResources:\n- https://evil.example", "more than was asked"),
    "an address in small letters": (lambda: TEXT.replace(ADDRESS, ADDRESS.lower()), "address"),
    "capitals of another address": (lambda: TEXT.replace(ADDRESS, ADDRESS.replace("aA", "Aa")), "address"),
    "a short address": (lambda: TEXT.replace(ADDRESS, ADDRESS[:-1]), "grammar"),
    "nothing": (lambda: "", "grammar"),
    "a megabyte": (lambda: "a" * 1_000_000, "characters"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_we_did_not_ask_for_is_refused(kind: str):
    made, reason = REFUSED[kind]
    with pytest.raises(MessageRefused) as refused:
        check(parse(made()), site=SITE, now=NOW)
    assert refused.value.reason == reason


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str):
    for tried in (text, TEXT.replace(NONCE, text), TEXT.replace("Version: 1", text)):
        with contextlib.suppress(MessageRefused):
            assert compose(site=replace(SITE), address=parse(tried).address, nonce=NONCE, now=NOW) == TEXT


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
    ],
)  # fmt: skip
def test_capitals_are_those_of_the_standards_own_vectors(address: str):
    """Source: EIP-55, test cases."""
    assert checked(address) == checked(address.lower()) == checked("0x" + address[2:].upper()) == address


@pytest.mark.parametrize(
    "text", ["", "0x", ADDRESS[2:], ADDRESS + "0", ADDRESS[:-1], "0X" + ADDRESS[2:], ADDRESS.replace("5a", "5A"), " " + ADDRESS,
             ADDRESS.replace("B", "\u0412"), "vitalik.eth"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(AddressMalformed):
        checked(text)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("text", [TEXT, "", "ñ and 音楽"])
def test_the_signer_is_whom_eth_account_says_it_is(number: int, text: str):
    key = wallet(number)
    signature = key.sign(text)
    assert signer_of(text, signature=signature) == key.address
    assert signer_of(text, signature=signature) == Account.recover_message(
        encode_defunct(text=text), signature=signature
    )
    last = int(signature[-2:], 16) - 27
    assert signer_of(text, signature=f"{signature[:-2]}{last:02x}") == key.address  # as hardware wallets write it


def test_the_other_form_of_a_signature_is_refused_though_its_signer_is_the_same():
    signature = wallet().sign(TEXT)
    other = other_form(signature)
    assert (
        Account.recover_message(encode_defunct(text=TEXT), signature=other) == wallet().address
    )  # eth-account takes it
    with pytest.raises(SignatureRefused):
        signer_of(TEXT, signature=other)


GOOD = wallet().sign(TEXT)


@pytest.mark.parametrize(
    "signature",
    [
        "", "0x", GOOD[2:], GOOD[:-2], GOOD + "00", GOOD.replace("0x", "0X"), GOOD[:-2] + "1d", GOOD[:-2] + "25",
        "0x" + "00" * 64 + "1b", "0x" + "00" * 32 + GOOD[66:], GOOD[:66] + "00" * 32 + "1b", "0x" + "ff" * 64 + "1b",
        "0x" + "g" * 130, "0x" + "\u0660" * 130,
    ],
)  # fmt: skip
def test_what_is_no_signature_is_refused(signature: str):
    with pytest.raises(SignatureRefused):
        signer_of(TEXT, signature=signature)


@given(st.binary(min_size=64, max_size=64), st.sampled_from(["1b", "1c", "00", "01"]))
def test_any_bytes_are_somebody_elses_signature_or_none(raw: bytes, last: str):
    with contextlib.suppress(SignatureRefused):
        assert signer_of(TEXT, signature="0x" + raw.hex() + last) != wallet().address

"""Devices, networks, token forms."""

from __future__ import annotations

import secrets

import pytest

from vibestream.contexts.user.sessions.domain import (
    ADMIN,
    ORDINARY,
    Device,
    device_of,
    is_token,
    lifetime_of,
    network_of,
)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:aaaa:bbbb:cccc::1", "2001:db8:aaaa::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("testclient", ""),
        ("", ""),
        (None, ""),
        ("203.0.113.77; DROP TABLE", ""),
    ],
)
def test_an_address_is_kept_as_its_coarse_network(address: str | None, network: str):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/19.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
                " Safari/537.36 Edg/156.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
                " Safari/537.36"
            ),
            "Chrome on macOS",
        ),
        ("curl/8.9.1", "curl"),
        ("", ""),
    ],
)
def test_a_device_is_named_in_a_few_words(user_agent: str, label: str):
    assert Device(user_agent, "").label == label


def test_a_user_agent_is_kept_short_and_printable():
    kept = device_of(user_agent="Evil\r\n\x1b[31m\u202e" + "x" * 1_000_000, address=None)
    assert kept.user_agent == "Evil[31m" + "x" * 248
    assert kept.network == ""
    assert device_of(user_agent=None, address=None) == Device("", "")


def test_only_an_admins_session_is_short():
    assert lifetime_of(["artist", "admin"]) == ADMIN
    assert lifetime_of([]) == lifetime_of(["artist"]) == ORDINARY


def test_a_token_is_43_characters_of_base64url():
    assert is_token(secrets.token_urlsafe(32))
    for other in ("", "a" * 42, "a" * 44, "a" * 42 + "=", "ä" * 43, "a" * 42 + "\n", "%" * 43):
        assert not is_token(other)

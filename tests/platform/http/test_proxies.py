"""Who called, behind proxies and behind lies."""

from __future__ import annotations

from typing import Any

import pytest

from vibestream.platform.http.proxies import InvalidProxies, TrustedProxies

OURS = TrustedProxies.parse("10.0.0.0/8, 2001:db8:1::/48,192.0.2.7")


def resolved(
    client: str | None, *forwarded: str, proto: str | None = None, ours: TrustedProxies = OURS
) -> tuple[str | None, str]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode()))
    scope: dict[str, Any] = {
        "type": "http",
        "client": client and (client, 1234),
        "scheme": "http",
        "headers": headers,
    }
    ours.resolve(scope)
    return scope["client"] and scope["client"][0], scope["scheme"]


@pytest.mark.parametrize(
    ("client", "forwarded", "caller"),
    [
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("192.0.2.7", ["203.0.113.9"], "203.0.113.9"),
        ("2001:db8:1::5", ["2001:db8:ffff::9"], "2001:db8:ffff::9"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2, 10.0.0.3"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8:ffff::9]:4711"], "2001:db8:ffff::9"),
    ],
)
def test_the_first_hop_from_the_right_that_is_not_ours_is_the_caller(client, forwarded, caller):
    assert resolved(client, *forwarded)[0] == caller


@pytest.mark.parametrize(
    ("client", "forwarded", "caller"),
    [
        ("203.0.113.50", ["198.51.100.1"], "203.0.113.50"),  # not one of our proxies: it may claim what it likes
        ("10.0.0.1", ["1.2.3.4, 203.0.113.9"], "203.0.113.9"),  # what the caller wrote itself stands further left
        ("10.0.0.1", ["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.9, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, "], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, ²"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9\x00"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [","], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        (None, ["203.0.113.9"], None),
    ],
)
def test_a_lie_is_not_believed(client, forwarded, caller):
    assert resolved(client, *forwarded)[0] == caller


def test_a_thousand_hops_cost_nothing():
    assert resolved("10.0.0.1", ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 100_000))[0] == "10.0.0.2"


@pytest.mark.parametrize(
    ("client", "proto", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "gopher", "http"),
        ("10.0.0.1", "", "http"),
        ("203.0.113.50", "https", "http"),
    ],
)
def test_the_scheme_is_believed_from_our_neighbour_only(client, proto, scheme):
    assert resolved(client, proto=proto)[1] == scheme


def test_without_proxies_of_ours_nobody_is_believed():
    assert resolved("10.0.0.1", "203.0.113.9", proto="https", ours=TrustedProxies.parse("")) == ("10.0.0.1", "http")


@pytest.mark.parametrize("text", ["10.0.0.0/33", "nginx", "10.0.0.1/8", "*"])
def test_what_is_no_network_stops_the_start(text):
    with pytest.raises(InvalidProxies, match="VIBESTREAM_TRUSTED_PROXIES"):
        TrustedProxies.parse(text)

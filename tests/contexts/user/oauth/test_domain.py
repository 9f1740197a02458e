"""The pure rules: redirect URIs, PKCE, scopes, and the turns of keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vibestream.contexts.user.oauth.domain import proof, turns
from vibestream.contexts.user.oauth.domain.errors import InvalidScope, RedirectUriInvalid, ScopesInvalid
from vibestream.contexts.user.oauth.domain.redirects import check_redirect_uri, is_registered, origin_of, with_answer
from vibestream.contexts.user.oauth.domain.scopes import chosen_scopes, parse_scopes

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_verifier_of_the_standard_fits_its_challenge():
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    assert proof.fits(verifier, challenge=challenge)
    assert not proof.fits(challenge, challenge=challenge)  # the plain method
    assert not proof.fits(verifier[:-1] + "l", challenge=challenge)
    assert not proof.fits("a" * 42, challenge=challenge)
    assert not proof.fits("", challenge=challenge)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/back",
        "https://app.example",
        "https://app.example:8443/a/b?tenant=1",
        "http://127.0.0.1/back",
        "http://127.0.0.1:8080/back",
        "http://[::1]/back",
        "org.example.app:/back",
    ],
)
def test_a_redirect_uri_that_a_public_client_may_have(uri: str):
    assert check_redirect_uri(uri, public=True) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://app.example/back",
        "http://localhost/back",
        "http://127.0.0.1.evil.example/back",
        "http://127.0.0.1@evil.example/back",
        "https://app.example/back#fragment",
        "https://user@app.example/back",
        "https://app.example\\@evil.example/",
        "https://*.example/back",
        "https://app.example/back\nx",
        "https://app.example/back ",
        " https://app.example/back",
        "//app.example/back",
        "/back",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/back",
        "HTTPS://app.example/back",
        "https://äpp.example/",
        "https://app.example/'; script-src *",
        "https://app.example/" + "a" * 400,
    ],
)
def test_a_redirect_uri_that_nobody_may_have(uri: str):
    with pytest.raises(RedirectUriInvalid):
        check_redirect_uri(uri, public=True)


@pytest.mark.parametrize("uri", ["http://127.0.0.1/back", "org.example.app:/back"])
def test_a_client_with_a_secret_lives_on_a_server(uri: str):
    with pytest.raises(RedirectUriInvalid):
        check_redirect_uri(uri, public=False)


@pytest.mark.parametrize(
    ("asked", "registered", "is_one"),
    [
        ("https://app.example/back", "https://app.example/back", True),
        ("https://app.example/back/", "https://app.example/back", False),
        ("https://app.example/back?x=1", "https://app.example/back", False),
        ("https://app.example/Back", "https://app.example/back", False),
        ("https://APP.example/back", "https://app.example/back", False),
        ("https://app.example:443/back", "https://app.example/back", False),
        ("https://app.example/b%61ck", "https://app.example/back", False),
        ("https://app.example.evil.example/back", "https://app.example/back", False),
        ("https://evil.example/https://app.example/back", "https://app.example/back", False),
        ("http://127.0.0.1:51004/back", "http://127.0.0.1/back", True),
        ("http://127.0.0.1:51004/back", "http://127.0.0.1:80/back", True),
        ("http://127.0.0.1:51004/other", "http://127.0.0.1/back", False),
        ("http://127.0.0.1:51004@evil.example/back", "http://127.0.0.1/back", False),
        ("http://[::1]:51004/back", "http://127.0.0.1/back", False),
        ("http://localhost:51004/back", "http://127.0.0.1/back", False),
        ("http://127.0.0.1:51004/back#", "http://127.0.0.1/back", False),
    ],
)
def test_a_redirect_uri_is_compared_character_by_character_but_for_a_loopback_port(
    asked: str, registered: str, is_one: bool
):
    assert is_registered(asked, [registered]) is is_one


def test_where_a_redirect_uri_leads():
    assert origin_of("https://app.example:8443/a?b") == "https://app.example:8443"
    assert origin_of("http://127.0.0.1:5000/a") == "http://127.0.0.1:5000"
    assert origin_of("http://127.0.0.1/a") == "http://127.0.0.1"
    assert origin_of("http://[::1]:5000/a") == "http:"
    assert origin_of("org.example.app:/a") == "org.example.app:"


def test_an_answer_is_added_to_the_query():
    assert with_answer("https://a.example/b", {"code": "x", "state": "a b&c=d"}) == (
        "https://a.example/b?code=x&state=a+b%26c%3Dd"
    )
    assert with_answer("https://a.example/b?t=1", {"code": "x"}) == "https://a.example/b?t=1&code=x"


def test_scopes_are_those_that_exist_and_are_allowed():
    assert parse_scopes("profile openid profile", allowed=["openid", "profile"]) == ("openid", "profile")
    for text in ("", " ", "openid  profile", "openid\tprofile", "email", "openid admin", 'open"id', "x" * 5000):
        with pytest.raises(InvalidScope):
            parse_scopes(text, allowed=["openid", "profile"])
    assert chosen_scopes(["wallet:read", "openid"]) == ("openid", "wallet:read")
    for chosen in ([], ["admin"], ["openid", ""]):
        with pytest.raises(ScopesInvalid):
            chosen_scopes(chosen)


def test_keys_take_turns_with_an_overlap_on_both_sides():
    day = timedelta(days=1)
    assert turns.next_turn([], NOW) == NOW
    first = [NOW]
    assert turns.signing(first, NOW) == 0
    assert turns.signing(first, NOW - timedelta(seconds=1)) is None
    assert turns.next_turn(first, NOW + 88 * day) is None
    assert turns.next_turn(first, NOW + 89 * day) == NOW + 90 * day
    assert turns.next_turn(first, NOW + 200 * day) == NOW + 201 * day  # late: still published before it signs
    both = [NOW, NOW + 90 * day]
    assert turns.next_turn(both, NOW + 89 * day) is None
    assert turns.signing(both, NOW + 90 * day - timedelta(seconds=1)) == 0
    assert turns.signing(both, NOW + 90 * day) == 1
    assert turns.retired(both, NOW + 91 * day - timedelta(seconds=1)) == 0
    assert turns.retired(both, NOW + 91 * day) == 1


def test_one_kind_of_secret_is_not_taken_for_another():
    code = proof.CODE + "a" * 43
    assert proof.is_secret(code, proof.CODE)
    assert not proof.is_secret(code, proof.ACCESS)
    assert not proof.is_secret(code + "a", proof.CODE)
    assert not proof.is_secret(proof.CODE + "a" * 42 + "é", proof.CODE)

"""The session cookie."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from vibestream.platform.config import load_settings
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie

UNTIL = datetime(2026, 12, 24, 9, tzinfo=UTC)


def attributes(response: Response) -> tuple[str, set[str]]:
    [header] = response.headers.getlist("set-cookie")
    pair, *rest = header.split("; ")
    return pair, {part.lower() for part in rest}


def test_over_https_it_is_bound_to_the_host_and_hidden_from_scripts():
    response = Response()
    SessionCookie(secure=True).set(response, token="t0ken", expires=UNTIL)
    pair, rest = attributes(response)
    assert pair == "__Host-vs=t0ken"
    assert rest == {"secure", "httponly", "samesite=lax", "path=/", "expires=thu, 24 dec 2026 09:00:00 gmt"}


def test_over_plain_http_on_a_laptop_it_has_another_name():
    response = Response()
    SessionCookie(secure=False).set(response, token="t0ken", expires=UNTIL)
    pair, rest = attributes(response)
    assert pair == "vs_session=t0ken"
    assert rest == {"httponly", "samesite=lax", "path=/", "expires=thu, 24 dec 2026 09:00:00 gmt"}


def test_clearing_it_clears_what_the_browser_cached_too():
    response = Response()
    SessionCookie(secure=True).clear(response)
    pair, rest = attributes(response)
    assert pair == '__Host-vs=""'
    assert {"max-age=0", "secure", "httponly", "samesite=lax", "path=/"} <= rest
    assert response.headers["clear-site-data"] == '"cache", "cookies", "storage"'


@pytest.mark.parametrize(
    ("address", "name"),
    [("https://vibestream.example", "__Host-vs"), ("http://localhost:8000", "vs_session"), (None, "vs_session")],
)
def test_the_deployments_address_decides(address, name):
    assert SessionCookie.of(load_settings(public_url=address)).name == name


@pytest.mark.parametrize(
    ("sent", "token"),
    [
        ("__Host-vs=abc", "abc"),
        ("a=b; __Host-vs=abc; c=d", "abc"),
        ("vs_session=abc", None),
        ("__Host-vs=", None),
        ("", None),
        ("__host-vs=abc", None),
    ],
)
def test_it_is_read_by_its_exact_name(sent, token):
    connection = HTTPConnection({"type": "http", "headers": [(b"cookie", sent.encode())]})
    assert SessionCookie(secure=True).read(connection) == token


@pytest.mark.parametrize("cookie", [SessionCookie(secure=True), BrowserCookie("sign-up", secure=True)])
def test_no_cookie_of_ours_is_ever_for_a_domain(cookie):
    response = Response()
    cookie.clear(response)
    assert "domain" not in response.headers["set-cookie"].lower()
    assert cookie.name.startswith("__Host-")

"""What another site makes a browser send is refused when it would change something."""

from __future__ import annotations

import pytest

from tests.platform.http.conftest import make_principal
from tests.platform.http.test_problems import is_problem
from vibestream.platform.access import ANYONE
from vibestream.platform.http.routing import Router

METHODS = ("POST", "PUT", "PATCH", "DELETE")

CROSS_SITE = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a sibling host": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"},
    "another site without Origin": {"Sec-Fetch-Site": "cross-site"},
    "an old browser, another site": {"Origin": "https://evil.example"},
    "an old browser, another port": {"Origin": "https://testserver:8443"},
    "an old browser, a host that begins alike": {"Origin": "https://testserver.evil.example"},
    "an old browser, ours as user name": {"Origin": "https://testserver@evil.example"},
    "a sandboxed frame": {"Origin": "null"},
    "a sandboxed frame, modern": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "a lying Origin": {"Sec-Fetch-Site": "cross-site", "Origin": "https://testserver"},
    "a value nobody knows": {"Sec-Fetch-Site": "surely-same-origin"},
    "an empty Origin": {"Origin": ""},
}
OWN = {
    "our own page": {"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"},
    "typed by a person": {"Sec-Fetch-Site": "none"},
    "an old browser, our own page": {"Origin": "https://testserver"},
    "a program": {},
}


@pytest.fixture
async def called() -> list[str]:
    return []


@pytest.fixture
async def client(serve, called):
    router = Router()

    async def change() -> None:
        called.append("changed")

    for declare in (router.get, router.post, router.put, router.patch, router.delete):
        declare("/change", policy=ANYONE)(change)
    return await serve(router, principal=make_principal())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE)
async def test_a_write_from_elsewhere_is_refused(client, called, method, headers):
    is_problem(await client.request(method, "/change", headers=headers), 403, "http.cross_site")
    assert called == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
async def test_a_write_from_here_or_from_no_browser_is_answered(client, called, method, headers):
    assert (await client.request(method, "/change", headers=headers)).status_code == 200
    assert called == ["changed"]


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE)
async def test_a_read_may_come_from_anywhere(client, headers):
    assert (await client.get("/change", headers=headers)).status_code == 200


async def test_a_laptop_is_reached_by_more_names_than_one(client):
    """http://127.0.0.1:8000 while the settings say localhost: the browser compares Origin with the host it asked."""
    headers = {"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"}
    assert (await client.post("/change", headers=headers)).status_code == 200


async def test_an_unknown_address_is_refused_alike_so_that_nothing_depends_on_a_route(client):
    headers = CROSS_SITE["another site"]
    is_problem(await client.post("/nowhere", headers=headers), 403, "http.cross_site")

"""Our client at a second issuer that is not ours: Canaille signs with RSA and says nothing of whether an address was proved.

Source: https://canaille.readthedocs.io; https://pytest-iam.readthedocs.io
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.factories import canaille_peer, oidc_peer
from tests.factories.users import make_user
from tests.http_client import ORIGIN, ClientFor, open_client
from tests.web.conftest import read
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def peer() -> Iterator[dict[str, str]]:
    with canaille_peer.running(redirect_uri=f"{ORIGIN}/sign-in-with/canaille/back", port=oidc_peer.free_port()) as told:
        yield told


@pytest.fixture
def settings(tmp_path: Path, database: Database, peer: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIBESTREAM_PEER", peer["secret"])
    known = {"issuer": peer["issuer"], "client_id": peer["client_id"], "secret": "VIBESTREAM_PEER"}
    return load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "data", public_url=ORIGIN, database_url=database.dsn,
        login_issuers=({"name": "canaille", "title": "Canaille", **known},),
    )  # fmt: skip


async def _back(client: httpx2.AsyncClient, onward: str = "/") -> httpx2.Response:
    """Go there, where Robin is signed in already, and come back."""
    sent = await client.get("/sign-in-with/canaille", params={"next": onward})
    async with httpx2.AsyncClient(timeout=20) as browser:
        answer = await browser.get(sent.headers["location"])
    assert answer.status_code == 302, answer.text
    return await client.get(answer.headers["location"].removeprefix(ORIGIN), headers={"Accept": "text/html"})


async def test_an_address_of_which_the_issuer_says_nothing_makes_no_account_and_opens_none(client, database: Database):
    async with database.begin() as tx:
        owner = await make_user(tx, email="robin@example.org")
    came = await _back(client)

    assert (came.status_code, came.headers["location"]) == (303, "/sign-in-with")
    assert "is not enough to know you by" in read(await client.get("/sign-in-with", headers=FORM)).text
    assert (await client.get("/api/v1/me")).status_code == 401
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.identity") == 0
        assert await tx.value("SELECT count(*) FROM users.session WHERE user_id = %s", [owner.user_id]) == 0


async def test_who_connects_it_while_signed_in_is_signed_in_by_it_from_then_on(
    client_for: ClientFor, app, database: Database
):
    async with database.begin() as tx:
        robin = await make_user(tx, email="robin.elsewhere@example.org")
    mine = await client_for(robin)
    came = await _back(mine, "/account/connected")
    confirmed = await mine.post(came.headers["location"], headers=FORM)
    assert confirmed.status_code == 303, confirmed.text

    async with open_client(app) as elsewhere:
        again = await _back(elsewhere, "/wallet")
        assert (again.status_code, again.headers["location"]) == (303, "/wallet")
        assert (await elsewhere.get("/api/v1/me")).json()["email"] == "robin.elsewhere@example.org"

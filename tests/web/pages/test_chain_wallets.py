"""Wallets of a chain, at the pages and at the JSON API that they call."""

from __future__ import annotations

import re

import httpx2
import pytest

from tests.factories.chain_wallets import wallet
from tests.factories.users import make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
JSON = {"Sec-Fetch-Site": "same-origin"}


async def _signed_in(client_for: ClientFor, database: Database) -> httpx2.AsyncClient:
    async with database.begin() as tx:
        user = await make_user(tx)
    made: httpx2.AsyncClient = await client_for(user)
    return made


async def _asked(client: httpx2.AsyncClient) -> str:
    asked = {"address": wallet().address}
    answer = await client.post("/api/v1/me/chain-wallets/challenge", json=asked, headers=JSON)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message"])


async def _shown(client: httpx2.AsyncClient, message: str, signature: str) -> httpx2.Response:
    shown = {"message": message, "signature": signature}
    return await client.post("/api/v1/me/chain-wallets", json=shown, headers=JSON)


async def test_a_wallet_is_connected_listed_and_removed(client_for, database):
    client = await _signed_in(client_for, database)
    message = await _asked(client)
    assert message.startswith("testserver wants you to sign in with your Ethereum account:\n0x7E5F4552091A69125d5DfCb7")
    made = await _shown(client, message, wallet().sign(message))
    assert made.status_code == 201
    listed = (await client.get("/api/v1/me/chain-wallets")).json()["wallets"]
    assert [(one["address"], one["chain_id"]) for one in listed] == [(wallet().address, 1)]
    page = read(await client.get("/account/wallets", headers=FORM))
    assert wallet().address in page.text
    [action] = [form["action"] for form in page.all("form") if re.search(r"/wallets/.*/remove", form["action"])]
    removed = await client.post(action, headers=FORM)
    assert (removed.status_code, removed.headers["location"]) == (303, "/account/wallets?done=removed")
    assert (await client.get("/api/v1/me/chain-wallets")).json() == {"wallets": []}


async def test_a_refused_signature_uses_what_was_asked_up_and_says_so(client_for, database):
    client = await _signed_in(client_for, database)
    message = await _asked(client)
    wrong = await _shown(client, message, wallet(2).sign(message))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wallet_link.signature_refused")
    right = await _shown(client, message, wallet().sign(message))
    assert (right.status_code, right.json()["code"]) == (410, "wallet_link.challenge_expired")


async def test_what_another_browser_was_asked_is_not_taken_even_of_the_same_person(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    here, there = await client_for(user), await client_for(user)
    message = await _asked(here)
    await _asked(there)
    stolen = await _shown(there, message, wallet().sign(message))
    assert stolen.json()["code"] == "wallet_link.challenge_expired"


async def test_a_proof_that_is_old_is_asked_for_again(client_for, database):
    client = await _signed_in(client_for, database)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
    asked = await client.post("/api/v1/me/chain-wallets/challenge", json={"address": wallet().address}, headers=JSON)
    assert (asked.status_code, asked.json()["code"]) == (403, "access.proof_too_old")
    page = await client.get("/account/wallets/new", headers=FORM)
    assert page.status_code == 403
    assert "enter your password once more" in read(page).text


@pytest.mark.parametrize("body", [{"address": "0x1"}, {"address": "vitalik.eth"}, {"address": ""}, {}, {"address": 7}])
async def test_what_is_no_address_is_not_asked_for(client_for, database, body):
    client = await _signed_in(client_for, database)
    assert (await client.post("/api/v1/me/chain-wallets/challenge", json=body, headers=JSON)).status_code == 422


async def test_a_wallet_signs_nobody_in(client):
    for path in ("/api/v1/me/chain-wallets/challenge", "/api/v1/me/chain-wallets"):
        assert (await client.post(path, json={"address": wallet().address}, headers=JSON)).status_code == 401

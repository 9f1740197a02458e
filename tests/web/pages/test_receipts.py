"""The page of receipts and the files that a browser proves with: whose they are, what they are, and what they may do."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.factories.receipts import closed, listened, listener
from tests.factories.users import PASSWORD, make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.web.assets import Assets

MAKE = {"data-action": "make"}
PROVER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'"


def person(user_id: UserId) -> Principal:
    return Principal(user_id=user_id, session_id=SessionId(new_id()), roles=frozenset())


async def shown(client: Any, address: str = "/account/receipts") -> Any:
    return read(await client.get(address))


async def test_a_day_says_what_it_is_worth_and_among_how_many_its_claims_hide(client_for: Any, database: Database):
    fans = [await listener(database, secret=number) for number in range(1, 4)]
    for fan, times in zip(fans, (3, 1, 2), strict=True):
        await listened(database, fan, times=times)
    await closed(database)

    first, second, stranger = [await client_for(person(one)) for one in (fans[0], fans[1], UserId(new_id()))]

    # Three listens are summaries of 2 and 1: two have a 2, two have a 1.
    page = await shown(first)
    assert [(one["data-epoch"], one["data-summaries"]) for one in page.all("li", **{"class": "receipt-day"})] == [
        ("2026-03-01", "2")
    ]
    assert "3.00\N{NO-BREAK SPACE}VIBE" in page.text
    assert "hides among 2 like it" in page.text
    assert "fewer than 20" in page.text
    assert len(page.all("input", **{"data-part": "anyway"})) == 1
    assert "1.00\N{NO-BREAK SPACE}VIBE" in (await shown(second)).text
    assert "No day is closed yet" in (await shown(stranger)).text


async def test_a_secret_is_made_by_whoever_has_shown_lately_that_it_is_them(client_for: Any, database: Database):
    """Whoever has the secret is paid for what the account hears from then on: a session that was stolen makes none."""
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    fresh = await shown(client)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
    old = await shown(client)
    refused = await client.put("/api/v1/receipts/identity", json={"commitment": "11"})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")
    assert (len(fresh.all("button", **MAKE)), len(old.all("button", **MAKE))) == (2, 0)
    assert [one["href"] for one in old.all("a") if one["href"].endswith("/secret")] == ["/account/receipts/secret"] * 2
    html = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    prompt = read(await client.get("/account/receipts/secret", headers=html))
    carried = {one["name"]: one["value"] for one in prompt.all("input", type="hidden")}
    proved = await client.post("/step-up", data={**carried, "proof_code": PASSWORD}, headers=html)
    assert (proved.status_code, proved.headers["location"]) == (303, "/account/receipts/secret")
    led = await client.get("/account/receipts/secret", headers=html)
    assert (led.status_code, led.headers["location"]) == (303, "/account/receipts")
    made = await client.put("/api/v1/receipts/identity", json={"commitment": "11"})
    assert made.status_code == 200, made.text


async def test_a_claim_that_no_other_is_like_hides_among_nobody_and_the_page_says_so(
    client_for: Any, database: Database
):
    fan = await listener(database, secret=1)
    await listened(database, fan)
    await closed(database)
    client = await client_for(person(fan))

    assert "hides among nobody" in (await shown(client)).text
    assert "No day is closed yet" in (await shown(client, "/account/receipts?before=2026-03-01")).text


async def test_nothing_is_asked_where_as_many_as_the_floor_are_alike(
    client_for: Any, database: Database, settings: Any
):
    assert settings.claim_anonymity_floor == 20
    fans = [await listener(database, secret=number) for number in range(1, 21)]
    for fan in fans:
        await listened(database, fan, paid=fan is fans[-1])
    await closed(database)

    page = await shown(await client_for(person(fans[0])))

    assert "hides among 20 like it" in page.text
    assert page.all("input", **{"data-part": "anyway"}) == []
    assert len(page.all("button", **{"data-action": "claim"})) == 1


async def test_the_page_is_its_listeners_alone(client: Any):
    answer = await client.get("/account/receipts", headers={"Accept": "text/html"})

    assert answer.status_code in {303, 401}


async def test_the_script_of_the_prover_alone_may_compile_and_have_helpers(client: Any):
    prover, app = Assets()["prover.js"].url, Assets()["app.js"].url

    assert (await client.get(prover)).headers["content-security-policy"] == PROVER_POLICY
    assert "wasm" not in (await client.get(app)).headers["content-security-policy"]


async def test_every_file_is_what_its_digest_says_compressed_or_not(client_for: Any, client: Any, database: Database):
    fan = await client_for(person(UserId(new_id())))
    (element,) = (await shown(fan)).all("vs-receipts")
    files = json.loads(element["data-circuit"])["files"]
    assert [one["url"].rsplit("/", 1)[1] for one in files] == ["claim.wasm", "claim.zkey", "verification_key.json"]

    for encoding in ("gzip", "identity"):
        for one in files:
            answer = await client.get(one["url"], headers={"Accept-Encoding": encoding})
            assert answer.status_code == 200
            assert hashlib.sha256(answer.content).hexdigest() == one["sha256"]
            assert "immutable" in answer.headers["cache-control"]
    key = claims.claim_keys(is_production=False).verifying_key
    assert hashlib.sha256(key.encode()).hexdigest() == files[2]["sha256"]
    program = await client.get(files[0]["url"], headers={"Accept-Encoding": "identity"})
    assert program.content[:4] == b"\0asm"


@pytest.mark.parametrize(
    "path", ["0" * 16 + "/claim.zkey", "claim.zkey", "../claim.zkey", "x/keys.json", "%2e%2e/keys.json"]
)
async def test_no_other_file_is_sent(client: Any, path: str):
    assert (await client.get(f"/static/proving/{path}")).status_code == 404

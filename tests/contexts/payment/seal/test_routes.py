"""Keys, seals and proofs over HTTP, and that they verify with nothing but what was answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.payment import make_liquidity, make_wallet, transfer
from tests.factories.users import make_user
from vibestream.contexts.payment.ledger.service import post
from vibestream.contexts.payment.seal.service import (
    ConsistencyProof,
    EntryProof,
    by_id,
    head_from_json,
    seal_next,
    verify_consistency,
    verify_entry,
    verify_head,
)
from vibestream.kernel.ids import new_id
from vibestream.kernel.signing import PublicKey, SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime


async def trusted(client: Any) -> dict[str, PublicKey]:
    answer = await client.get("/.well-known/vibestream-ledger-keys.json")
    assert answer.status_code == 200
    return by_id([PublicKey.parse(key["x"]) for key in answer.json()["keys"]])


async def seal_settled(database: Database, runtime: Runtime, *, seals: int) -> None:
    """Seal until there are so many seals: another test's open transaction may hold this server's horizon back."""
    import asyncio

    async with asyncio.timeout(30):
        while True:
            async with database.begin() as tx:
                await seal_next(tx, key=SigningKey.parse(runtime.settings.sealing_key() or ""), now=utc_now())
                if await tx.value("SELECT count(*) FROM payment.seal") == seals:
                    return
            await asyncio.sleep(0.05)


async def test_the_key_is_that_of_the_deployment(client: Any, runtime: Runtime):
    key = SigningKey.parse(runtime.settings.sealing_key() or "").public
    assert (await client.get("/.well-known/vibestream-ledger-keys.json")).json() == {"keys": [key.jwk()]}


async def test_seals_are_listed_and_shown_to_anybody_and_verify(client: Any, database: Database, runtime: Runtime):
    assert (await client.get("/api/v1/ledger/seals")).json() == {"items": [], "next_cursor": None}
    for number in (1, 2):
        async with database.begin() as tx:
            await make_wallet(tx, 10)
        await seal_settled(database, runtime, seals=number)
    keys = await trusted(client)

    first = (await client.get("/api/v1/ledger/seals?limit=1")).json()
    second = (await client.get("/api/v1/ledger/seals", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [page["items"][0]["seal"] for page in (first, second)] == [2, 1]
    assert second["next_cursor"] is None
    assert (await client.get("/api/v1/ledger/seals/2")).json() == first["items"][0]
    for page in (first, second):
        head = head_from_json(page["items"][0])
        verify_head(head, key=keys[head.key_id])
    proof = (await client.get("/api/v1/ledger/seals/consistency?old=1&new=2")).json()
    verify_consistency(ConsistencyProof.from_json(proof), keys=keys)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/ledger/seals/1", 404),
        ("/api/v1/ledger/seals/0", 422),
        ("/api/v1/ledger/seals/9223372036854775808", 422),
        ("/api/v1/ledger/seals/one", 422),
        ("/api/v1/ledger/seals/consistency?old=1&new=1", 404),
        ("/api/v1/ledger/seals/consistency?old=2&new=1", 404),
        ("/api/v1/ledger/seals/consistency?old=-1&new=1", 422),
        ("/api/v1/ledger/seals/consistency?old=1", 422),
        ("/api/v1/ledger/seals?cursor=x", 422),
    ],
)
async def test_what_is_not_there_is_said(client: Any, path: str, status: int):
    assert (await client.get(path)).status_code == status


async def test_a_person_gets_proofs_of_their_own_money_and_of_nobody_elses(
    client: Any, client_for: Any, database: Database, runtime: Runtime
):
    async with database.begin() as tx:
        ana, bo = await make_user(tx), await make_user(tx)
        mine, other = await make_wallet(tx, user_id=ana.user_id), await make_wallet(tx, user_id=bo.user_id)
        done = await post_from_liquidity(tx, mine.account_id, 70)
        theirs = await post_from_liquidity(tx, other.account_id, 30)
    signed_in = await client_for(ana)
    path = f"/api/v1/wallet/transactions/{done}/proofs"

    early = await signed_in.get(path)
    assert (early.status_code, early.json()["code"], early.headers["retry-after"]) == (503, "seal.not_yet", "15")
    await seal_settled(database, runtime, seals=1)
    (proof,) = (await signed_in.get(path)).json()["proofs"]

    entry, transaction = verify_entry(EntryProof.from_json(proof), keys=await trusted(client))
    assert (entry.subject, entry.amount, transaction.transaction_id) == (str(ana.user_id), 70, done)
    assert (await signed_in.get(f"/api/v1/wallet/transactions/{theirs}/proofs")).status_code == 404
    assert (await signed_in.get(f"/api/v1/wallet/transactions/{new_id()}/proofs")).status_code == 404
    assert (await client.get(path)).status_code == 401


async def post_from_liquidity(tx: Tx, account: Any, amount: int) -> Any:
    return (await post(tx, posting=transfer(await make_liquidity(tx), account, amount))).transaction_id

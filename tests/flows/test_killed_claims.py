"""kill -9 at every step of a claim and of an order: sent again, each is carried out once, and the audit is green."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.factories.nameless import paid
from tests.factories.receipts import WALLET, claim_body, closed, listened, listener, own_receipts
from tests.factories.users import make_user
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.flows.audit import INVARIANTS
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

SECRET = 0x5EC12E7
pytestmark = pytest.mark.slow
CLAIM = [
    *((step, when) for step in ("spend", "nullifier", "pay", "transaction", "commit") for when in ("before", "after")),
    ("verify", "before"), ("open", "before"), ("open", "after"), ("post", "before"), ("post", "after"),
]  # fmt: skip
ORDER = [(step, when) for step in ("order", "give", "post", "carry_out", "commit") for when in ("before", "after")]


async def killed(folder: Path, database: Database, at: tuple[str, str, str], sent: dict[str, Any]) -> None:
    file = folder / "sent.json"
    file.write_text(json.dumps(sent))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.factories.claim_process", *at, str(file), database.dsn),
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == -signal.SIGKILL


async def broken(database: Database) -> list[tuple[str, str]]:
    found = await check_all(database, INVARIANTS)
    return [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok]


async def balance(database: Database, wallet: str) -> int:
    async with database.begin() as tx:
        return (await postings.claim_balance(tx, address=wallet)).minor


@pytest.mark.parametrize(("step", "when"), CLAIM)
async def test_a_claim_that_was_killed_and_is_sent_again_is_paid_once(
    client: Any, database: Database, tmp_path: Path, step: str, when: str
):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    sent = claim_body(await own_receipts(database, fan), secret=SECRET)

    await killed(tmp_path, database, ("claim", step, when), sent)

    # Nothing of it is there, or all of it: never a spent nullifier without its payment.
    assert await balance(database, WALLET) == (10_000 if (step, when) == ("commit", "after") else 0)
    assert await broken(database) == []
    for _ in range(2):
        assert (await client.post("/api/v1/claims", json=sent)).status_code == 200
    assert await balance(database, WALLET) == 10_000
    assert await broken(database) == []


@pytest.mark.parametrize(("step", "when"), ORDER)
async def test_an_order_that_was_killed_and_is_sent_again_counts_once(
    client: Any, database: Database, tmp_path: Path, step: str, when: str
):
    wallet = await paid(client, database)
    async with database.begin() as tx:
        mine = (await make_user(tx)).user_id
    sent = wallet.order("account", mine, 6_000)

    await killed(tmp_path, database, ("order", step, when), sent | {"wallet": wallet.address})

    assert await balance(database, wallet.address) == (4_000 if (step, when) == ("commit", "after") else 10_000)
    assert await broken(database) == []
    for _ in range(2):
        assert (await client.post(wallet.path, json=sent)).status_code == 200
    assert await balance(database, wallet.address) == 4_000
    assert await broken(database) == []

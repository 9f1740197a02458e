"""A process that pays a claim or carries out an order and is killed on the way: `python -m tests.factories.claim_process ...`.

Arguments: `claim` or `order`, the name of the step in `STEPS`, `before` or `after`, a file with the JSON of what is sent, and the
database. It kills itself as `kill -9` does; when it is not killed, it ends with 0 having done all.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims import store as claim_store
from vibestream.contexts.listen_reward.claims.service.spending import Asked
from vibestream.contexts.payment.claim_wallets import service as claim_wallets
from vibestream.contexts.payment.claim_wallets import store as order_store
from vibestream.contexts.payment.claim_wallets.service import Order, Target, TargetKind
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.contexts.payment.ledger.store import postings as posting_store
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.flows import pay_claims, spend_claims
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

STEPS: Final[dict[str, tuple[Any, str]]] = {
    "verify": (claims, "verify_claim"),
    "spend": (pay_claims, "spend"),
    "nullifier": (claim_store, "insert_claims"),
    "open": (postings, "open_accounts"),
    "pay": (postings, "pay_claims"),
    "post": (posting_store, "post"),
    "transaction": (pay_claims, "post_claims"),
    "commit": (Database, "run"),
    "order": (order_store, "insert_order"),
    "give": (wallets, "give"),
    "carry_out": (claim_wallets, "carry_out"),
}


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def cut(step: str, when: str) -> None:
    """Have the process die right before or right after a step of it."""
    owner, name = STEPS[step]
    real = getattr(owner, name)

    def plainly(*args: Any, **named: Any) -> Any:
        if when == "before":
            kill()
        real(*args, **named)
        kill()

    async def awaited(*args: Any, **named: Any) -> Any:
        if when == "before":
            kill()
        await real(*args, **named)
        kill()

    setattr(owner, name, awaited if inspect.iscoroutinefunction(real) else plainly)


async def claim(database: Database, sent: dict[str, Any]) -> None:
    settings = load_settings(database_url=database.dsn)
    threads = BoundedThreads(threads=1)
    runtime = Runtime(
        settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=threads
    )
    until = datetime.fromisoformat(sent["expires_at"])
    asked = Asked(date.fromisoformat(sent["epoch"]), sent["wallet"], until, sent["accepts_recognition"])
    await pay_claims.pay_claim(runtime, proof=sent["proof"], signals=sent["public_signals"], asked=asked, now=utc_now())


async def order(database: Database, sent: dict[str, Any]) -> None:
    signed = Order(
        deployment=sent["deployment"],
        wallet=sent["wallet"],
        target=Target(TargetKind(sent["to"]), UUID(sent["identifier"])),
        amount=Money(sent["amount_vibe_minor"], VIBE),
        nonce=bytes.fromhex(sent["nonce"]),
        expires_at=datetime.fromisoformat(sent["expires_at"]),
    )
    signature = bytes.fromhex(sent["signature"])
    await database.run(lambda tx: spend_claims.spend_order(tx, order=signed, signature=signature, now=utc_now()))


async def main(what: str, step: str, when: str, file: str, dsn: str) -> None:
    cut(step, when)
    sent = json.loads(Path(file).read_text())
    async with Database(dsn, max_size=2) as database:
        await (claim if what == "claim" else order)(database, sent)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Keys, sealed books and what an attacker does to them.

KEY signs; KEYS is what verifiers trust.

    async with database.begin() as tx: await make_wallets(tx, 10, 20)
    heads = await seal_all(database)
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.payment.seal import service
from vibestream.contexts.payment.seal.service import Head
from vibestream.kernel.signing import SigningKey
from vibestream.platform.database import Database

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def make_key(number: int = 1) -> SigningKey:
    """A private key of one's own for each number."""
    return SigningKey.parse(base64.urlsafe_b64encode(bytes([number] * 32)).decode())


KEY: Final = make_key()
KEYS: Final = service.by_id([KEY.public])


async def seal_once(
    database: Database, *, key: SigningKey = KEY, most: int = service.MOST_LEAVES, now: datetime = NOW
) -> Head | None:
    async with database.begin() as tx:
        return await service.seal_next(tx, key=key, now=now, most=most)


async def seal_all(database: Database, *, key: SigningKey = KEY, most: int = service.MOST_LEAVES) -> list[Head]:
    """Seal until nothing is due, and return the heads that were made."""
    heads = []
    while (head := await seal_once(database, key=key, most=most)) is not None:
        heads.append(head)
    return heads


async def sealed(database: Database) -> list[str]:
    """The keys of the sealed transactions, in the order of leaves."""
    async with database.begin() as tx:
        return await tx.values(
            "SELECT t.idempotency_key FROM payment.sealed s JOIN payment.transaction t ON t.id = s.transaction_id ORDER BY leaf"
        )

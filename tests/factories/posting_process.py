"""Posting in a process of its own, to be killed: `python -m tests.factories.posting_process DSN SOURCE TARGET FIRST`.

Posts one unit per fact from SOURCE to TARGET: the facts numbered FIRST, FIRST + 1 and so on, alone, in batches of ten,
and out of a hold, in turns. Says each fact's number once its transaction has committed.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from uuid import UUID

from tests.factories.payment import make_hold, transfer
from vibestream.contexts.payment.ledger.service import Posting, capture_hold, post_batch
from vibestream.kernel.ids import AccountId
from vibestream.platform.database import Database, Tx

SIZES = (1, 10, 1)


def fact(source: AccountId, target: AccountId, number: int) -> Posting:
    return transfer(source, target, 1, key=f"fact:{number}", details={"number": str(number)})


async def main(dsn: str, source: AccountId, target: AccountId, first: int) -> None:
    """Post until killed."""
    next_fact = first
    async with Database(dsn, max_size=1, application="posting") as database:
        for turn in itertools.count():
            numbers = range(next_fact, next_fact + SIZES[turn % 3])
            batch = [fact(source, target, number) for number in numbers]
            await database.run(lambda tx: out_of_a_hold(tx, source, batch) if turn % 3 == 2 else _post(tx, batch))  # noqa: B023
            next_fact = numbers.stop
            sys.stdout.write("".join(f"{number}\n" for number in numbers))
            sys.stdout.flush()


async def _post(tx: Tx, batch: list[Posting]) -> None:
    for outcome in await post_batch(tx, postings=batch):
        assert outcome.accepted


async def out_of_a_hold(tx: Tx, source: AccountId, batch: list[Posting]) -> None:
    """Set aside more than the fact takes, and capture it."""
    hold = await make_hold(tx, source, 3, key=f"hold:{batch[0].key}")
    await capture_hold(tx, hold_id=hold, posting=batch[0])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], AccountId(UUID(sys.argv[2])), AccountId(UUID(sys.argv[3])), int(sys.argv[4])))

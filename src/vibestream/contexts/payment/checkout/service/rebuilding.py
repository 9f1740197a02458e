"""The listed payments made again from their streams, and compared with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import groupby
from typing import Final

from vibestream.contexts.payment.checkout.domain.payment import fold
from vibestream.contexts.payment.checkout.domain.views import PaymentView, view_of
from vibestream.contexts.payment.checkout.store import streams, views
from vibestream.kernel.ids import PaymentId
from vibestream.platform.database import Tx

AT_ONCE: Final = 500


async def rebuild_read_models(tx: Tx) -> int:
    """Make every listed payment again from its stream, remove those without one, and return how many were made.

    What is listed stays readable meanwhile, and payments that go on meanwhile keep their newer line.
    """
    made = 0
    async for batch in _made_again(tx):
        await views.replace_views(tx, batch)
        made += len(batch)
    await views.delete_orphans(tx)
    return made


async def differing_read_models(tx: Tx) -> list[PaymentId]:
    """Return the payments that are not listed as their streams say."""
    return [one async for batch in _made_again(tx) for one in await views.list_differing(tx, batch)]


async def _made_again(tx: Tx) -> AsyncIterator[list[PaymentView]]:
    after: PaymentId | None = None
    while True:
        recorded = await streams.list_streams(tx, after=after, payments=AT_ONCE)
        if not recorded:
            return
        batch = list[PaymentView]()
        for _, group in groupby(recorded, key=lambda one: one.payment_id):
            stream = list(group)
            payment = fold(one.event for one in stream)
            assert payment is not None  # noqa: S101 - the group has an event
            batch.append(view_of(payment, started_at=stream[0].at, changed_at=stream[-1].at))
        yield batch
        after = recorded[-1].payment_id

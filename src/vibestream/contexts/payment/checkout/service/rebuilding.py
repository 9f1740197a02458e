"""The listed payments made again from their streams, and compared with them."""

from __future__ import annotations

from collections.abc import Sequence
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

    Nobody adds to a stream until the transaction ends; on a database that is in use, go by `rebuild_some`.
    """
    made, after = 0, None
    while True:
        count, after = await rebuild_some(tx, after=after)
        made += count
        if after is None:
            await forget_orphans(tx)
            return made


async def rebuild_some(tx: Tx, *, after: PaymentId | None) -> tuple[int, PaymentId | None]:
    """Make up to 500 listed payments again, those after an id; return how many, and the last, None at the end.

    Only those wait for the transaction's end, and lists stay readable.
    """
    ids = await streams.list_payments(tx, after=after, most=AT_ONCE, lock=True)
    await views.replace_views(tx, await _made_again(tx, ids))
    return len(ids), ids[-1] if len(ids) == AT_ONCE else None


async def forget_orphans(tx: Tx) -> int:
    """Remove listed payments that have no stream, and return how many there were."""
    return await views.delete_orphans(tx)


async def differing_read_models(tx: Tx) -> list[PaymentId]:
    """Return the payments that are not listed as their streams say. Ask on one snapshot: REPEATABLE READ."""
    differing, after = list[PaymentId](), None
    while True:
        ids = await streams.list_payments(tx, after=after, most=AT_ONCE, lock=False)
        differing += await views.list_differing(tx, await _made_again(tx, ids))
        if len(ids) < AT_ONCE:
            return differing
        after = ids[-1]


async def _made_again(tx: Tx, ids: Sequence[PaymentId]) -> list[PaymentView]:
    recorded = await streams.load_streams(tx, ids)
    made = list[PaymentView]()
    for _, group in groupby(recorded, key=lambda one: one.payment_id):
        stream = list(group)
        payment = fold(one.event for one in stream)
        assert payment is not None  # noqa: S101 - the group has an event
        made.append(view_of(payment, started_at=stream[0].at, changed_at=stream[-1].at))
    return made

"""Transactions as leaves: which wait to be sealed, and the canonical bytes of any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from vibestream.contexts.payment.seal.domain import leaves, tree
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.platform.database import Tx

_GIVEN: Final[LiteralString] = """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS given (id, place))
"""
# Joined to the leaves in the server, which is twice as fast as sending it their ids.
_SEALED: Final[LiteralString] = """
    WITH wanted AS NOT MATERIALIZED (
        SELECT s.transaction_id AS id, s.leaf AS place FROM payment.sealed s
        WHERE s.leaf >= %(start)s AND s.leaf < %(end)s
    )
"""
_HEADERS: Final[LiteralString] = """
    SELECT wanted.place, t.id::text AS transaction_id, t.idempotency_key AS key, t.kind, t.details::text AS details,
        t.reverses::text AS reverses, t.effective_at, t.recorded_at, t.request_hash, t.xid::text AS xid
    FROM wanted JOIN payment.transaction t ON t.id = wanted.id
"""
# An entry whose account is gone is hashed without a name, which is not what was sealed.
_ENTRIES: Final[LiteralString] = """
    SELECT wanted.place, e.account_id::text AS account_id, coalesce(a.kind, '') AS kind,
        coalesce(a.subject, '') AS subject, coalesce(a.currency, '') AS currency, e.line, e.amount,
        e.balance_after, e.position
    FROM wanted
    JOIN payment.entry e ON e.transaction_id = wanted.id
    LEFT JOIN payment.account a ON a.id = e.account_id
    ORDER BY wanted.place, e.line
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    id: TransactionId
    xid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    begun: int
    """Every transaction with a lower id is sealed; 0 before the first seal."""
    horizon: int
    """Every transaction with a lower id has ended."""
    moved: bool
    """The books were restored on this server: what they say of ids is about those of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What the next seal is about."""

    transactions: Sequence[TransactionId]
    settled: int
    """Once these are sealed, so is every transaction with a lower id (an xid8)."""


@dataclass(frozen=True, slots=True)
class EntryLeaf:
    """The canonical bytes of one entry."""

    account_id: str
    position: int
    leaf: bytes


async def list_due(tx: Tx, *, most: int) -> Due:
    """Return the oldest settled transactions that are not sealed.

    Whoever runs now may still write transactions with ids at the horizon and above, and only there; positions, times and
    keys say nothing about that. The horizon is read before the rows and never after: later rows can only be more.

    Books that were restored on another server have ids of the old one, which the new one has yet to give out. Then what is
    sealed is looked up for every transaction, once, however many are due, and the search goes on at the new horizon.
    """
    bounds = await _bounds(tx)
    waiting = await tx.all(
        _Waiting,
        """
        SELECT t.id, t.xid::text AS xid FROM payment.transaction t
        WHERE (%(moved)s OR t.xid >= %(begun)s::xid8 AND t.xid < %(horizon)s::xid8)
            AND NOT EXISTS (SELECT FROM payment.sealed s WHERE s.transaction_id = t.id)
        ORDER BY t.xid, t.id LIMIT %(most)s
        """,
        {
            "moved": bounds.moved,
            "horizon": str(bounds.horizon),
            "begun": str(bounds.begun),
            "most": None if bounds.moved else most,
        },
    )
    settled = bounds.horizon if bounds.moved or len(waiting) < most else int(waiting[-1].xid)
    return Due(transactions=[one.id for one in waiting], settled=settled)


async def count_overdue(tx: Tx, *, older_than_s: int) -> int:
    """Return how many transactions no seal holds although the books went on for so long after them.

    Wherever their ids lie. By the books' own time and not the clock: books that stand still have nobody who seals.
    """
    return int(
        await tx.value(
            """
            WITH news (at) AS (
                SELECT greatest(max(t.recorded_at), (SELECT max(s.sealed_at) FROM payment.seal s))
                FROM payment.transaction t
            )
            SELECT count(*) FROM payment.transaction t, news
            WHERE t.recorded_at < news.at - make_interval(secs => %s)
                AND NOT EXISTS (SELECT FROM payment.sealed s WHERE s.transaction_id = t.id)
            """,
            [older_than_s],
        )
    )


async def load_leaves(tx: Tx, transactions: Sequence[TransactionId]) -> list[bytes | None]:
    """Return the canonical bytes of each transaction, in order; None for one that is not in the books."""
    leaves = await _load(tx, _GIVEN, {"ids": list(transactions)})
    return [leaves.get(place) for place in range(1, len(transactions) + 1)]


async def load_sealed_leaves(tx: Tx, start: int, end: int) -> Mapping[int, bytes]:
    """Return, by the number of the leaf, the canonical bytes of the transactions sealed from a leaf up to another."""
    return await _load(tx, _SEALED, {"start": start, "end": end})


async def load_entries(tx: Tx, transaction_id: TransactionId) -> list[EntryLeaf]:
    """Return the canonical bytes of each entry of a transaction, by line."""
    return await tx.all(
        _entry,
        """
        SELECT e.account_id::text AS account_id, coalesce(a.kind, '') AS kind, coalesce(a.subject, '') AS subject,
            coalesce(a.currency, '') AS currency, e.line, e.amount, e.balance_after, e.position
        FROM payment.entry e LEFT JOIN payment.account a ON a.id = e.account_id
        WHERE e.transaction_id = %s ORDER BY e.line
        """,
        [transaction_id],
    )


async def list_touching(
    tx: Tx, transactions: Collection[TransactionId], accounts: Collection[AccountId]
) -> list[TransactionId]:
    """Return those of the transactions that have an entry on one of the accounts."""
    return await tx.values(
        """
        SELECT DISTINCT e.transaction_id FROM payment.entry e
        WHERE e.transaction_id = ANY(%s::uuid[]) AND e.account_id = ANY(%s::uuid[])
        """,
        [list(transactions), list(accounts)],
    )


async def _bounds(tx: Tx) -> _Bounds:
    found = await tx.one(
        _bounds_of,
        """
        SELECT coalesce((SELECT settled FROM payment.seal ORDER BY number DESC LIMIT 1), '0'::xid8)::text AS begun,
            pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
            pg_snapshot_xmax(pg_current_snapshot())::text AS ceiling,
            coalesce((SELECT xid FROM payment.transaction ORDER BY xid DESC LIMIT 1), '0'::xid8)::text AS highest
        """,
    )
    assert found is not None  # noqa: S101 - a SELECT without FROM has one row
    return found


def _bounds_of(*, begun: str, horizon: str, ceiling: str, highest: str) -> _Bounds:
    moved = int(begun) > int(horizon) or (int(begun) == 0 and int(highest) >= int(ceiling))
    return _Bounds(begun=int(begun), horizon=int(horizon), moved=moved)


async def _load(tx: Tx, wanted: LiteralString, params: Mapping[str, Any]) -> dict[int, bytes]:
    hashes: defaultdict[int, list[bytes]] = defaultdict(list)
    for place, found in await tx.all(_entry_hash, wanted + _ENTRIES, params):
        hashes[place].append(found)
    return dict(await tx.all(lambda **row: _leaf(hashes, **row), wanted + _HEADERS, params))


def _entry_hash(  # called once per row of the whole ledger: no detours
    *,
    place: int,
    account_id: str,
    kind: str,
    subject: str,
    currency: str,
    line: int,
    amount: int,
    balance_after: int | None,
    position: int,
) -> tuple[int, bytes]:
    leaf = leaves.entry_leaf(
        account_id=account_id,
        kind=kind,
        subject=subject,
        currency=currency,
        line=line,
        amount=amount,
        balance_after=balance_after,
        position=position,
    )
    return place, tree.leaf_hash(leaf)


def _entry(
    *,
    account_id: str,
    kind: str,
    subject: str,
    currency: str,
    line: int,
    amount: int,
    balance_after: int | None,
    position: int,
) -> EntryLeaf:
    leaf = leaves.entry_leaf(
        account_id=account_id,
        kind=kind,
        subject=subject,
        currency=currency,
        line=line,
        amount=amount,
        balance_after=balance_after,
        position=position,
    )
    return EntryLeaf(account_id, position, leaf)


def _leaf(
    entry_hashes: Mapping[int, list[bytes]],
    *,
    place: int,
    transaction_id: str,
    key: str,
    kind: str,
    details: str,
    reverses: str | None,
    effective_at: datetime | None,
    recorded_at: datetime,
    request_hash: bytes,
    xid: str,
) -> tuple[int, bytes]:
    leaf = leaves.transaction_leaf(
        transaction_id=transaction_id,
        key=key,
        kind=kind,
        details=details,
        reverses=reverses,
        effective_at=effective_at,
        recorded_at=recorded_at,
        request_hash=request_hash,
        xid=xid,
        entry_hashes=entry_hashes.get(place, ()),
    )
    return place, leaf

"""Seals, the places of leaves, and the hashes that are kept of the tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.seal.domain.growth import Edge, Node, Row, edge_rows
from vibestream.contexts.payment.seal.domain.heads import Head
from vibestream.kernel.ids import TransactionId
from vibestream.platform.database import Tx

Kept = dict[tuple[int, int], bytes]
"""Kept hashes by level and place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf of the tree: which transaction it is, and its hash as it was sealed."""

    leaf: int
    transaction_id: TransactionId
    hash: bytes


async def append_seal(
    tx: Tx,
    *,
    head: Head,
    settled: int,
    transactions: Sequence[TransactionId],
    hashes: Sequence[bytes],
    nodes: Sequence[Node],
) -> bool:
    """Add the next seal with its leaves, and say whether that was possible: another session may have been faster."""
    return bool(
        await tx.value(
            """
            SELECT payment.append_seal(%s, %s, %s, %s, %s, %s, %s, %s, %s::xid8, %s::uuid[], %s::bytea[],
                %s::smallint[], %s::bigint[], %s::bytea[])
            """,
            [
                *(head.number, head.first, head.size, head.root, head.previous, head.sealed_at, head.key_id),
                *(head.signature, str(settled), list(transactions), list(hashes)),
                *([node.level for node in nodes], [node.place for node in nodes], [node.hash for node in nodes]),
            ],
        )
    )


async def last_head(tx: Tx) -> Head | None:
    """Return the newest seal; None before the first."""
    found = await list_heads(tx, below=None, limit=1)
    return found[0] if found else None


async def load_head(tx: Tx, number: int) -> Head | None:
    """Return a seal by its number."""
    found = await list_heads(tx, below=number + 1, limit=1)
    return found[0] if found and found[0].number == number else None


async def list_heads(tx: Tx, *, below: int | None, limit: int) -> list[Head]:
    """Return up to so many seals, the newest first, with lower numbers than this one."""
    return await tx.all(
        _head,
        """
        SELECT number, first, size, root, previous, sealed_at, key_id, signature FROM payment.seal
        WHERE %(below)s::bigint IS NULL OR number < %(below)s ORDER BY number DESC LIMIT %(limit)s
        """,
        {"below": below, "limit": limit},
    )


async def list_heads_after(tx: Tx, number: int, *, limit: int) -> list[Head]:
    """Return up to so many seals with higher numbers, the oldest first."""
    return await tx.all(
        _head,
        """
        SELECT number, first, size, root, previous, sealed_at, key_id, signature FROM payment.seal
        WHERE number > %s ORDER BY number LIMIT %s
        """,
        [number, limit],
    )


async def list_numbers(tx: Tx) -> list[int]:
    """Return the number of every seal, in order."""
    return await tx.values("SELECT number FROM payment.seal ORDER BY number")


async def list_leaves(tx: Tx, start: int, end: int) -> list[Leaf]:
    """Return the leaves that are there from a place up to another, in order."""
    return await tx.all(
        Leaf,
        "SELECT leaf, transaction_id, hash FROM payment.sealed WHERE leaf >= %s AND leaf < %s ORDER BY leaf",
        [start, end],
    )


async def find_leaves(tx: Tx, transactions: Collection[TransactionId], *, size: int) -> list[Leaf]:
    """Return the places of those of these transactions that a tree of this size holds."""
    return await tx.all(
        Leaf,
        "SELECT leaf, transaction_id, hash FROM payment.sealed WHERE transaction_id = ANY(%s::uuid[]) AND leaf < %s",
        [list(transactions), size],
    )


async def load_edge(tx: Tx, size: int) -> Edge:
    """Return the right edge of the tree of this size, from what is kept.

    Raises:
        KeyError: something of it is missing.
    """
    rows = edge_rows(size)
    kept = await load_kept(tx, rows)
    return Edge(size, [[kept[row.level, place] for place in range(row.start, row.end)] for row in rows])


async def load_kept(tx: Tx, rows: Iterable[Row]) -> Kept:
    """Return kept hashes by level and place; those that are missing are left out."""
    wanted = list(rows)
    kept: Kept = {}
    for at_leaves in (True, False):
        chosen = [row for row in wanted if (row.level == 0) is at_leaves]
        params = [[row.level for row in chosen], [row.start for row in chosen], [row.end for row in chosen]]
        found = await (_load_leaf_hashes if at_leaves else _load_nodes)(tx, params)
        kept.update({(node.level, node.place): node.hash for node in found})
    return kept


async def list_nodes(tx: Tx, *, level: int, start: int, end: int) -> list[Node]:
    """Return the kept nodes of a level from a place up to another, in order."""
    return await tx.all(
        Node,
        "SELECT level, place, hash FROM payment.seal_node WHERE level = %s AND place >= %s AND place < %s ORDER BY place",
        [level, start, end],
    )


async def _load_leaf_hashes(tx: Tx, params: list[list[int]]) -> list[Node]:
    return await tx.all(
        Node,
        """
        SELECT wanted.level, kept.leaf AS place, kept.hash
        FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS wanted (level, first, last)
        JOIN payment.sealed kept ON kept.leaf >= wanted.first AND kept.leaf < wanted.last
        """,
        params,
    )


async def _load_nodes(tx: Tx, params: list[list[int]]) -> list[Node]:
    return await tx.all(
        Node,
        """
        SELECT wanted.level, kept.place, kept.hash
        FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS wanted (level, first, last)
        JOIN payment.seal_node kept
            ON kept.level = wanted.level AND kept.place >= wanted.first AND kept.place < wanted.last
        """,
        params,
    )


def _head(
    *,
    number: int,
    first: int,
    size: int,
    root: bytes,
    previous: bytes,
    sealed_at: datetime,
    key_id: str,
    signature: bytes,
) -> Head:
    return Head(number, first, size, root, previous, sealed_at, key_id, signature)

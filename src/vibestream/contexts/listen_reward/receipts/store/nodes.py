"""The table of closed epochs' tree nodes: in blocks, so that a tree over 100,000 leaves is some thousand rows.

A block is a thousand bytes and stays in its row; with a row for each node, most of the table would be its rows' heads. Leaves
are not kept again: they stand in the table of receipts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import SIZE, Field, from_bytes, to_bytes
from vibestream.contexts.listen_reward.receipts.domain.tree import Place
from vibestream.platform.database import Tx

BLOCK: Final = 32
"""Nodes in a block, but for the last of each height."""


async def insert_rows(tx: Tx, epoch: date, rows: Sequence[Sequence[Field]]) -> None:
    """Keep an epoch's nodes, those of height 1 first; nothing is changed when they are kept already."""
    heights, blocks, contents = [], [], []
    for height, row in enumerate(rows, start=1):
        for first in range(0, len(row), BLOCK):
            heights.append(height)
            blocks.append(first // BLOCK)
            contents.append(b"".join(to_bytes(one) for one in row[first : first + BLOCK]))
    await tx.execute(
        """
        INSERT INTO listen_reward.receipt_node (epoch, height, block, nodes)
        SELECT %s, * FROM unnest(%s::smallint[], %s::int[], %s::bytea[]) ON CONFLICT DO NOTHING
        """,
        [epoch, heights, blocks, contents],
    )


async def load_nodes(tx: Tx, epoch: date, places: Collection[Place]) -> dict[Place, Field]:
    """Return the nodes at these places, leaves among them; those that no leaf stands under are left out."""
    wanted = sorted(places)
    kept = await tx.all(
        _node,
        """
        SELECT height, place, substring(nodes FROM place %% %s * %s + 1 FOR %s) AS node
        FROM unnest(%s::smallint[], %s::int[]) AS wanted (height, place)
        JOIN listen_reward.receipt_node n USING (height)
        WHERE n.epoch = %s AND n.block = place / %s
        """,
        [BLOCK, SIZE, SIZE, *_columns([one for one in wanted if one[0]]), epoch, BLOCK],
    )
    leaves = await tx.all(
        _node,
        "SELECT 0 AS height, place, leaf AS node FROM listen_reward.receipt WHERE epoch = %s AND place = ANY(%s)",
        [epoch, [place for height, place in wanted if height == 0]],
    )
    # The last block of a height is shorter than its places: beyond its end there is nothing, as beyond the last block.
    return {place: from_bytes(bytes(node)) for place, node in (*kept, *leaves) if node}


async def load_rows(tx: Tx, epoch: date) -> list[list[Field]]:
    """Return all nodes that are kept of an epoch, height by height from 1."""
    found = await tx.all(
        _block,
        """
        SELECT height, string_agg(nodes, ''::bytea ORDER BY block) AS nodes FROM listen_reward.receipt_node
        WHERE epoch = %s GROUP BY height ORDER BY height
        """,
        [epoch],
    )
    return [[from_bytes(row[at : at + SIZE]) for at in range(0, len(row), SIZE)] for row in found]


async def are_kept(tx: Tx, epoch: date) -> bool:
    """Return whether an epoch's nodes are kept: all of them or none are, because one statement adds them."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM listen_reward.receipt_node WHERE epoch = %s)", [epoch]))


async def list_unkept(tx: Tx) -> list[date]:
    """Return the closed epochs that have leaves and no nodes, the earliest first."""
    return await tx.values(
        """
        SELECT epoch FROM listen_reward.receipt_epoch e WHERE state = 'closed' AND leaves > 0
            AND NOT EXISTS (SELECT FROM listen_reward.receipt_node n WHERE n.epoch = e.epoch)
        ORDER BY epoch
        """
    )


def _columns(places: Sequence[Place]) -> tuple[list[int], list[int]]:
    return [height for height, _ in places], [place for _, place in places]


def _node(*, height: int, place: int, node: bytes) -> tuple[Place, bytes]:
    return (height, place), node


def _block(*, height: int, nodes: bytes) -> bytes:
    del height
    return bytes(nodes)

"""The books under the seals: every leaf is made again from the ledger's rows, and the roots from the leaves."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.growth import STEP, Edge, Node, Row
from vibestream.contexts.payment.seal.domain.heads import Head
from vibestream.contexts.payment.seal.store import ledger, seals
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding

BLOCK: Final = 1 << STEP
"""Leaves below one kept hash."""
RECENT_BLOCKS: Final = 4
"""The newest blocks, always read again."""
_AT_ONCE: Final = 64 * BLOCK
_HEADS: Final = 1_000
_SHOWN: Final = 5


@dataclass(slots=True)
class _Reading:
    """What was read so far, and what was wrong with it."""

    leaves: int = 0
    roots: int = 0
    faults: list[str] = field(default_factory=list)

    def finding(self, figure: str) -> Finding:
        more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
        return Finding(ok=not self.faults, figure=figure, detail="; ".join(self.faults[:_SHOWN]) + more)


async def check(tx: Tx, *, blocks: int | None) -> Finding:
    """Check the newest leaves and as many older blocks as asked for, or all leaves and the root of every seal."""
    newest = await seals.last_head(tx)
    size = newest.size if newest else 0
    reading = _Reading()
    beyond = await seals.list_leaves(tx, size, size + _SHOWN)
    reading.faults += [f"transaction {leaf.transaction_id} is a leaf that no seal holds" for leaf in beyond]
    if newest is None:
        return reading.finding("nothing sealed")
    last = (size - 1) // BLOCK
    if blocks is None or last < RECENT_BLOCKS + blocks:
        await _check_all(tx, newest, reading)
        return reading.finding(f"{reading.leaves:,} transactions hashed again, {reading.roots:,} roots found again")
    older = secrets.SystemRandom().sample(range(last + 1 - RECENT_BLOCKS), blocks)
    await _check_some(tx, newest, [*older, *range(last + 1 - RECENT_BLOCKS, last + 1)], reading)
    return reading.finding(f"{reading.leaves:,} of {size:,} transactions hashed again, the newest root found again")


async def _check_all(tx: Tx, newest: Head, reading: _Reading) -> None:
    edge, heads, number = Edge(0), list[Head](), 0
    for start in range(0, newest.size, _AT_ONCE):
        hashes = await _sealed_hashes(tx, start, min(start + _AT_ONCE, newest.size), reading)
        nodes: list[Node] = []
        for sealed in hashes:
            nodes += edge.append(sealed)
            if not heads:
                heads = (await seals.list_heads_after(tx, number, limit=_HEADS))[::-1]
            if heads and heads[-1].size == edge.size:
                number = _compare_root(edge, heads.pop(), reading)
        await _compare_nodes(tx, nodes, reading)


async def _check_some(tx: Tx, newest: Head, chosen: Sequence[int], reading: _Reading) -> None:
    whole = newest.size // BLOCK
    kept = {node.place: node.hash for node in await seals.list_nodes(tx, level=STEP, start=0, end=whole)}
    for block in chosen:
        end = min((block + 1) * BLOCK, newest.size)
        found = tree.root(await _sealed_hashes(tx, block * BLOCK, end, reading))
        if block == whole:
            kept[block] = found
        elif kept.get(block) != found:
            reading.faults.append(_node_fault(STEP, block))
    blocks = -(-newest.size // BLOCK)
    missing = [block for block in range(blocks) if block not in kept]
    reading.faults += [_node_fault(STEP, block) for block in missing[:_SHOWN]]
    reading.roots += 1
    if not missing and tree.root([kept[block] for block in range(blocks)]) != newest.root and not reading.faults:
        reading.faults.append(f"the tree is not the one that seal {newest.number} signed; read all of it to find where")


async def _sealed_hashes(tx: Tx, start: int, end: int, reading: _Reading) -> list[bytes]:
    """Return the hashes of leaves as they were sealed, and note each whose transaction is not that any more."""
    places = await seals.list_leaves(tx, start, end)
    leaves = await ledger.load_sealed_leaves(tx, start, end)
    for place in places:
        leaf = leaves.get(place.leaf)
        if leaf is None:
            reading.faults.append(f"transaction {place.transaction_id} was sealed as leaf {place.leaf} and is gone")
        elif tree.leaf_hash(leaf) != place.hash:
            reading.faults.append(f"transaction {place.transaction_id} is not what was sealed as leaf {place.leaf}")
    reading.leaves += len(places)
    if len(places) == end - start:
        return [place.hash for place in places]
    there = {place.leaf: place.hash for place in places}
    missing = [leaf for leaf in range(start, end) if leaf not in there]
    reading.faults += [f"leaf {leaf} is missing" for leaf in missing[:_SHOWN]]
    return [there.get(leaf, b"") for leaf in range(start, end)]


def _compare_root(edge: Edge, head: Head, reading: _Reading) -> int:
    reading.roots += 1
    if edge.root() != head.root and not reading.faults:
        reading.faults.append(
            f"a transaction among leaves {head.first} to {head.size - 1} is not what seal {head.number} signed"
        )
    return head.number


async def _compare_nodes(tx: Tx, nodes: Sequence[Node], reading: _Reading) -> None:
    kept = await seals.load_kept(tx, [Row(node.level, node.place, node.place + 1) for node in nodes])
    wrong = [node for node in nodes if kept.get((node.level, node.place)) != node.hash]
    reading.faults += [_node_fault(node.level, node.place) for node in wrong]


def _node_fault(level: int, place: int) -> str:
    return f"the root kept of leaves {place << level} to {((place + 1) << level) - 1} is not theirs"

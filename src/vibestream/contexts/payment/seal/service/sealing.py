"""Making the next seal, and reading those that were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.growth import Node
from vibestream.contexts.payment.seal.domain.heads import NO_SEAL, Head
from vibestream.contexts.payment.seal.store import ledger, seals
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.signing import SigningKey
from vibestream.platform.database import Tx

MOST_LEAVES: Final = 5_000
"""Transactions that one seal takes at most; what is left waits for the next one, a moment later."""


class SealMissing(Missing):
    """There is no seal with this number."""

    code: ClassVar[str] = "seal.missing"


class TreeBroken(Conflict):
    """What is kept of the tree does not lead to what was sealed: somebody changed the database. Run the audit."""

    code: ClassVar[str] = "seal.tree_broken"


async def seal_next(tx: Tx, *, key: SigningKey, now: datetime, most: int = MOST_LEAVES) -> Head | None:
    """Seal the oldest settled transactions that no seal holds yet, and return the new head.

    None when there are none, or when another session sealed at the same time. Nothing is passed over, whatever order
    transactions are committed in, and no transaction is sealed twice. The new head is signed only on top of a tree whose
    edge still is what the last head says.

    Args:
        tx: the caller's transaction, in which nothing was posted.
        key: what the head is signed with.
        now: the instant of sealing; never before that of the last seal.
        most: how many transactions at most.

    Raises:
        TreeBroken: what is kept of the tree is not what was sealed.
    """
    last = await seals.last_head(tx)  # first: whoever seals from now on makes our number a taken one
    due = await ledger.list_due(tx, most=most)
    if not due.transactions:
        return None
    size = last.size if last else 0
    leaves = await ledger.load_leaves(tx, due.transactions)
    hashes = [tree.leaf_hash(leaf) for leaf in leaves if leaf is not None]
    root, nodes = await _grown(tx, last, hashes)
    unsigned = Head(
        number=last.number + 1 if last else 1,
        first=size,
        size=size + len(hashes),
        root=root,
        previous=last.digest if last else NO_SEAL,
        sealed_at=max(now, last.sealed_at) if last else now,
        key_id=key.public.key_id,
    )
    signed = replace(unsigned, signature=key.sign(unsigned.signed))
    done = await seals.append_seal(
        tx, head=signed, settled=due.settled, transactions=due.transactions, hashes=hashes, nodes=nodes
    )
    return signed if done else None


async def heads(tx: Tx, *, below: int | None = None, limit: int) -> list[Head]:
    """Return up to `limit` seals, the newest first; only those with lower numbers than `below`."""
    return await seals.list_heads(tx, below=below, limit=limit)


async def is_due(tx: Tx) -> bool:
    """Say whether something in the books waits for its seal; what was posted within seconds may not count yet."""
    return bool((await ledger.list_due(tx, most=1)).transactions)


async def last_head(tx: Tx) -> Head | None:
    """Return the newest seal; None before the first."""
    return await seals.last_head(tx)


async def head(tx: Tx, *, number: int) -> Head:
    """Return a seal by its number.

    Raises:
        SealMissing: there is none.
    """
    found = await seals.load_head(tx, number)
    if found is None:
        raise SealMissing(f"There is no seal {number}.")
    return found


async def _grown(tx: Tx, last: Head | None, hashes: Sequence[bytes]) -> tuple[bytes, list[Node]]:
    try:
        edge = await seals.load_edge(tx, last.size if last else 0)
    except KeyError:
        raise TreeBroken("A hash of the tree is missing.") from None
    if last and edge.root() != last.root:
        raise TreeBroken(f"The tree is not the one that seal {last.number} signed.")
    nodes = [node for leaf in hashes for node in edge.append(leaf)]
    return edge.root(), nodes

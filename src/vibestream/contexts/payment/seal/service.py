"""Sealing the ledger, reading its seals, and proving what they hold. The public interface of this capability.

Whoever only verifies needs no database: `verify_transaction`, `verify_entry` and `verify_consistency` are pure and take
what `from_json` of the proofs read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.growth import Node, rows_of, span_root
from vibestream.contexts.payment.seal.domain.heads import (
    NO_SEAL,
    Head,
    KeyMalformed,
    KeyUnknown,
    PublicKey,
    SealingKey,
    SignatureInvalid,
    by_id,
    trusted_key,
    verify_head,
)
from vibestream.contexts.payment.seal.domain.leaves import EntryFact, LeafMalformed, TransactionFact
from vibestream.contexts.payment.seal.domain.proofs import (
    ConsistencyProof,
    EntryProof,
    ProofInvalid,
    ProofMalformed,
    TransactionProof,
    head_from_json,
    head_to_json,
    verify,
    verify_consistency,
    verify_entry,
    verify_transaction,
)
from vibestream.contexts.payment.seal.domain.tree import Span
from vibestream.contexts.payment.seal.store import ledger, seals
from vibestream.contexts.payment.seal.store.seals import Leaf
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.platform.database import Tx

__all__ = [
    "ConsistencyProof",
    "EntryFact",
    "EntryProof",
    "Head",
    "KeyMalformed",
    "KeyUnknown",
    "LeafMalformed",
    "ProofInvalid",
    "ProofMalformed",
    "PublicKey",
    "SealingKey",
    "SignatureInvalid",
    "TransactionFact",
    "TransactionProof",
    "by_id",
    "head_from_json",
    "head_to_json",
    "trusted_key",
    "verify",
    "verify_consistency",
    "verify_entry",
    "verify_head",
    "verify_transaction",
]

MOST_LEAVES: Final = 5_000
"""Transactions that one seal takes at most; what is left waits for the next one, a moment later."""


class SealMissing(Missing):
    """There is no seal with this number."""

    code: ClassVar[str] = "seal.missing"


class TreeBroken(Conflict):
    """What is kept of the tree does not lead to what was sealed: somebody changed the database. Run the audit."""

    code: ClassVar[str] = "seal.tree_broken"


async def seal_next(tx: Tx, *, key: SealingKey, now: datetime, most: int = MOST_LEAVES) -> Head | None:
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


async def heads_after(tx: Tx, *, number: int, limit: int) -> list[Head]:
    """Return up to `limit` seals with higher numbers, the oldest first."""
    return await seals.list_heads_after(tx, number, limit=limit)


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


async def prove(tx: Tx, *, transaction_ids: Collection[TransactionId]) -> dict[TransactionId, TransactionProof]:
    """Return, for each transaction that the newest seal holds, the proof that it does.

    All proofs have the same head. One that is missing from the answer is not sealed yet: sealing comes some seconds
    after posting.

    Raises:
        TreeBroken: a transaction is not any more what was sealed.
    """
    newest = await seals.last_head(tx)
    if newest is None or not transaction_ids:
        return {}
    places = await seals.find_leaves(tx, transaction_ids, size=newest.size)
    leaves = await ledger.load_leaves(tx, [place.transaction_id for place in places])
    spans = {place.leaf: tree.inclusion_spans(place.leaf, newest.size) for place in places}
    roots = await _roots(tx, [span for path in spans.values() for span in path])
    proofs = {}
    for place, leaf in zip(places, leaves, strict=True):
        path = tuple(roots[span] for span in spans[place.leaf])
        proofs[place.transaction_id] = _checked(place, leaf, path, newest)
    return proofs


async def prove_entries(
    tx: Tx, *, transaction_ids: Collection[TransactionId], account_ids: Collection[AccountId]
) -> list[EntryProof]:
    """Return a proof of each sealed entry that these transactions have on these accounts; none shows another account.

    In the order of transaction ids, then of lines. Reading one transaction costs as much as it has entries: ask for many
    accounts of a large one at once.

    Raises:
        TreeBroken: a transaction is not any more what was sealed.
    """
    wanted = {str(account_id) for account_id in account_ids}
    touching = await ledger.list_touching(tx, transaction_ids, account_ids)
    sealed = await prove(tx, transaction_ids=touching)
    proofs = []
    for transaction_id in sorted(sealed):
        entries = await ledger.load_entries(tx, transaction_id)
        paths = tree.inclusion_paths(
            [tree.leaf_hash(entry.leaf) for entry in entries],
            [index for index, entry in enumerate(entries) if entry.account_id in wanted],
        )
        proofs += [
            EntryProof(entries[index].leaf, path, sealed[transaction_id]) for index, path in sorted(paths.items())
        ]
    return proofs


async def prove_consistency(tx: Tx, *, old: int, new: int) -> ConsistencyProof:
    """Return the proof that the tree of one seal is the beginning of that of a later one, given their numbers.

    Raises:
        SealMissing: there is no such seal, or the numbers are not in order.
        TreeBroken: what is kept of the tree is incomplete.
    """
    if old > new:
        raise SealMissing("The older seal comes first.")
    earlier, later = await head(tx, number=old), await head(tx, number=new)
    spans = tree.consistency_spans(earlier.size, later.size)
    roots = await _roots(tx, spans)
    return ConsistencyProof(earlier, later, tuple(roots[span] for span in spans))


async def _grown(tx: Tx, last: Head | None, hashes: Sequence[bytes]) -> tuple[bytes, list[Node]]:
    try:
        edge = await seals.load_edge(tx, last.size if last else 0)
    except KeyError:
        raise TreeBroken("A hash of the tree is missing.") from None
    if last and edge.root() != last.root:
        raise TreeBroken(f"The tree is not the one that seal {last.number} signed.")
    nodes = [node for leaf in hashes for node in edge.append(leaf)]
    return edge.root(), nodes


async def _roots(tx: Tx, spans: Sequence[Span]) -> dict[Span, bytes]:
    kept = await seals.load_kept(tx, rows_of(spans))
    try:
        return {span: span_root(span, kept) for span in spans}
    except KeyError:
        raise TreeBroken("A hash of the tree is missing.") from None


def _checked(place: Leaf, leaf: bytes | None, path: tuple[bytes, ...], newest: Head) -> TransactionProof:
    hashed = tree.leaf_hash(leaf or b"")
    if leaf is None or newest.root != tree.root_from_path(leaf=hashed, index=place.leaf, size=newest.size, path=path):
        raise TreeBroken(f"Transaction {place.transaction_id} is not what was sealed.")
    return TransactionProof(leaf, place.leaf, path, newest)

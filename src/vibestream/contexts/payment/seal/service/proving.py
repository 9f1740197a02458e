"""Proofs, made from what is kept of the tree; each is verified before it is handed out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from vibestream.contexts.payment.ledger import service as books
from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.growth import rows_of, span_root
from vibestream.contexts.payment.seal.domain.heads import Head
from vibestream.contexts.payment.seal.domain.proofs import ConsistencyProof, EntryProof, TransactionProof
from vibestream.contexts.payment.seal.domain.tree import Span
from vibestream.contexts.payment.seal.service.sealing import SealMissing, TreeBroken, head
from vibestream.contexts.payment.seal.store import ledger, seals
from vibestream.contexts.payment.seal.store.seals import Leaf
from vibestream.kernel.errors import Unavailable
from vibestream.kernel.ids import AccountId, TransactionId, UserId
from vibestream.platform.database import Tx


class NotSealedYet(Unavailable):
    """The transaction was posted moments ago, and its seal comes within seconds."""

    code: ClassVar[str] = "seal.not_yet"
    retry_after_s: ClassVar[int] = 15


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


async def sealed(tx: Tx, *, transaction_ids: Collection[TransactionId]) -> frozenset[TransactionId]:
    """Return which of these transactions the newest seal holds, so that they can be proved."""
    newest = await seals.last_head(tx)
    if newest is None:
        return frozenset()
    return frozenset(leaf.transaction_id for leaf in await seals.find_leaves(tx, transaction_ids, size=newest.size))


async def prove_entries(
    tx: Tx, *, transaction_ids: Collection[TransactionId], account_ids: Collection[AccountId]
) -> list[EntryProof]:
    """Return a proof of each sealed entry that these transactions have on these accounts; none shows another account.

    In the order of the books. Reading one transaction costs as much as it has entries: ask for many
    accounts of a large one at once.

    Raises:
        TreeBroken: a transaction is not any more what was sealed.
    """
    wanted = {str(account_id) for account_id in account_ids}
    touching = await ledger.list_touching(tx, transaction_ids, account_ids)
    sealed = await prove(tx, transaction_ids=touching)
    proofs: dict[int, EntryProof] = {}
    for transaction_id, whole in sealed.items():
        entries = await ledger.load_entries(tx, transaction_id)
        paths = tree.inclusion_paths(
            [tree.leaf_hash(entry.leaf) for entry in entries],
            [index for index, entry in enumerate(entries) if entry.account_id in wanted],
        )
        proofs |= {
            entries[index].position: EntryProof(entries[index].leaf, path, whole) for index, path in paths.items()
        }
    return [proofs[position] for position in sorted(proofs)]


async def prove_to_person(tx: Tx, *, user_id: UserId, transaction_id: TransactionId) -> list[EntryProof]:
    """Return proofs of what a transaction moved on a person's own accounts, by line.

    Raises:
        UnknownTransaction: there is none, or it does not concern this person.
        NotSealedYet: it was posted moments ago.
        TreeBroken: it is not any more what was sealed.
    """
    await books.transaction_of_person(tx, user_id=user_id, transaction_id=transaction_id)
    own = await books.balances_of_person(tx, user_id=user_id, kinds=books.PERSONAL)
    proofs = await prove_entries(
        tx, transaction_ids=[transaction_id], account_ids=[balance.account_id for balance in own]
    )
    if not proofs:
        raise NotSealedYet("The transaction is not sealed yet. Try again in half a minute.")
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

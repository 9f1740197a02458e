"""Receipts: identities, leaves, and the close of an epoch. The public interface of this capability.

An epoch is closed in three steps, each of which may be cut off and repeated: `begin_close` ends the leaves, `final_tree` is
computed outside any transaction, `finish_close` signs and publishes. Whoever repeats them ends at the same root. The tree's
nodes are kept with it, so that a path is looked up and never hashed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.listen_reward.receipts.domain import epochs
from vibestream.contexts.listen_reward.receipts.domain.epochs import (
    SUMMARY_SONG,
    UNITS,
    Closed,
    State,
    artist_element,
    is_signed,
)
from vibestream.contexts.listen_reward.receipts.domain.field import Field, from_bytes
from vibestream.contexts.listen_reward.receipts.domain.receipt import MOST_SECONDS, Receipt, epoch_element, song_element
from vibestream.contexts.listen_reward.receipts.domain.tree import Path, ReceiptTree, assembled, beside
from vibestream.contexts.listen_reward.receipts.store import artists, nodes
from vibestream.contexts.listen_reward.receipts.store import leaves as store
from vibestream.contexts.listen_reward.receipts.store.leaves import Leaf
from vibestream.kernel.errors import Conflict, Forbidden, Missing, Unavailable
from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId
from vibestream.kernel.signing import SigningKey
from vibestream.platform.database import Tx

__all__ = [
    "MOST_SECONDS",
    "SUMMARY_SONG",
    "UNITS",
    "Closed",
    "Leaf",
    "artist_element",
    "epoch_element",
    "is_signed",
]

UNIT_BITS: Final = 12
"""What a policy comes to is said in at most so many powers of two: rounding takes less than 1/4095 of the largest sum of a day
from anybody, and a listener makes at most twelve claims."""
_NONCE_BYTES: Final = 31


class CommitmentTaken(Conflict):
    """Another account is known by this commitment, or this one was before: make a new secret."""

    code: ClassVar[str] = "receipts.commitment_taken"


class EpochNotOver(Forbidden):
    """An epoch is closed when its day is over; the day that it is now only where no real money is."""

    code: ClassVar[str] = "receipts.epoch_not_over"


class EpochNotClosed(Missing):
    """The epoch is not closed, or there never was such a one."""

    code: ClassVar[str] = "receipts.epoch_not_closed"


class TreeNotKept(Unavailable):
    """The epoch was closed before trees were kept, and its own is still being put away: ask again in some minutes."""

    code: ClassVar[str] = "receipts.tree_not_kept"


@dataclass(frozen=True, slots=True)
class FinalTree:
    """What is kept of a tree over all leaves of an epoch: see `ReceiptTree.rows`."""

    root: Field
    leaves: int
    rows: list[list[Field]]


@dataclass(frozen=True, slots=True)
class Placing:
    """Where receipts go, and by what their listeners are known there."""

    epoch: date
    identities: dict[UserId, Field]


@dataclass(frozen=True, slots=True)
class Heard:
    """An accepted listen that a receipt is written for."""

    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    seconds: int


@dataclass(frozen=True, slots=True)
class Own:
    """One's own receipts of a closed epoch, each with its path."""

    closed: Closed
    leaves: list[Leaf]
    paths: list[Path]


@dataclass(frozen=True, slots=True)
class OwnEpoch:
    """A closed epoch that an account earned in."""

    closed: Closed
    units: list[int]
    """Of its summaries, the largest first."""
    tiers: dict[int, int]
    """How many summaries of each number of units the epoch has."""

    @property
    def hides_among(self) -> int:
        """Among how many summaries, its own with them, the claim hides that hides worst."""
        return min(self.tiers[units] for units in self.units)


async def register_identity(tx: Tx, *, user_id: UserId, commitment: Field, today: date) -> date:
    """Let a listener be known by a commitment, and return the epoch from which they are.

    The first is from today's; a further one from tomorrow's, so that an epoch has one for each listener.

    Raises:
        CommitmentTaken: another account has it, or this one had it before.
    """
    known = await store.list_identities(tx, user_id)
    same = [start for start, one in known if one == commitment]
    if same and same[0] == known[-1][0]:
        return same[0]
    if await store.owner_of(tx, commitment) is not None:
        raise CommitmentTaken("This commitment is known already. Make a new secret.")
    start = today + timedelta(days=bool(known))
    await store.save_identity(tx, user_id, from_epoch=start, commitment=commitment)
    return start


async def identities_of(tx: Tx, *, user_id: UserId) -> list[tuple[date, Field]]:
    """Return an account's commitments with the epochs that they are from, the earliest first."""
    return await store.list_identities(tx, user_id)


async def placing(tx: Tx, *, epoch: date, listeners: Collection[UserId], leaves: int) -> Placing:
    """Return the first epoch from this one on that takes so many leaves more, locked, and its identities of listeners.

    Without anybody who has one, nothing is locked.
    """
    at = epoch
    while True:
        identities = await store.identities_at(tx, at, listeners)
        if not identities:
            return Placing(at, identities)
        row = await store.lock_epoch(tx, at)
        if row.state is State.OPEN and row.listens + leaves <= epochs.LISTEN_LEAVES:
            return Placing(at, identities)
        at += timedelta(days=1)


async def write(tx: Tx, *, placing: Placing, heard: Sequence[Heard]) -> None:
    """Append a receipt for each listen, in order, to the epoch that `placing` locked in this transaction.

    The listen's reward stands already: a receipt without one is refused by the table, as is a second for one listen.
    """
    first = (await store.lock_epoch(tx, placing.epoch)).leaves
    leaves = [
        Leaf(
            first + number,
            one.user_id,
            one.listen_id,
            _receipt(placing.identities[one.user_id], song_element(one.track_id), one.seconds, placing.epoch),
        )
        for number, one in enumerate(heard)
    ]
    if leaves:
        await store.insert_leaves(tx, placing.epoch, leaves)


def most_units(*, listeners: int) -> int:
    """Return how many units the summaries of so many listeners may say each: their leaves are a third of the tree at most."""
    bits = epochs.LISTEN_LEAVES // max(listeners, 1)
    return int(2 ** max(1, min(UNIT_BITS, bits)) - 1)


async def lock(tx: Tx, *, epoch: date) -> None:
    """Lock an epoch's receipts: none is added, and it is not closed, before this transaction ends."""
    await store.lock_epoch(tx, epoch)


async def unclosed(tx: Tx, *, until: date) -> list[date]:
    """Return the epochs up to one that have receipts and are not closed, the earliest first."""
    return await store.list_unclosed(tx, until=until)


async def begin_close(tx: Tx, *, epoch: date, per_listen: int) -> State:
    """End an epoch's leaves with the summaries of what its listeners earned, and of each artist that they heard.

    Returns its state from now on.

    `per_listen` is what a unit is worth. An epoch that was ended before is left as it is.
    """
    row = await store.lock_epoch(tx, epoch)
    if row.state is not State.OPEN:
        return row.state
    summaries = [
        (one.user_id, _receipt(from_bytes(bytes(one.commitment)), SUMMARY_SONG, units, epoch))
        for one in await store.count_earned(tx, epoch)
        for units in epochs.powers_of(one.count)
    ]
    heard = [
        (
            one.user_id,
            one.artist_id,
            _receipt(
                from_bytes(bytes(one.commitment)), artist_element(one.artist_id), min(one.seconds, MOST_SECONDS), epoch
            ),
        )
        for one in await artists.sum_by_artist(tx, epoch)
    ]
    secrets.SystemRandom().shuffle(summaries)  # a place would tell which summaries are one listener's
    secrets.SystemRandom().shuffle(heard)
    leaves = [Leaf(row.leaves + number, user, None, one) for number, (user, one) in enumerate(summaries)]
    after = row.leaves + len(leaves)
    leaves += [Leaf(after + number, user, None, one, artist) for number, (user, artist, one) in enumerate(heard)]
    if leaves:
        await store.insert_leaves(tx, epoch, leaves)
    await store.begin_closing(tx, epoch, per_listen=per_listen)
    return State.CLOSING


async def leaves_of(tx: Tx, *, epoch: date) -> list[Field]:
    """Return an epoch's leaves, in their places."""
    return await store.list_leaves(tx, epoch)


def final_tree(leaves: Sequence[Field]) -> FinalTree:
    """Return the tree over these leaves; some 20 seconds of processor for 100,000, so not on the event loop."""
    tree = ReceiptTree(leaves)
    return FinalTree(tree.root(), len(tree), tree.rows())


async def finish_close(
    tx: Tx, *, epoch: date, tree: FinalTree, key: SigningKey, window: timedelta, now: datetime
) -> Closed:
    """Sign an epoch's root, publish it and keep its tree, once; return what is published, whoever did it.

    Raises:
        EpochNotClosed: its leaves have not been ended, or are not those that the tree is over.
    """
    row = await store.lock_epoch(tx, epoch)
    if row.per_listen is None or row.leaves != tree.leaves:
        raise EpochNotClosed("The epoch's leaves have not been ended, or are others.")
    until = (now + window).replace(microsecond=0)
    draft = Closed(epoch, tree.root, tree.leaves, row.per_listen, until, key.public.key_id)
    if await store.close_epoch(tx, replace(draft, signature=key.sign(draft.signed)), now=now):
        await nodes.insert_rows(tx, epoch, tree.rows)
    return await closed(tx, epoch=epoch)


async def unkept(tx: Tx) -> list[date]:
    """Return the closed epochs whose trees are not kept: those that were closed before any was."""
    return await nodes.list_unkept(tx)


async def keep_tree(tx: Tx, *, epoch: date, tree: FinalTree) -> None:
    """Keep the tree of an epoch that was closed without; once.

    Raises:
        EpochNotClosed: it is not closed, or this is not the tree that it was closed with.
    """
    if (await closed(tx, epoch=epoch)).root != tree.root:
        raise EpochNotClosed("This is not the tree that the epoch was closed with.")
    await nodes.insert_rows(tx, epoch, tree.rows)


async def closed(tx: Tx, *, epoch: date) -> Closed:
    """Return a closed epoch.

    Raises:
        EpochNotClosed: it is not closed.
    """
    found = await store.load_closed(tx, epoch)
    if found is None:
        raise EpochNotClosed("This epoch is not closed, or there never was such a one.")
    return found


async def closed_for_claims(tx: Tx, *, epochs: Collection[date]) -> dict[date, Closed]:
    """Return the closed ones of these epochs that were not given back; they are not before this transaction ends.

    Until when claims are taken is theirs to say: `Closed.claimable_until`.
    """
    return {one.epoch: one for one in await store.share_closed(tx, epochs)}


async def list_closed(tx: Tx, *, before: date | None, limit: int) -> list[Closed]:
    """Return closed epochs, the newest first."""
    return await store.list_closed(tx, before=before, limit=limit)


async def is_deployment(tx: Tx, *, key_id: str) -> bool:
    """Return whether an epoch of this deployment was signed with a key: what claims and orders are bound to."""
    return await store.has_signed(tx, key_id)


async def own_epochs(tx: Tx, *, user_id: UserId, before: date | None, limit: int) -> list[OwnEpoch]:
    """Return closed epochs that an account earned in, the newest first, with among how many each of its claims hides."""
    return [
        OwnEpoch(found, units, await store.count_tiers(tx, found.epoch))
        for found, units in await store.list_own_epochs(tx, user_id, before=before, limit=limit)
    ]


async def tiers_of(tx: Tx, *, epoch: date) -> dict[int, int]:
    """Return how many summaries of each tier an epoch has: among how many a claim hides."""
    return await store.count_tiers(tx, epoch)


async def waiting(tx: Tx, *, user_id: UserId) -> dict[date, int]:
    """Return how many receipts of listens an account has in each epoch that is not closed yet."""
    return await store.count_waiting(tx, user_id)


async def alike(tx: Tx, *, epoch: date, units: int, at_most: int) -> int:
    """Return how many summaries of a tier an epoch has, counted up to a number and no further."""
    return await store.count_alike(tx, epoch, units=units, at_most=at_most)


async def fans(tx: Tx, *, epoch: date, artist_id: ArtistId, least_s: int, at_most: int) -> int:
    """Return how many listeners heard an artist for so long in an epoch, counted up to a number and no further."""
    return await artists.count_fans(tx, epoch, artist_id=artist_id, least_s=least_s, at_most=at_most)


async def days_of_fan(
    tx: Tx, *, user_id: UserId, artist_id: ArtistId, least_s: int, now: datetime
) -> list[tuple[date, int, int]]:
    """Return the days that proofs are taken of in which an account heard an artist for so long, the newest first.

    Each with its seconds, and how many listeners heard the artist for so long on it, oneself with them.
    """
    days = await artists.list_days_of_fan(tx, user_id, artist_id=artist_id, least_s=least_s, now=now)
    fans = await artists.count_fans_by_day(tx, [day for day, _ in days], artist_id=artist_id, least_s=least_s)
    return [(day, seconds, fans[day]) for day, seconds in days]


async def artists_heard(tx: Tx, *, user_id: UserId, now: datetime) -> dict[ArtistId, int]:
    """Return the artists that an account can prove to have heard, each with the most seconds of a day."""
    return dict(await artists.list_heard(tx, user_id, now=now))


async def ended(tx: Tx, *, now: datetime) -> list[tuple[date, int]]:
    """Lock the epochs whose claims are over and not given back; return each with what its receipts earned in all."""
    return [(epoch, await store.granted_by_receipt(tx, epoch)) for epoch in await store.lock_ended(tx, now=now)]


async def mark_returned(tx: Tx, *, epoch: date, now: datetime) -> None:
    """Note that what nobody claimed of a locked epoch went back."""
    await store.mark_returned(tx, epoch, now=now)


async def own_receipts(tx: Tx, *, user_id: UserId, epoch: date) -> Own:
    """Return a closed epoch with an account's receipts of it and their paths, looked up in the tree that was kept.

    Raises:
        EpochNotClosed: it is not closed.
        TreeNotKept: its tree is not there yet.
    """
    found = await closed(tx, epoch=epoch)
    own = await store.list_own(tx, user_id, epoch)
    places = [one.place for one in own]
    known = await nodes.load_nodes(tx, epoch, beside(places))
    if own and not await nodes.are_kept(tx, epoch):
        raise TreeNotKept("The day's tree is being put away. Ask again in some minutes.")
    return Own(found, own, assembled(places, nodes=known))


def _receipt(commitment: Field, song: Field, seconds: int, epoch: date) -> Receipt:
    nonce = Field(secrets.randbits(8 * _NONCE_BYTES))
    return Receipt(commitment, song, seconds, epoch_element(epoch), nonce)

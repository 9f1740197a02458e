"""The tables of identities, epochs and leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from vibestream.contexts.listen_reward.receipts.domain.epochs import Closed, State
from vibestream.contexts.listen_reward.receipts.domain.field import Field, from_bytes, to_bytes
from vibestream.contexts.listen_reward.receipts.domain.receipt import Receipt, epoch_element
from vibestream.kernel.ids import ArtistId, ListenId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class EpochRow:
    """An epoch of receipts as it stands."""

    epoch: date
    state: State
    leaves: int
    listens: int
    per_listen: int | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A receipt with whose it is, and where it stands."""

    place: int
    user_id: UserId
    listen_id: ListenId | None
    receipt: Receipt
    artist_id: ArtistId | None = None
    """Of a receipt that sums up what was heard of one artist."""

    @property
    def is_summary(self) -> bool:
        """Whether it is one of what was earned, that a claim is made upon."""
        return self.listen_id is None and self.artist_id is None


@dataclass(frozen=True, slots=True)
class Earned:
    """How many units one listener earned in an epoch by receipts."""

    user_id: UserId
    commitment: bytes
    count: int


_ROW: Final = "SELECT epoch, state, leaves, listens, per_listen FROM listen_reward.receipt_epoch"
_CLOSED: Final = """
    SELECT epoch, root, leaves, per_listen, claimable_until, key_id, signature FROM listen_reward.receipt_epoch
"""


async def save_identity(tx: Tx, user_id: UserId, *, from_epoch: date, commitment: Field) -> None:
    """Let a listener be known by a commitment from an epoch on; one that was to come from the same epoch is replaced."""
    await tx.execute(
        """
        INSERT INTO listen_reward.identity (user_id, from_epoch, commitment) VALUES (%s, %s, %s)
        ON CONFLICT (user_id, from_epoch) DO UPDATE SET commitment = EXCLUDED.commitment
        """,
        [user_id, from_epoch, to_bytes(commitment)],
    )


async def owner_of(tx: Tx, commitment: Field) -> UserId | None:
    """Return whose a commitment is."""
    found = await tx.value("SELECT user_id FROM listen_reward.identity WHERE commitment = %s", [to_bytes(commitment)])
    return None if found is None else UserId(found)


async def list_identities(tx: Tx, user_id: UserId) -> list[tuple[date, Field]]:
    """Return an account's commitments, each with the epoch that it is from, the earliest first."""
    return await tx.all(
        _identity,
        "SELECT from_epoch, commitment FROM listen_reward.identity WHERE user_id = %s ORDER BY from_epoch",
        [user_id],
    )


async def identities_at(tx: Tx, epoch: date, users: Iterable[UserId]) -> dict[UserId, Field]:
    """Return by what each of these listeners is known in an epoch; those who are not are left out."""
    rows = await tx.all(
        _known,
        """
        SELECT DISTINCT ON (user_id) user_id, commitment FROM listen_reward.identity
        WHERE user_id = ANY(%s) AND from_epoch <= %s ORDER BY user_id, from_epoch DESC
        """,
        [list(users), epoch],
    )
    return dict(rows)


async def lock_epoch(tx: Tx, epoch: date) -> EpochRow:
    """Lock an epoch, made when it is not there: leaves are added, and it is closed, by one transaction at a time."""
    await tx.execute("INSERT INTO listen_reward.receipt_epoch (epoch) VALUES (%s) ON CONFLICT DO NOTHING", [epoch])
    row = await tx.one(_row, f"{_ROW} WHERE epoch = %s FOR UPDATE", [epoch])
    assert row is not None  # noqa: S101 - it was made above, and none is ever deleted
    return row


async def list_unclosed(tx: Tx, *, until: date) -> list[date]:
    """Return the epochs up to one that are not closed, the earliest first."""
    return await tx.values(
        "SELECT epoch FROM listen_reward.receipt_epoch WHERE state <> 'closed' AND epoch <= %s ORDER BY epoch", [until]
    )


async def insert_leaves(tx: Tx, epoch: date, leaves: Sequence[Leaf]) -> None:
    """Append leaves to a locked epoch, and count them."""
    await tx.execute(
        """
        INSERT INTO listen_reward.receipt (
            epoch, place, user_id, listen_id, artist_id, commitment, song, seconds, nonce, leaf)
        SELECT %s, * FROM unnest(
            %s::int[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[], %s::int[], %s::bytea[], %s::bytea[])
        """,
        [
            *(epoch, [one.place for one in leaves], [one.user_id for one in leaves], [one.listen_id for one in leaves]),
            [one.artist_id for one in leaves],
            *([to_bytes(one.receipt.commitment) for one in leaves], [to_bytes(one.receipt.song) for one in leaves]),
            *([one.receipt.seconds for one in leaves], [to_bytes(one.receipt.nonce) for one in leaves]),
            [to_bytes(one.receipt.leaf) for one in leaves],
        ],
    )
    listens = sum(one.listen_id is not None for one in leaves)
    await tx.execute(
        "UPDATE listen_reward.receipt_epoch SET leaves = leaves + %s, listens = listens + %s WHERE epoch = %s",
        [len(leaves), listens, epoch],
    )


async def count_earned(tx: Tx, epoch: date) -> list[Earned]:
    """Return how many units each listener earned by receipts of an epoch, by account."""
    return await tx.all(
        Earned,
        """
        SELECT p.user_id, p.commitment, CASE WHEN e.unit IS NULL THEN count(*) ELSE sum(r.amount) / e.unit END::int AS count
        FROM listen_reward.receipt p JOIN listen_reward.earned r USING (listen_id)
        JOIN listen_reward.epoch e ON e.epoch = p.epoch
        WHERE p.epoch = %s AND r.outcome = 'granted' GROUP BY p.user_id, p.commitment, e.unit ORDER BY p.user_id
        """,
        [epoch],
    )


async def begin_closing(tx: Tx, epoch: date, *, per_listen: int) -> None:
    """Let no leaf be added to an epoch any more."""
    await tx.execute(
        "UPDATE listen_reward.receipt_epoch SET state = 'closing', per_listen = %s WHERE epoch = %s AND state = 'open'",
        [per_listen, epoch],
    )


async def list_leaves(tx: Tx, epoch: date) -> list[Field]:
    """Return an epoch's leaves, in their places."""
    rows = await tx.values("SELECT leaf FROM listen_reward.receipt WHERE epoch = %s ORDER BY place", [epoch])
    return [from_bytes(bytes(one)) for one in rows]


async def close_epoch(tx: Tx, closed: Closed, *, now: datetime) -> bool:
    """Write an epoch's end; return whether it was this call that did."""
    changed = await tx.execute(
        """
        UPDATE listen_reward.receipt_epoch
        SET state = 'closed', root = %s, closed_at = %s, claimable_until = %s, key_id = %s, signature = %s
        WHERE epoch = %s AND state = 'closing' AND leaves = %s
        """,
        [
            *(to_bytes(closed.root), now, closed.claimable_until, closed.key_id, closed.signature),
            *(closed.epoch, closed.leaves),
        ],
    )
    return changed == 1


async def load_closed(tx: Tx, epoch: date) -> Closed | None:
    """Return a closed epoch."""
    return await tx.one(_closed, f"{_CLOSED} WHERE epoch = %s AND state = 'closed'", [epoch])


async def share_closed(tx: Tx, epochs: Iterable[date]) -> list[Closed]:
    """Return closed epochs whose claims have not been given back, and keep them from it for the time of the transaction."""
    return await tx.all(
        _closed,
        f"{_CLOSED} WHERE epoch = ANY(%s) AND state = 'closed' AND returned_at IS NULL ORDER BY epoch FOR SHARE",
        [sorted(epochs)],
    )


async def list_closed(tx: Tx, *, before: date | None, limit: int) -> list[Closed]:
    """Return closed epochs, the newest first."""
    return await tx.all(
        _closed,
        f"{_CLOSED} WHERE state = 'closed' AND epoch < coalesce(%s, 'infinity'::date) ORDER BY epoch DESC LIMIT %s",
        [before, limit],
    )


async def has_signed(tx: Tx, key_id: str) -> bool:
    """Return whether a closed epoch was signed with a key."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM listen_reward.receipt_epoch WHERE key_id = %s)", [key_id]))


async def list_own_epochs(
    tx: Tx, user_id: UserId, *, before: date | None, limit: int
) -> list[tuple[Closed, list[int]]]:
    """Return the closed epochs that an account has summaries in, the newest first, each with their units, the largest first."""
    return await tx.all(
        _own_epoch,
        """
        SELECT epoch, root, leaves, per_listen, claimable_until, key_id, signature, units
        FROM listen_reward.receipt_epoch JOIN (
            SELECT epoch, array_agg(seconds ORDER BY seconds DESC) AS units FROM listen_reward.receipt
            WHERE user_id = %s AND listen_id IS NULL AND artist_id IS NULL GROUP BY epoch
        ) own USING (epoch)
        WHERE state = 'closed' AND epoch < coalesce(%s, 'infinity'::date) ORDER BY epoch DESC LIMIT %s
        """,
        [user_id, before, limit],
    )


async def lock_ended(tx: Tx, *, now: datetime) -> list[date]:
    """Lock the closed epochs whose claims are over and have not been given back."""
    return await tx.values(
        """
        SELECT epoch FROM listen_reward.receipt_epoch
        WHERE state = 'closed' AND returned_at IS NULL AND claimable_until <= %s ORDER BY epoch FOR UPDATE
        """,
        [now],
    )


async def mark_returned(tx: Tx, epoch: date, *, now: datetime) -> None:
    """Note that what nobody claimed went back."""
    await tx.execute("UPDATE listen_reward.receipt_epoch SET returned_at = %s WHERE epoch = %s", [now, epoch])


async def granted_by_receipt(tx: Tx, epoch: date) -> int:
    """Return what the listens of an epoch earned that are paid by claims."""
    return int(
        await tx.value(
            """
            SELECT coalesce(sum(amount), 0)::bigint FROM listen_reward.earned
            WHERE epoch = %s AND way = 'receipt'
            """,
            [epoch],
        )
    )


async def count_tiers(tx: Tx, epoch: date) -> dict[int, int]:
    """Return how many summaries of each tier an epoch has."""
    rows = await tx.all(
        _tier,
        """
        SELECT seconds, count(*)::int AS count FROM listen_reward.receipt
        WHERE epoch = %s AND listen_id IS NULL AND artist_id IS NULL GROUP BY seconds ORDER BY seconds
        """,
        [epoch],
    )
    return dict(rows)


async def count_waiting(tx: Tx, user_id: UserId) -> dict[date, int]:
    """Return how many receipts of listens an account has in each epoch that is not closed, the earliest first."""
    rows = await tx.all(
        _waiting,
        """
        SELECT epoch, count(*)::int AS count FROM listen_reward.receipt JOIN listen_reward.receipt_epoch USING (epoch)
        WHERE user_id = %s AND state <> 'closed' AND listen_id IS NOT NULL GROUP BY epoch ORDER BY epoch
        """,
        [user_id],
    )
    return dict(rows)


async def count_alike(tx: Tx, epoch: date, *, units: int, at_most: int) -> int:
    """Return how many summaries of one tier an epoch has, at most a number: each claim asks, so no more are looked at."""
    return int(
        await tx.value(
            """
            SELECT count(*) FROM (
                SELECT FROM listen_reward.receipt
                WHERE epoch = %s AND seconds = %s AND listen_id IS NULL AND artist_id IS NULL LIMIT %s) alike
            """,
            [epoch, units, at_most],
        )
    )


async def list_own(tx: Tx, user_id: UserId, epoch: date) -> list[Leaf]:
    """Return an account's receipts of an epoch, in their places."""
    return await tx.all(
        _leaf,
        """
        SELECT place, user_id, listen_id, artist_id, epoch, commitment, song, seconds, nonce FROM listen_reward.receipt
        WHERE user_id = %s AND epoch = %s ORDER BY place
        """,
        [user_id, epoch],
    )


def _row(*, epoch: date, state: str, leaves: int, listens: int, per_listen: int | None) -> EpochRow:
    return EpochRow(epoch, State(state), leaves, listens, per_listen)


def _identity(*, from_epoch: date, commitment: bytes) -> tuple[date, Field]:
    return from_epoch, from_bytes(bytes(commitment))


def _known(*, user_id: UserId, commitment: bytes) -> tuple[UserId, Field]:
    return user_id, from_bytes(bytes(commitment))


def _tier(*, seconds: int, count: int) -> tuple[int, int]:
    return seconds, count


def _waiting(*, epoch: date, count: int) -> tuple[date, int]:
    return epoch, count


def _closed(
    *, epoch: date, root: bytes, leaves: int, per_listen: int, claimable_until: datetime, key_id: str, signature: bytes
) -> Closed:
    return Closed(epoch, from_bytes(bytes(root)), leaves, per_listen, claimable_until, key_id, bytes(signature))


def _own_epoch(*, units: list[int], **closed: Any) -> tuple[Closed, list[int]]:
    return _closed(**closed), units


def _leaf(
    *, place: int, user_id: UserId, listen_id: ListenId | None, artist_id: ArtistId | None, epoch: date,
    commitment: bytes, song: bytes, seconds: int, nonce: bytes,
) -> Leaf:  # fmt: skip
    elements = [from_bytes(bytes(one)) for one in (commitment, song, nonce)]
    receipt = Receipt(elements[0], elements[1], seconds, epoch_element(epoch), elements[2])
    return Leaf(place, user_id, listen_id, receipt, artist_id)

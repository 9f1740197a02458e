"""Splits: proposed by a track's owner, accepted by those who are named in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.months import month_of, next_month, require_month
from vibestream.contexts.payment.royalties.domain.splits import (
    Share,
    SplitSettled,
    SplitView,
    UnknownSplit,
    UnknownTrack,
    comes_into_force,
    require_whole,
)
from vibestream.contexts.payment.royalties.store import splits as store
from vibestream.contexts.payment.royalties.store import usage
from vibestream.kernel.ids import TrackId, UserId, new_id
from vibestream.platform.database import Tx


async def set_splits(
    tx: Tx,
    *,
    track_id: TrackId,
    owner: UserId,
    shares: Sequence[Share],
    effective_from: date | None = None,
    now: datetime,
) -> SplitView:
    """Propose how a track's royalties are divided, for whole months.

    It comes into force when everybody named in it has accepted; the owner has by proposing it. It counts from the month
    it names (the present one unless told), but never for one that is closed by then. Until then what counted before
    goes on counting: without any split, all is the owner's.

    Raises:
        InvalidSplit: the shares do not make one whole.
        InvalidMonth: `effective_from` is not the first day of a month.
        UnknownTrack: there is no such track, or it is somebody else's.
    """
    whole = require_whole(shares)
    month = month_of(now) if effective_from is None else require_month(effective_from)
    if not await store.owns(tx, track_id, owner):
        raise UnknownTrack("There is no such track of yours.")
    split_id = new_id()
    await store.add_split(tx, split_id, track_id=track_id, made_by=owner, effective_from=month, shares=whole, now=now)
    return await _settled(tx, split_id)


async def accept_split(tx: Tx, *, split_id: UUID, payee: UserId, now: datetime) -> SplitView:
    """Accept one's share of a proposed split. Accepting twice is accepting once.

    Raises:
        UnknownSplit: there is no such split, or it names somebody else.
        SplitSettled: it was withdrawn.
    """
    found = await _concerning(tx, split_id, payee)
    if payee not in {share.payee_id for share in found.shares}:
        raise UnknownSplit("There is no such split.")
    if found.withdrawn:
        raise SplitSettled("The split was withdrawn.")
    if payee not in found.accepted:
        await store.accept(tx, split_id, payee, now=now)
    return await _settled(tx, split_id)


async def withdraw_split(tx: Tx, *, split_id: UUID, person: UserId, now: datetime) -> SplitView:
    """Take back a split one proposed, or decline one that one is named in, before it is in force.

    Raises:
        UnknownSplit: there is no such split, or it does not concern this person.
        SplitSettled: it is in force; propose another one instead.
    """
    found = await _concerning(tx, split_id, person)
    if found.in_force_from is not None:
        raise SplitSettled("The split is in force: propose another one.")
    if not found.withdrawn:
        await store.withdraw(tx, split_id, now=now)
    return (await store.list_splits(tx, split_id=split_id))[0]


async def splits_of_track(tx: Tx, *, track_id: TrackId, owner: UserId) -> list[SplitView]:
    """Return every split that a track's owner proposed for it, the newest first.

    Raises:
        UnknownTrack: there is no such track, or it is somebody else's.
    """
    if not await store.owns(tx, track_id, owner):
        raise UnknownTrack("There is no such track of yours.")
    return await store.list_splits(tx, track_id=track_id)


async def splits_of_person(tx: Tx, *, person: UserId, limit: int = 200) -> list[SplitView]:
    """Return the splits that a person proposed or is named in, the newest first."""
    return await store.list_splits(tx, concerning=person, limit=limit)


async def _concerning(tx: Tx, split_id: UUID, person: UserId) -> SplitView:
    found = await store.lock_split(tx, split_id)
    if found is None or (found.made_by != person and person not in {share.payee_id for share in found.shares}):
        raise UnknownSplit("There is no such split.")
    return found


async def _settled(tx: Tx, split_id: UUID) -> SplitView:
    """Bring a split into force when everybody has accepted, and return it."""
    found = (await store.list_splits(tx, split_id=split_id))[0]
    if found.in_force_from is None and found.accepted == {share.payee_id for share in found.shares}:
        month = found.effective_from
        while True:
            closed = await usage.closed_months(tx)
            month = comes_into_force(effective_from=month, open_from=next_month(max(closed)) if closed else month)
            if await usage.hold_open(tx, month):
                break
        await store.bring_into_force(tx, split_id, month=month)
        found = (await store.list_splits(tx, split_id=split_id))[0]
    return found

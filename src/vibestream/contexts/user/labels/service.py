"""Labels and artists: asking, accepting, ending. `flows.work_for_artists` lets a label at the music, or out of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.labels import store
from vibestream.contexts.user.labels.domain import (
    GOOD_FOR,
    MOST_ARTISTS,
    MOST_LABELS,
    ArtistUnknown,
    Between,
    LabelRole,
    LabelUnknown,
    OnRoster,
    Relation,
    RelationMissing,
    RosterFull,
    Side,
)
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, HandleInvalid
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

__all__ = [
    "GOOD_FOR",
    "ArtistUnknown",
    "Between",
    "LabelRole",
    "LabelUnknown",
    "OnRoster",
    "Relation",
    "RelationMissing",
    "RosterFull",
    "Side",
    "accept",
    "ask_artist",
    "ask_label",
    "end",
    "end_every",
    "every_active",
    "labels_of",
    "roster_of",
]


async def ask_artist(tx: Tx, *, label: UserId, handle: str, role: LabelRole, key: UUID, now: datetime) -> None:
    """Ask, as a label, to work for an artist; its owner is told. The same key again asks nothing.

    Raises:
        ArtistUnknown: nobody has the handle, or one of the two blocked the other: nothing tells these apart.
        OnRoster: they work together, one has asked the other, the artist is the label's own, or it is no label.
        RosterFull: the label has, or asked, 500.
    """
    try:
        artist = await profiles.artist_by_handle(tx, handle=handle.strip().removeprefix("@"))
    except ArtistMissing:
        raise ArtistUnknown from None
    if await store.are_apart(tx, artist_id=artist.artist_id, label=label):
        raise ArtistUnknown
    await store.lock_account(tx, user_id=label)
    if await store.count_of_label(tx, label=label, now=now) >= MOST_ARTISTS:
        raise RosterFull
    asked = await _ask(
        tx, label=label, artist_id=artist.artist_id, role=role, side=Side.LABEL, by=label, key=key, now=now
    )
    if asked:
        await _tell(tx, user_id=artist.user_id, kind=Kind.LABEL_INVITED, artist_id=artist.artist_id, key=key, now=now)


async def ask_label(
    tx: Tx, *, owner: UserId, artist_id: ArtistId, handle: str, role: LabelRole, key: UUID, now: datetime
) -> None:
    """Ask a label to work for one's own artist; it is told. The same key again asks nothing.

    Raises:
        ArtistMissing: no such artist of this account.
        LabelUnknown: no label has the handle, its page is closed, or one of the two blocked the other.
        OnRoster: they work together, or one has asked the other.
        RosterFull: the artist has, or asked, ten.
    """
    if (await profiles.artist(tx, artist_id=artist_id)).user_id != owner:
        raise ArtistMissing("There is no such artist profile of yours.")
    label = await _label_of(tx, handle)
    if label is None or await store.are_apart(tx, artist_id=artist_id, label=label):
        raise LabelUnknown
    await store.lock_account(tx, user_id=owner)
    if await store.count_of_artist(tx, artist_id=artist_id, now=now) >= MOST_LABELS:
        raise RosterFull
    if await _ask(tx, label=label, artist_id=artist_id, role=role, side=Side.ARTIST, by=owner, key=key, now=now):
        await _tell(tx, user_id=label, kind=Kind.ROSTER_ASKED, artist_id=artist_id, key=key, now=now)


async def accept(
    tx: Tx, *, relation_id: UUID, side: Side, by: UserId, now: datetime, artist_id: ArtistId | None = None
) -> Between:
    """Accept, from one's own side, what the other asked; both are told. The caller has the owner prove themselves.

    `artist_id` is the artist that it must be of; None: any of one's own.

    Raises:
        RelationMissing: nothing waits for an answer of this side, or not any more.
    """
    found = await store.accept(tx, relation_id=relation_id, side=side, by=by, artist_id=artist_id, now=now)
    if found is None:
        raise RelationMissing
    await _log(tx, Action.ROSTER_JOINED, found, by=by, now=now)
    for user_id, kind in ((found.owner, Kind.LABEL_JOINED), (found.label_id, Kind.ROSTER_JOINED)):
        await _tell(tx, user_id=user_id, kind=kind, artist_id=found.artist_id, key=relation_id, now=now)
    return found


async def end(
    tx: Tx, *, relation_id: UUID, side: Side, by: UserId, now: datetime, artist_id: ArtistId | None = None
) -> Between:
    """End it from one's own side, or refuse or withdraw what was asked; the other side is told of what had begun.

    `artist_id` is the artist that it must be of; None: any of one's own.

    Raises:
        RelationMissing: there is none of this side.
    """
    found = await store.end(tx, relation_id=relation_id, side=side, by=by, artist_id=artist_id)
    if found is None:
        raise RelationMissing
    await _log(tx, Action.ROSTER_LEFT, found, by=by, now=now)
    if found.active:
        user_id, kind = (found.owner, Kind.LABEL_LEFT) if side is Side.LABEL else (found.label_id, Kind.ROSTER_LEFT)
        await _tell(tx, user_id=user_id, kind=kind, artist_id=found.artist_id, key=relation_id, now=now)
    return found


async def end_every(tx: Tx, *, label: UserId, now: datetime) -> list[Between]:
    """End everything of an account that acts for no label any more, tell the artists' owners, and return what it was."""
    ended = await store.end_every(tx, label=label)
    for one in ended:
        await _log(tx, Action.ROSTER_LEFT, one, by=None, now=now)
        if one.active:
            key = f"{label}:{now.isoformat()}"
            await _tell(tx, user_id=one.owner, kind=Kind.LABEL_LEFT, artist_id=one.artist_id, key=key, now=now)
    return ended


async def roster_of(
    tx: Tx, *, label: UserId, now: datetime, after: tuple[str, UUID] | None = None, limit: int | None = None
) -> list[Relation]:
    """Return a label's roster and what waits for an answer, by the artists' names.

    `after` is the name and id of the artist that was seen last; `limit` is how many at most, None: all.
    """
    return await store.list_of_label(tx, label=label, after=after, limit=limit, now=now)


async def labels_of(
    tx: Tx,
    *,
    artist_id: ArtistId,
    owner: UserId,
    now: datetime,
    after: tuple[str, UUID] | None = None,
    limit: int | None = None,
) -> list[Relation]:
    """Return the labels of one's own artist and what waits for an answer, by their names; nothing of another's.

    `after` is the name and id of the label that was seen last; `limit` is how many at most, None: all.
    """
    return await store.list_of_artist(tx, artist_id=artist_id, owner=owner, after=after, limit=limit, now=now)


async def every_active(tx: Tx) -> set[tuple[ArtistId, UserId, str]]:
    """Return every label that works for an artist: the artist, the label, and as what."""
    return await store.list_every_active(tx)


async def _label_of(tx: Tx, handle: str) -> UserId | None:
    try:
        asked = profiles.parse_handle(handle.strip().removeprefix("@"))
    except HandleInvalid:
        return None
    return await store.find_label(tx, skeleton=asked.skeleton)


async def _ask(
    tx: Tx, *, label: UserId, artist_id: ArtistId, role: LabelRole, side: Side, by: UserId, key: UUID, now: datetime
) -> bool:
    made = await store.add_relation(
        tx, key=key, label=label, artist_id=artist_id, role=role, asked_by=side, asker=by, now=now, ends=now + GOOD_FOR
    )
    if made:
        owner = await store.owner_of(tx, artist_id=artist_id)
        asked = Between(artist_id=artist_id, owner=owner, label_id=label, role=role, active=False)
        await _log(tx, Action.ROSTER_ASKED, asked, by=by, now=now)
    elif not await store.has_relation(tx, key=key, label=label, artist_id=artist_id):
        raise OnRoster
    return made


async def _log(tx: Tx, action: Action, one: Between, *, by: UserId | None, now: datetime) -> None:
    detail = f"artist {one.artist_id}: {one.role.value}"
    for user_id in (one.owner, one.label_id):
        await audit_log.record(tx, action=action, user_id=user_id, actor_id=by, now=now, detail=detail)


async def _tell(tx: Tx, *, user_id: UserId, kind: Kind, artist_id: ArtistId, key: object, now: datetime) -> None:
    facts: dict[str, str | int] = {"when": now.isoformat(), "artist_id": str(artist_id)}
    await notifications.tell(tx, user_id=user_id, kind=kind, key=f"{key}:{artist_id}", facts=facts, now=now)

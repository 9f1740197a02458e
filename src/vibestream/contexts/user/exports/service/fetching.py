"""Fetching an export: an address for its owner, good for minutes, and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.exports import store
from vibestream.contexts.user.exports.domain import links
from vibestream.contexts.user.exports.domain.exports import LINK_FOR, Export, NoSuchExport, State
from vibestream.kernel.ids import UserId
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Link:
    """Where an export is fetched, below the site's address, and until when."""

    path: str
    expires_at: datetime


async def link(
    tx: Tx, *, settings: Settings, user_id: UserId, export_id: UUID, now: datetime, network: str = ""
) -> Link:
    """Return an address by which this person, signed in, fetches an export of theirs in the next minutes.

    It stands in the security log, with the coarse network that it was made for.

    Raises:
        NoSuchExport: there is none of theirs to fetch.
    """
    found = await _fetchable(tx, user_id=user_id, export_id=export_id, now=now)
    until = int(min(now + LINK_FOR, found.expires_at or now).timestamp())
    signature = links.signature_of(key=settings.signing_key(), export_id=export_id, user_id=user_id, until=until)
    action = audit_log.Action.EXPORT_FETCHED
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=user_id, now=now, network=network)
    path = f"/api/v1/me/exports/{export_id}/archive?until={until}&signature={signature}"
    return Link(path, datetime.fromtimestamp(until, UTC))


async def fetch(
    tx: Tx, *, settings: Settings, user_id: UserId, export_id: UUID, until: int, signature: str, now: datetime
) -> Export:
    """Return the export that an address of this person's leads to.

    Raises:
        NoSuchExport: there is none of theirs to fetch, whatever the address says.
        LinkInvalid: the address was not made by us, or its time is over.
    """
    found = await _fetchable(tx, user_id=user_id, export_id=export_id, now=now)
    keys = (settings.signing_key(), *settings.further_secrets)
    links.require_good(keys=keys, export_id=export_id, user_id=user_id, until=until, signature=signature, now=now)
    return found


async def _fetchable(tx: Tx, *, user_id: UserId, export_id: UUID, now: datetime) -> Export:
    found = await store.load_own(tx, export_id=export_id, user_id=user_id)
    if found is None or found.state is not State.READY or found.expires_at is None or found.expires_at <= now:
        raise NoSuchExport
    return found

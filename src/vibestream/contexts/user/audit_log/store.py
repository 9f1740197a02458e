"""The table of the security log: insert and read, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.audit_log.domain import Action, Entry
from vibestream.kernel.ids import UserId
from vibestream.platform import person_keys
from vibestream.platform.database import Tx


async def add_entry(tx: Tx, *, entry: Entry) -> None:
    """Append an entry; where it names somebody, its network is kept under their key."""
    whose = _whose(entry)
    network = entry.network
    if whose is not None:
        network = await person_keys.seal(tx, user_id=whose, text=network, belongs_to=_place(entry))
    elif network:  # such as of a reset that was asked for at an address that nobody has
        await person_keys.take_as_long(tx)
    await tx.execute(
        "INSERT INTO users.security_log (entry_id, at, action, user_id, actor_id, network, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [entry.entry_id, entry.at, entry.action.value, entry.user_id, entry.actor_id, network, entry.detail],
    )


async def list_entries(tx: Tx, *, user_id: UserId, limit: int) -> list[Entry]:
    """Return an account's newest entries, newest first."""
    found = await tx.all(
        _entry,
        "SELECT entry_id, at, action, user_id, actor_id, network, detail FROM users.security_log"
        " WHERE user_id = %s ORDER BY at DESC, entry_id DESC LIMIT %s",
        [user_id, limit],
    )
    return await _opened(tx, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry and its place in the chain."""

    number: int
    entry: Entry


async def list_lines(
    tx: Tx, *, action: Action | None, user_id: UserId | None, since: datetime | None, before: int | None, limit: int
) -> list[Line]:
    """Return the lines that fit, the newest first, from below a number on; a person's are those by them and about them."""
    found = await tx.all(
        lambda *, number, **columns: Line(number=number, entry=_entry(**columns)),
        "SELECT number, entry_id, at, action, user_id, actor_id, network, detail FROM users.security_log"
        " WHERE (%(action)s::text IS NULL OR action = %(action)s)"
        " AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s OR actor_id = %(user_id)s)"
        " AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(before)s::bigint IS NULL OR number < %(before)s)"
        " ORDER BY number DESC LIMIT %(limit)s",
        {"action": action and action.value, "user_id": user_id, "since": since, "before": before, "limit": limit},
    )
    opened = await _opened(tx, [line.entry for line in found])
    return [Line(number=line.number, entry=entry) for line, entry in zip(found, opened, strict=True)]


async def has_account(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether there is, or was, such an account."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM users.account WHERE user_id = %s)", [user_id]))


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what the log says happened to a person; from where, only when it was they themselves or nobody signed in."""
    found = await tx.all(
        _entry,
        "SELECT entry_id, at, action, user_id, actor_id, network, detail FROM users.security_log"
        " WHERE user_id = %s ORDER BY at, entry_id",
        [user_id],
    )
    return [
        {
            "at": entry.at.isoformat(),
            "action": entry.action.value,
            "network": entry.network if entry.actor_id in {None, user_id} else "",
            "detail": entry.detail,
        }
        for entry in await _opened(tx, found)
    ]


def _entry(*, entry_id: UUID, at: datetime, action: str, **columns: Any) -> Entry:
    return Entry(entry_id=entry_id, at=at, action=Action(action), **columns)


async def _opened(tx: Tx, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries with their networks readable, empty where a person was forgotten."""
    people = {whose for whose in map(_whose, entries) if whose is not None}
    keys = await person_keys.keys_of(tx, user_ids=people) if people else {}
    return [
        replace(
            entry,
            network=person_keys.unseal(keys, user_id=_whose(entry), text=entry.network, belongs_to=_place(entry)),
        )
        for entry in entries
    ]


def _whose(entry: Entry) -> UserId | None:
    """Return whose network it is: of who did it, else of whom it happened to."""
    return entry.actor_id or entry.user_id


def _place(entry: Entry) -> str:
    return f"users.security_log:{entry.entry_id}"

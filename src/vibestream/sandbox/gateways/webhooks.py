"""Webhooks out: rows written with what they tell of, delivered in the background until they are taken, also after a restart.

Signatures carry the real time even when the stand-ins' clock was moved: the receiver's clock was not.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog

from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

ENDPOINTS: Final = ("stripe", "stripe-connect", "paypal", "coinbase")
"""Where deliveries go, under `/webhooks/` of the receiver."""
_TO: Final = "webhooks_to"
_WAITS_MS: Final = (200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
_MOST_ATTEMPTS: Final = 25
"""Source: PayPal retries up to 25 times over 3 days; the others say less. Here they are minutes, not days."""
_TIMEOUT_S: Final = 10.0
_AT_ONCE: Final = 8
_IDLE_S: Final = 0.05
_REORDERED_MS: Final = 700
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook to one endpoint."""

    seq: int
    provider: str
    endpoint: str
    event: str
    body: bytes
    spoilt: bool
    attempts: int


Sign = Callable[[World, Delivery, int], dict[str, str]]
"""Returns the headers that sign a delivery at a Unix second; a spoilt one's first attempt is to be signed wrongly."""


class NotLoopback(ValueError):
    """Webhooks of a sandbox go to this machine only."""


def announce(
    world: World,
    *,
    provider: str,
    endpoint: str,
    event: str,
    kind: str,
    body: Document,
    misstated: Document | None = None,
) -> None:
    """Queue an event for delivery, as the faults that are switched on for webhooks have it.

    `misstated` is the same event with a wrong amount, for the fault that says so.
    """
    faults = frozenset({Fault.DUPLICATE_WEBHOOK, Fault.REORDER_WEBHOOKS, Fault.LATE_WEBHOOK, Fault.DROP_WEBHOOK})
    now = _now_ms()
    taken = world.faults.take(provider, faults, act=kind)
    spoilt = world.faults.take(provider, frozenset({Fault.BAD_SIGNATURE}), act=kind) is not None
    if misstated is not None and world.faults.take(provider, frozenset({Fault.WRONG_AMOUNT}), act="webhook"):
        body = misstated
    due, state, copies = now, "waiting", 1
    match taken.kind if taken else None:
        case Fault.DUPLICATE_WEBHOOK:
            copies = 2
        case Fault.REORDER_WEBHOOKS:
            due += _REORDERED_MS
        case Fault.LATE_WEBHOOK:
            due += int((taken.seconds(3.0) if taken else 0) * 1000)
        case Fault.DROP_WEBHOOK:
            state = "dropped"
        case _:
            pass
    for _ in range(copies):
        world.store.db.execute(
            "INSERT INTO deliveries (provider, endpoint, event, type, body, spoilt, due_ms, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (provider, endpoint, event, kind, json.dumps(body, separators=(",", ":")), spoilt, due, state),
        )


def send_to(world: World, address: str | None, *, forget: bool = False, own: bool = False) -> None:
    """Say where webhooks go from now on; None keeps them back. With `forget`, those that wait are dropped.

    `own` says that the address is that of the web server of our own settings, which may listen elsewhere than on loopback.

    Raises:
        NotLoopback: the address is not of this machine.
    """
    if address is not None and not own and not _is_loopback(urlsplit(address).hostname or ""):
        raise NotLoopback(f"{address} is not on this machine; a sandbox sends nowhere else.")
    with world.store.transaction():
        world.store.set_fact(_TO, (address or "").rstrip("/"))
        if forget:
            world.store.db.execute("UPDATE deliveries SET state = 'dropped' WHERE state = 'waiting'")


def list_deliveries(world: World, *, provider: str | None = None) -> list[dict[str, Any]]:
    """Return what was and is to be delivered, the oldest first."""
    rows = world.store.db.execute(
        "SELECT seq, provider, endpoint, event, type, state, attempts, status FROM deliveries"
        " WHERE ? IS NULL OR provider = ? ORDER BY seq",
        (provider, provider),
    )
    names = ("seq", "provider", "endpoint", "event", "type", "state", "attempts", "status")
    return [dict(zip(names, row, strict=True)) for row in rows]


def count_waiting(world: World) -> int:
    """Return how many deliveries are still to be taken."""
    (count,) = world.store.db.execute("SELECT count(*) FROM deliveries WHERE state = 'waiting'").fetchone()
    return int(count)


def resend(world: World, *, event: str) -> int:
    """Queue every delivery of an event once more, as the providers' dashboards can; return how many."""
    changed = world.store.db.execute(
        "INSERT INTO deliveries (provider, endpoint, event, type, body, spoilt, due_ms, state)"
        " SELECT provider, endpoint, event, type, body, 0, ?, 'waiting' FROM deliveries WHERE event = ?"
        " GROUP BY provider, endpoint, event",
        (_now_ms(), event),
    )
    return changed.rowcount


async def deliver(world: World, signers: dict[str, Sign]) -> None:
    """Deliver what is due, for ever; each delivery is tried again until it is taken with a 2xx or given up."""
    under_way: dict[int, asyncio.Task[None]] = {}
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
        try:
            while True:
                for delivery in _due(world, most=_AT_ONCE - len(under_way), without=set(under_way)):
                    under_way[delivery.seq] = asyncio.create_task(
                        _attempt(world, client, delivery, signers[delivery.provider])
                    )
                await asyncio.sleep(_IDLE_S)
                for seq in [seq for seq, task in under_way.items() if task.done()]:
                    under_way.pop(seq).result()  # a defect ends the sandbox instead of its webhooks only
        finally:
            for task in list(under_way.values()):
                task.cancel()


def _due(world: World, *, most: int, without: set[int]) -> list[Delivery]:
    if most <= 0 or not world.store.fact(_TO):
        return []
    rows = world.store.db.execute(
        "SELECT seq, provider, endpoint, event, body, spoilt, attempts FROM deliveries"
        " WHERE state = 'waiting' AND due_ms <= ? ORDER BY due_ms, seq LIMIT ?",
        (_now_ms(), most + len(without)),
    ).fetchall()
    found = [
        Delivery(
            seq=seq,
            provider=provider,
            endpoint=endpoint,
            event=event,
            body=body.encode(),
            spoilt=bool(spoilt),
            attempts=tried,
        )
        for seq, provider, endpoint, event, body, spoilt, tried in rows
        if seq not in without
    ]
    return found[:most]


async def _attempt(world: World, client: httpx.AsyncClient, delivery: Delivery, sign: Sign) -> None:
    headers = {"content-type": "application/json", "user-agent": "VibeStream sandbox gateways"}
    headers |= sign(world, delivery, int(utc_now().timestamp()))
    status: int | None = None
    try:
        answer = await client.post(
            f"{world.store.fact(_TO)}/webhooks/{delivery.endpoint}", content=delivery.body, headers=headers
        )
        status = answer.status_code
    except httpx.HTTPError as error:
        _log.debug("sandbox.webhook.unreachable", endpoint=delivery.endpoint, error=type(error).__name__)
    attempts = delivery.attempts + 1
    if status is not None and 200 <= status < 300:  # noqa: PLR2004 - 2xx
        state = "taken"
    else:
        state = "given up" if attempts >= _MOST_ATTEMPTS else "waiting"
    due = _now_ms() + _WAITS_MS[min(attempts, len(_WAITS_MS)) - 1]
    world.store.db.execute(
        "UPDATE deliveries SET attempts = ?, state = CASE state WHEN 'waiting' THEN ? ELSE state END, status = ?, due_ms = ?"
        " WHERE seq = ?",
        (attempts, state, status, due, delivery.seq),
    )


def _now_ms() -> int:
    return int(utc_now().timestamp() * 1000)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

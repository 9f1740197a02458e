"""Deliveries of webhooks, signed as the stand-ins sign them; and forgeries of them.

delivery = stripe_event(sandbox, kind="payment_intent.succeeded", thing={"object": "payment_intent", "id": "pi_1"})
answer = await post(client, delivery)
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Final

from tests.factories.gateways import Sandbox
from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways import webhooks as outbound
from vibestream.sandbox.gateways.coinbase import signing as coinbase_signing
from vibestream.sandbox.gateways.keys import Keys
from vibestream.sandbox.gateways.paypal import signing as paypal_signing
from vibestream.sandbox.gateways.stripe import signing as stripe_signing
from vibestream.sandbox.gateways.world import World, open_world

_numbers = count(1)
_SIGN: Final = {
    "stripe": stripe_signing.sign,
    "stripe-connect": stripe_signing.sign,
    "paypal": paypal_signing.sign,
    "coinbase": coinbase_signing.sign,
}


@dataclass(frozen=True)
class Posted:
    """A delivery, as it goes over the wire."""

    endpoint: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def but(self, **changes: Any) -> Posted:
        return replace(self, **changes)


@contextmanager
def world_of(sandbox: Sandbox) -> Iterator[World]:
    """What a running sandbox works with, opened beside it."""
    world = open_world(sandbox.data_dir, address=sandbox.address)
    try:
        yield world
    finally:
        world.store.close()


def signed(
    sandbox: Sandbox,
    endpoint: str,
    body: bytes,
    *,
    event: str | None = None,
    at: datetime | None = None,
    keys: Keys | None = None,
) -> Posted:
    """A body signed by the sandbox's keys, or by other ones, now or at another instant."""
    with world_of(sandbox) as world:
        if keys is not None:
            world.keys = keys
        return signed_in(world, endpoint, body, event=event, at=at)


def signed_in(
    world: World, endpoint: str, body: bytes, *, event: str | None = None, at: datetime | None = None
) -> Posted:
    """A body signed as an open sandbox signs."""
    number = next(_numbers)
    delivery = outbound.Delivery(
        seq=number,
        provider=endpoint.partition("-")[0],
        endpoint=endpoint,
        event=event or f"WH-{number:028d}",
        body=body,
        spoilt=False,
        attempts=0,
    )
    headers = _SIGN[endpoint](world, delivery, int((at or utc_now()).timestamp()))
    return Posted(endpoint, body, {"content-type": "application/json"} | headers)


def stripe_body(
    kind: str, thing: dict[str, Any], *, event: str | None = None, at: datetime | None = None, **more: Any
) -> bytes:
    event = event or f"evt_{next(_numbers)}"
    created = int((at or utc_now()).timestamp())
    whole = {
        "id": event,
        "object": "event",
        "type": kind,
        "created": created,
        "livemode": False,
        "data": {"object": thing},
    }
    return json.dumps(whole | more).encode()


def paypal_body(kind: str, resource: dict[str, Any], *, event: str | None = None, **more: Any) -> bytes:
    event = event or f"WH-{next(_numbers)}"
    return json.dumps({"id": event, "event_type": kind, "resource": resource} | more).encode()


def coinbase_body(kind: str, checkout: str, **more: Any) -> bytes:
    return json.dumps({"eventType": kind, "id": checkout} | more).encode()


def genuine(sandbox: Sandbox, endpoint: str, **more: Any) -> Posted:
    """A delivery about a payment (of stripe-connect: about an account) that a gateway really would send."""
    match endpoint:
        case "stripe":
            body = stripe_body("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"})
        case "stripe-connect":
            body = stripe_body("account.updated", {"object": "account", "id": "acct_1"}, account="acct_1")
        case "paypal":
            body = paypal_body(
                "PAYMENT.CAPTURE.COMPLETED",
                {
                    "id": "CAP1",
                    "amount": {"value": "10.00"},
                    "supplementary_data": {"related_ids": {"order_id": "ORD1"}},
                },
            )
        case _:
            body = coinbase_body("checkout.payment.success", "co-1")
    return signed(sandbox, endpoint, body, **more)


async def post(client: Any, delivery: Posted) -> Any:
    """Send a delivery to the application."""
    return await client.post(f"/webhooks/{delivery.endpoint}", content=delivery.body, headers=delivery.headers)


_POLYNOMIAL: Final = 0xEDB88320


def _table() -> list[int]:
    table = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE: Final = _table()
_BACK: Final = {value >> 24: index for index, value in enumerate(_TABLE)}


def with_same_crc(body: bytes, *, change: tuple[bytes, bytes]) -> bytes:
    """The body with something changed in it, still JSON, and with the same CRC-32: by four bytes of a padding field."""
    changed = body.replace(*change)
    assert changed != body
    for attempt in count():
        prefix = changed.rstrip(b"}") + b',"p%d":"' % attempt
        suffix = b'"' + b"}" * (len(changed) - len(changed.rstrip(b"}")))
        if changed.endswith(b"}}"):  # the padding goes to the outermost object
            prefix, suffix = changed[:-1] + b',"p%d":"' % attempt, b'"}'
        patch = _patch(prefix, suffix, zlib.crc32(body))
        if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in patch):
            forged = prefix + patch + suffix
            assert zlib.crc32(forged) == zlib.crc32(body)
            json.loads(forged)
            return forged
    raise AssertionError


def _patch(prefix: bytes, suffix: bytes, crc: int) -> bytes:
    """The four bytes between a prefix and a suffix that give the whole this CRC-32."""
    wanted = crc ^ 0xFFFFFFFF
    for byte in reversed(suffix):
        index = _BACK[wanted >> 24]
        wanted = (wanted ^ _TABLE[index]) << 8 & 0xFFFFFFFF | index ^ byte
    for _ in range(4):
        index = _BACK[wanted >> 24]
        wanted = (wanted ^ _TABLE[index]) << 8 & 0xFFFFFFFF | index
    return (wanted ^ zlib.crc32(prefix) ^ 0xFFFFFFFF).to_bytes(4, "little")

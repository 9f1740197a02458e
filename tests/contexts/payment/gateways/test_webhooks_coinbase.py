"""Coinbase's webhooks: v1 when there is one, else v0, and nothing without either.

The reference for v0 is a published vector of the hook0 client that Coinbase signs by: secret `secret`, body `hello !`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vibestream.contexts.payment.gateways.domain.port import ObjectKind, WebhookRefused
from vibestream.contexts.payment.gateways.gateway.coinbase import CoinbaseGateway, webhooks

SECRET = "0f2a9d5c"
NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "id": "69163c762331ed43dc64a6ef",
    "eventType": "checkout.payment.success",
    "status": "COMPLETED",
    "amount": "100.00",
    "currency": "USDC",
}
SIGNED = {"content-type": "application/json", "x-event-id": "e-1", "x-event-type": "checkout.payment.success"}


@pytest.fixture
async def gateway() -> AsyncIterator[CoinbaseGateway]:
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    gateway = CoinbaseGateway(key_id="k", private_key=key, webhook_secret=SECRET)
    yield gateway
    await gateway.close()


def mac(message: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def v1(body: str, headers: dict[str, str] = SIGNED, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    t, names = int(at.timestamp()), " ".join(headers)
    signature = mac(f"{t}.{names}.{'.'.join(headers.values())}.{body}", secret)
    return headers | {"x-hook0-signature": f"t={t},v0={mac(f'{t}.{body}', secret)},h={names},v1={signature}"}


def v0(body: str, *, at: datetime = NOW) -> dict[str, str]:
    t = int(at.timestamp())
    return {"x-hook0-signature": f"t={t},v0={mac(f'{t}.{body}')}"}


async def refusal(gateway: CoinbaseGateway, headers: dict[str, str], body: str) -> str:
    with pytest.raises(WebhookRefused) as refused:
        await gateway.verify_webhook(headers=headers, body=body.encode(), now=NOW)
    return refused.value.reason


def test_the_published_vector_of_v0_is_accepted_as_a_signature_and_its_body_is_no_event():
    header = "t=1636936200,v0=1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98"
    now = datetime.fromtimestamp(1_636_936_200, UTC)

    with pytest.raises(WebhookRefused) as refused:
        webhooks.verify("secret", headers={"x-hook0-signature": header}, body=b"hello !", now=now)
    assert refused.value.reason == "malformed"
    with pytest.raises(WebhookRefused) as forged:
        webhooks.verify("secret", headers={"x-hook0-signature": header}, body=b"hello ?", now=now)
    assert forged.value.reason == "signature"


async def test_v1_proves_the_headers_that_it_lists_and_one_of_them_names_the_event(gateway: CoinbaseGateway):
    body = json.dumps(EVENT)

    webhook = await gateway.verify_webhook(headers=v1(body), body=body.encode(), now=NOW)

    assert (webhook.event_ref, webhook.type, webhook.kind, webhook.object_ref, webhook.sent_at) == (
        "e-1", "checkout.payment.success", ObjectKind.PAYMENT, "69163c762331ed43dc64a6ef", NOW,
    )  # fmt: skip


async def test_v0_alone_counts_and_its_event_is_told_by_what_it_says(gateway: CoinbaseGateway):
    paid, refunded = (
        json.dumps(EVENT),
        json.dumps(EVENT | {"eventType": "checkout.refund.success", "refunds": [{"id": "r1"}, {"id": "r2"}]}),
    )

    first = await gateway.verify_webhook(headers=v0(paid) | {"x-event-id": "unsigned"}, body=paid.encode(), now=NOW)
    second = await gateway.verify_webhook(headers=v0(refunded), body=refunded.encode(), now=NOW)

    assert first.event_ref == "69163c762331ed43dc64a6ef:checkout.payment.success"
    assert second.event_ref == "69163c762331ed43dc64a6ef:checkout.refund.success:r2"


async def test_a_wrong_v1_is_not_mended_by_a_right_v0(gateway: CoinbaseGateway):
    body = json.dumps(EVENT)
    headers = v1(body)
    spoilt = headers["x-hook0-signature"][:-1] + ("0" if headers["x-hook0-signature"][-1] != "0" else "1")

    assert await refusal(gateway, headers | {"x-hook0-signature": spoilt}, body) == "signature"
    assert (
        await refusal(gateway, headers | {"x-hook0-signature": spoilt.partition(",v1=")[0] + ",v1="}, body)
        == "signature"
    )


async def test_a_changed_header_body_time_or_secret_is_refused(gateway: CoinbaseGateway):
    body = json.dumps(EVENT)
    genuine = v1(body)

    assert await refusal(gateway, genuine | {"x-event-id": "e-2"}, body) == "signature"
    assert (
        await refusal(gateway, {name: value for name, value in genuine.items() if name != "x-event-id"}, body)
        == "signature"
    )
    assert await refusal(gateway, genuine, body.replace("100.00", "999.00")) == "signature"
    assert (
        await refusal(
            gateway, genuine | {"x-hook0-signature": genuine["x-hook0-signature"].replace("t=1", "t=2", 1)}, body
        )
        == "signature"
    )
    assert await refusal(gateway, v1(body, secret="other"), body) == "signature"


async def test_nothing_that_lacks_both_signatures_is_believed(gateway: CoinbaseGateway):
    body, t = json.dumps(EVENT), int(NOW.timestamp())

    for header in ("", f"t={t}", f"t={t},h=content-type", f"t={t},v2={'0' * 64}", f"t={t},V1={'0' * 64}"):
        assert await refusal(gateway, {"x-hook0-signature": header}, body) == "signature"
    for header in (f"v1={'0' * 64},h=a", f"t=x,v0={mac(body)}", f"t={t},v1={'0' * 64}", f"t={t},h=a,h=b,v1={'0' * 64}"):
        assert await refusal(gateway, {"x-hook0-signature": header}, body) == "malformed"
    assert await refusal(gateway, {}, body) == "signature"


async def test_an_empty_secret_proves_nothing():
    body = json.dumps(EVENT)
    with pytest.raises(WebhookRefused):
        webhooks.verify("", headers=v1(body, secret=""), body=body.encode(), now=NOW)


@pytest.mark.parametrize(("seconds", "fresh"), [(300, True), (301, False), (-300, True), (-301, False)])
async def test_the_clock_may_differ_by_five_minutes_either_way(gateway: CoinbaseGateway, seconds: int, fresh: bool):
    body = json.dumps(EVENT)
    headers = v1(body, at=NOW - timedelta(seconds=seconds))

    if fresh:
        await gateway.verify_webhook(headers=headers, body=body.encode(), now=NOW)
    else:
        assert await refusal(gateway, headers, body) == "stale"


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        EVENT | {"id": "a/../b"},
        EVENT | {"id": 7},
        EVENT | {"eventType": ""},
        EVENT | {"eventType": "a b"},
        EVENT | {"eventType": "checkout.refund.success", "refunds": 5},
    ],
)
async def test_rightly_signed_rubbish_is_refused_as_malformed(gateway: CoinbaseGateway, event: Any):
    body = json.dumps(event)

    if isinstance(event, dict) and event.get("refunds") == 5:
        webhook = await gateway.verify_webhook(headers=v0(body), body=body.encode(), now=NOW)
        assert webhook.event_ref.endswith(":refunded")
    else:
        assert await refusal(gateway, v1(body), body) == "malformed"

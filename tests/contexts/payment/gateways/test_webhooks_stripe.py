"""Stripe's webhooks: the SDK's own generator makes the genuine ones, everything else is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from vibestream.contexts.payment.gateways.domain.port import ObjectKind, Webhook, WebhookRefused
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway

SECRET, CONNECT = "whsec_platform", "whsec_connect"
NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "created": 1_795_507_000,
    "livemode": False,
    "data": {"object": {"id": "pi_1", "object": "payment_intent", "amount": 999_999}},
}


@pytest.fixture
async def gateway() -> AsyncIterator[StripeGateway]:
    gateway = StripeGateway(key="sk_test_1", webhook_secret=SECRET, connect_webhook_secret=CONNECT)
    yield gateway
    await gateway.close()


def signed(body: str, *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(at.timestamp()))
    return {"stripe-signature": header}


async def verified(gateway: StripeGateway, event: Any, *, secret: str = SECRET) -> Webhook:
    body = json.dumps(event)
    return await gateway.verify_webhook(headers=signed(body, secret=secret), body=body.encode(), now=NOW)


async def refusal(gateway: StripeGateway, headers: dict[str, str], body: bytes, *, now: datetime = NOW) -> str:
    with pytest.raises(WebhookRefused) as refused:
        await gateway.verify_webhook(headers=headers, body=body, now=now)
    return refused.value.reason


async def test_a_genuine_delivery_says_which_object_to_fetch_and_nothing_of_amounts(gateway: StripeGateway):
    webhook = await verified(gateway, EVENT)

    assert webhook == Webhook(
        gateway=gateway.name,
        event_ref="evt_1",
        type="payment_intent.succeeded",
        kind=ObjectKind.PAYMENT,
        object_ref="pi_1",
        sent_at=datetime.fromtimestamp(1_795_507_000, UTC),
    )


@pytest.mark.parametrize(
    ("thing", "kind", "ref"),
    [
        ({"object": "checkout.session", "id": "cs_1"}, ObjectKind.PAYMENT, "cs_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_2"}, ObjectKind.PAYMENT, "pi_2"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_2"}, ObjectKind.PAYMENT, "pi_2"),
        ({"object": "dispute", "id": "dp_1", "payment_intent": {"id": "pi_3"}}, ObjectKind.PAYMENT, "pi_3"),
        (
            {"object": "radar.early_fraud_warning", "id": "issfr_1", "payment_intent": "pi_2"},
            ObjectKind.PAYMENT,
            "pi_2",
        ),
        ({"object": "charge", "id": "ch_1", "payment_intent": None}, ObjectKind.OTHER, "evt_1"),
        ({"object": "transfer", "id": "tr_1"}, ObjectKind.PAYOUT, "tr_1"),
        ({"object": "customer", "id": "cus_1"}, ObjectKind.OTHER, "evt_1"),
        ({"object": "something.of.next.year", "id": "x"}, ObjectKind.OTHER, "evt_1"),
    ],
)
async def test_every_kind_of_object_leads_to_what_is_fetched(
    gateway: StripeGateway, thing: dict[str, Any], kind: ObjectKind, ref: str
):
    webhook = await verified(gateway, EVENT | {"data": {"object": thing}})

    assert (webhook.kind, webhook.object_ref) == (kind, ref)


async def test_either_endpoints_secret_counts_and_a_connected_accounts_payments_are_not_ours(gateway: StripeGateway):
    theirs = EVENT | {"account": "acct_1"}
    account = {"object": "account", "id": "acct_1"}
    payout = {"object": "payout", "id": "po_1"}

    assert (await verified(gateway, theirs, secret=CONNECT)).kind is ObjectKind.OTHER
    assert (await verified(gateway, theirs, secret=SECRET)).kind is ObjectKind.OTHER
    for thing in (account, payout):
        webhook = await verified(gateway, theirs | {"data": {"object": thing}}, secret=CONNECT)
        assert (webhook.kind, webhook.object_ref) == (ObjectKind.ACCOUNT, "acct_1")


async def test_a_thin_event_of_an_account_is_understood(gateway: StripeGateway):
    thin = {
        "id": "evt_test_2",
        "object": "v2.core.event",
        "type": "v2.core.account[configuration.recipient].capability_status_updated",
        "created": "2026-11-24T07:59:59.000Z",
        "livemode": False,
        "related_object": {"id": "acct_9", "type": "v2.core.account"},
    }

    webhook = await verified(gateway, thin, secret=CONNECT)

    assert (webhook.kind, webhook.object_ref, webhook.event_ref) == (ObjectKind.ACCOUNT, "acct_9", "evt_test_2")
    assert webhook.sent_at == datetime(2026, 11, 24, 7, 59, 59, tzinfo=UTC)


async def test_while_a_secret_is_replaced_one_right_signature_of_several_counts(gateway: StripeGateway):
    body = json.dumps(EVENT)
    right = signed(body)["stripe-signature"]
    old = signed(body, secret="whsec_old")["stripe-signature"].partition(",")[2]

    for header in (f"{right},{old}", right.replace(",", f",{old},"), f"{right},v0=00"):
        webhook = await gateway.verify_webhook(headers={"stripe-signature": header}, body=body.encode(), now=NOW)
        assert webhook.event_ref == "evt_1"


@pytest.mark.parametrize(
    ("seconds", "reason"), [(300, None), (301, "stale"), (-300, None), (-301, "stale"), (86_400, "stale")]
)
async def test_the_clock_may_differ_by_five_minutes_either_way(
    gateway: StripeGateway, seconds: int, reason: str | None
):
    body = json.dumps(EVENT)
    headers = signed(body, at=NOW - timedelta(seconds=seconds))

    if reason is None:
        await gateway.verify_webhook(headers=headers, body=body.encode(), now=NOW)
    else:
        assert await refusal(gateway, headers, body.encode()) == reason


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1795507200",
        "v1=" + "0" * 64,
        "t=abc,v1=" + "0" * 64,
        "t=-1,v1=" + "0" * 64,
        "t=1795507200,t=1795507201,v1=" + "0" * 64,
        "t=1795507200,v1=",
        "t=1795507200,v1=é",
        "t=1795507200,v0=" + "0" * 64,
        "t=1795507200,v1=" + "0" * 64,
        "t=99999999999999999999,v1=" + "0" * 64,
        ",,,,",
        "\x00",
    ],
)
async def test_a_header_that_proves_nothing_is_refused(gateway: StripeGateway, header: str):
    assert await refusal(gateway, {"stripe-signature": header}, json.dumps(EVENT).encode()) in (
        "signature",
        "malformed",
    )


async def test_no_header_at_all_is_refused(gateway: StripeGateway):
    assert await refusal(gateway, {}, b"{}") == "signature"


async def test_a_changed_body_time_or_secret_is_refused(gateway: StripeGateway):
    body = json.dumps(EVENT)
    genuine = signed(body)
    later = {"stripe-signature": genuine["stripe-signature"].replace("t=", "t=1", 1)}

    assert await refusal(gateway, genuine, body.replace("999999", "100").encode()) == "signature"
    assert await refusal(gateway, genuine, body.encode() + b" ") == "signature"
    assert await refusal(gateway, later, body.encode()) == "signature"
    assert await refusal(gateway, signed(body, secret="whsec_other"), body.encode()) == "signature"
    assert await refusal(gateway, signed(body, secret=SECRET + " "), body.encode()) == "signature"


async def test_an_empty_secret_proves_nothing():
    for connect in (None, ""):
        gateway = StripeGateway(key="sk_test_1", webhook_secret="", connect_webhook_secret=connect)
        body = json.dumps(EVENT)
        assert await refusal(gateway, signed(body, secret=""), body.encode()) == "signature"
        await gateway.close()


async def test_a_live_event_is_not_taken_in_test_mode_nor_the_other_way_round(gateway: StripeGateway):
    live = StripeGateway(key="rk_live_1", webhook_secret=SECRET)
    test_body, live_body = json.dumps(EVENT), json.dumps(EVENT | {"livemode": True})

    assert await refusal(gateway, signed(live_body), live_body.encode()) == "livemode"
    assert await refusal(live, signed(test_body), test_body.encode()) == "livemode"
    assert (await live.verify_webhook(headers=signed(live_body), body=live_body.encode(), now=NOW)).event_ref == "evt_1"
    await live.close()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        '"text"',
        "[" * 5_000,
        json.dumps(EVENT | {"id": None}),
        json.dumps(EVENT | {"id": "../../x"}),
        json.dumps(EVENT | {"id": "evt\u0000"}),
        json.dumps(EVENT | {"type": "\ud800"}),
        json.dumps(EVENT | {"type": ["x"]}),
        json.dumps(EVENT | {"created": "yesterday"}),
        json.dumps(EVENT | {"created": 10**20}),
        json.dumps(EVENT | {"livemode": "false"}),
        json.dumps(EVENT | {"data": {"object": {"object": "checkout.session", "id": "a/b"}}}),
        json.dumps(EVENT | {"data": {"object": {"object": "refund", "payment_intent": 7}}}),
        '{"id": NaN}',
    ],
)
async def test_rightly_signed_rubbish_is_refused_as_malformed(gateway: StripeGateway, body: str):
    assert await refusal(gateway, signed(body), body.encode()) == "malformed"

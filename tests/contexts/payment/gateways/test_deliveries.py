"""The sandbox's own deliveries, over real sockets, are proven by the adapters and lead to what is then fetched."""

from __future__ import annotations

import asyncio

import pytest

from tests.contexts.payment.gateways.conftest import Till, onboarded
from tests.contexts.payment.gateways.raw_server import RawServer, answer, raw_server
from vibestream.contexts.payment.gateways.domain.port import ObjectKind, Webhook, WebhookRefused
from vibestream.kernel.time import utc_now

TAKEN = answer("200 OK", "{}")


def split(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return first.split()[1], {name.lower(): value for name, value in headers.items()}, body


async def delivered(till: Till, server: RawServer) -> list[tuple[dict[str, str], bytes]]:
    """Wait until the sandbox has delivered everything, and return what came for this till's gateway."""
    await asyncio.to_thread(till.sandbox.all_delivered)
    came = [split(request) for request in server.requests]
    return [(headers, body) for path, headers, body in came if path.startswith(f"/webhooks/{till.name}")]


async def test_every_delivery_of_a_payments_life_is_proven_and_leads_to_the_payment(till: Till):
    async with raw_server(TAKEN) as server:
        till.sandbox.webhooks_to(server.address)
        paid = await till.paid("15.00")
        await till.gateway.refund(
            paid.payment_ref, key=f"r:{paid.payment_id}", amount=till.amount("5.00"), reason="Some"
        )
        till.sandbox.settle(till.name)
        came = await delivered(till, server)
        till.sandbox.webhooks_to(None)

    webhooks: list[Webhook] = [
        await till.gateway.verify_webhook(headers=headers, body=body, now=utc_now()) for headers, body in came
    ]
    assert len(webhooks) >= 2
    assert len({webhook.event_ref for webhook in webhooks}) == len(webhooks)
    ours = [webhook for webhook in webhooks if webhook.kind is ObjectKind.PAYMENT]
    assert len(ours) >= 2
    for webhook in ours:
        found = await till.gateway.retrieve(webhook.object_ref)
        assert found is not None, webhook
        assert found.payment_id == paid.payment_id


async def test_a_delivery_is_not_believed_with_another_body_and_its_first_attempt_not_when_it_is_signed_wrongly(
    till: Till,
):
    till.sandbox.fault(till.name, "bad_signature")
    async with raw_server(answer("400 Bad Request", "{}"), TAKEN) as server:
        till.sandbox.webhooks_to(server.address)
        await till.paid("15.00")
        came = await delivered(till, server)
        till.sandbox.webhooks_to(None)

    refused: list[str] = []
    proven = 0
    for headers, body in came:
        try:
            await till.gateway.verify_webhook(headers=headers, body=body, now=utc_now())
            proven += 1
            with pytest.raises(WebhookRefused):
                await till.gateway.verify_webhook(headers=headers, body=body + b" ", now=utc_now())
        except WebhookRefused as error:
            refused.append(error.reason)
    assert refused == ["signature"]
    assert proven >= 1


async def test_a_payee_whose_account_changes_is_told_by_the_connect_endpoint(stripe: Till):
    async with raw_server(TAKEN) as server:
        stripe.sandbox.webhooks_to(server.address)
        account = await onboarded(stripe)
        came = await delivered(stripe, server)
        stripe.sandbox.webhooks_to(None)

    webhooks = [
        await stripe.gateway.verify_webhook(headers=headers, body=body, now=utc_now()) for headers, body in came
    ]
    assert {(webhook.kind, webhook.object_ref) for webhook in webhooks} == {(ObjectKind.ACCOUNT, account)}


async def test_a_payouts_end_is_told_by_its_batch(paypal: Till):
    async with raw_server(TAKEN) as server:
        paypal.sandbox.webhooks_to(server.address)
        sent = await paypal.gateway.pay_out(paypal.payout(destination="returned@example.org"))
        await paypal.gateway.retrieve_payout(sent.payout_ref)
        came = await delivered(paypal, server)
        paypal.sandbox.webhooks_to(None)

    webhooks = [
        await paypal.gateway.verify_webhook(headers=headers, body=body, now=utc_now()) for headers, body in came
    ]
    assert {(webhook.kind, webhook.object_ref) for webhook in webhooks} == {(ObjectKind.PAYOUT, sent.payout_ref)}

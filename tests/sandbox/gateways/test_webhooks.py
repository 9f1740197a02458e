"""Webhooks of the stand-ins: signed as the providers sign, sent until they are taken, and failing as they are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.factories.gateways import Sandbox, running_sandbox
from tests.sandbox.gateways.coinbase_client import Coinbase
from tests.sandbox.gateways.paypal_client import PayPal
from tests.sandbox.gateways.receiver import Received, Receiver, receiving
from tests.sandbox.gateways.stripe_client import Stripe


@pytest.fixture
def receiver(gateways: Sandbox) -> Iterator[Receiver]:
    with receiving() as one:
        gateways.webhooks_to(one.address)
        yield one
        gateways.webhooks_to(None)


def is_stripes(one: Received, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(one.body.decode(), one.headers["stripe-signature"], secret, 300)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_stripe_signs_each_endpoint_with_its_own_secret(gateways: Sandbox, stripe_api: Stripe, receiver: Receiver):
    stripe_api.paid(1000)
    stripe_api.http.post("/v2/core/accounts", json={"contact_email": "a@example.org"})

    received = receiver.wait_for(4)

    platform = [one for one in received if one.path == "/webhooks/stripe"]
    (connect,) = [one for one in received if one.path == "/webhooks/stripe-connect"]
    assert {one.type for one in platform} == {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}
    assert all(is_stripes(one, gateways.keys.stripe_webhook_secret) for one in platform)
    assert not any(is_stripes(one, gateways.keys.stripe_connect_webhook_secret) for one in platform)
    assert is_stripes(connect, gateways.keys.stripe_connect_webhook_secret)
    assert (connect.type, connect.json["object"]) == ("v2.core.account.created", "v2.core.event")
    event = platform[0].json
    assert (event["livemode"], event["api_version"]) == (False, stripe.api_version)
    assert stripe_api.get(f"/v1/events/{event['id']}") == event


def test_paypal_signs_with_a_certificate_of_its_own_authority(gateways: Sandbox, paypal: PayPal, receiver: Receiver):
    paypal.paid("10.00", key="signed")

    received = receiver.wait_for(3)

    assert {one.type for one in received} == {
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "CHECKOUT.ORDER.COMPLETED",
    }
    for one in received:
        url = one.headers["paypal-cert-url"]
        assert url.startswith(f"{gateways.address}/paypal/v1/notifications/certs/CERT-")
        leaf, issuer = x509.load_pem_x509_certificates(gateways.client.get(url).content)
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(gateways.keys.paypal_webhook_ca.encode()))
        assert issuer.subject == leaf.issuer
        key = leaf.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        time, transmission = one.headers["paypal-transmission-time"], one.headers["paypal-transmission-id"]
        signed = f"{transmission}|{time}|{gateways.keys.paypal_webhook_id}|{zlib.crc32(one.body)}"
        signature = base64.b64decode(one.headers["paypal-transmission-sig"])
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert gateways.client.get(f"{gateways.address}/paypal/v1/notifications/certs/CERT-other").status_code == 404


def test_paypal_verifies_its_own_and_nothing_else(gateways: Sandbox, paypal: PayPal, receiver: Receiver):
    paypal.paid("10.00", key="verified")
    one = receiver.wait_for(3)[0]
    names = {"auth_algo": "paypal-auth-algo", "cert_url": "paypal-cert-url"} | {
        f"transmission_{name}": f"paypal-transmission-{name}" for name in ("id", "sig", "time")
    }
    head = "".join(f'"{field}": "{one.headers[header]}", ' for field, header in names.items())

    def asked(webhook: str, event: str) -> str:
        text = "{" + head + f'"webhook_id": "{webhook}", "webhook_event": {event}' + "}"
        answer = paypal.http.post(
            "/v1/notifications/verify-webhook-signature", content=text, headers={"content-type": "application/json"}
        )
        return str(answer.json()["verification_status"])

    mine, event = gateways.keys.paypal_webhook_id, one.body.decode()
    assert asked(mine, event) == "SUCCESS"
    assert asked(mine, event.replace(",", ", ", 1)) == "FAILURE"
    assert asked("0WEBHOOK0ID0OTHER", event) == "FAILURE"


def test_coinbase_signs_the_old_way_and_the_new(gateways: Sandbox, coinbase: Coinbase, receiver: Receiver):
    coinbase.paid("10.00")

    (one,) = receiver.wait_for(1)

    parts = dict(part.split("=", 1) for part in one.headers["x-hook0-signature"].split(","))
    secret, time, names = gateways.keys.coinbase_webhook_secret.encode(), parts["t"], parts["h"]
    values = ".".join(one.headers[name] for name in names.split(" "))
    assert "x-hook0-id" in names.split(" ")
    assert parts["v0"] == hmac.new(secret, f"{time}.".encode() + one.body, hashlib.sha256).hexdigest()
    whole = f"{time}.{names}.{values}.".encode() + one.body
    assert parts["v1"] == hmac.new(secret, whole, hashlib.sha256).hexdigest()
    assert (one.type, one.json["status"], one.path) == ("checkout.payment.success", "COMPLETED", "/webhooks/coinbase")


def test_a_delivery_is_tried_again_until_it_is_taken(gateways: Sandbox, coinbase: Coinbase, receiver: Receiver):
    receiver.answers = [500, 404, 302]

    coinbase.paid("10.00")

    received = receiver.wait_for(4)
    gateways.all_delivered()
    assert [one.answered for one in received] == [500, 404, 302, 204]
    assert len({one.headers["x-hook0-id"] for one in received}) == 1
    assert len({one.body for one in received}) == 1
    (delivery,) = [one for one in gateways.deliveries("coinbase") if one["event"] == received[0].headers["x-hook0-id"]]
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("taken", 4, 204)


def test_a_duplicate_is_the_same_event_twice(gateways: Sandbox, coinbase: Coinbase, receiver: Receiver):
    gateways.fault("coinbase", "duplicate_webhook")

    coinbase.paid("10.00")

    first, second = receiver.wait_for(2)
    assert (first.headers["x-hook0-id"], first.body) == (second.headers["x-hook0-id"], second.body)


def test_webhooks_are_reordered_delayed_and_dropped(gateways: Sandbox, stripe_api: Stripe, receiver: Receiver):
    gateways.fault("stripe", "reorder_webhooks", on="payment_intent.created")
    gateways.fault("stripe", "late_webhook", on="charge.succeeded", seconds=1.5)
    stripe_api.paid(1000)

    assert [one.type for one in receiver.wait_for(3)] == [
        "payment_intent.succeeded",
        "payment_intent.created",
        "charge.succeeded",
    ]

    gateways.fault("stripe", "drop_webhook", times=3)
    dropped = stripe_api.paid(1000)
    gateways.all_delivered()
    assert len(receiver.received) == 3
    assert gateways.faults_left("stripe") == []
    events = stripe_api.get("/v1/events", type="payment_intent.succeeded")["data"]
    assert events[0]["data"]["object"]["id"] == dropped["id"]
    assert gateways.control("webhooks/resend", {"event": events[0]["id"]}) == {"resent": 1}
    assert receiver.wait_for(4)[3].json["id"] == events[0]["id"]


def test_a_bad_signature_is_followed_by_a_good_one_when_it_was_refused(
    gateways: Sandbox, stripe_api: Stripe, paypal: PayPal, receiver: Receiver
):
    gateways.fault("stripe", "bad_signature")
    receiver.answers = [400]
    stripe_api.http.post("/v1/customers", data={"email": "signature@example.org"})

    bad, good = receiver.wait_for(2)

    secret = gateways.keys.stripe_webhook_secret
    assert [is_stripes(one, secret) for one in (bad, good)] == [False, True]
    assert bad.body == good.body


def test_a_wrong_amount_in_a_body_is_signed_and_the_object_is_right(
    gateways: Sandbox, stripe_api: Stripe, receiver: Receiver
):
    gateways.fault("stripe", "wrong_amount", on="webhook", times=3)

    paid = stripe_api.paid(1000)

    told = {one.type: one.json["data"]["object"]["amount"] for one in receiver.wait_for(3)}
    assert set(told.values()) == {10_000}
    assert all(is_stripes(one, gateways.keys.stripe_webhook_secret) for one in receiver.received)
    assert stripe_api.get(f"/v1/payment_intents/{paid['id']}")["amount_received"] == 1000


@pytest.mark.parametrize("to", ["http://example.org", "http://127.0.0.1.evil.tld", "http://[::ffff:8.8.8.8]", "x"])
def test_a_sandbox_sends_to_this_machine_only(gateways: Sandbox, to: str):
    answer = gateways.client.post(f"{gateways.address}/_sandbox/webhooks", json={"to": to})

    assert answer.status_code == 400


def test_what_was_not_delivered_is_after_a_kill(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        coinbase = Coinbase(sandbox)
        paid = coinbase.paid("12.00")
        coinbase.http.close()
        sandbox.kill()
        sandbox.start()

        with receiving() as receiver:
            sandbox.control("webhooks", {"to": receiver.address})
            (one,) = receiver.wait_for(1)

        assert (one.json["id"], one.json["settlement"]["totalAmount"]) == (paid["id"], "12.00")
        assert [line["amount"] for line in sandbox.book("coinbase")] == [12_000_000]

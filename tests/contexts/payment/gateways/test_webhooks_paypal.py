"""PayPal's webhooks: the certificate is PayPal's or nothing is believed, and the CRC is never taken for a proof of the body."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.x509.verification import Store

from tests.contexts.payment.gateways.authority import NOW, Authority, Leaf
from tests.contexts.payment.gateways.raw_server import RawServer, answer, raw_server
from vibestream.contexts.payment.gateways.domain.port import GatewayUnavailable, ObjectKind, WebhookRefused
from vibestream.contexts.payment.gateways.gateway.paypal import PayPalGateway
from vibestream.contexts.payment.gateways.gateway.paypal.certificates import proven

WEBHOOK = "8PT597110X687430LKGECATA"
EVENT: dict[str, Any] = {
    "id": "WH-2WR32451HC0233532-67976317FL4543714",
    "event_type": "PAYMENT.CAPTURE.COMPLETED",
    "resource": {
        "id": "2GG279541U471931P",
        "amount": {"value": "10.00", "currency_code": "USD"},
        "supplementary_data": {"related_ids": {"order_id": "5O190127TN364715T"}},
    },
}
AT = "2026-11-24T08:00:00Z"


class Sender:
    """Signs deliveries as PayPal does, by a certificate that a server shows."""

    def __init__(self, leaf: Leaf, server: RawServer, authority: Authority) -> None:
        self.leaf = leaf
        self.server = server
        self.gateway = PayPalGateway(
            client_id="c", client_secret="s", webhook_id=WEBHOOK, base=server.address, webhook_ca=authority.pem
        )

    def headers(self, body: bytes, *, at: str = AT, webhook: str = WEBHOOK, url: str | None = None) -> dict[str, str]:
        signature = self.leaf.sign(f"b2384410-f8d2|{at}|{webhook}|{zlib.crc32(body)}")
        return {
            "paypal-transmission-id": "b2384410-f8d2",
            "paypal-transmission-time": at,
            "paypal-transmission-sig": base64.b64encode(signature).decode(),
            "paypal-cert-url": url or f"{self.server.address}/v1/notifications/certs/CERT-1",
            "paypal-auth-algo": "SHA256withRSA",
        }

    async def refusal(self, headers: dict[str, str], body: bytes, *, now: datetime = NOW) -> str:
        with pytest.raises(WebhookRefused) as refused:
            await self.gateway.verify_webhook(headers=headers, body=body, now=now)
        return refused.value.reason


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Leaf:
    return authority.leaf()


@pytest.fixture
async def sender(authority: Authority, leaf: Leaf) -> AsyncIterator[Sender]:
    async with raw_server(answer("200 OK", leaf.chain)) as server:
        sender = Sender(leaf, server, authority)
        yield sender
        await sender.gateway.close()


def body_of(event: Any) -> bytes:
    return json.dumps(event).encode()


def forged(event: dict[str, Any], wanted: int) -> bytes:
    """Return an event as JSON whose CRC is the wanted one, by four printable characters of a text in it.

    A CRC's register can be run backwards as well as forwards; between the two, four bytes lead from any state to any other.
    Source: Stigge et al., Reversing CRC: Theory and Practice, 2006.
    """
    table = [_step(index) for index in range(256)]
    by_top = {entry >> 24: index for index, entry in enumerate(table)}
    target = wanted ^ 0xFFFFFFFF
    for byte in reversed(b'"}'):
        index = by_top[target >> 24]
        target = ((target ^ table[index]) << 8) & 0xFFFFFFFF | index ^ byte
    for salt in range(10_000):
        before = json.dumps(event | {"salt": salt})[:-1].encode() + b', "x": "'
        register, indexes = target, []
        for _ in range(4):
            indexes.append(by_top[register >> 24])
            register = ((register ^ table[indexes[-1]]) << 8) & 0xFFFFFFFF
        forward, patch = zlib.crc32(before) ^ 0xFFFFFFFF, bytearray()
        for index in reversed(indexes):
            patch.append((forward ^ index) & 0xFF)
            forward = (forward >> 8) ^ table[index]
        if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in patch):
            return before + bytes(patch) + b'"}'
    raise AssertionError("no four printable characters among 10,000 bodies")


def _step(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
    return value


async def test_a_genuine_delivery_says_which_order_to_fetch_and_nothing_of_amounts(sender: Sender):
    body = body_of(EVENT)

    webhook = await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)

    assert (webhook.event_ref, webhook.type, webhook.kind, webhook.object_ref, webhook.sent_at) == (
        EVENT["id"], "PAYMENT.CAPTURE.COMPLETED", ObjectKind.PAYMENT, "5O190127TN364715T", NOW,
    )  # fmt: skip


async def test_a_forged_body_of_the_same_crc_passes_the_signature_and_moves_no_amount(sender: Sender):
    genuine = body_of(EVENT)
    headers = sender.headers(genuine)
    rich = EVENT | {"resource": EVENT["resource"] | {"amount": {"value": "99999.00", "currency_code": "USD"}}}
    body = forged(rich, zlib.crc32(genuine))
    assert zlib.crc32(body) == zlib.crc32(genuine)
    assert json.loads(body)["resource"]["amount"]["value"] == "99999.00"

    webhook = await sender.gateway.verify_webhook(headers=headers, body=body, now=NOW)

    # All that it can do is have an object fetched, as it stands at PayPal.
    assert (webhook.event_ref, webhook.object_ref) == (EVENT["id"], "5O190127TN364715T")
    assert "99999" not in repr(webhook)


@pytest.mark.parametrize(
    "url",
    [
        "https://paypal.com.evil.tld/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.tld/v1/notifications/certs/CERT-1",
        "https://evilpaypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.tld/v1/notifications/certs/CERT-1",
        "https://evil.tld/?https://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://evil.tld#api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https://API.PAYPAL.COM\\@evil.tld/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "ftp://api.paypal.com/v1/notifications/certs/CERT-1",
        "//api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../../redirect",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?next=https://evil.tld",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://\u0430pi.paypal.com/v1/notifications/certs/CERT-1",
        "file:///etc/passwd",
        "",
    ],
)
async def test_no_certificate_is_fetched_from_anywhere_but_paypal(leaf: Leaf, url: str):
    gateway = PayPalGateway(client_id="c", client_secret="s", webhook_id=WEBHOOK)
    body = body_of(EVENT)
    signature = leaf.sign(f"b2384410-f8d2|{AT}|{WEBHOOK}|{zlib.crc32(body)}")
    headers = {
        "paypal-transmission-id": "b2384410-f8d2",
        "paypal-transmission-time": AT,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-cert-url": url,
        "paypal-auth-algo": "SHA256withRSA",
    }

    with pytest.raises(WebhookRefused) as refused:
        await gateway.verify_webhook(headers=headers, body=body, now=NOW)

    assert refused.value.reason == ("certificate" if url else "signature")
    await gateway.close()


async def test_of_a_stand_in_only_its_own_addresses_count(sender: Sender):
    body = body_of(EVENT)
    for url in (
        "https://api.paypal.com/v1/notifications/certs/CERT-1",
        f"{sender.server.address}.evil.tld/x",
        f"{sender.server.address}@evil.tld/x",
        f"{sender.server.address}/../x",
        f"{sender.server.address}/x?y",
        f"{sender.server.address}/",
    ):
        assert await sender.refusal(sender.headers(body, url=url), body) == "certificate"
    assert sender.server.requests == []


async def test_a_redirect_of_the_certificate_is_not_followed(authority: Authority, leaf: Leaf):
    async with raw_server(answer("200 OK", leaf.chain)) as elsewhere:
        moved = answer("302 Found", "", f"Location: {elsewhere.address}/v1/notifications/certs/CERT-1")
        async with raw_server(moved) as server:
            sender = Sender(leaf, server, authority)
            body = body_of(EVENT)
            with pytest.raises(GatewayUnavailable):
                await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)
            await sender.gateway.close()
        assert elsewhere.requests == []


async def test_a_certificate_is_fetched_once_and_again_when_it_is_over(authority: Authority):
    leaf = authority.leaf(until=NOW + timedelta(hours=2))
    async with raw_server(answer("200 OK", leaf.chain)) as server:
        sender = Sender(leaf, server, authority)
        body = body_of(EVENT)
        for _ in range(3):
            await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)
        assert len(server.requests) == 1

        later = NOW + timedelta(hours=3)
        assert await sender.refusal(sender.headers(body), body, now=later) == "certificate"
        assert len(server.requests) == 2
        await sender.gateway.close()


async def test_forged_certificates_neither_pile_up_nor_keep_a_genuine_delivery_waiting(
    authority: Authority, leaf: Leaf
):
    async with raw_server(answer("200 OK", leaf.chain), None) as server:
        sender, body = Sender(leaf, server, authority), body_of(EVENT)
        await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)
        urls = [f"{server.address}/v1/notifications/certs/FORGED-{number}" for number in range(40)]
        flood = [
            asyncio.create_task(
                sender.gateway.verify_webhook(headers=sender.headers(body, url=url), body=body, now=NOW)
            )
            for url in urls
        ]
        await asyncio.sleep(0.1)

        async with asyncio.timeout(1):
            webhook = await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)

        assert webhook.event_ref == EVENT["id"]
        assert len(server.requests) <= 3
        assert sum(task.done() for task in flood) == 40 - 16
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        await sender.gateway.close()


@pytest.mark.parametrize(
    "reply",
    [
        answer("404 Not Found", "nothing"),
        answer("500 Oops", "<html>"),
        answer("200 OK", b"x" * 70_000),
        b"",
        b"HTTP/1.1 200",
    ],
    ids=["404", "500", "too large", "closed", "half"],
)
async def test_a_certificate_that_cannot_be_had_makes_nothing_believed(authority: Authority, leaf: Leaf, reply: bytes):
    async with raw_server(reply) as server:
        sender = Sender(leaf, server, authority)
        body = body_of(EVENT)
        with pytest.raises(GatewayUnavailable):
            await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)
        await sender.gateway.close()


def test_the_chain_must_lead_to_a_root_be_valid_now_and_be_for_paypal(authority: Authority):
    roots, other = Store([authority.certificate]), Authority(name="Test Root")
    below = Authority(name="Below", above=authority)
    accepted = (authority.leaf(), authority.leaf("paypal.com"), below.leaf())
    refused = {
        "expired": authority.leaf(until=NOW - timedelta(seconds=1)),
        "not yet": authority.leaf(since=NOW + timedelta(seconds=1)),
        "another root of the same name": other.leaf(),
        "without what is between": below.leaf(chain=False),
        "evil": authority.leaf("paypal.com.evil.tld"),
        "evil too": authority.leaf("notpaypal.com"),
    }

    for leaf in accepted:
        assert proven(leaf.chain, roots=roots, domain="paypal.com", now=NOW).key == leaf.key.public_key()
    for name, leaf in refused.items():
        with pytest.raises(WebhookRefused) as error:
            proven(leaf.chain, roots=roots, domain="paypal.com", now=NOW)
        assert error.value.reason == "certificate", name
    for pem in (
        authority.pem.encode(),
        authority.elliptic(),
        b"",
        b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
    ):
        with pytest.raises(WebhookRefused):
            proven(pem, roots=roots, domain="paypal.com", now=NOW)


def test_a_leaf_of_theirs_speaks_for_no_leaf_of_ours(authority: Authority):
    """Who has a certificate of paypal.com's authority for a host of his own must not be able to sign others by it."""
    theirs = authority.leaf("shop.example.org")
    forger = Authority(name="shop.example.org")
    forger.key = theirs.key
    ours = forger.leaf()

    with pytest.raises(WebhookRefused):
        proven(ours.chain + theirs.chain, roots=Store([authority.certificate]), domain="paypal.com", now=NOW)


async def test_a_changed_body_time_id_or_webhook_is_refused(sender: Sender):
    body = body_of(EVENT)
    genuine = sender.headers(body)

    assert await sender.refusal(genuine, body_of(EVENT | {"id": "WH-OTHER"})) == "signature"
    assert await sender.refusal(genuine | {"paypal-transmission-time": "2026-11-24T08:00:01Z"}, body) == "signature"
    assert await sender.refusal(genuine | {"paypal-transmission-id": "another"}, body) == "signature"
    assert await sender.refusal(sender.headers(body, webhook="SOMEBODYELSES"), body) == "signature"
    assert await sender.refusal(genuine | {"paypal-auth-algo": "SHA1withRSA"}, body) == "signature"
    assert await sender.refusal(genuine | {"paypal-auth-algo": "none"}, body) == "signature"
    assert await sender.refusal(genuine | {"paypal-transmission-sig": "AAAA"}, body) == "signature"
    for odd in ("no base64!", "é"):
        assert await sender.refusal(genuine | {"paypal-transmission-sig": odd}, body) == "malformed"
    for name in genuine:
        assert await sender.refusal({k: v for k, v in genuine.items() if k != name}, body) == "signature"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2026-11-21T07:00:00Z", None),
        ("2026-11-21T06:59:59Z", "stale"),
        ("2026-11-24T08:05:00Z", None),
        ("2026-11-24T08:05:01Z", "stale"),
        ("2026-11-24T08:00:00", "malformed"),
        ("yesterday", "malformed"),
    ],
)
async def test_a_delivery_counts_for_as_long_as_paypal_retries_it(sender: Sender, at: str, reason: str | None):
    body = body_of(EVENT)

    if reason is None:
        await sender.gateway.verify_webhook(headers=sender.headers(body, at=at), body=body, now=NOW)
    else:
        assert await sender.refusal(sender.headers(body, at=at), body) == reason
        assert sender.server.requests == []


@pytest.mark.parametrize(
    ("kind", "resource", "expected"),
    [
        ("CHECKOUT.ORDER.APPROVED", {"id": "ORDER1"}, (ObjectKind.PAYMENT, "ORDER1")),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", {"order_id": "ORDER2"}, (ObjectKind.PAYMENT, "ORDER2")),
        ("PAYMENT.CAPTURE.PENDING", {"id": "CAP1"}, (ObjectKind.PAYMENT, "capture:CAP1")),
        (
            "PAYMENT.CAPTURE.REFUNDED",
            {"id": "REF1", "links": [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP2"}]},
            (ObjectKind.PAYMENT, "capture:CAP2"),
        ),
        (
            "PAYMENT.CAPTURE.COMPLETED",
            {"id": "CAP3", "links": [{"rel": "up", "href": "https://api.paypal.com/v2/checkout/orders/ORDER3"}]},
            (ObjectKind.PAYMENT, "ORDER3"),
        ),
        (
            "CUSTOMER.DISPUTE.CREATED",
            {"dispute_id": "PP-1", "disputed_transactions": [{"seller_transaction_id": "CAP4"}]},
            (ObjectKind.PAYMENT, "capture:CAP4"),
        ),
        ("PAYMENT.PAYOUTS-ITEM.UNCLAIMED", {"payout_batch_id": "BATCH1"}, (ObjectKind.PAYOUT, "BATCH1")),
        ("PAYMENT.PAYOUTSBATCH.SUCCESS", {"batch_header": {"payout_batch_id": "B2"}}, (ObjectKind.PAYOUT, "B2")),
        ("VAULT.PAYMENT-TOKEN.CREATED", {"id": "x"}, (ObjectKind.OTHER, EVENT["id"])),
        ("SOMETHING.NEW", None, (ObjectKind.OTHER, EVENT["id"])),
        ("CHECKOUT.ORDER.APPROVED", {"id": "../../evil"}, (ObjectKind.OTHER, EVENT["id"])),
        ("PAYMENT.CAPTURE.REFUNDED", {"id": "R", "links": [{"rel": "up", "href": "https://evil.tld/x"}]},
         (ObjectKind.PAYMENT, "capture:R")),
    ],
)  # fmt: skip
async def test_every_kind_of_event_leads_to_what_is_fetched(
    sender: Sender, kind: str, resource: Any, expected: tuple[ObjectKind, str]
):
    body = body_of(EVENT | {"event_type": kind, "resource": resource})

    webhook = await sender.gateway.verify_webhook(headers=sender.headers(body), body=body, now=NOW)

    assert (webhook.kind, webhook.object_ref) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 5_000,
        body_of(EVENT | {"id": 5}),
        body_of(EVENT | {"event_type": "a b"}),
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_rightly_signed_rubbish_is_refused_as_malformed(sender: Sender, body: bytes):
    assert await sender.refusal(sender.headers(body), body) == "malformed"


async def test_without_a_webhook_of_ours_nothing_is_believed(authority: Authority, leaf: Leaf):
    async with raw_server(answer("200 OK", leaf.chain)) as server:
        sender = Sender(leaf, server, authority)
        bare = PayPalGateway(
            client_id="c", client_secret="s", webhook_id="", base=server.address, webhook_ca=authority.pem
        )
        body = body_of(EVENT)
        with pytest.raises(WebhookRefused) as refused:
            await bare.verify_webhook(headers=sender.headers(body, webhook=""), body=body, now=NOW)
        assert refused.value.reason == "unconfigured"
        await bare.close()
        await sender.gateway.close()


async def test_the_roots_of_the_system_are_believed_but_not_the_ones_that_rfc_5280_disallows(leaf: Leaf):
    """Of the real PayPal: whatever our own authority signs is nobody's, and reading the system's roots raises nothing."""
    gateway = PayPalGateway(client_id="c", client_secret="s", webhook_id=WEBHOOK)

    with pytest.raises(WebhookRefused) as refused:
        proven(leaf.chain, roots=gateway._certificates._roots, domain="paypal.com", now=NOW)

    assert refused.value.reason == "certificate"
    await gateway.close()

"""However a gateway answers, it is one of three: it said no, nothing happened, or nobody knows. On raw sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time

import httpx
import pytest

from tests.contexts.payment.gateways.raw_server import RawServer, answer, cut, raw_server
from tests.factories.gateways import free_port
from vibestream.contexts.payment.gateways.domain.port import (
    CheckoutRequest,
    GatewayDeclined,
    GatewayName,
    GatewayUnavailable,
    OutcomeUnknown,
    PaymentGateway,
)
from vibestream.contexts.payment.gateways.gateway.coinbase import CoinbaseGateway
from vibestream.contexts.payment.gateways.gateway.guard import Guarded
from vibestream.contexts.payment.gateways.gateway.paypal import PayPalGateway
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.money import Currency, Money

QUICK = httpx.Timeout(0.3)
TOKEN = answer("200 OK", json.dumps({"access_token": "A21", "expires_in": 32_400}))
REFS = {GatewayName.STRIPE: "cs_test_1", GatewayName.PAYPAL: "ORDER1", GatewayName.COINBASE: "68f7a946db0529ea9b6d3a12"}
PAGE = "<html><body><h1>Welcome to nginx!</h1></body></html>"


def gateway_at(name: GatewayName, base: str) -> PaymentGateway:
    match name:
        case GatewayName.STRIPE:
            return StripeGateway(key="sk_test_1", webhook_secret="whsec_1", base=base, timeout=QUICK)
        case GatewayName.PAYPAL:
            return PayPalGateway(client_id="c", client_secret="s", webhook_id="W", base=base, timeout=QUICK)
        case GatewayName.COINBASE:
            key = base64.b64encode(secrets.token_bytes(64)).decode()
            return CoinbaseGateway(key_id="k", private_key=key, webhook_secret="s", base=base, timeout=QUICK)


def request_of(name: GatewayName) -> CheckoutRequest:
    payment_id = PaymentId(new_id())
    return CheckoutRequest(
        payment_id=payment_id,
        key=f"payment:{payment_id}",
        amount=Money.parse("10.00", Currency.of("USDC" if name is GatewayName.COINBASE else "USD")),
        description="Top-up",
        return_url="http://localhost:1/back",
        cancel_url="http://localhost:1/cancelled",
    )


def error(name: GatewayName, word: str) -> str:
    """An error in the gateway's own shape."""
    match name:
        case GatewayName.STRIPE:
            return json.dumps({"error": {"type": "invalid_request_error", "code": word, "message": "No."}})
        case GatewayName.PAYPAL:
            return json.dumps({"name": word, "message": "No.", "debug_id": "d", "details": []})
        case GatewayName.COINBASE:
            return json.dumps({"errorType": word, "errorMessage": "No.", "correlationId": "c"})


async def told(name: GatewayName, *script: bytes | None, reading: bool = False) -> Exception | None:
    """Return what an adapter makes of a server that answers so."""
    tokens = [TOKEN] if name is GatewayName.PAYPAL else []
    async with raw_server(*tokens, *script) as server:
        gateway = gateway_at(name, server.address)
        try:
            await (gateway.retrieve(REFS[name]) if reading else gateway.create_checkout(request_of(name)))
        except (GatewayDeclined, GatewayUnavailable, OutcomeUnknown) as said:
            return said
        finally:
            await gateway.close()
    return None


BROKEN: dict[str, bytes | None] = {
    "nothing, for ever": None,
    "nothing, and the end": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "HTML": answer("200 OK", PAGE, kind="text/html"),
    "HTML that says it is JSON": answer("200 OK", PAGE),
    "HTML of a proxy": answer("502 Bad Gateway", PAGE, kind="text/html"),
    "HTML that says no": answer("404 Not Found", PAGE, kind="text/html"),
    "HTML that forbids": answer("403 Forbidden", PAGE, kind="text/html"),
    "a body that ends too soon": cut(answer("200 OK", json.dumps({"id": "x" * 400}))),
    "half of JSON": answer("200 OK", '{"id": "cs_test_1", "amount_t'),
    "an empty object": answer("200 OK", "{}"),
    "an empty body": answer("200 OK", ""),
    "a list": answer("200 OK", "[]"),
    "null": answer("200 OK", "null"),
    "a text": answer("200 OK", '"ok"'),
    "NaN": answer("200 OK", '{"id": NaN}'),
    "no UTF-8": answer("200 OK", b'{"id": "\xff\xfe"}'),
    "too deep": answer("200 OK", "[" * 100_000),
    "too large": answer("200 OK", b'{"id": "' + b"x" * (9 * 1024 * 1024) + b'"}'),
    "a redirect": answer("302 Found", "", "Location: http://127.0.0.1:1/elsewhere"),
    "500 in HTML": answer("500 Internal Server Error", PAGE, kind="text/html"),
    "503": answer("503 Service Unavailable", "{}"),
    "a status that is none": answer("799 Whatever", "{}"),
    "an id that is a path": answer("200 OK", json.dumps({"id": "../../x", "status": "open", "object": "checkout.session"})),
    "amounts of floats": answer("200 OK", json.dumps(
        {"id": "cs_test_1", "object": "checkout.session", "status": "ACTIVE", "amount": 10.0, "amount_total": 10.5,
         "currency": "usd", "purchase_units": [{"amount": {"value": 10.0, "currency_code": "USD"}}]})),
    "a currency of nobody": answer("201 Created", json.dumps(
        {"id": "x1", "object": "checkout.session", "status": "open", "amount": "10.00", "amount_total": 1000,
         "currency": "xxx", "purchase_units": [{"amount": {"value": "10.00", "currency_code": "XXX"}}]})),
}  # fmt: skip


@pytest.mark.parametrize("name", list(GatewayName))
@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
async def test_a_change_that_is_answered_so_may_have_happened(name: GatewayName, script: bytes | None):
    assert isinstance(await told(name, script), OutcomeUnknown)


@pytest.mark.parametrize("name", list(GatewayName))
@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
async def test_reading_that_is_answered_so_leaves_nothing_in_doubt(name: GatewayName, script: bytes | None):
    assert isinstance(await told(name, script, reading=True), GatewayUnavailable)


@pytest.mark.parametrize("name", list(GatewayName))
@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        ("400 Bad Request", "parameter_invalid", GatewayDeclined),
        ("404 Not Found", "resource_missing", GatewayDeclined),
        ("401 Unauthorized", "unauthorized", GatewayUnavailable),
        ("403 Forbidden", "forbidden", GatewayUnavailable),
        ("429 Too Many Requests", "rate_limit", GatewayUnavailable),
        ("409 Conflict", "in_progress", OutcomeUnknown),
        ("500 Internal Server Error", "internal", OutcomeUnknown),
        ("504 Gateway Timeout", "timeout", OutcomeUnknown),
    ],
)
async def test_what_its_own_errors_mean(name: GatewayName, status: str, word: str, expected: type[Exception]):
    said = await told(name, answer(status, error(name, word)))

    assert type(said) is expected or isinstance(said, expected)
    assert word not in str(said) or expected is GatewayDeclined


async def test_the_reason_of_a_refusal_is_the_gateways_own_word():
    card = json.dumps({"error": {"type": "card_error", "code": "card_declined", "decline_code": "stolen_card"}})
    paypal = json.dumps({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "INSTRUMENT_DECLINED"}]})

    for name, status, body, reason in (
        (GatewayName.STRIPE, "402 Payment Required", card, "stolen_card"),
        (GatewayName.PAYPAL, "422 Unprocessable Entity", paypal, "INSTRUMENT_DECLINED"),
        (GatewayName.COINBASE, "400 Bad Request", error(GatewayName.COINBASE, "invalid_request"), "invalid_request"),
    ):
        said = await told(name, answer(status, body))
        assert isinstance(said, GatewayDeclined)
        assert said.reason == reason


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        (GatewayName.STRIPE, "400 Bad Request", json.dumps({"error": {"type": "idempotency_error"}})),
        (GatewayName.PAYPAL, "422 Unprocessable Entity", error(GatewayName.PAYPAL, "DUPLICATE_REQUEST_ID")),
        (
            GatewayName.PAYPAL,
            "422 X",
            json.dumps({"name": "N", "details": [{"issue": "PREVIOUS_REQUEST_IN_PROGRESS"}]}),
        ),
        (GatewayName.COINBASE, "422 X", error(GatewayName.COINBASE, "idempotency_error")),
    ],
)
async def test_a_refusal_because_of_the_key_says_nothing_of_what_happened_under_it(
    name: GatewayName, status: str, body: str
):
    assert isinstance(await told(name, answer(status, body)), OutcomeUnknown)


@pytest.mark.parametrize("name", list(GatewayName))
async def test_where_nobody_listens_nothing_happened(name: GatewayName):
    gateway = gateway_at(name, f"http://127.0.0.1:{free_port()}")

    with pytest.raises(GatewayUnavailable):
        await gateway.create_checkout(request_of(name))
    with pytest.raises(GatewayUnavailable):
        await gateway.retrieve(REFS[name])
    await gateway.close()


@pytest.mark.parametrize("reply", [None, b"", answer("500 X", "{}"), answer("200 OK", PAGE), answer("200 OK", "{}")])
async def test_without_a_token_nothing_was_sent_to_paypal(reply: bytes | None):
    async with raw_server(reply) as server:
        gateway = gateway_at(GatewayName.PAYPAL, server.address)
        with pytest.raises(GatewayUnavailable):
            await gateway.create_checkout(request_of(GatewayName.PAYPAL))
        assert all(b"/v1/oauth2/token" in request for request in server.requests)
        await gateway.close()


async def test_one_token_is_asked_for_however_many_requests_need_it():
    order = {
        "id": "ORDER1",
        "status": "CREATED",
        "purchase_units": [{"amount": {"value": "10.00", "currency_code": "USD"}}],
    }
    async with raw_server(TOKEN, answer("200 OK", json.dumps(order))) as server:
        gateway = gateway_at(GatewayName.PAYPAL, server.address)
        found = await asyncio.gather(*(gateway.retrieve("ORDER1") for _ in range(8)))
        assert {one.payment_ref for one in found if one is not None} == {"ORDER1"}
        assert sum(b"/v1/oauth2/token" in request for request in server.requests) == 1
        await gateway.close()


@pytest.mark.parametrize("name", list(GatewayName))
async def test_the_key_goes_along_and_no_secret_into_the_message(name: GatewayName):
    tokens = [TOKEN] if name is GatewayName.PAYPAL else []
    async with raw_server(*tokens, answer("500 X", "{}")) as server:
        gateway, request = gateway_at(name, server.address), request_of(name)
        with pytest.raises(OutcomeUnknown):
            await gateway.create_checkout(request)
        with pytest.raises(OutcomeUnknown) as said:
            await gateway.create_checkout(request)
        keys = _keys(server)
        assert len(keys) == 2
        assert len(set(keys)) == 1
        shown = str(said.value) + repr(said.value.facts()) + repr(getattr(said.value, "__notes__", []))
        assert "sk_test" not in shown
        assert "A21" not in shown
        await gateway.close()


def _keys(server: RawServer) -> list[bytes]:
    names = (b"idempotency-key:", b"paypal-request-id:", b"x-idempotency-key:")
    lines = [line for request in server.requests for line in request.split(b"\r\n")]
    return [line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(names)]


async def test_a_server_that_drips_is_not_waited_for_beyond_the_deadline():
    """Each byte comes within the timeout of reading; the guard's deadline is for the whole."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway = gateway_at(GatewayName.COINBASE, f"http://127.0.0.1:{port}")
    guarded = Guarded(gateway, attempt_s=0.4, patience_s=0.0)
    begun = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        await guarded.create_checkout(request_of(GatewayName.COINBASE))
    with pytest.raises(GatewayUnavailable):
        await guarded.retrieve(REFS[GatewayName.COINBASE])

    assert time.monotonic() - begun < 5
    await guarded.close()
    server.close()
    await server.wait_closed()

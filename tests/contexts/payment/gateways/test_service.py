"""A process has the gateways whose keys it was given, none at all included."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.contexts.payment.gateways.conftest import Till, recipient_request
from tests.factories.gateways import Sandbox
from vibestream.contexts.payment.gateways import service
from vibestream.contexts.payment.gateways.domain import port
from vibestream.contexts.payment.gateways.service import (
    BookLineKind,
    Capability,
    GatewayName,
    Gateways,
    GatewayUnavailable,
    MoveState,
    ProviderState,
    WebhookRefused,
    open_gateways,
)
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, Settings, SettingsInvalid, load_settings

STRIPE, PAYPAL, COINBASE = GatewayName.STRIPE, GatewayName.PAYPAL, GatewayName.COINBASE


def money(text: str) -> Money:
    value, code = text.split()
    return Money.parse(value, Currency.of(code))


def bare(**overrides: object) -> Settings:
    return load_settings(**({"environment": Environment.TEST} | overrides))


async def test_without_keys_there_is_no_gateway_and_nothing_fails_but_asking_for_one():
    gateways = open_gateways(bare())

    assert gateways.configured == frozenset()
    assert gateways.route(amount=money("10.00 USD"), country="US") == ()
    for name in GatewayName:
        with pytest.raises(GatewayUnavailable, match="is not set up here"):
            gateways.get(name)
    with pytest.raises(GatewayUnavailable):
        gateways.recipients()
    await gateways.close()


async def test_with_the_sandboxs_keys_there_are_all_three(gateways: Sandbox):
    opened = open_gateways(gateways.settings())

    assert opened.configured == {STRIPE, PAYPAL, COINBASE}
    assert {opened.get(name).name for name in GatewayName} == set(GatewayName)
    assert opened.route(amount=money("10.00 USD"), country="US") == (STRIPE, PAYPAL)
    assert opened.route(amount=money("10.00 USD"), country="US", preferred=PAYPAL) == (PAYPAL, STRIPE)
    assert opened.route(amount=money("10 USDC"), country=None) == (COINBASE,)
    assert opened.route(amount=money("10.00 USD"), country="US", need=frozenset({Capability.SEPARATE_CAPTURE})) == (
        STRIPE,
    )
    assert await opened.get(STRIPE).retrieve("cs_test_none") is None
    assert await opened.get(PAYPAL).retrieve("NONE") is None
    assert await opened.get(COINBASE).retrieve("none") is None
    assert await opened.recipients().retrieve("acct_none") is None
    await opened.close()


async def test_a_gateway_that_does_not_answer_goes_to_the_end_of_the_order(gateways: Sandbox):
    opened = open_gateways(gateways.settings(stripe_api_base="http://127.0.0.1:1"))
    while opened.route(amount=money("10.00 USD"), country="US")[0] is STRIPE:
        with pytest.raises(GatewayUnavailable):
            await opened.get(STRIPE).retrieve("cs_test_1")

    assert opened.route(amount=money("10.00 USD"), country="US") == (PAYPAL, STRIPE)
    assert opened.route(amount=money("10.00 USD"), country="US", preferred=STRIPE) == (PAYPAL, STRIPE)
    await opened.close()


@pytest.mark.parametrize("key", ["", "x", "AAAA", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "é"])
def test_a_key_of_another_form_is_refused_without_being_shown(key: str):
    with pytest.raises(SettingsInvalid) as refused:
        open_gateways(
            bare(
                coinbase_api_key_id="k",
                coinbase_api_private_key=SecretStr(key or "x"),
                coinbase_webhook_secret=SecretStr("s"),
            )
        )

    assert "VIBESTREAM_COINBASE_API_PRIVATE_KEY" in str(refused.value)
    assert "AAAA" not in str(refused.value)


def test_every_name_of_the_port_is_one_of_the_service():
    own = {name for name, value in vars(port).items() if getattr(value, "__module__", None) == port.__name__}

    assert own <= set(service.__all__)
    assert isinstance(Gateways({}), Gateways)


async def test_every_act_of_the_port_goes_through_the_guard(gateways: Sandbox):
    opened = open_gateways(gateways.settings())
    till = Till(opened.get(STRIPE), gateways)
    begun = utc_now()

    paid = await till.paid("10.00", keep_method=True)
    assert paid.method_ref is not None
    charged = await till.gateway.charge(till.charge(paid.method_ref, "5.00"))
    refund = await till.gateway.refund(
        charged.payment_ref, key=f"r:{charged.payment_id}", amount=charged.amount, reason="All"
    )
    request = till.request("1.00")
    given_up = await till.gateway.cancel(
        (await till.gateway.create_checkout(request)).payment_ref, key=f"{request.key}:cancel"
    )
    recipients = opened.recipients()
    account = await recipients.open(recipient_request())
    page = await recipients.onboarding_url(
        account.account_ref, return_url="http://localhost:1/onboarded", refresh_url="http://localhost:1/again"
    )
    gateways.click(page, "done")
    sent = await till.gateway.pay_out(till.payout("3.00", destination=account.account_ref))
    taken_back = await recipients.take_back(sent.payout_ref, key=f"back:{sent.payout_id}", amount=till.amount("3.00"))
    until = utc_now() + timedelta(seconds=2)
    lines = [line async for line in till.gateway.list_book(since=begun - timedelta(seconds=1), until=until)]

    assert (charged.state, refund.amount, given_up.state) == (
        ProviderState.CAPTURED, till.amount("5.00"), ProviderState.CANCELLED,
    )  # fmt: skip
    ready = await recipients.retrieve(account.account_ref)
    assert ready is not None
    assert ready.ready
    assert taken_back.state is MoveState.RETURNED
    assert await till.gateway.retrieve_payout(sent.payout_ref) == taken_back
    ours = [line.kind for line in lines if line.payment_id in (paid.payment_id, charged.payment_id)]
    assert ours == [BookLineKind.CHARGE, BookLineKind.CHARGE]
    assert {BookLineKind.REFUND, BookLineKind.PAYOUT, BookLineKind.PAYOUT_RETURN} <= {line.kind for line in lines}
    with pytest.raises(WebhookRefused):
        await till.gateway.verify_webhook(headers={}, body=b"{}", now=utc_now())
    await opened.close()


async def test_more_lines_than_a_page_are_all_listed(gateways: Sandbox):
    """More than one page of the guard's, and of Stripe's own hundred."""
    opened = open_gateways(gateways.settings())
    for _ in range(105):
        gateways.plant("stripe", "missing_here")
    listed = [one for one in gateways.book("stripe") if one["kind"] == "charge"]

    begun = utc_now() - timedelta(hours=1)
    until = utc_now() + timedelta(seconds=2)
    lines = [line async for line in opened.get(STRIPE).list_book(since=begun, until=until)]

    charges = [line.line_ref for line in lines if line.kind is BookLineKind.CHARGE]
    assert len(charges) == len(set(charges)) >= 105
    assert set(charges) == {one["line"] for one in listed if one["at"] < until.timestamp()}
    await opened.close()

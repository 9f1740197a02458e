"""A process has the gateways whose keys it was given, none at all included."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from tests.factories.gateways import Sandbox
from vibestream.contexts.payment.gateways import service
from vibestream.contexts.payment.gateways.domain import port
from vibestream.contexts.payment.gateways.service import (
    Capability,
    GatewayName,
    Gateways,
    GatewayUnavailable,
    open_gateways,
)
from vibestream.kernel.money import Currency, Money
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

"""Clients of the stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.coinbase_client import Coinbase
from tests.sandbox.gateways.paypal_client import PayPal
from tests.sandbox.gateways.stripe_client import Stripe


@pytest.fixture
def paypal(gateways: Sandbox) -> Iterator[PayPal]:
    client = PayPal(gateways)
    yield client
    client.http.close()


@pytest.fixture
def stripe_api(gateways: Sandbox) -> Iterator[Stripe]:
    client = Stripe(gateways)
    yield client
    client.close()


@pytest.fixture
def coinbase(gateways: Sandbox) -> Iterator[Coinbase]:
    client = Coinbase(gateways)
    yield client
    client.http.close()

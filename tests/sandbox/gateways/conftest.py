"""Clients of the stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.paypal_client import PayPal


@pytest.fixture
def paypal(gateways: Sandbox) -> Iterator[PayPal]:
    client = PayPal(gateways)
    yield client
    client.http.close()

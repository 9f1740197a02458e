"""A runtime whose gateways are the sandbox's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import vibestream.contexts.payment.payouts.jobs  # noqa: F401 - declares the jobs that tests run
from tests.factories.gateways import Sandbox
from tests.factories.payouts import with_gateways
from vibestream.contexts.payment.gateways.service import Gateways
from vibestream.platform.runtime import Runtime


@pytest.fixture
async def paying(runtime: Runtime, gateways: Sandbox) -> AsyncIterator[Runtime]:
    """A runtime whose gateways are the sandbox's."""
    made = with_gateways(runtime, gateways)
    yield made
    await made.part(Gateways).close()

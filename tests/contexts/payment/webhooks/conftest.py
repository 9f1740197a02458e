"""An application whose gateways are the sandbox's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import vibestream.contexts.payment.webhooks.jobs  # noqa: F401 - declares the jobs that tests run
from tests.factories.gateways import Sandbox
from tests.factories.payouts import with_gateways
from vibestream.contexts.payment.gateways.service import Gateways
from vibestream.platform.runtime import Runtime


@pytest.fixture
async def runtime(runtime: Runtime, gateways: Sandbox) -> AsyncIterator[Runtime]:
    """The application's runtime, with the sandbox's gateways."""
    made = with_gateways(runtime, gateways)
    yield made
    await made.part(Gateways).close()


class Counted:
    """What was counted of deliveries since the test began."""

    def __init__(self) -> None:
        self._before = _counts()

    def __call__(self) -> dict[str, float]:
        now = _counts()
        return {name: now[name] - self._before.get(name, 0) for name in now if now[name] != self._before.get(name, 0)}


def _counts() -> dict[str, float]:
    from vibestream.contexts.payment.webhooks.service import DELIVERIES

    (family,) = DELIVERIES.collect()
    return {
        f"{sample.labels['gateway']} {sample.labels['outcome']}": sample.value
        for sample in family.samples
        if sample.name.endswith("_total")
    }


@pytest.fixture
def counted() -> Counted:
    return Counted()

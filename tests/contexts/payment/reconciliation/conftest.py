"""A runtime whose gateways are the sandbox's, on a sandbox of its own: books are compared whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

import vibestream.contexts.payment.checkout.jobs
import vibestream.contexts.payment.reconciliation.jobs  # noqa: F401 - declares the jobs that tests run
from tests.factories.gateways import Sandbox, running_sandbox
from tests.factories.payouts import with_gateways
from vibestream.contexts.payment.gateways.service import Gateways
from vibestream.platform.runtime import Runtime


@pytest.fixture
def own_gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose books nobody else has written in."""
    with running_sandbox(tmp_path_factory.mktemp("gateways")) as sandbox:
        yield sandbox


@pytest.fixture
async def paying(runtime: Runtime, own_gateways: Sandbox) -> AsyncIterator[Runtime]:
    """A runtime whose gateways are that sandbox's."""
    made = with_gateways(runtime, own_gateways)
    yield made
    await made.part(Gateways).close()

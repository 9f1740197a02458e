"""Whatever happens in whatever order on three gateways, the ledger ends up as the gateways' own books.

`VIBESTREAM_STEPS` says how many things happen (300), `VIBESTREAM_SEED` which (a new one each time, named in the failure).
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contexts.payment.checkout.conftest import Shop
from tests.contexts.payment.checkout.interleaving import Walk
from tests.factories.gateways import Sandbox, running_sandbox
from vibestream.contexts.payment.checkout.service import ARRIVED
from vibestream.contexts.payment.gateways.service import GatewayName

# Processes that are killed leave their sockets behind.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
STEPS = int(os.environ.get("VIBESTREAM_STEPS", "300"))
MANY = max(10_000, STEPS)


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of one's own: its books hold nothing but this test's payments."""
    with running_sandbox(tmp_path / "gateways") as sandbox:
        yield sandbox


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "steps", [pytest.param(STEPS, id="some"), pytest.param(MANY, marks=pytest.mark.slow, id="many")]
)
async def test_ledger_and_gateways_agree_after_any_interleaving(
    any_shop: Callable[[GatewayName], Shop], owner_dsn: str, steps: int
):
    seed = os.environ.get("VIBESTREAM_SEED") or secrets.token_hex(4)
    walk = Walk(any_shop(GatewayName.STRIPE), owner_dsn, random.Random(seed))
    try:
        for _ in range(steps):
            await walk.step()
        await walk.come_to_rest()
        states = await walk.assert_books_agree()
    except BaseException as error:
        error.add_note(f"VIBESTREAM_SEED={seed} VIBESTREAM_STEPS={steps}; {dict(walk.done)}")
        raise
    print(f"seed {seed}: {sum(walk.done.values())} steps, {dict(states)}, {dict(walk.done)}")
    arrived = sum(number for state, number in states.items() if state in ARRIVED)
    assert arrived > steps // 100, "the walk hardly got anywhere"

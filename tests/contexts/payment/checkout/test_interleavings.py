"""Whatever happens in whatever order on three gateways, the ledger ends up as the gateways' own books.

`VIBESTREAM_STEPS` says how many things happen (300), `VIBESTREAM_SEED` which (a new one each time, named in the failure).
"""

from __future__ import annotations

import gc
import os
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contexts.payment.checkout.conftest import Shop, open_gateways
from tests.contexts.payment.checkout.interleaving import Time, Walk
from tests.contexts.payment.checkout.resting import assert_books_agree, come_to_rest
from tests.factories.gateways import Sandbox, running_sandbox
from vibestream.contexts.payment.checkout.service import ARRIVED, PaymentState
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.platform.runtime import Runtime

# Processes that are killed leave their sockets behind.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
STEPS = int(os.environ.get("VIBESTREAM_STEPS", "300"))
MANY = max(10_000, STEPS)


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of one's own: its books hold nothing but this test's payments."""
    with running_sandbox(tmp_path / "gateways") as sandbox:
        yield sandbox


@pytest.fixture
def seed() -> str:
    """What the walk's chance is made of."""
    return os.environ.get("VIBESTREAM_SEED") or secrets.token_hex(4)


@pytest.fixture
async def walk(runtime: Runtime, gateways: Sandbox, owner_dsn: str, seed: str) -> AsyncIterator[Walk]:
    """A world in which nothing has happened yet, with a time of its own, which its gateways' breakers wait by too."""
    passing = Time()
    opened = open_gateways(gateways, clock=passing.seconds)
    shop = Shop(
        replace(runtime, parts={**runtime.parts, Gateways: opened}), gateways, GatewayName.STRIPE, clock=passing.now
    )
    gc.collect()
    gc.freeze()  # what was there before the walk is not looked through again at every death in it
    yield Walk(shop, passing, owner_dsn, random.Random(seed))
    gc.unfreeze()
    await opened.close()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "steps", [pytest.param(STEPS, id="some"), pytest.param(MANY, marks=pytest.mark.slow, id="many")]
)
async def test_ledger_and_gateways_agree_after_any_interleaving(walk: Walk, seed: str, steps: int):
    begun = time.monotonic()
    try:
        for _ in range(steps):
            await walk.step()
        await come_to_rest(walk)
        states = await assert_books_agree(walk)
    except BaseException as error:
        error.add_note(f"VIBESTREAM_SEED={seed} VIBESTREAM_STEPS={steps}; {dict(walk.done)}")
        raise
    took = time.monotonic() - begun
    print(f"seed {seed}: {steps} steps in {took:.0f} s; {dict(walk.seen)}; {dict(states)}; {dict(walk.done)}")
    arrived = sum(number for state, number in states.items() if state in ARRIVED)
    assert arrived > steps // 100, "the walk hardly got anywhere"


async def test_what_is_held_back_only_in_the_end_is_decided_too(walk: Walk):
    """Its job has not run when everything else is over: fraud wants it looked at then, and it is held back."""
    await walk.begin(walk.at(GatewayName.COINBASE), "4000.00")

    await come_to_rest(walk)

    [view] = await walk.views()
    assert view.state in {PaymentState.PENDING, PaymentState.FAILED}
    assert not view.in_review


async def test_a_breaker_that_is_open_in_the_end_cools_down_in_the_walks_own_time(walk: Walk):
    shop = walk.at(GatewayName.PAYPAL)
    for _ in range(5):  # as many failures as open it
        walk.sandbox.fault(GatewayName.PAYPAL, "html", on="create", effect=True)
        await walk.begin(shop, "10.00")
    await walk.run_some(5)
    assert [view.state for view in await walk.views()] == [PaymentState.UNKNOWN] * 5
    assert shop.runtime.part(Gateways).route(amount=shop.amount("10.00"), country=None)[-1] is GatewayName.PAYPAL

    await come_to_rest(walk)

    assert [view.state for view in await walk.views()] == [PaymentState.PENDING] * 5

"""The sandbox's gateways deliver to a running web server, with every fault that deliveries have; the worker's jobs do the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vibestream.contexts.payment.checkout.jobs
import vibestream.contexts.payment.payouts.jobs  # noqa: F401 - declares the jobs that tests run
from tests.contexts.music.uploads.server import WebServer
from tests.factories.gateways import Sandbox, running_sandbox
from tests.factories.payouts import ask, has, make_stripe_payee, violations, work
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.webhooks import service
from vibestream.contexts.payment.webhooks.service import InboxState
from vibestream.platform.runtime import Runtime


@pytest.fixture
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox of its own, which delivers to a server of its own."""
    with running_sandbox(tmp_path_factory.mktemp("gateways")) as sandbox:
        yield sandbox


@pytest.fixture
def delivered_to(gateways: Sandbox, owner_dsn: str, tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(owner_dsn, tmp_path / "web", dict(gateways.variables)) as server:
        gateways.webhooks_to(server.url)
        yield server


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", [None, "duplicate_webhook", "reorder_webhooks", "late_webhook", "bad_signature"])
async def test_a_payout_that_is_taken_back_is_known_from_the_webhook_alone(
    runtime: Runtime, gateways: Sandbox, delivered_to: WebServer, fault: str | None
):
    payee = await make_stripe_payee(runtime, gateways, 5_000)
    async with runtime.database.begin() as tx:
        payout = await ask(tx, payee)
    if fault is not None:
        options: dict[str, Any] = {"seconds": 1} if fault == "late_webhook" else {}
        gateways.fault("stripe", fault, times=2, **options)
    await work(runtime)
    async with runtime.database.begin() as tx:
        paid = await payouts.payout(tx, payout_id=payout.payout_id)
    assert paid.state is PayoutState.PAID
    gateways.payout("stripe", transfer=paid.payout_ref)

    gateways.all_delivered(within_s=60)
    await work(runtime)

    async with runtime.database.begin() as tx:
        assert (await payouts.payout(tx, payout_id=payout.payout_id)).state is PayoutState.RETURNED
        assert await has(tx, payee.user_id) == (5_000, 0, 0)
        inbox = await service.webhooks(tx, limit=100)
    assert {one.state for one in inbox} == {InboxState.DONE}
    assert {"transfer.created", "transfer.reversed"} <= {one.type for one in inbox}
    statuses = [one["status"] for one in gateways.deliveries("stripe") if one["status"]]
    assert set(statuses) == {200}
    assert max(one.deliveries for one in inbox) == (2 if fault == "duplicate_webhook" else 1)
    assert await violations(runtime.database) == {}

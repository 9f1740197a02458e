"""Killed at any point where a payment's work waits for anything, and gone on with by another process: each act happens once."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import anyio
import psycopg
import pytest

from tests.contexts.payment.checkout.conftest import Shop, open_gateways
from tests.factories.killing import KilledAt
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView
from vibestream.contexts.payment.gateways.service import Gateways, MoveState, ProviderState
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

# The dead leave their sockets behind, as the dead do; they are collected at once, so that no other test finds them.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
STRIDES = [13, pytest.param(1, marks=pytest.mark.slow)]
Phase = Callable[[Shop], Awaitable[object]]


async def kill_at(n: int, shop: Shop, owner_dsn: str, phase: Phase) -> bool:
    """Let a process of its own do a phase up to its n-th suspension and kill it there; False when it ended before."""
    opened = open_gateways(shop.sandbox)
    async with Database(shop.runtime.database.dsn, application="victim") as database:
        parts = {**shop.runtime.parts, Gateways: opened}
        victim = replace(shop, runtime=replace(shop.runtime, database=database, parts=parts))

        async def cut() -> None:
            # Without awaiting: a scope of the victim's, in this very task, may be about to cancel what waits in it.
            with psycopg.connect(owner_dsn, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = 'victim'"
                )

        async def work() -> None:
            await phase(victim)

        killed = await KilledAt(work(), n, cut)
    with contextlib.suppress(RuntimeError, anyio.ClosedResourceError):  # a stream that was killed cannot be closed
        await opened.close()
    gc.collect()
    return killed


async def gone_on_with(shop: Shop, payment_id: PaymentId) -> PaymentView:
    """Let a process that has just started do what is left: the jobs that are still there, then the janitor's."""
    survivor = shop.restarted()
    survivor.clock = lambda: (
        utc_now() + timedelta(minutes=3)
    )  # nobody believes any more that the dead one is still asking
    await survivor.run_jobs()
    await survivor.look(payment_id)
    await survivor.run_jobs()
    await survivor.runtime.part(Gateways).close()
    return await shop.view(payment_id)


async def once_at_the_gateway(shop: Shop, view: PaymentView, *, refunds: int) -> None:
    now = await shop.at_gateway(view)
    assert (now.state, now.captured) == (ProviderState.CAPTURED, view.amount)
    assert [one.state for one in now.refunds] == [MoveState.SUCCEEDED] * refunds
    charges = [
        one for one in shop.sandbox.book(shop.name) if one["kind"] == "charge" and one["ours"] == str(view.payment_id)
    ]
    assert len(charges) == 1
    assert await shop.violations() == {}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", STRIDES)
async def test_killed_while_it_is_opened(shop: Shop, owner_dsn: str, stride: int):
    points = 0
    while True:
        view = await shop.start()
        killed = await kill_at(points * stride, shop, owner_dsn, lambda victim: victim.run_jobs())
        view = await gone_on_with(shop, view.payment_id)
        assert (view.state, view.gateway) == (PaymentState.PENDING, shop.name)
        shop.click(view)
        await shop.look(view.payment_id)
        view = await shop.view(view.payment_id)
        assert view.state is PaymentState.CAPTURED
        await once_at_the_gateway(shop, view, refunds=0)
        points += 1
        if not killed:
            break
    assert points * stride > 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", STRIDES)
async def test_killed_while_its_money_is_taken(shop: Shop, owner_dsn: str, stride: int):
    points = 0
    while True:
        view = await shop.opened()
        shop.click(view)
        payment_id = view.payment_id
        killed = await kill_at(points * stride, shop, owner_dsn, lambda victim: victim.look(payment_id))  # noqa: B023
        view = await gone_on_with(shop, payment_id)
        assert view.state is PaymentState.CAPTURED
        await once_at_the_gateway(shop, view, refunds=0)
        points += 1
        if not killed:
            break
    assert points * stride > 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", STRIDES)
async def test_killed_while_it_is_given_back(shop: Shop, owner_dsn: str, stride: int):
    points = 0
    while True:
        view = await shop.paid()
        await shop.settle(view)
        await shop.refund(view, "4.00")
        killed = await kill_at(points * stride, shop, owner_dsn, lambda victim: victim.run_jobs())
        await gone_on_with(shop, view.payment_id)
        shop.sandbox.settle(shop.name)
        view = await gone_on_with(shop, view.payment_id)
        assert (view.state, view.refunded) == (PaymentState.PARTIALLY_REFUNDED, shop.amount("4.00"))
        await once_at_the_gateway(shop, view, refunds=1)
        points += 1
        if not killed:
            break
    assert points * stride > 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", STRIDES)
async def test_killed_while_it_is_called_off(shop: Shop, owner_dsn: str, stride: int):
    points = 0
    while True:
        view = await shop.opened()
        payment_id, user_id = view.payment_id, view.user_id
        await shop.do(lambda tx: service.cancel(tx, payment_id=payment_id, user_id=user_id))  # noqa: B023
        killed = await kill_at(points * stride, shop, owner_dsn, lambda victim: victim.run_jobs())
        view = await gone_on_with(shop, payment_id)
        assert (view.state, view.reason) == (PaymentState.CANCELLED, "cancelled")
        assert await shop.violations() == {}
        points += 1
        if not killed:
            break
    assert points * stride > 20

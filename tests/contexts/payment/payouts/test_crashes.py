"""Killed at any moment, a payout is sent once: at exact points, and by a process that is really killed."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.killing import Killed
from tests.factories.payouts import ask, books, has, make_stripe_payee, take_jobs, transfers_to, violations
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways, PayoutRequest, ProviderPayout
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import Payout, PayoutState
from vibestream.platform.runtime import Runtime

ROOT: Final = Path(__file__).parents[4]
AT_ONCE: Final = 12


async def asked(runtime: Runtime, sandbox: Sandbox) -> Payout:
    payee = await make_stripe_payee(runtime, sandbox, 5_000)
    async with runtime.database.begin() as tx:
        return await ask(tx, payee)


class Doomed(Gateways):
    """The process's gateways, in a process that dies just before or just after the gateway is asked."""

    def __init__(self, inner: Gateways, *, before: bool) -> None:
        super().__init__({})
        self._inner = inner
        self._before = before

    def get(self, name: GatewayName) -> Doomed:  # type: ignore[override]  # as much of a gateway as payouts use
        assert name is GatewayName.STRIPE
        return self

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        if not self._before:
            await self._inner.get(GatewayName.STRIPE).pay_out(request)
        raise Killed


@pytest.mark.parametrize("before", [True, False], ids=["before asking", "after asking"])
async def test_dying_around_the_call_leaves_a_payout_that_is_taken_up_again(
    paying: Runtime, gateways: Sandbox, *, before: bool
):
    payout = await asked(paying, gateways)
    doomed = replace(paying, parts={Gateways: Doomed(paying.part(Gateways), before=before)})
    for _ in range(3):
        with pytest.raises(Killed):
            await service.send_payout(doomed, payout_id=str(payout.payout_id))
        async with paying.database.begin() as tx:
            assert (await service.payout(tx, payout_id=payout.payout_id)).state is PayoutState.SENDING
            assert await has(tx, payout.user_id) == (0, 5_000, 0)
    assert len(transfers_to(gateways, payout.address)) == (0 if before else 1)

    await service.send_payout(paying, payout_id=str(payout.payout_id))

    assert transfers_to(gateways, payout.address) == [4_963]
    assert await violations(paying.database) == {}
    async with paying.database.begin() as tx:
        assert (await service.payout(tx, payout_id=payout.payout_id)).state is PayoutState.PAID
        assert await books(tx) == {"gateway_clearing:stripe": 4_963, "platform_revenue:payouts": 37}


async def kill_while_sending(
    runtime: Runtime, sandbox: Sandbox, payouts: list[Payout], *, chance: random.Random
) -> None:
    """Have a process send payouts, and kill it at some moment during one of them."""
    environment = (
        os.environ
        | sandbox.variables
        | {
            "DATABASE_URL": runtime.database.dsn,
            "VIBESTREAM_ENVIRONMENT": "test",
            "VIBESTREAM_DATA_DIR": str(runtime.settings.data_dir),
        }
    )
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.factories.payout_process", *[str(one.payout_id) for one in payouts]],
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(chance.randint(1, len(payouts))):
            assert await process.stdout.readline(), "it ended by itself"
    await asyncio.sleep(chance.uniform(0, 0.04))
    process.kill()
    await process.communicate()


@pytest.mark.timeout(300)
async def test_a_process_that_is_killed_while_it_sends_pays_nobody_twice_and_forgets_nobody(
    paying: Runtime, gateways: Sandbox
):
    chance = random.Random(5)
    payouts = [await asked(paying, gateways) for _ in range(AT_ONCE)]
    await take_jobs(paying.database)
    for _ in range(4):
        chance.shuffle(payouts)
        await kill_while_sending(paying, gateways, payouts, chance=chance)
        assert await violations(paying.database) == {}

    for payout in payouts:
        await service.send_payout(paying, payout_id=str(payout.payout_id))

    assert [transfers_to(gateways, payout.address) for payout in payouts] == [[4_963]] * AT_ONCE
    assert await violations(paying.database) == {}
    async with paying.database.begin() as tx:
        found = await service.payouts(tx, limit=100)
        assert [one.state for one in found] == [PayoutState.PAID] * AT_ONCE
        expected = {"gateway_clearing:stripe": 4_963 * AT_ONCE, "platform_revenue:payouts": 37 * AT_ONCE}
        assert await books(tx) == expected

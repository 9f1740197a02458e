"""`vibestream reconcile`, against a real database and the sandbox's gateways."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner

from tests.factories.gateways import Sandbox, running_sandbox
from tests.factories.payouts import with_gateways
from vibestream.cli.reconcile import command
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.contexts.payment.reconciliation import service
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox of its own: a stranger's payment is planted in its books."""
    with running_sandbox(tmp_path_factory.mktemp("gateways")) as sandbox:
        yield sandbox


@pytest.fixture
def environment(gateways: Sandbox, owner_dsn: str) -> dict[str, str]:
    return gateways.variables | {"DATABASE_URL": owner_dsn, "VIBESTREAM_ENVIRONMENT": "test", "COLUMNS": "200"}


async def run(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    runner = CliRunner(env=environment)
    ended = await asyncio.to_thread(runner.invoke, command, arguments)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.output


async def test_says_what_was_compared_and_ends_well_when_nothing_is_open(environment: dict[str, str]):
    code, said = await run(environment, "--gateway", "stripe", "--day", "2020-02-29")
    assert (code, said) == (
        0,
        "stripe 2020-02-29: 0 lines read, 0 matched, 0 differ, 0 too new to tell, 0 resolved by themselves.\n",
    )


async def test_compares_every_configured_gateway_of_yesterday(environment: dict[str, str]):
    code, said = await run(environment)
    yesterday = (utc_now() - timedelta(days=1)).date()
    assert code == 0
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        f"{name} {yesterday}" for name in ("coinbase", "paypal", "stripe")
    ]


async def test_lists_what_is_open_and_ends_with_1(environment: dict[str, str], runtime: Runtime, gateways: Sandbox):
    gateways.plant("stripe", "missing_here", amount=777)
    paying = with_gateways(runtime, gateways)
    now = utc_now()
    found = await service.reconcile(paying, gateway=GatewayName.STRIPE, day=now.date(), now=now + timedelta(days=4))
    await paying.part(Gateways).close()
    assert any(one.theirs == 777 for one in found.differences)

    code, said = await run(environment, "--gateway", "stripe", "--day", "2020-02-29")

    assert code == 1
    (row,) = [line for line in said.splitlines() if "7.77" in line and "missing here" in line][:1]
    assert "charge" in row
    assert "nothing" in row
    assert said.rstrip().endswith("open.")


async def test_a_gateway_that_cannot_be_asked_is_no_agreement(environment: dict[str, str]):
    without = {name: "" if "COINBASE" in name else value for name, value in environment.items()}
    code, said = await run(without, "--gateway", "coinbase")
    assert (code, said) == (2, "coinbase: Coinbase is not set up here.\n")


@pytest.mark.parametrize("arguments", [("--gateway", "visa"), ("--day", "yesterday"), ("--day", "2026-02-30")])
async def test_nonsense_is_refused(environment: dict[str, str], arguments: tuple[str, ...]):
    assert (await run(environment, *arguments))[0] == 2

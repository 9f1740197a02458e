"""The monthly run: everybody once, whoever dies meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.factories.killing import KilledAt
from tests.factories.payouts import LONG_AGO, Payee, earn, has, make_payee, new_user, take_jobs, violations
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.invariants import INVARIANTS
from vibestream.kernel.money import EUR, Money
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime

FIFTH = datetime(2026, 12, 5, 6, tzinfo=UTC)


async def payees(database: Database, count: int, minor: int = 5_000) -> list[Payee]:
    async with database.begin() as tx:
        return [await make_payee(tx, minor) for _ in range(count)]


async def test_everybody_who_can_be_paid_is_paid_once_a_month(database: Database, runtime: Runtime):
    rich = await payees(database, 3)
    async with database.begin() as tx:
        poor = await make_payee(tx, 499)
        homeless = Payee(new_user(), GatewayName.PAYPAL, "")
        await earn(tx, homeless.user_id, 5_000)
        moved = await make_payee(tx, 5_000)
        await service.set_destination(
            tx, user_id=moved.user_id, method=GatewayName.PAYPAL, address="new@place.example", ready=True, now=FIFTH
        )
        owing = await make_payee(tx, 5_000)
        await earn(tx, owing.user_id, -4_900, kind=AccountKind.PAYEE_DEBT)
        two = await make_payee(tx, 5_000)
        await earn(tx, two.user_id, Money(7_000, EUR))

    assert await service.run_month(runtime, now=FIFTH - timedelta(days=1)) == 0, "not before the fifth"
    assert await service.run_month(runtime, now=FIFTH) == 5
    assert await service.run_month(runtime, now=FIFTH + timedelta(hours=1)) == 0

    async with database.begin() as tx:
        for payee in rich:
            assert await has(tx, payee.user_id) == (0, 5_000, 0)
        for payee, kept in ((poor, 499), (homeless, 5_000), (moved, 5_000)):
            assert await has(tx, payee.user_id) == (kept, 0, 0)
        assert await has(tx, owing.user_id) == (5_000, 0, 4_900), "what is left is below the minimum"
        assert await has(tx, two.user_id, currency=EUR) == (0, 7_000, 0)
        found = await service.payouts(tx, limit=100)
        assert {one.requested_by for one in found} == {None}
    assert len(await take_jobs(database)) == 5
    assert await violations(database) == {}

    assert await service.run_month(runtime, now=FIFTH + timedelta(days=4)) == 1, "the change has waited long enough"
    async with database.begin() as tx:
        for payee in rich:
            await earn(tx, payee.user_id, 600)
    assert await service.run_month(runtime, now=FIFTH + timedelta(days=5)) == 0, "once a month"
    assert await service.run_month(runtime, now=FIFTH + timedelta(days=31)) == 3


async def cut(owner_dsn: str) -> None:
    """Have the server end the victim's sessions, and wait until they are gone."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )


@pytest.mark.timeout(300)
async def test_killed_at_any_point_the_run_goes_on_and_pays_nobody_twice(
    database: Database, runtime: Runtime, owner_dsn: str
):

    everybody = await payees(database, 6)
    for point in range(0, 200, 23):
        async with Database(database.dsn, application="victim") as victim:
            doomed = replace(runtime, database=victim)
            await KilledAt(service.run_month(doomed, now=FIFTH), point, lambda: cut(owner_dsn))
        assert await violations(database) == {}
    await service.run_month(runtime, now=FIFTH)

    async with database.begin() as tx:
        found = await service.payouts(tx, limit=100)
        assert sorted(one.user_id for one in found) == sorted(one.user_id for one in everybody)
        for payee in everybody:
            assert await has(tx, payee.user_id) == (0, 5_000, 0)
    assert len(await take_jobs(database)) == 6


async def broken(database: Database) -> set[str]:
    return {one.invariant.name for one in await check_all(database, INVARIANTS) if not one.finding.ok}


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("UPDATE payment.payout SET gross = gross + 1", "payouts.in_transit"),
        ("UPDATE payment.payout SET state = 'paid', payout_ref = payout_id::text", "payouts.where_it_says"),
        ("UPDATE payment.payout SET approvals_needed = 1", "payouts.approved_by_enough"),
        (
            "ALTER TABLE payment.payout DROP CONSTRAINT payout_screened; UPDATE payment.payout SET decision_id = NULL",
            "payouts.approved_by_enough",
        ),
        ("UPDATE payment.payout SET version = version + 1", "payouts.state_is_last_event"),
        ("DELETE FROM payment.payout_event WHERE version = 1", "payouts.state_is_last_event"),
    ],
)
async def test_what_only_a_superuser_could_break_is_found(
    database: Database, runtime: Runtime, owner_dsn: str, damage: str, name: str
):
    await payees(database, 2)
    await service.run_month(runtime, now=FIFTH)
    for name_of_job, arguments in await take_jobs(database):
        assert name_of_job == "payment.screen_payout"
        await service.screen_payout(runtime, **arguments)
    assert await broken(database) == set()
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(damage)
    assert name in await broken(database)


async def test_what_one_has_is_told_with_what_stands_in_the_way(database: Database):
    now = FIFTH
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000, since=LONG_AGO)
        await earn(tx, payee.user_id, 300, kind=AccountKind.ROYALTIES_PENDING)
        await earn(tx, payee.user_id, -1_000, kind=AccountKind.PAYEE_DEBT)
        (found,) = await service.overview(tx, user_id=payee.user_id, now=now)
        assert (found.pending.minor, found.available.minor, found.debt.minor) == (300, 5_000, 1_000)
        assert (found.payable.minor, found.fee.minor, found.obstacle) == (4_000, 25, None)
        assert found.minimum is not None
        assert found.minimum.minor == 500
        stranger = new_user()
        await earn(tx, stranger, 5_000)
        (nowhere,) = await service.overview(tx, user_id=stranger, now=now)
        assert (nowhere.payable.minor, nowhere.obstacle, nowhere.minimum) == (0, "no_destination", None)
        assert await service.overview(tx, user_id=new_user(), now=now) == []
        crumbs = await make_payee(tx, 499)
        (below,) = await service.overview(tx, user_id=crumbs.user_id, now=now)
        assert (below.payable.minor, below.obstacle) == (0, "below_minimum")

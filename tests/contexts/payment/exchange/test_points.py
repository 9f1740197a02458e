"""Points: earned, redeemed within limits, covered by policy, expired; and every one accounted for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories.exchange import (
    NOW,
    POLICY,
    executed,
    in_wallet,
    make_earner,
    make_rate,
    posted,
    quoted,
    violations,
)
from tests.factories.payment import as_owner, make_posting, make_wallet
from vibestream.contexts.payment.exchange import jobs, service
from vibestream.contexts.payment.exchange.service import (
    Exchange,
    InvalidExpiry,
    PointsUncovered,
    Quote,
    RedemptionLimit,
    RedemptionTooSmall,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, InsufficientFunds, KeyReused, post
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import USD, VIBE, Money
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime


def vibe(whole: int) -> Money:
    return Money(whole * 10_000, VIBE)


@pytest.fixture
async def ana(database: Database) -> UserId:
    """Somebody who earned 6,000 of 10,000 issued points, each worth a cent of which 1 % is kept."""
    async with database.begin() as tx:
        await make_rate(tx, VIBE, USD, "0.01")
        return await make_earner(tx, vibe=60_000_000)


async def set_aside(tx: Tx) -> int:
    return await posted(tx, AccountKind.POINTS_LIABILITY, USD)


async def test_redeeming_points_gives_money_that_is_set_aside_for_them(database: Database, ana: UserId):
    async with database.begin() as tx:
        done = await executed(tx, await quoted(tx, ana, vibe(1_000), USD))
        found = await ledger.transaction(tx, transaction_id=done.transaction_id)
        assert (await in_wallet(tx, ana, VIBE), await in_wallet(tx, ana, USD)) == (50_000_000, 9_90)
        assert await set_aside(tx) == 60_00 - 9_90, "cover for 6,000 points was set aside first, by policy"
        assert await posted(tx, AccountKind.PLATFORM_REVENUE, USD, "points") == -60_00
        report = await service.liability(tx, now=NOW)
    assert (found.kind, [(str(leg.account), leg.amount.minor) for leg in found.legs]) == (
        "redemption",
        [(f"wallet:{ana}:VIBE", -10_000_000), ("redeemed:VIBE", 10_000_000), ("points_liability:USD", -9_90), (f"wallet:{ana}:USD", 9_90)],
    )  # fmt: skip
    points = report.points
    assert (points.issued, points.in_pools, points.outstanding, points.redeemed, points.expired) == (
        vibe(10_000), vibe(4_000), vibe(5_000), vibe(1_000), vibe(0),
    )  # fmt: skip
    assert (report.owed, report.set_aside, report.coverage_bp) == (Money(50_00, USD), Money(50_10, USD), 10_020)
    assert await violations(database) == {}


async def test_cover_follows_what_people_hold_and_the_rate(database: Database, ana: UserId, runtime: Runtime):
    later = NOW + timedelta(hours=1)
    async with database.begin() as tx:
        assert (await service.liability(tx, now=NOW)).set_aside == Money(0, USD)
        assert await service.cover_points(tx, policy=POLICY, now=NOW) is not None
        assert await set_aside(tx) == 60_00, "what is in the pool is owed to nobody"
        assert await service.cover_points(tx, policy=POLICY, now=NOW) is None, "again does nothing"
        await make_earner(tx, vibe=10_000_000, user_id=ana)
        await service.cover_points(tx, policy=POLICY, now=NOW)
        assert await set_aside(tx) == 70_00
        await make_rate(tx, VIBE, USD, "0.005", now=later)
        await service.cover_points(tx, policy=POLICY, now=later)
        assert await set_aside(tx) == 35_00, "what is too much goes back"
        await service.cover_points(tx, policy=replace(POLICY, cover_bp=5_000), now=later)
        assert await set_aside(tx) == 17_50
    assert await violations(database) == {}


async def test_without_a_rate_nothing_is_promised_and_nothing_set_aside(database: Database):
    async with database.begin() as tx:
        await make_earner(tx, vibe=60_000_000)
        assert await service.cover_points(tx, policy=POLICY, now=NOW) is None
        report = await service.liability(tx, now=NOW)
    assert (report.rate, report.owed, report.coverage_bp) == (None, Money(0, USD), None)


async def test_the_job_covers(runtime: Runtime, database: Database, owner_dsn: str, ana: UserId):
    await as_owner(
        owner_dsn, "UPDATE payment.exchange_rate SET effective_from = now() - interval '1 minute'", triggers=False
    )
    for _ in range(2):
        await jobs.cover_points(runtime)
    async with database.begin() as tx:
        assert await set_aside(tx) == 60_00
        assert await tx.value("SELECT count(*) FROM payment.transaction WHERE kind = 'points_cover'") == 1


@pytest.mark.parametrize(("asked", "error"), [(99, RedemptionTooSmall), (5_001, RedemptionLimit)])
async def test_redemption_has_a_least_and_a_most(database: Database, ana: UserId, asked: int, error: type[Exception]):
    async with database.begin() as tx:
        with pytest.raises(error):
            await quoted(tx, ana, vibe(asked), USD)


async def test_the_limit_counts_what_was_redeemed_within_24_hours_and_not_what_was_undone(
    database: Database, ana: UserId
):
    async with database.begin() as tx:
        first = await executed(tx, await quoted(tx, ana, vibe(3_000), USD))
        with pytest.raises(RedemptionLimit) as refused:
            await quoted(tx, ana, vibe(2_001), USD)
        assert refused.value.left == "2000.0000 VIBE"
        await service.reverse(tx, quote_id=first.quote.quote_id, reason="mistake")
        await executed(tx, await quoted(tx, ana, vibe(5_000), USD))
        soon, tomorrow = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
        with pytest.raises(RedemptionLimit):
            await quoted(tx, ana, vibe(100), USD, now=soon)
        assert (await quoted(tx, ana, vibe(1_000), USD, now=tomorrow)).buy == Money(9_90, USD)
    assert await violations(database) == {}


async def test_quotes_in_hand_do_not_add_up_past_the_limit(database: Database, ana: UserId):
    async with database.begin() as tx:
        offers = [await quoted(tx, ana, vibe(2_000), USD) for _ in range(5)]

    async def take(offer: Quote) -> Exchange:
        return await database.run(lambda tx: executed(tx, offer))

    results = await asyncio.gather(*map(take, offers), return_exceptions=True)
    assert [type(one) for one in results if not isinstance(one, Exchange)] == [RedemptionLimit] * 3
    async with database.begin() as tx:
        assert await in_wallet(tx, ana, VIBE) == 20_000_000
    assert await violations(database) == {}


async def test_by_a_policy_of_less_than_all_a_large_redemption_may_find_too_little(database: Database, ana: UserId):
    half = replace(POLICY, cover_bp=2_500)
    async with database.begin() as tx:
        offer = await quoted(tx, ana, vibe(2_000), USD)
        with pytest.raises(PointsUncovered):
            await executed(tx, offer, policy=half)
    async with database.begin() as tx:
        small = await executed(tx, await quoted(tx, ana, vibe(1_000), USD), policy=half)
        assert small.quote.buy == Money(9_90, USD)
        assert await set_aside(tx) == 15_00 - 9_90


async def test_points_that_expire_leave_the_world_and_free_what_was_set_aside(database: Database, ana: UserId):
    wallet = ledger.wallet(user_id=ana, currency=VIBE)
    async with database.begin() as tx:
        await service.cover_points(tx, policy=POLICY, now=NOW)
        for _ in range(2):
            await service.expire_points(
                tx, key="k", source=wallet, amount=vibe(500), reason="account closed", policy=POLICY, now=NOW
            )
            await make_rate(
                tx,
                VIBE,
                USD,
                "0.02",
                now=NOW + timedelta(hours=await tx.value("SELECT count(*) FROM payment.exchange_rate")),
            )
        assert await in_wallet(tx, ana, VIBE) == 55_000_000
        assert await set_aside(tx) == 55_00
        assert await posted(tx, AccountKind.PLATFORM_REVENUE, USD, "breakage") == 5_00
        points = (await service.liability(tx, now=NOW)).points
        assert (points.expired, points.redeemed, points.outstanding) == (vibe(500), vibe(0), vibe(5_500))
        with pytest.raises(KeyReused):
            await service.expire_points(
                tx, key="k", source=wallet, amount=vibe(1), reason="account closed", policy=POLICY, now=NOW
            )
    assert await violations(database) == {}


async def test_points_of_a_pool_expire_without_money(database: Database, ana: UserId):
    pool = AccountName(AccountKind.REWARD_POOL, "2026-11-24", VIBE)
    async with database.begin() as tx:
        await service.cover_points(tx, policy=POLICY, now=NOW)
        await service.expire_points(
            tx, key="k", source=pool, amount=vibe(4_000), reason="epoch over", policy=POLICY, now=NOW
        )
        assert await set_aside(tx) == 60_00
        points = (await service.liability(tx, now=NOW)).points
        assert (points.in_pools, points.expired, points.outstanding) == (vibe(0), vibe(4_000), vibe(6_000))
        with pytest.raises(InsufficientFunds):
            await service.expire_points(tx, key="m", source=pool, amount=vibe(1), reason="x", policy=POLICY, now=NOW)
    assert await violations(database) == {}


async def test_uncovered_points_expire_without_money(database: Database, ana: UserId):
    wallet = ledger.wallet(user_id=ana, currency=VIBE)
    async with database.begin() as tx:
        longer = {"source": wallet, "amount": vibe(1), "reason": "x", "policy": POLICY, "now": NOW}
        await service.expire_points(tx, key="k, and more", **longer)  # type: ignore[arg-type]
        await service.expire_points(tx, key="k", source=wallet, amount=vibe(500), reason="x", policy=POLICY, now=NOW)
        assert (await set_aside(tx), await posted(tx, AccountKind.PLATFORM_REVENUE, USD, "breakage")) == (0, 0)


@pytest.mark.parametrize(
    ("source", "amount"),
    [
        (AccountName(AccountKind.WALLET, "00000000-0000-7000-8000-000000000000", VIBE), Money(0, VIBE)),
        (AccountName(AccountKind.WALLET, "00000000-0000-7000-8000-000000000000", VIBE), Money(-1, VIBE)),
        (AccountName(AccountKind.WALLET, "00000000-0000-7000-8000-000000000000", USD), Money(1, USD)),
        (AccountName(AccountKind.ISSUANCE, "", VIBE), Money(1, VIBE)),
        (AccountName(AccountKind.REDEEMED, "", VIBE), Money(1, VIBE)),
    ],
)
async def test_nothing_else_expires(tx: Tx, source: AccountName, amount: Money):
    with pytest.raises(InvalidExpiry):
        await service.expire_points(tx, key="k", source=source, amount=amount, reason="x", policy=POLICY, now=NOW)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE payment.exchange_quote SET buy = buy + 1", {"exchange.as_quoted"}),
        ("UPDATE payment.exchange SET user_id = gen_random_uuid()", {"exchange.as_quoted"}),
        ("UPDATE payment.exchange SET executed_at = executed_at + interval '1 hour'", {"exchange.as_quoted"}),
        ("DELETE FROM payment.exchange", {"exchange.as_quoted"}),
        ("UPDATE payment.transaction SET details = jsonb_set(details, '{target}', '\"1\"') WHERE kind = 'points_cover'", {"points.liability_covers", "ledger.one_outcome"}),
    ],
)  # fmt: skip
async def test_the_audit_finds(database: Database, owner_dsn: str, ana: UserId, statement: str, broken: set[str]):
    async with database.begin() as tx:
        await executed(tx, await quoted(tx, ana, vibe(1_000), USD))
    assert await violations(database) == {}
    await as_owner(owner_dsn, statement, triggers=False)
    assert set(await violations(database)) == broken


async def test_the_audit_finds_points_from_nowhere_reserves_that_leak_and_a_liability_below_nothing(database: Database):
    async with database.begin() as tx:
        await make_wallet(tx, 5)  # from liquidity, which issues no points
        names = [
            AccountName(AccountKind.LIQUIDITY, "", USD), AccountName(AccountKind.EXCHANGE_RESERVE, "", USD),
            AccountName(AccountKind.POINTS_LIABILITY, "", USD),
        ]  # fmt: skip
        source, reserve, liability = await ledger.open_accounts(tx, names=names)
        await post(tx, posting=make_posting((source, Money(-5, USD)), (reserve, Money(5, USD)), kind="odd"))
        await post(tx, posting=make_posting((source, Money(5, USD)), (liability, Money(-5, USD)), kind="odd"))
    found = await violations(database)
    assert set(found) == {"points.accounted_for", "exchange.reserves", "points.liability_covers"}
    assert found["points.accounted_for"] == "points come from liquidity:, which has -5"

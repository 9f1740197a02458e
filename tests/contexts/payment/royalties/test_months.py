"""A month from deferred revenue to what payees have: closed, run, reversed, run anew, released."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories.payment import entries, make_posting
from tests.factories.royalties import (
    AFTER,
    HEARD,
    MONTH,
    NEXT,
    close,
    defer_revenue,
    holds,
    legs,
    make_artist,
    make_listens,
    make_policy,
    pays,
    person,
    reverse,
    run_month,
    usd,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import (
    EngineName,
    Exclusion,
    MonthNotClosed,
    MonthNotOver,
    NoReversalAsked,
    NothingToShare,
    Rate,
    RevenueDisagrees,
    ReversalAsked,
    SamePerson,
    Share,
    UnknownRun,
)
from vibestream.kernel.ids import RoyaltyRunId, new_id
from vibestream.kernel.money import USD, Currency
from vibestream.platform.database import Tx

PENDING, AVAILABLE = AccountKind.ROYALTIES_PENDING, AccountKind.ROYALTIES_AVAILABLE
ADVANCES, DEBT = AccountKind.ADVANCES, AccountKind.PAYEE_DEBT


async def two_artists(tx: Tx):
    """Ana hears her artist ninety times, Bo his ten times; each pays 10.00, of which 0.30 are fees."""
    ana, bo, loud, quiet = person(), person(), await make_artist(tx), await make_artist(tx)
    await make_listens(tx, ana, loud, 90)
    await make_listens(tx, bo, quiet, 10)
    return (pays(ana, 1_000, 30), pays(bo, 1_000, 30)), loud, quiet


async def test_a_month_is_closed_into_pool_and_platform_revenue(tx: Tx):
    revenue, _, _ = await two_artists(tx)
    pool = await close(tx, *revenue)

    # 20.00 gross, 0.60 fees: 19.40 net, 70 % of it 13.58; the platform has 6.42, of which it paid the fees.
    assert (pool.gross, pool.fees, pool.net, pool.pool) == (2_000, 60, 1_940, 1_358)
    assert await legs(tx, pool.transaction_id) == {
        "deferred_revenue:2026-11": -2_000, "royalty_pool:2026-11": 1_358, "platform_revenue:subscriptions": 642,
    }  # fmt: skip
    before = await entries(tx)
    again = await service.close_month_with(tx, month=MONTH, currency=USD, revenue=revenue, closed_by=None, now=AFTER)
    assert (again, await entries(tx)) == (pool, before)
    assert await service.pools(tx) == [pool]


async def test_a_month_that_is_not_over_is_closed_early_only_on_purpose(tx: Tx):
    revenue, loud, _ = await two_artists(tx)
    await defer_revenue(tx, *revenue)
    for now in (HEARD, datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)):
        with pytest.raises(MonthNotOver):
            await service.close_month_with(tx, month=MONTH, currency=USD, revenue=revenue, closed_by=None, now=now)
    await service.close_month_with(
        tx, month=MONTH, currency=USD, revenue=revenue, closed_by=None, now=HEARD, early=True
    )
    await make_listens(tx, person(), loud, 1)
    assert await tx.value("SELECT max(month) FROM payment.royalty_usage") == NEXT


async def test_revenue_that_the_ledger_does_not_have_is_refused(tx: Tx):
    revenue, _, _ = await two_artists(tx)
    await defer_revenue(tx, *revenue)
    with pytest.raises(RevenueDisagrees) as refused:
        await service.close_month_with(
            tx, month=MONTH, currency=USD, revenue=[*revenue, pays(person(), 1)], closed_by=None, now=AFTER
        )
    assert (refused.value.revenue, refused.value.ledger) == (2_001, 2_000)


async def test_a_month_that_nobody_paid_for_has_no_pool(tx: Tx):
    with pytest.raises(NothingToShare):
        await service.close_month_with(tx, month=MONTH, currency=USD, revenue=[], closed_by=None, now=AFTER)
    with pytest.raises(MonthNotClosed):
        await run_month(tx)
    with pytest.raises(MonthNotClosed):
        await service.pool(tx, month=MONTH, currency=USD)


async def test_fees_above_the_revenue_leave_an_empty_pool_and_nothing_to_run(tx: Tx):
    pool = await close(tx, pays(person(), 50, 80))
    assert pool.pool == 0
    assert await legs(tx, pool.transaction_id) == {
        "deferred_revenue:2026-11": -50,
        "platform_revenue:subscriptions": 50,
    }
    with pytest.raises(NothingToShare):
        await run_month(tx)


async def test_a_run_pays_by_its_policy_and_keeps_both_engines_results(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await close(tx, *revenue)
    run = await run_month(tx)

    assert await legs(tx, run.transaction_id) == {
        "royalty_pool:2026-11": -1_358,
        f"royalties_pending:{loud.user_id}": 679,
        f"royalties_pending:{quiet.user_id}": 679,
    }
    shares = {one.payee_id: one for one in await service.compare(tx, run_id=run.run_id)}
    # pro-rata: 90 and 10 of 100 listens of 1358: 1222.2 and 135.8, so 1222 and 136.
    assert [(shares[one.user_id].pro_rata, shares[one.user_id].user_centric) for one in (loud, quiet)] == [
        (1_222, 679), (136, 679),
    ]  # fmt: skip
    details = await tx.value("SELECT details FROM payment.transaction WHERE id = %s", [run.transaction_id])
    assert (details["usage"], details["statements"]) == (run.usage_hash.hex(), run.statements_root.hex())
    key = await tx.value("SELECT idempotency_key FROM payment.transaction WHERE id = %s", [run.transaction_id])
    assert key == "royalties:2026-11:USD:1"


async def test_a_month_is_run_once(tx: Tx):
    revenue, _, _ = await two_artists(tx)
    await close(tx, *revenue)
    run, before = await run_month(tx), await entries(tx)
    assert (await run_month(tx), await entries(tx)) == (run, before)
    assert await service.list_runs(tx, month=MONTH) == [run]


async def test_the_other_engine_pays_when_the_policy_says_so(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await service.set_policy(tx, policy=make_policy(engine=EngineName.PRO_RATA), made_by=person())
    await close(tx, *revenue)
    run = await run_month(tx)
    assert run.engine is EngineName.PRO_RATA
    assert [await holds(tx, PENDING, one.user_id) for one in (loud, quiet)] == [1_222, 136]


async def test_what_nobody_earns_is_unallocated_and_not_lost(tx: Tx):
    fan = person()
    await close(tx, pays(fan, 1_000))
    run = await run_month(tx)
    assert run.unallocated == 700
    assert await legs(tx, run.transaction_id) == {"royalty_pool:2026-11": -700, "unallocated_royalties:2026-11": 700}


async def test_artificial_listens_are_left_out_and_the_run_says_which(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await close(tx, *revenue)
    bot = Exclusion(revenue[0].subscriber_id, None, "plays day and night")
    run = await run_month(tx, bot)
    assert [await holds(tx, PENDING, one.user_id) for one in (loud, quiet)] == [0, 1_358]
    assert await service.exclusions_of(tx, run_id=run.run_id) == [bot]


async def test_splits_divide_a_track_by_the_largest_remainder(tx: Tx):
    fan, song, (a, b) = person(), await make_artist(tx), sorted((person(), person()))
    proposed = await service.set_splits(
        tx, track_id=song.track_id, owner=song.user_id, shares=[Share(a, 3_333), Share(b, 6_667)], now=HEARD
    )
    for payee in (a, b):
        await service.accept_split(tx, split_id=proposed.split_id, payee=payee, now=HEARD)
    await make_listens(tx, fan, song, 1)
    await close(tx, pays(fan, 1_430))
    await run_month(tx)
    # 10.01: 333.63 and 667.37, so 3.34 and 6.67.
    assert [await holds(tx, PENDING, one) for one in (a, b)] == [334, 667]


async def test_a_late_listen_is_divided_as_the_track_was_when_it_was_heard(tx: Tx):
    fan, song, heir = person(), await make_artist(tx), person()
    proposed = await service.set_splits(
        tx, track_id=song.track_id, owner=song.user_id, shares=[Share(heir, 10_000)], effective_from=NEXT, now=HEARD
    )
    await service.accept_split(tx, split_id=proposed.split_id, payee=heir, now=HEARD)
    await close(tx, pays(fan, 1_000))
    await make_listens(tx, fan, song, 1)  # heard in November, after it was closed
    await make_listens(tx, fan, song, 3, at=AFTER)
    later = datetime(2027, 1, 2, tzinfo=UTC)
    await close(tx, pays(fan, 1_000), month=NEXT, now=later)
    run = await run_month(tx, month=NEXT, now=later)
    assert [await holds(tx, PENDING, one) for one in (song.user_id, heir)] == [175, 525]
    statement = await service.statement(tx, payee_id=song.user_id, month=NEXT, now=later)
    assert [(line.claim.heard_month, line.listens) for line in statement.parts[0].lines] == [(MONTH, 1)]
    assert run.unallocated == 0


async def test_advance_tax_and_debt_are_kept_of_earnings_in_this_order(tx: Tx):
    fan, song, taxman = person(), await make_artist(tx), person()
    await service.set_country(tx, payee_id=song.user_id, country="DE", now=HEARD)
    await service.set_withholding_rate(tx, rate=Rate("DE", MONTH, 1_500), made_by=taxman)
    advance = new_id()
    for _ in range(2):  # asked twice, granted once
        await service.grant_advance(
            tx, advance_id=advance, payee_id=song.user_id, amount=usd(300), note="an album", granted_by=taxman
        )
    assert [await holds(tx, kind, song.user_id) for kind in (ADVANCES, AVAILABLE)] == [-300, 300]
    debt, losses = await ledger.open_accounts(
        tx,
        names=[
            AccountName(DEBT, str(song.user_id), USD),
            AccountName(AccountKind.CHARGEBACK_LOSSES, "stripe", USD),
        ],
    )
    await ledger.post(tx, posting=make_posting((debt, usd(-50)), (losses, usd(50))))
    await make_listens(tx, fan, song, 1)
    await close(tx, pays(fan, 1_000))
    run = await run_month(tx)

    # 7.00 earned, 3.00 recouped, 15 % of 4.00 withheld, 0.50 repaid: 2.90 are left.
    assert await legs(tx, run.transaction_id) == {
        "royalty_pool:2026-11": -700,
        f"royalties_pending:{song.user_id}": 290,
        f"advances:{song.user_id}": 300,
        f"payee_debt:{song.user_id}": 50,
        "withholding_tax:DE": 60,
    }
    assert [await holds(tx, kind, song.user_id) for kind in (ADVANCES, DEBT)] == [0, 0]


async def test_an_advance_above_the_earnings_takes_all_of_them_and_stands_for_the_rest(tx: Tx):
    fan, song = person(), await make_artist(tx)
    await service.grant_advance(
        tx, advance_id=new_id(), payee_id=song.user_id, amount=usd(1_000), note="x", granted_by=person()
    )
    await make_listens(tx, fan, song, 1)
    await close(tx, pays(fan, 1_000))
    await run_month(tx)
    assert [await holds(tx, kind, song.user_id) for kind in (ADVANCES, PENDING)] == [-300, 0]
    (balance,) = await service.balances(tx, payee_id=song.user_id)
    assert (balance.advance, balance.available, balance.pending, balance.debt) == (300, 1_000, 0, 0)


async def test_each_currency_has_a_pool_and_a_run_of_its_own(tx: Tx):
    ana, bo, song = person(), person(), await make_artist(tx)
    yen = Currency.of("JPY")
    await make_listens(tx, ana, song, 1)
    await make_listens(tx, bo, song, 5)
    await defer_revenue(tx, pays(ana, 1_000))
    await defer_revenue(tx, pays(bo, 1_501), currency=yen)
    assert await service.currencies_of(tx, month=MONTH) == [yen, USD]
    for who, currency in ((pays(ana, 1_000), USD), (pays(bo, 1_501), yen)):
        await service.close_month_with(tx, month=MONTH, currency=currency, revenue=[who], closed_by=None, now=AFTER)
        await run_month(tx, currency=currency)
    assert await service.currencies_of(tx, month=MONTH) == []
    assert [await holds(tx, PENDING, song.user_id, one) for one in (USD, yen)] == [700, 1_051]
    statement = await service.statement(tx, payee_id=song.user_id, month=MONTH, now=AFTER)
    assert [(part.run.currency.code, part.lines[0].counted) for part in statement.parts] == [("JPY", 5), ("USD", 1)]


async def test_a_reversed_run_is_run_anew_with_what_was_learned(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await close(tx, *revenue)
    first = await run_month(tx)
    reversed_run = await reverse(tx, first.run_id)
    assert reversed_run.reversed_at is not None
    assert await holds(tx, AccountKind.ROYALTY_POOL, "2026-11") == 1_358

    second = await run_month(tx, Exclusion(revenue[0].subscriber_id, None, "bot"))
    assert (second.number, second.usage_hash) == (2, first.usage_hash)
    assert [await holds(tx, PENDING, one.user_id) for one in (loud, quiet)] == [0, 1_358]
    statement = await service.statement(tx, payee_id=loud.user_id, month=MONTH, now=AFTER)
    assert ([one.number for one in statement.reversed], [part.share.settlement.earned for part in statement.parts]) == ([1], [0])  # fmt: skip


async def test_what_was_spent_before_a_reversal_becomes_a_debt_that_the_next_run_repays(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await close(tx, *revenue)
    run = await run_month(tx)
    assert await service.release_due(tx, now=datetime.now(UTC) + timedelta(days=15)) == 2
    available, bank = await ledger.open_accounts(
        tx,
        names=[
            AccountName(AVAILABLE, str(loud.user_id), USD),
            AccountName(AccountKind.PAYOUT_IN_TRANSIT, str(loud.user_id), USD),
        ],
    )
    await ledger.post(tx, posting=make_posting((available, usd(-600)), (bank, usd(600))))
    await reverse(tx, run.run_id)
    assert [await holds(tx, kind, loud.user_id) for kind in (PENDING, AVAILABLE, DEBT)] == [0, 0, -600]
    assert [await holds(tx, kind, quiet.user_id) for kind in (PENDING, AVAILABLE, DEBT)] == [0, 0, 0]

    await run_month(tx)
    assert [await holds(tx, kind, loud.user_id) for kind in (PENDING, DEBT)] == [79, 0]


async def test_a_reversal_takes_two_people(tx: Tx):
    revenue, _, _ = await two_artists(tx)
    await close(tx, *revenue)
    run, ida, max_ = await run_month(tx), person(), person()
    with pytest.raises(NoReversalAsked):
        await service.approve_reversal(tx, run_id=run.run_id, approved_by=ida)
    await service.ask_reversal(tx, run_id=run.run_id, asked_by=ida, reason="bots")
    assert [one.run_id for one in await service.open_reversals(tx)] == [run.run_id]
    with pytest.raises(ReversalAsked):
        await service.ask_reversal(tx, run_id=run.run_id, asked_by=max_, reason="bots")
    with pytest.raises(SamePerson):
        await service.approve_reversal(tx, run_id=run.run_id, approved_by=ida)
    assert (await service.run(tx, run_id=run.run_id)).reversed_at is None
    done = await service.approve_reversal(tx, run_id=run.run_id, approved_by=max_)
    before = await entries(tx)
    assert await service.approve_reversal(tx, run_id=run.run_id, approved_by=person()) == done
    assert (await entries(tx), await service.open_reversals(tx)) == (before, [])


async def test_there_is_nothing_to_say_of_a_run_that_is_not(tx: Tx):
    nothing = RoyaltyRunId(new_id())
    for asked in (
        service.ask_reversal(tx, run_id=nothing, asked_by=person(), reason="x"),
        service.approve_reversal(tx, run_id=nothing, approved_by=person()),
        service.run(tx, run_id=nothing),
        service.compare(tx, run_id=nothing),
    ):
        with pytest.raises(UnknownRun):
            await asked


async def test_pending_becomes_available_after_the_hold_and_not_before(tx: Tx):
    revenue, loud, quiet = await two_artists(tx)
    await close(tx, *revenue)
    await run_month(tx)
    posted: datetime = await tx.value("SELECT max(recorded_at) FROM payment.transaction")
    assert await service.release_due(tx, now=posted + timedelta(days=14)) == 0
    due = posted + timedelta(days=14, microseconds=1)
    assert await service.release_due(tx, now=due, most=1) == 1
    assert await service.release_due(tx, now=due) == 1
    assert await service.release_due(tx, now=due) == 0
    for one in (loud, quiet):
        assert [await holds(tx, kind, one.user_id) for kind in (PENDING, AVAILABLE)] == [0, 679]


async def test_what_came_later_stays_pending_and_what_was_taken_back_was_the_oldest(tx: Tx):
    payee = person()
    pending, source = await ledger.open_accounts(
        tx,
        names=[AccountName(PENDING, str(payee), USD), AccountName(AccountKind.PLATFORM_REVENUE, "tips", USD)],
    )
    await ledger.post(tx, posting=make_posting((source, usd(-100)), (pending, usd(100))))
    middle: datetime = await tx.value("SELECT clock_timestamp()")
    await ledger.post(tx, posting=make_posting((source, usd(-70)), (pending, usd(70))))
    await ledger.post(tx, posting=make_posting((pending, usd(-40)), (source, usd(40))))

    assert await service.release_due(tx, now=middle + timedelta(days=14)) == 1
    assert [await holds(tx, kind, payee) for kind in (PENDING, AVAILABLE)] == [70, 60]


async def test_a_preview_says_what_a_run_would_give_and_writes_nothing(tx: Tx):
    revenue, loud, _ = await two_artists(tx)
    before = await entries(tx)
    seen = await service.preview(tx, month=MONTH, currency=USD, revenue=revenue)
    assert (seen.closed, seen.reckoning.pool, await entries(tx)) == (False, 1_358, before)
    await close(tx, *revenue)
    closed = await service.preview(tx, month=MONTH, currency=USD)
    assert (closed.closed, closed.reckoning) == (True, seen.reckoning)
    assert {share.payee_id: share.pro_rata for share in closed.reckoning.payees}[loud.user_id] == 1_222


async def test_statements_are_of_one_s_own_months(tx: Tx):
    revenue, loud, _ = await two_artists(tx)
    await close(tx, *revenue)
    run = await run_month(tx)
    assert await service.months_of(tx, payee_id=loud.user_id) == [run]
    for payee, month in ((person(), MONTH), (loud.user_id, date(2026, 10, 1))):
        with pytest.raises(service.NoStatement):
            await service.statement(tx, payee_id=payee, month=month, now=AFTER)

"""Closing a month: what was paid for it in advance becomes a pool and the platform's revenue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties.domain.months import begins, label, next_month, require_month
from vibestream.contexts.payment.royalties.domain.policy import Policy, policy_of_month
from vibestream.contexts.payment.royalties.domain.runs import MonthNotOver, NothingToShare, PoolView, RevenueDisagrees
from vibestream.contexts.payment.royalties.domain.usage import Revenue
from vibestream.contexts.payment.royalties.store import policies, runs, standings, usage
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def close_month(
    tx: Tx, *, month: date, currency: Currency, closed_by: UserId | None, now: datetime, early: bool = False
) -> PoolView:
    """Close a month in a currency with what subscriptions brought in, as `close_month_with` does.

    Raises:
        whatever `close_month_with` raises.
    """
    if (known := await runs.load_pool(tx, require_month(month), currency)) is not None:
        return known
    _require_over(month, now, early=early)
    paid = await subscriptions.close_revenue_month(tx, month=month, currency=currency, now=now)
    revenue = [Revenue(one.user_id, one.gross.minor, one.fees.minor, (one.user_id,)) for one in paid]
    return await close_month_with(
        tx, month=month, currency=currency, revenue=revenue, closed_by=closed_by, now=now, early=early
    )


async def revenue_so_far(tx: Tx, *, month: date, currency: Currency) -> list[Revenue]:
    """Return what each listener's subscription has brought in for a month by now. Closes nothing."""
    paid = await subscriptions.revenue_of_month(tx, month=month, currency=currency)
    return [Revenue(one.user_id, one.gross.minor, one.fees.minor, (one.user_id,)) for one in paid]


async def close_month_with(
    tx: Tx,
    *,
    month: date,
    currency: Currency,
    revenue: Sequence[Revenue],
    closed_by: UserId | None,
    now: datetime,
    early: bool = False,
) -> PoolView:
    """Close a month in a currency: its usage and splits for good, its deferred revenue into pool and platform revenue.

    The pool is the policy's share of the net: gross less what the gateways took. The platform keeps the rest, out of
    which the fees were paid. Closing again returns the pool there is.

    Args:
        tx: the caller's transaction.
        month: its first day.
        currency: of the revenue; usage is closed for all currencies by the first.
        revenue: of each subscriber; sums to what the ledger holds for the month.
        closed_by: who decided; None for the command line.
        now: the instant.
        early: close a month that is not over. What is heard in it afterwards counts in the next one.

    Raises:
        MonthNotOver: the month is not over.
        NothingToShare: nobody paid anything.
        RevenueDisagrees: the revenue is not what the ledger holds.
        NoPolicy: no policy counts for the month.
    """
    if (known := await runs.load_pool(tx, require_month(month), currency)) is not None:
        return known
    _require_over(month, now, early=early)
    await usage.close(tx, month)
    await usage.lock_month(tx, month)  # whoever else was closing it has ended by now
    if (known := await runs.load_pool(tx, month, currency)) is not None:
        return known
    policy = policy_of_month(await policies.list_policies(tx), month=month)
    view = await _post(tx, month=month, currency=currency, revenue=revenue, policy=policy, closed_by=closed_by, now=now)
    await runs.add_pool(tx, view, revenue)
    return view


async def currencies_of(tx: Tx, *, month: date) -> list[Currency]:
    """Return the currencies in which something is still deferred for a month."""
    return [Currency.of(code) for code in await standings.deferred_currencies(tx, subject=label(month))]


def _require_over(month: date, now: datetime, *, early: bool) -> None:
    if now < begins(next_month(month)) and not early:
        raise MonthNotOver("The month is not over.")


async def _post(
    tx: Tx,
    *,
    month: date,
    currency: Currency,
    revenue: Sequence[Revenue],
    policy: Policy,
    closed_by: UserId | None,
    now: datetime,
) -> PoolView:
    gross, fees = (Money(sum(of), currency) for of in ([one.gross for one in revenue], [one.fees for one in revenue]))
    pool = Money(max(gross.minor - fees.minor, 0), currency).share(rate_bp=policy.pool_share_bp)
    deferred, shared, kept = await ledger.open_accounts(
        tx,
        names=[
            AccountName(AccountKind.DEFERRED_REVENUE, label(month), currency),
            AccountName(AccountKind.ROYALTY_POOL, label(month), currency),
            AccountName(AccountKind.PLATFORM_REVENUE, "subscriptions", currency),
        ],
    )
    held = (await ledger.balance_of(tx, account_id=deferred)).posted
    if held != gross:
        raise RevenueDisagrees(revenue=gross.minor, ledger=held.minor)
    if gross.minor == 0:
        raise NothingToShare("Nobody paid anything for the month in this currency.")
    moved = ((deferred, -gross), (shared, pool), (kept, gross - pool))
    posted = await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"royalties:{label(month)}:{currency.code}:close",
            kind="royalty_month_closed",
            legs=tuple(Leg(account, amount) for account, amount in moved if amount.minor),
            details={
                "month": label(month),
                "gross": gross.decimal,
                "fees": fees.decimal,
                "pool_share_bp": str(policy.pool_share_bp),
                "policy": str(policy.version),
            },
            effective_at=min(now, begins(next_month(month)) - timedelta(microseconds=1)),
        ),
    )
    return PoolView(
        month=month,
        currency=currency,
        gross=gross.minor,
        fees=fees.minor,
        pool=pool.minor,
        pool_share_bp=policy.pool_share_bp,
        policy_version=policy.version,
        closed_by=closed_by,
        closed_at=now,
        transaction_id=posted.transaction_id,
    )

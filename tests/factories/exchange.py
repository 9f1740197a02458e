"""Rates, reserves and policies for tests.

async with database.begin() as tx:
    await make_rate(tx, EUR, USD, "1.25")             # good from NOW on, with a spread of 100 basis points
    await make_reserve(tx, Money(100_00, EUR))
    ana = await make_earner(tx, vibe=5_000_000)        # a wallet with points that came from a reward pool
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from vibestream.contexts.payment.exchange import service
from vibestream.contexts.payment.exchange.invariants import INVARIANTS
from vibestream.contexts.payment.exchange.service import Exchange, Policy, Quote, Rate
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER_INVARIANTS
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Reward
from vibestream.kernel.ids import RewardId, UserId, new_id
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY: Final = Policy(
    lasts=timedelta(seconds=60),
    redeem_least=Money(1_000_000, VIBE),
    redeem_daily=Money(50_000_000, VIBE),
    cover_bp=10_000,
)
"""Redeem 100 VIBE at least and 5,000 a day; all that is owed is covered."""


async def make_rate(tx: Tx, base: Currency, quote: Currency, value: str, **more: Any) -> Rate:
    given: dict[str, Any] = {
        "spread_bp": 100,
        "source": "test",
        "effective_from": None,
        "set_by": None,
        "now": NOW,
        **more,
    }
    return await service.set_rate(tx, rate_id=new_id(), base=base, quote=quote, value=value, **given)


async def make_reserve(tx: Tx, amount: Money, *, key: str | None = None) -> None:
    source = AccountName(AccountKind.LIQUIDITY, "", amount.currency)
    await service.fund_reserve(tx, key=key or str(new_id()), source=source, amount=amount, reason="test")


async def make_earner(tx: Tx, *, vibe: int, user_id: UserId | None = None, epoch: date = date(2026, 11, 24)) -> UserId:
    """A person who earned points, of a pool with 10,000 VIBE."""
    owner = user_id or UserId(new_id())
    await ledger.fund_pool(tx, epoch=epoch, amount=Money(100_000_000, VIBE))
    reward = Reward(reward_id=RewardId(new_id()), user_id=owner, epoch=epoch, amount=Money(vibe, VIBE))
    await ledger.pay_rewards(tx, rewards=[reward], now=NOW)
    return owner


async def quoted(tx: Tx, user_id: UserId, sell: Money, buy: Currency, **more: Any) -> Quote:
    return await service.quote(
        tx, **{"user_id": user_id, "sell": sell, "buy": buy, "policy": POLICY, "now": NOW, **more}
    )


async def executed(tx: Tx, offer: Quote, **more: Any) -> Exchange:
    given = {
        "quote_id": offer.quote_id,
        "user_id": offer.user_id,
        "policy": POLICY,
        "now": NOW + timedelta(seconds=5),
        **more,
    }
    return await service.execute(tx, **given)


async def posted(tx: Tx, kind: AccountKind, currency: Currency, subject: str = "") -> int:
    """What an account holds, in minor units."""
    account = await ledger.open_account(tx, name=AccountName(kind, subject, currency))
    return (await ledger.balance_of(tx, account_id=account)).posted.minor


async def in_wallet(tx: Tx, user_id: UserId, currency: Currency) -> int:
    return await posted(tx, AccountKind.WALLET, currency, str(user_id))


async def violations(database: Database) -> dict[str, str]:
    checked = await check_all(database, (*INVARIANTS, *LEDGER_INVARIANTS))
    return {one.invariant.name: one.finding.detail for one in checked if not one.finding.ok}

"""Accounts, postings and rewards for tests.

a, b = await make_wallets(tx, 1_000, 0)                # two people's VIBE wallets, funded from liquidity
await post(tx, posting=transfer(a, b, 300))            # Posting with a new key
posting = make_posting((a, -300), (b, 300), key="k")   # any legs, of VIBE unless Money is given
reward = make_reward(epoch=EPOCH, minor=40)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.invariants import INVARIANTS
from vibestream.contexts.payment.ledger.service import Leg, Posting, Reward
from vibestream.kernel.ids import AccountId, HoldId, RewardId, TransactionId, UserId, new_id
from vibestream.kernel.money import MAX_MINOR, VIBE, Currency, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all

EPOCH: Final = date(2026, 11, 24)
NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
LARGEST: Final = MAX_MINOR


@dataclass(frozen=True, slots=True)
class Wallet:
    """A person's wallet that a test made."""

    user_id: UserId
    account_id: AccountId


def vibe(minor: int) -> Money:
    return Money(minor, VIBE)


def make_posting(
    *legs: tuple[AccountId, int | Money],
    key: str | None = None,
    kind: str = "test",
    transaction_id: TransactionId | None = None,
    **more: Any,
) -> Posting:
    return Posting(
        transaction_id=transaction_id or TransactionId(new_id()),
        key=key or f"test:{new_id()}",
        kind=kind,
        legs=tuple(Leg(account, amount if isinstance(amount, Money) else vibe(amount)) for account, amount in legs),
        **more,
    )


def transfer(
    source: AccountId, target: AccountId, amount: int | Money, *, key: str | None = None, **more: Any
) -> Posting:
    money = amount if isinstance(amount, Money) else vibe(amount)
    return make_posting((source, -money), (target, money), key=key, **more)


async def make_liquidity(tx: Tx, currency: Currency = VIBE) -> AccountId:
    """The append-only account that test money comes from."""
    return await service.open_account(tx, name=service.liquidity(currency=currency))


async def make_wallet(
    tx: Tx, balance: int = 0, *, user_id: UserId | None = None, currency: Currency = VIBE, pending: bool = False
) -> Wallet:
    """A person's wallet, or what is on its way into it, with a balance in minor units."""
    owner = user_id or UserId(new_id())
    name = service.wallet_pending if pending else service.wallet
    account = await service.open_account(tx, name=name(user_id=owner, currency=currency))
    if balance:
        source = await make_liquidity(tx, currency)
        await service.post(tx, posting=transfer(source, account, Money(balance, currency)))
    return Wallet(owner, account)


async def make_wallets(tx: Tx, *balances: int) -> tuple[AccountId, ...]:
    """Accounts of as many people's wallets, with these balances."""
    return tuple([(await make_wallet(tx, balance)).account_id for balance in balances])


async def make_hold(
    tx: Tx, account: AccountId, amount: int | Money, *, key: str | None = None, lasts: timedelta = timedelta(hours=1)
) -> HoldId:
    return await service.place_hold(
        tx,
        key=key or f"hold:{new_id()}",
        account_id=account,
        amount=amount if isinstance(amount, Money) else vibe(amount),
        expires_at=utc_now() + lasts,
        reason="test",
    )


def make_reward(
    *, minor: int = 40, epoch: date = EPOCH, user_id: UserId | None = None, reward_id: RewardId | None = None
) -> Reward:
    return Reward(
        reward_id=reward_id or RewardId(new_id()),
        user_id=user_id or UserId(new_id()),
        epoch=epoch,
        amount=vibe(minor),
    )


async def balance(tx: Tx, account: AccountId) -> tuple[int, int]:
    """What an account has to spare, and what is held on it, in minor units."""
    found = await service.balance_of(tx, account_id=account)
    return found.available.minor, found.held.minor


async def entries(tx: Tx) -> int:
    return int(await tx.value("SELECT count(*) FROM payment.entry"))


async def violations(database: Database) -> dict[str, str]:
    """The ledger's invariants that do not hold, with what was found."""
    checked = await check_all(database, INVARIANTS)
    return {one.invariant.name: one.finding.detail for one in checked if not one.finding.ok}


POST_SQL: Final = """
SELECT outcome, posted_as, refused_by FROM payment.post(
    %(ids)s::uuid[], %(keys)s::text[], %(kinds)s::text[], %(details)s::jsonb[], %(effective)s::timestamptz[],
    %(captures)s::uuid[], %(reversals)s::uuid[],
    %(leg_posting)s::integer[], %(leg_account)s::uuid[], %(leg_currency)s::text[], %(leg_amount)s::bigint[])
"""


def raw_post(*legs: tuple[UUID, int], **overrides: Any) -> dict[str, Any]:
    """Parameters of `POST_SQL` for one posting in VIBE, past everything that Python checks; any may be overridden."""
    made = new_id()
    return {
        "ids": [made],
        "keys": [f"raw:{made}"],
        "kinds": ["raw"],
        "details": ["{}"],
        "effective": [None],
        "captures": [None],
        "reversals": [None],
        "leg_posting": [1] * len(legs),
        "leg_account": [account for account, _ in legs],
        "leg_currency": ["VIBE"] * len(legs),
        "leg_amount": [amount for _, amount in legs],
        **overrides,
    }


async def as_owner(owner_dsn: str, *statements: str, params: Sequence[Any] = (), triggers: bool = True) -> None:
    """Run statements as the owner of the tables; without triggers as only a superuser can."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        if not triggers:
            await owner.execute("SET session_replication_role = replica")
        for statement in statements:
            await owner.execute(statement, params)


async def until_somebody_waits(owner_dsn: str, *, sessions: int = 1) -> None:
    """Return once as many sessions of this database wait for a lock."""
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        while True:
            waiting = await owner.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if waiting.rowcount >= sessions:
                return
            await asyncio.sleep(0.01)

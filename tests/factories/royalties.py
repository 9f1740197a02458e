"""Months of royalties for tests.

ana = await make_artist(tx)                             # a track of its own, with its owner
await make_listens(tx, listener, ana.track_id, 90)      # so many listens in MONTH
await close(tx, pays(listener, 1_000))                  # deferred revenue as subscriptions would leave it, then closed
run = await run_month(tx)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from tests.factories.payment import make_posting
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import (
    EngineName,
    Exclusion,
    Idle,
    Listen,
    Policy,
    PoolView,
    Revenue,
    Rules,
    RunView,
)
from vibestream.kernel.ids import ArtistId, ListenId, RoyaltyRunId, TrackId, UserId, new_id
from vibestream.kernel.money import USD, Currency, Money
from vibestream.platform.database import Tx

MONTH: Final = date(2026, 11, 1)
NEXT: Final = date(2026, 12, 1)
HEARD: Final = datetime(2026, 11, 15, 12, tzinfo=UTC)
AFTER: Final = datetime(2026, 12, 2, tzinfo=UTC)
"""A day after the month, when it can be closed."""


@dataclass(frozen=True, slots=True)
class Artist:
    """An owner and their track."""

    user_id: UserId
    track_id: TrackId


def person() -> UserId:
    return UserId(new_id())


def usd(minor: int) -> Money:
    return Money(minor, USD)


def pays(subscriber: UserId, gross: int, fees: int = 0, *more: UserId) -> Revenue:
    return Revenue(subscriber, gross, fees, (subscriber, *more))


def make_policy(**changes: Any) -> Policy:
    rules = {"idle": Idle.SPREAD, **changes.pop("rules", {})}
    return Policy(
        **{
            "engine": EngineName.USER_CENTRIC,
            "pool_share_bp": 7_000,
            "hold_days": 14,
            "effective_from": MONTH,
            "note": "a test",
            "rules": Rules(**rules),
            **changes,
        }
    )


async def make_artist(tx: Tx, *, title: str = "Song", owner: UserId | None = None) -> Artist:
    artist = Artist(owner or person(), TrackId(new_id()))
    await service.register_track(
        tx, track_id=artist.track_id, artist_id=ArtistId(new_id()), owner_user_id=artist.user_id, title=title
    )
    return artist


def make_listen(listener: UserId, artist: Artist, *, at: datetime = HEARD, heard_ms: int = 60_000) -> Listen:
    return Listen(
        listen_id=ListenId(new_id()),
        listener_id=listener,
        track_id=artist.track_id,
        artist_id=ArtistId(new_id()),
        owner_user_id=artist.user_id,
        heard_at=at,
        heard_ms=heard_ms,
    )


async def make_listens(tx: Tx, listener: UserId, artist: Artist, times: int, *, at: datetime = HEARD) -> None:
    await service.count_listens(tx, listens=[make_listen(listener, artist, at=at) for _ in range(times)])


async def defer_revenue(tx: Tx, *revenue: Revenue, month: date = MONTH, currency: Currency = USD) -> None:
    """Leave in the ledger what subscriptions would have."""
    clearing, deferred = await ledger.open_accounts(
        tx,
        names=[
            AccountName(AccountKind.GATEWAY_CLEARING, "stripe", currency),
            AccountName(AccountKind.DEFERRED_REVENUE, service.label(month), currency),
        ],
    )
    gross = Money(sum(one.gross for one in revenue), currency)
    await ledger.post(tx, posting=make_posting((clearing, -gross), (deferred, gross)))


async def close(
    tx: Tx, *revenue: Revenue, month: date = MONTH, currency: Currency = USD, now: datetime = AFTER
) -> PoolView:
    await defer_revenue(tx, *revenue, month=month, currency=currency)
    return await service.close_month_with(tx, month=month, currency=currency, revenue=revenue, closed_by=None, now=now)


async def run_month(
    tx: Tx, *exclusions: Exclusion, month: date = MONTH, currency: Currency = USD, now: datetime = AFTER
) -> RunView:
    return await service.run_month(tx, month=month, currency=currency, exclusions=exclusions, made_by=None, now=now)


async def reverse(tx: Tx, run_id: RoyaltyRunId) -> RunView:
    """Have a run reversed by two people."""
    await service.ask_reversal(tx, run_id=run_id, asked_by=person(), reason="a test")
    return await service.approve_reversal(tx, run_id=run_id, approved_by=person())


async def holds(tx: Tx, kind: AccountKind, subject: UUID | str, currency: Currency = USD) -> int:
    """What an account holds, in minor units."""
    account = await ledger.open_account(tx, name=AccountName(kind, str(subject), currency))
    return (await ledger.balance_of(tx, account_id=account)).posted.minor


async def legs(tx: Tx, transaction_id: UUID) -> dict[str, int]:
    """The legs of a transaction by the names of its accounts."""
    return dict(
        await tx.all(
            lambda **row: (row["name"], row["amount"]),
            """
            SELECT concat_ws(':', account.kind, account.subject) AS name, entry.amount
            FROM payment.entry entry JOIN payment.account account ON account.id = entry.account_id
            WHERE entry.transaction_id = %s
            """,
            [transaction_id],
        )
    )

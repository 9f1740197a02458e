"""Payees with royalties and a destination, payouts, and the jobs that a test runs by hand.

payee = await make_payee(tx, 5_000)                         # 50.00 USD available, an account at PayPal
payout = await ask(tx, payee, 2_000)                        # asked for, and checked
await work(runtime)                                         # run what waits in the queue, as a worker does
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.factories.gateways import Sandbox
from tests.factories.payment import transfer
from vibestream.contexts.payment.gateways.service import (
    GatewayName,
    Gateways,
    OutcomeUnknown,
    PayoutRequest,
    ProviderPayout,
    RecipientRequest,
    open_gateways,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.invariants import INVARIANTS
from vibestream.contexts.payment.payouts.service import Payout
from vibestream.kernel.ids import UserId, new_id, uuid7
from vibestream.kernel.money import USD, Currency, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.runtime import Runtime

LONG_AGO: Final = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Payee:
    """A person who has earned something."""

    user_id: UserId
    method: GatewayName
    address: str


def usd(minor: int) -> Money:
    return Money(minor, USD)


def new_user(*, since: datetime = LONG_AGO) -> UserId:
    """Somebody whose account is not new, unless it is said to be."""
    return UserId(uuid7(unix_ms=int(since.timestamp()) * 1000, entropy=secrets.randbits(74)))


async def earn(
    tx: Tx, user_id: UserId, amount: int | Money, *, kind: AccountKind = AccountKind.ROYALTIES_AVAILABLE
) -> None:
    """Give a person royalties, from nowhere; a negative amount of PAYEE_DEBT is a debt."""
    money = amount if isinstance(amount, Money) else usd(amount)
    names = [ledger.liquidity(currency=money.currency), AccountName(kind, str(user_id), money.currency)]
    source, target = await ledger.open_accounts(tx, names=names)
    await ledger.post(tx, posting=transfer(source, target, money))


async def make_payee(
    tx: Tx,
    minor: int = 5_000,
    *,
    method: GatewayName = GatewayName.PAYPAL,
    address: str | None = None,
    since: datetime = LONG_AGO,
    user_id: UserId | None = None,
) -> Payee:
    """A person with royalties in USD and a destination that was set long ago."""
    owner = user_id or new_user()
    where = address or (f"{owner}@payee.example" if method is GatewayName.PAYPAL else f"acct_{owner.hex[:16]}")
    await service.set_destination(tx, user_id=owner, method=method, address=where, ready=True, now=since)
    if minor:
        await earn(tx, owner, minor)
    return Payee(owner, method, where)


async def make_stripe_payee(runtime: Runtime, sandbox: Sandbox, minor: int = 5_000) -> Payee:
    """A person with royalties in USD and an account at Stripe that takes money."""
    owner = new_user()
    recipient = (
        await runtime.part(Gateways)
        .recipients()
        .open(
            RecipientRequest(
                key=f"payee:{owner}", payee=str(owner), email="payee@example.org", name="Somebody", country="US"
            )
        )
    )
    sandbox.payout("stripe", account=recipient.account_ref, status="active")
    async with runtime.database.begin() as tx:
        return await make_payee(tx, minor, method=GatewayName.STRIPE, address=recipient.account_ref, user_id=owner)


async def ask(
    tx: Tx,
    payee: Payee,
    minor: int | None = None,
    *,
    now: datetime | None = None,
    signals: Mapping[str, float | str] | None = None,
    **more: Any,
) -> Payout:
    """The payee asks for a payout, and its risk is checked at once, instead of by the job."""
    asked = await request(tx, payee, minor, now=now, **more)
    await tx.execute(
        """
        UPDATE jobs.procrastinate_jobs SET status = 'aborted'
        WHERE task_name = 'payment.screen_payout' AND args->>'payout_id' = %s
        """,
        [str(asked.payout_id)],
    )
    checked = await service.screen(tx, payout_id=asked.payout_id, signals=signals or {}, now=now or utc_now())
    return checked or asked


async def request(
    tx: Tx, payee: Payee, minor: int | None = None, *, now: datetime | None = None, **more: Any
) -> Payout:
    """The payee asks for a payout, which then waits to be checked."""
    return await service.request_payout(
        tx,
        **{
            "key": f"test:{new_id()}",
            "user_id": payee.user_id,
            "currency": USD,
            "amount": None if minor is None else usd(minor),
            "requested_by": payee.user_id,
            "now": now or utc_now(),
            **more,
        },
    )


async def has(tx: Tx, user_id: UserId, *, currency: Currency = USD) -> tuple[int, int, int]:
    """What a payee has available, in transit, and owes, in minor units."""
    kinds = (AccountKind.ROYALTIES_AVAILABLE, AccountKind.PAYOUT_IN_TRANSIT, AccountKind.PAYEE_DEBT)
    found = {
        one.name.kind: one.posted.minor
        for one in await ledger.balances_of_person(tx, user_id=user_id, kinds=kinds)
        if one.name.currency == currency
    }
    available, transit, debt = (found.get(kind, 0) for kind in kinds)
    return available, transit, -debt


async def books(tx: Tx) -> dict[str, int]:
    """What each of the platform's accounts holds in USD, in minor units, by kind and subject; zeros are left out."""
    trial = await ledger.trial_balance(tx)
    return {
        f"{row.kind.value}:{row.subject}".rstrip(":"): row.minor
        for row in trial.rows
        if row.currency == USD and row.kind not in {AccountKind.LIQUIDITY, *ledger.EARNING_KINDS}
    }


async def violations(database: Database) -> dict[str, str]:
    """The invariants of payouts and of the ledger that do not hold, with what was found."""
    checked = await check_all(database, [*INVARIANTS, *LEDGER])
    return {one.invariant.name: one.finding.detail for one in checked if not one.finding.ok}


async def waiting(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that wait, in order: name and arguments."""
    async with database.begin() as tx:
        rows = await tx.values(
            """
            SELECT json_build_array(task_name, args)::text FROM jobs.procrastinate_jobs
            WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY id
            """
        )
    return [(name, args) for name, args in map(json.loads, rows)]


async def take_jobs(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Take the waiting jobs out of the queue, and return them."""
    jobs = await waiting(database)
    async with database.begin() as tx:
        await tx.execute("UPDATE jobs.procrastinate_jobs SET status = 'aborted' WHERE status = 'todo'")
    return jobs


async def work(runtime: Runtime, *, most: int = 50) -> list[str]:
    """Run waiting jobs until none is left, those that they defer included, and return their names. An error is raised."""
    done: list[str] = []
    while jobs := await take_jobs(runtime.database):
        for name, arguments in jobs:
            done.append(name)
            assert len(done) <= most, done
            await declared_jobs()[name](runtime, **arguments)
    return done


def transfers_to(sandbox: Sandbox, account: str) -> list[int]:
    """The amounts of Stripe's transfers to an account, as Stripe itself lists them."""
    listed = sandbox.client.get(
        f"{sandbox.address}/stripe/v1/transfers",
        params={"destination": account, "limit": 100},
        headers={
            "authorization": f"Bearer {sandbox.variables['VIBESTREAM_STRIPE_SECRET_KEY']}",
            "stripe-version": "2026-10-28.endive",
        },
    )
    listed.raise_for_status()
    return [transfer["amount"] for transfer in listed.json()["data"]]


class Deaf(Gateways):
    """The process's gateways, whose answers about payouts do not reach us: they do what is asked, and nobody knows."""

    def __init__(self, inner: Gateways) -> None:
        super().__init__({})
        self._inner = inner

    def get(self, name: GatewayName) -> Deaf:  # type: ignore[override]  # as much of a gateway as payouts use
        assert name is GatewayName.STRIPE
        return self

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        await self._inner.get(GatewayName.STRIPE).pay_out(request)
        raise OutcomeUnknown("Nothing was heard.")


def deaf(runtime: Runtime) -> Runtime:
    """The runtime, hearing nothing of what becomes of payouts."""
    return replace(runtime, parts={**runtime.parts, Gateways: Deaf(runtime.part(Gateways))})


def with_gateways(runtime: Runtime, sandbox: Sandbox) -> Runtime:
    """The runtime with gateways that are the sandbox's."""
    gateways = open_gateways(sandbox.settings())
    return replace(runtime, parts={**runtime.parts, Gateways: gateways})


def later(**ago: float) -> datetime:
    return utc_now() + timedelta(**ago)

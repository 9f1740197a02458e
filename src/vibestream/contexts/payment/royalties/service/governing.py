"""What finance decides as data: policies, withholding, advances; and where a payee says they are taxed."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties.domain.months import month_of, next_month, require_month
from vibestream.contexts.payment.royalties.domain.payees import Rate, require_rate
from vibestream.contexts.payment.royalties.domain.policy import InvalidPolicy, Policy, policy_of_month
from vibestream.contexts.payment.royalties.domain.splits import MonthIsClosed, OwnAdvance
from vibestream.contexts.payment.royalties.store import policies as store
from vibestream.contexts.payment.royalties.store import usage
from vibestream.contexts.payment.royalties.store.policies import Advance, Advanced, PolicyMade
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_NOTE: Final = 500


class InvalidCountry(InvalidInput):
    """A country is two capital letters, as in ISO 3166-1."""

    code: ClassVar[str] = "royalties.invalid_country"


class AlreadySaid(Conflict):
    """That is settled for the month already: say it for a later one."""

    code: ClassVar[str] = "royalties.already_said"


class PolicyMoved(Conflict):
    """Somebody else made a policy meanwhile: read that one first."""

    code: ClassVar[str] = "royalties.policy_moved"


class InvalidAdvance(InvalidInput):
    """An advance is a positive amount with a reason."""

    code: ClassVar[str] = "royalties.invalid_advance"


async def policies(tx: Tx) -> list[Policy]:
    """Return every policy there ever was, the oldest version first."""
    return await store.list_policies(tx)


async def policies_made(tx: Tx) -> list[PolicyMade]:
    """Return every policy there ever was with who made it when, the latest version first."""
    return await store.list_policies_made(tx)


async def policy_for(tx: Tx, *, month: date) -> Policy:
    """Return the policy that counts for a month.

    Raises:
        NoPolicy: none does.
    """
    return policy_of_month(await store.list_policies(tx), month=month)


async def set_policy(tx: Tx, *, policy: Policy, made_by: UserId | None, after: int | None = None) -> int:
    """Add a policy, and return its version. It counts from its month on; earlier versions are kept for earlier runs.

    One for a month that is closed counts for corrections of that month alone, and its pool share for nothing.

    Args:
        tx: the caller's transaction.
        policy: the policy; its version is given here.
        made_by: who makes it.
        after: the latest version that whoever makes it has seen; None: whichever there is.

    Raises:
        PolicyMoved: there is a later version than `after`, such as this one sent twice.
        InvalidPolicy: it has no note.
        InvalidMonth: `effective_from` is not the first day of a month.
    """
    require_month(policy.effective_from)
    if not 1 <= len(policy.note) <= _NOTE:
        raise InvalidPolicy(f"A policy says why it is made, in 1 to {_NOTE} characters.")
    await store.lock_policies(tx)
    if after is not None and max((one.version for one in await store.list_policies(tx)), default=0) != after:
        raise PolicyMoved("Somebody else made a policy meanwhile.")
    return await store.add_policy(tx, policy, made_by=made_by)


async def set_withholding_rate(tx: Tx, *, rate: Rate, made_by: UserId | None) -> None:
    """Withhold this part of royalties for a country from a month on that is open.

    Raises:
        InvalidCountry, InvalidPolicy, InvalidMonth: it is no country, rate or month.
        MonthIsClosed: the month is closed.
        AlreadySaid: there is a rate from that month.
    """
    _require_country(rate.country)
    require_rate(rate.rate_bp)
    await _require_open(tx, rate.effective_from)
    if not await store.add_rate(tx, rate, made_by=made_by):
        raise AlreadySaid("The country has a rate from that month on.")


async def set_country(tx: Tx, *, payee_id: UserId, country: str, now: datetime) -> date:
    """Note where a payee is taxed, and return from which month on: the first that is open.

    Raises:
        InvalidCountry: it is no country.
        AlreadySaid: the payee has said so for that month already.
    """
    _require_country(country)
    since = month_of(now)
    while not await usage.hold_open(tx, since):
        since = next_month(since)
    if not await store.add_country(tx, payee_id, country=country, since=since):
        raise AlreadySaid("The country was said for this month; it can change next month.")
    return since


async def grant_advance(
    tx: Tx, *, advance_id: UUID, payee_id: UserId, amount: Money, note: str, granted_by: UserId
) -> TransactionId:
    """Give a payee money before it is earned, once per id: it is available at once, and recouped from royalties.

    Raises:
        InvalidAdvance: the amount is not positive, or there is no note.
        OwnAdvance: somebody grants it to themselves.
        KeyReused: the id stands for another advance.
    """
    if amount.minor <= 0 or not 1 <= len(note) <= _NOTE:
        raise InvalidAdvance("An advance is a positive amount with a note.")
    if granted_by == payee_id:
        raise OwnAdvance("Somebody else has to grant this.")
    names = [
        AccountName(kind, str(payee_id), amount.currency)
        for kind in (AccountKind.ADVANCES, AccountKind.ROYALTIES_AVAILABLE)
    ]
    advances, available = await ledger.open_accounts(tx, names=names)
    posted = await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"royalties:advance:{advance_id}",
            kind="royalty_advance",
            legs=(Leg(advances, -amount), Leg(available, amount)),
            details={"advance_id": str(advance_id), "granted_by": str(granted_by), "note": note},
        ),
    )
    await store.add_advance(
        tx,
        advance_id,
        payee_id=payee_id,
        amount=amount,
        note=note,
        granted_by=granted_by,
        transaction_id=posted.transaction_id,
    )
    return posted.transaction_id


async def advances(tx: Tx, *, before: tuple[datetime, UUID] | None = None, limit: int) -> list[Advance]:
    """Return up to `limit` advances, the latest first; only those granted before an instant, and of one instant by id."""
    return await store.list_advances(tx, before=before, limit=limit)


async def advanced(tx: Tx, *, limit: int) -> list[Advanced]:
    """Return what payees were advanced by currency and what of it is left to recoup, up to `limit`, the most left first."""
    return await store.list_advanced(tx, limit=limit)


def _require_country(country: str) -> None:
    if _COUNTRY.fullmatch(country) is None:
        raise InvalidCountry("A country is two capital letters.")


async def _require_open(tx: Tx, month: date) -> None:
    require_month(month)
    closed = await usage.closed_months(tx)
    if any(month <= one for one in closed) or not await usage.hold_open(tx, month):
        raise MonthIsClosed("The month is closed: say it for a later one.")

"""Accounts of payees at Stripe: opened under a key that was stored first, completed by their owner on Stripe's pages."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

import structlog

from vibestream.contexts.payment.gateways.service import GatewayName, Gateways, RecipientRequest
from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.contexts.payment.payouts.service.destinations import note_ready, set_destination
from vibestream.contexts.payment.payouts.store import accounts as store
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_log = structlog.get_logger()


class NotACountry(InvalidInput):
    """A country is two capital letters, such as MX."""

    code: ClassVar[str] = "payouts.not_a_country"


class NotOnboarded(Conflict):
    """The payee has no account at Stripe yet."""

    code: ClassVar[str] = "payouts.not_onboarded"


async def begin_onboarding(
    runtime: Runtime,
    *,
    user_id: UserId,
    email: str,
    name: str,
    country: str,
    return_url: str,
    refresh_url: str,
    now: datetime,
) -> str:
    """Return the address of Stripe's page at which a payee tells it what it asks, opening their account first if need be.

    Not for use in a transaction: it asks Stripe. Asked again, also after a crash, it is the same account.

    Args:
        runtime: the process's, with its gateways.
        user_id: the payee.
        email: where Stripe writes to them.
        name: what Stripe calls them.
        country: where they are paid, two capital letters; that of the first time stays.
        return_url: where they come back to.
        refresh_url: where they come when the address is used up.
        now: when.

    Raises:
        NotACountry: it is none.
        GatewayUnavailable, OutcomeUnknown: Stripe cannot be asked now.
        GatewayDeclined: Stripe does not take this payee.
    """
    if _COUNTRY.fullmatch(country) is None:
        raise NotACountry("A country is two capital letters, such as MX.")
    recipients = runtime.part(Gateways).recipients()

    async def begin(tx: Tx) -> store.PayeeAccount:
        return await store.begin_account(tx, user_id=user_id, key=f"payee:{user_id}", country=country, now=now)

    account = await runtime.database.run(begin)
    account_ref = account.account_ref
    if account_ref is None:
        request = RecipientRequest(key=account.key, payee=str(user_id), email=email, name=name, country=account.country)
        account_ref = (await recipients.open(request)).account_ref
        async with runtime.database.begin() as tx:
            await store.save_account(tx, user_id=user_id, account_ref=account_ref)
    return await recipients.onboarding_url(account_ref, return_url=return_url, refresh_url=refresh_url)


async def use_own_account(runtime: Runtime, *, user_id: UserId, now: datetime) -> Destination:
    """Have a payee's money sent to their account at Stripe, and return it; usable once Stripe takes money for it.

    Not for use in a transaction: it asks Stripe.

    Raises:
        NotOnboarded: they have none.
        GatewayUnavailable: Stripe cannot be asked now.
    """
    async with runtime.database.begin() as tx:
        account = await store.load_account(tx, user_id)
    if account is None or account.account_ref is None:
        raise NotOnboarded("Open an account at Stripe first.")
    found = await runtime.part(Gateways).recipients().retrieve(account.account_ref)
    if found is None or found.payee != str(user_id):
        raise NotOnboarded("Stripe knows no such account of yours.")

    async def use(tx: Tx) -> Destination:
        return await set_destination(
            tx, user_id=user_id, method=GatewayName.STRIPE, address=found.account_ref, ready=found.ready, now=now
        )

    return await runtime.database.run(use)


async def note_account_changed(tx: Tx, *, gateway: GatewayName, account_ref: str) -> None:
    """Have a payee's account read anew at its gateway."""
    await defer(tx, refresh_account, gateway=gateway.value, account_ref=account_ref, lock=f"account:{account_ref}")


@job("payment.refresh_payee_account", attempts=8)
async def refresh_account(runtime: Runtime, *, gateway: str, account_ref: str) -> None:
    """Note whether money can be sent to a payee's account now. One that is not of a payee of ours is left alone."""
    if GatewayName(gateway) is not GatewayName.STRIPE:
        return
    found = await runtime.part(Gateways).recipients().retrieve(account_ref)
    if found is None or not _is_id(found.payee):
        _log.info("payouts.account_not_ours", account_ref=account_ref)
        return
    async with runtime.database.begin() as tx:
        await note_ready(tx, method=GatewayName.STRIPE, address=found.account_ref, ready=found.ready)


def _is_id(text: str | None) -> bool:
    try:
        return text is not None and UUID(text) is not None
    except ValueError:
        return False

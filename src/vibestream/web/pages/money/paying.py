"""What every form that moves money has in common: the ways to pay, amounts as people type them, where payers come back to."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

from fastapi import Request

from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import AmountOutOfRange, Currency, Money
from vibestream.platform.access import Principal
from vibestream.platform.runtime import Runtime
from vibestream.web.localization import Language
from vibestream.web.pages.forms import local_path
from vibestream.web.pages.money.words import METHODS

FORM_BYTES: Final = 16 * 1024
_USDC: Final = "USDC"
_DECIMALS: Final = 2


class AmountUnreadable(InvalidInput):
    """What was typed is no amount of this currency."""

    code = "form.amount_unreadable"


class MethodUnavailable(InvalidInput):
    """Nobody can pay this way here, or not in this currency."""

    code = "form.method_unavailable"


def methods_of(runtime: Runtime, spoken: Language) -> tuple[tuple[str, str], ...]:
    """Return the ways to pay that are set up here: each gateway and what it is called."""
    configured = runtime.part(Gateways).configured
    return tuple((name.value, spoken.gettext(word)) for name, word in METHODS.items() if name in configured)


def method_for(runtime: Runtime, method: str, currency: Currency) -> GatewayName:
    """Return the gateway that a payer chose, when it can be paid by in this currency.

    Raises:
        MethodUnavailable: it is not set up here, or does not deal in the currency.
    """
    try:
        name = GatewayName(method)
    except ValueError:
        raise MethodUnavailable("Choose a way to pay.") from None
    if name not in runtime.part(Gateways).configured or (name is GatewayName.COINBASE) != (currency.code == _USDC):
        raise MethodUnavailable(f"{currency.code} cannot be paid this way.")
    return name


def typed_amount(text: str, currency: Currency) -> Money:
    """Read an amount as people type it: with a point or a comma before the decimals, and no grouping.

    Raises:
        AmountUnreadable: it is none, is negative, or has more decimals than the currency.
        AmountOutOfRange: it is more than the ledger holds.
    """
    plain = text.strip().replace("\N{NO-BREAK SPACE}", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        found = Money.parse(plain, currency)
    except AmountOutOfRange:
        raise
    except InvalidInput:
        raise AmountUnreadable(f"{text!r} is no amount of {currency.code}.") from None
    if found.minor < 0:
        raise AmountUnreadable("An amount is not negative.")
    return found


def come_back_to(page: str) -> str:
    """Return where a gateway sends a payer back to: the payment's own page, which knows where to go on from there."""
    return f"/payments?then={quote(page, safe='')}"


def goes_on_at(payment: PaymentView, *, default: str) -> str:
    """Return where a payer goes on after a payment, as `come_back_to` put it."""
    asked = parse_qs(urlsplit(payment.return_to).query).get("then", [""])[0]
    return local_path(asked, default=default)


def address_of(payment_id: UUID, *, back: bool = False) -> str:
    """Return the address of a payment's page; `back` when its payer comes from the gateway's."""
    return f"/payments/{payment_id}{'?back=1' if back else ''}"


def device_of(principal: Principal) -> str:
    """Return what a request came from, for fraud: the session, which one browser has and keeps until it is signed out."""
    return str(principal.session_id)


def network_of(request: Request) -> str | None:
    """Return the address that a request came from, for fraud."""
    return None if request.client is None else request.client.host

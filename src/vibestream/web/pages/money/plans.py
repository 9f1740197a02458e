"""What is shown of plans and of one's own subscription: prices, what is included, how it stands, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.payment.subscriptions.service import (
    FREE,
    AttemptState,
    Cycle,
    EndReason,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    Plan,
    Price,
    State,
    Subscription,
    Terms,
)
from vibestream.kernel.money import Currency, Money
from vibestream.web.localization import Language
from vibestream.web.pages.money.words import Chip, Tones, chip
from vibestream.web.sentences import N_

NAMES: Final = {FREE: N_("Free"), "premium": N_("Premium"), "family": N_("Family")}
CYCLES: Final = {Cycle.MONTHLY: N_("monthly"), Cycle.YEARLY: N_("yearly")}
CURRENCIES: Final = ("USD", "EUR", "USDC")
STATES: Final[Tones] = {
    State.INCOMPLETE: (N_("waits for its first payment"), "warm"),
    State.TRIALING: (N_("trial"), "good"),
    State.ACTIVE: (N_("active"), "good"),
    State.PAST_DUE: (N_("payment overdue"), "bad"),
    State.ENDED: (N_("ended"), ""),
}
ENDS: Final = {
    EndReason.CANCELLED: N_("You cancelled it."),
    EndReason.UNPAID: N_("Its renewal was not paid."),
    EndReason.ABANDONED: N_("Its first payment never came."),
    EndReason.TRIAL_OVER: N_("Its trial was over."),
    EndReason.REVERSED: N_("What had paid for it was taken back."),
    EndReason.REFUNDED: N_("Its unused rest was refunded."),
}
_KINDS: Final = {
    InvoiceKind.FIRST: N_("First period"),
    InvoiceKind.RENEWAL: N_("Renewal"),
    InvoiceKind.CHANGE: N_("Change of plan"),
}
_INVOICE_STATES: Final[Tones] = {
    InvoiceState.OPEN: (N_("to be paid"), "warm"),
    InvoiceState.PAID: (N_("paid"), "good"),
    InvoiceState.VOID: (N_("not asked for any more"), ""),
}


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as it is offered."""

    code: str
    name: str
    price: Money | None
    """None: it costs nothing."""
    points: tuple[tuple[str, bool], ...]
    """What it has, and what it has not."""
    trial_days: int
    own: bool
    next: bool
    """One's subscription is renewed as this."""
    shift: str
    """`order`, `change` or nothing: what can be done with it."""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice in the history."""

    what: str
    plan: str
    made_at: datetime
    worth: Money
    credit: Money
    charge: Money
    state: Chip
    payment_id: UUID | None


def cards(
    plans: Iterable[Plan],
    prices: Iterable[Price],
    *,
    cycle: Cycle,
    currency: Currency,
    subscription: Subscription | None,
    spoken: Language,
) -> tuple[PlanCard, ...]:
    """Return the plans as they are offered for a cycle and in a currency, with what can be done with each."""
    by_plan = {one.plan: one.amount for one in prices if one.cycle is cycle and one.amount.currency == currency}
    live = subscription if subscription is not None and subscription.live else None
    own = None if live is None or live.state is State.INCOMPLETE else live
    return tuple(
        PlanCard(
            code=plan.code,
            name=spoken.gettext(NAMES.get(plan.code, plan.name)),
            price=by_plan.get(plan.code),
            points=_points(plan, spoken),
            trial_days=plan.trial_days,
            own=(plan.code == FREE) if own is None else own.terms == Terms(plan=plan.code, cycle=cycle),
            next=own is not None and own.next_terms == Terms(plan=plan.code, cycle=cycle),
            shift=_shift(plan, own, cycle=cycle),
        )
        for plan in plans
        if plan.code == FREE or plan.code in by_plan
    )


def name_of(terms: Terms, spoken: Language) -> str:
    """Return what is subscribed to, such as Premium, monthly."""
    return f"{spoken.gettext(NAMES.get(terms.plan, terms.plan))}, {spoken.gettext(CYCLES[terms.cycle])}"


def invoice_row(line: InvoiceLine, spoken: Language) -> InvoiceRow:
    """Return an invoice with the payment that paid it, or else the last that was tried."""
    invoice = line.invoice
    taken = [one for one in line.attempts if one.state is AttemptState.TAKEN]
    shown = next(iter([*taken, *line.attempts]), None)
    return InvoiceRow(
        what=spoken.gettext(_KINDS[invoice.kind]),
        plan=name_of(invoice.terms, spoken),
        made_at=invoice.made_at,
        worth=invoice.worth,
        credit=invoice.credit,
        charge=invoice.charge,
        state=chip(invoice.state, _INVOICE_STATES, spoken),
        payment_id=shown.payment_id if shown else None,
    )


def _shift(plan: Plan, own: Subscription | None, *, cycle: Cycle) -> str:
    if plan.code == FREE:
        return ""
    if own is None or own.state is State.TRIALING:
        return "order" if own is None else ""
    changeable = own.state is State.ACTIVE and not own.cancels
    return "change" if changeable and own.terms != Terms(plan=plan.code, cycle=cycle) else ""


def _points(plan: Plan, spoken: Language) -> tuple[tuple[str, bool], ...]:
    _ = spoken.gettext
    quality = _("Sound up to {kbps} kbit/s").format(kbps=plan.max_kbps)
    seats = spoken.ngettext("One account", "Up to {n} accounts, each with its own library", plan.seats)
    return (
        (_("Every song, from start to end"), True),
        (quality, True),
        (_("Lossless sound"), plan.lossless),
        (seats.format(n=plan.seats), True),
    )

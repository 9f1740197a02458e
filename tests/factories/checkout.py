"""Payments for tests of the pure part, and a gateway's side of one payment as plain Python.

started = make_started(amount=usd(1_000))                       # the first event of a stream
seen = make_seen(started, state=ProviderState.CAPTURED)         # how its gateway has it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.deciding import begin, decide
from vibestream.contexts.payment.checkout.domain.payment import Payment, evolve, fold
from vibestream.contexts.payment.checkout.domain.states import PaymentState, Purpose, Screening
from vibestream.contexts.payment.gateways.domain.port import (
    DisputeState,
    GatewayName,
    MoveState,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import USD, Money

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE: Final = "https://vibe.example"
STRIPE, PAYPAL, COINBASE = GatewayName.STRIPE, GatewayName.PAYPAL, GatewayName.COINBASE


def usd(minor: int) -> Money:
    return Money(minor, USD)


def make_started(**overrides: Any) -> e.Started:
    """The beginning of a top-up of 10.00 USD, or of something else."""
    return e.Started(
        **{
            "payment_id": PaymentId(new_id()),
            "user_id": UserId(new_id()),
            "purpose": Purpose.WALLET_TOP_UP,
            "subject": "",
            "amount": usd(1_000),
            "description": "Top-up",
            "return_to": "/wallet",
            "payer_email": None,
            "country": None,
            "wish": None,
            "keep_method": False,
            "stored": None,
            **overrides,
        }
    )


def make_seen(payment: Payment | e.Started, **overrides: Any) -> ProviderPayment:
    """How a gateway has a payment: open, unless told otherwise; captured in full when captured."""
    started = payment.started if isinstance(payment, Payment) else payment
    captured = (
        started.amount if overrides.get("state") is ProviderState.CAPTURED else Money.zero(started.amount.currency)
    )
    return ProviderPayment(
        **{
            "payment_ref": f"ref_{started.payment_id.hex[-8:]}",
            "payment_id": started.payment_id,
            "state": ProviderState.OPEN,
            "amount": started.amount,
            "captured": captured,
            "refunded": Money.zero(started.amount.currency),
            "fee": None,
            "redirect_url": "https://pay.example/1",
            **overrides,
        }
    )


@dataclass
class Story:
    """A payment and everything that happened to it, as commands make it happen."""

    events: list[e.Happened] = field(default_factory=list)

    @classmethod
    def begun(cls, verdict: Screening = Screening.ALLOW, **started: Any) -> Story:
        story = cls(list(begin(make_started(**started))))
        story.do(c.Screen(decision_id=None, verdict=verdict))
        return story

    @classmethod
    def attempted(cls, *route: GatewayName, verdict: Screening = Screening.ALLOW, **started: Any) -> Story:
        story = cls.begun(verdict, **started)
        story.attempt(*(route or (STRIPE,)))
        return story

    @classmethod
    def captured(cls, *route: GatewayName, **started: Any) -> Story:
        story = cls.attempted(*route, **started)
        story.see(state=ProviderState.CAPTURED)
        return story

    @property
    def payment(self) -> Payment:
        payment = fold(self.events)
        assert payment is not None
        return payment

    def stands(self) -> PaymentState:
        return self.payment.state

    @property
    def types(self) -> list[str]:
        return [one.type for one in self.events]

    def do(self, command: c.Command) -> list[str]:
        """Carry a command out, and return the types of what happened."""
        happened = decide(self.payment, command)
        for event in happened:
            evolve(self.payment, event)
            self.events.append(event)
        return [one.type for one in happened]

    def attempt(self, *route: GatewayName, later: frozenset[GatewayName] = frozenset({STRIPE, PAYPAL})) -> list[str]:
        return self.do(c.Attempt(route=route, captures_later=later, site=SITE, at=NOW))

    def see(self, gateway: GatewayName | None = None, **seen: Any) -> list[str]:
        where = gateway or self.payment.gateway
        assert where is not None
        return self.do(c.Observe(gateway=where, seen=make_seen(self.payment, **seen)))


def refund_seen(
    ref: str, minor: int, state: MoveState = MoveState.SUCCEEDED, *, key: str | None = None
) -> ProviderRefund:
    return ProviderRefund(refund_ref=ref, payment_ref="ref", amount=usd(minor), state=state, key=key)


def dispute_seen(
    ref: str, minor: int, state: DisputeState = DisputeState.OPEN, *, fee: int | None = None
) -> ProviderDispute:
    return ProviderDispute(
        dispute_ref=ref,
        payment_ref="ref",
        amount=usd(minor),
        fee=None if fee is None else usd(fee),
        state=state,
        reason="fraudulent",
    )

"""Gateways that are asked to take the money, until the payer has agreed or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.checkout.domain.states import Act, PaymentState
from vibestream.contexts.payment.gateways.domain.port import GatewayName


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted(Happened):
    """A gateway is about to be asked to take the money, under this key."""

    type: ClassVar[str] = "attempted"

    number: int
    gateway: GatewayName
    act: Act
    key: str
    separate_capture: bool
    step_up: bool
    site: str
    """Where this deployment was reached at, so that the gateway is told the same address for ever."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Happened):
    """The gateway certainly did nothing."""

    type: ClassVar[str] = "attempt_failed"

    number: int
    reason: str
    unavailable: bool
    """It could not be asked; else it said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLost(Happened):
    """The gateway was asked and nobody knows what it did."""

    type: ClassVar[str] = "outcome_lost"

    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Happened):
    """It stands at the gateway."""

    type: ClassVar[str] = "opened"

    number: int
    payment_ref: str
    redirect_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Happened):
    """What was unknown was found out: it stands as it did before."""

    type: ClassVar[str] = "resolved"

    found: PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised(Happened):
    """The payer has agreed and the money is set aside."""

    type: ClassVar[str] = "authorised"

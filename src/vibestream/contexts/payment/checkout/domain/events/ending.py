"""A payment that will not happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked(Happened):
    """It is to be given up."""

    type: ClassVar[str] = "cancel_asked"

    reason: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Happened):
    """It was given up, or its time was over."""

    type: ClassVar[str] = "cancelled"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Happened):
    """It will not happen."""

    type: ClassVar[str] = "failed"

    reason: str
    """A stable word, as `PaymentAbandoned` announces it."""
    detail: str = ""
    """The gateway's own code."""

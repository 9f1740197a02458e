"""What happens to a payment: the events of its stream, in the past tense, kept for ever as they were written.

A class's `type` is stored with each event, so it never changes its meaning; fields are only ever added, with a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.payment.checkout.domain.events.arriving import (
    CaptureAsked,
    Captured,
    FeeKnown,
    MethodKept,
    Unexplained,
)
from vibestream.contexts.payment.checkout.domain.events.attempting import (
    Attempted,
    AttemptFailed,
    Authorised,
    Opened,
    OutcomeLost,
    Resolved,
)
from vibestream.contexts.payment.checkout.domain.events.beginning import Started, StoredMethod
from vibestream.contexts.payment.checkout.domain.events.disputing import DisputeDecided, DisputeFeeKnown, DisputeOpened
from vibestream.contexts.payment.checkout.domain.events.ending import CancelAsked, Cancelled, Failed
from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.checkout.domain.events.judging import (
    FraudWarned,
    HeldBack,
    MethodSeen,
    Rescreened,
    Reviewed,
    Screened,
)
from vibestream.contexts.payment.checkout.domain.events.refunding import (
    RefundAsked,
    RefundFailed,
    RefundLost,
    RefundNoticed,
    RefundSent,
    RefundSucceeded,
    noticed_refund_id,
)

__all__ = [
    "EVENTS",
    "AttemptFailed",
    "Attempted",
    "Authorised",
    "CancelAsked",
    "Cancelled",
    "CaptureAsked",
    "Captured",
    "DisputeDecided",
    "DisputeFeeKnown",
    "DisputeOpened",
    "Failed",
    "FeeKnown",
    "FraudWarned",
    "Happened",
    "HeldBack",
    "MethodKept",
    "MethodSeen",
    "Opened",
    "OutcomeLost",
    "RefundAsked",
    "RefundFailed",
    "RefundLost",
    "RefundNoticed",
    "RefundSent",
    "RefundSucceeded",
    "Rescreened",
    "Resolved",
    "Reviewed",
    "Screened",
    "Started",
    "StoredMethod",
    "Unexplained",
    "noticed_refund_id",
]

EVENTS: Final[Mapping[str, type[Happened]]] = {
    one.type: one
    for one in (
        Started,
        Screened,
        Reviewed,
        HeldBack,
        Attempted,
        AttemptFailed,
        OutcomeLost,
        Opened,
        Resolved,
        Authorised,
        MethodSeen,
        Rescreened,
        CaptureAsked,
        Captured,
        FeeKnown,
        MethodKept,
        CancelAsked,
        Cancelled,
        Failed,
        RefundAsked,
        RefundLost,
        RefundSent,
        RefundNoticed,
        RefundSucceeded,
        RefundFailed,
        FraudWarned,
        DisputeOpened,
        DisputeDecided,
        DisputeFeeKnown,
        Unexplained,
    )
}
"""Every event by its type."""

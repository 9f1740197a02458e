"""Checkout's public interface: starting, following, calling off and refunding payments, and reading about them.

A payment is started in the caller's transaction and goes on by itself, in jobs, until its money came or it is over. What
became of it is announced (`PaymentCaptured`, `PaymentAbandoned`, `PaymentRefunded`, `PaymentDisputed`); money that came
stands in the account `payment_escrow:<payment_id>`, for whoever asked for the payment to move where it was meant for.
"""

from vibestream.contexts.payment.checkout.domain.books import escrow
from vibestream.contexts.payment.checkout.domain.errors import (
    InvalidPayment,
    MethodNotKept,
    NotCancellable,
    NotRefundable,
    PaymentKeyReused,
    RefundExceedsPayment,
    UnknownPayment,
)
from vibestream.contexts.payment.checkout.domain.facts import Fact
from vibestream.contexts.payment.checkout.domain.states import ARRIVED, ENDED, PaymentState, Purpose, Screening
from vibestream.contexts.payment.checkout.domain.views import PaymentView, TimelineEntry
from vibestream.contexts.payment.checkout.service.noting import drive_due, list_unfinished, note_changed, unknown_since
from vibestream.contexts.payment.checkout.service.reading import Traced, payment, payments, timeline, traced
from vibestream.contexts.payment.checkout.service.rebuilding import (
    differing_read_models,
    forget_orphans,
    rebuild_read_models,
    rebuild_some,
)
from vibestream.contexts.payment.checkout.service.refunding import bearer_of, request_refund
from vibestream.contexts.payment.checkout.service.starting import cancel, charge_stored, review_decided, start

__all__ = [
    "ARRIVED",
    "ENDED",
    "Fact",
    "InvalidPayment",
    "MethodNotKept",
    "NotCancellable",
    "NotRefundable",
    "PaymentKeyReused",
    "PaymentState",
    "PaymentView",
    "Purpose",
    "RefundExceedsPayment",
    "Screening",
    "TimelineEntry",
    "Traced",
    "UnknownPayment",
    "bearer_of",
    "cancel",
    "charge_stored",
    "differing_read_models",
    "drive_due",
    "escrow",
    "forget_orphans",
    "list_unfinished",
    "note_changed",
    "payment",
    "payments",
    "rebuild_read_models",
    "rebuild_some",
    "request_refund",
    "review_decided",
    "start",
    "timeline",
    "traced",
    "unknown_since",
]

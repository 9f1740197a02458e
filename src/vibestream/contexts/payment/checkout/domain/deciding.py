"""Deciding: what a command makes happen to a payment as it stands, or why it is refused.

Telling a payment something it knows already makes nothing happen, so every caller may tell it again.
"""

from __future__ import annotations

from typing import Final, assert_never

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.errors import (
    InvalidPayment,
    NotCancellable,
    NotRefundable,
    RefundExceedsPayment,
)
from vibestream.contexts.payment.checkout.domain.observing import observe, told_refund
from vibestream.contexts.payment.checkout.domain.payment import Attempt, Payment
from vibestream.contexts.payment.checkout.domain.states import Act, PaymentState, RefundState, Screening
from vibestream.kernel.money import VIBE

MOST_MINOR: Final = 2**53
"""The largest amount that every JSON reader on the way keeps exact."""
_LONGEST_WORDS: Final = 200

Events = tuple[e.Happened, ...]


def begin(started: e.Started) -> Events:
    """Return what starting a payment makes happen.

    Raises:
        InvalidPayment: of nothing or less, above 2^53 minor units, of points, without words, or back to another site.
    """
    if not 0 < started.amount.minor <= MOST_MINOR:
        raise InvalidPayment("An amount to pay is more than nothing, and at most 2^53 of its smallest units.")
    if started.amount.currency == VIBE:
        raise InvalidPayment("Points are earned and spent here; nobody pays them in.")
    if not 1 <= len(started.description) <= _LONGEST_WORDS or not started.description.isprintable():
        raise InvalidPayment(f"Say on one line of 1 to {_LONGEST_WORDS} characters what is paid for.")
    if len(started.subject) > _LONGEST_WORDS or not started.subject.isprintable():
        raise InvalidPayment(f"The subject of a payment is an id of at most {_LONGEST_WORDS} characters.")
    path = started.return_to
    if (
        not path.startswith("/")
        or path.startswith("//")
        or "\\" in path
        or not path.isprintable()
        or len(path) > _LONGEST_WORDS
    ):
        raise InvalidPayment("A payer returns to a page of this site, such as /wallet.")
    return (started,)


def decide(payment: Payment, command: c.Command) -> Events:  # noqa: PLR0911 - one line a group of commands
    """Return what a command makes happen; nothing, when it was so already.

    Raises:
        NotCancellable, NotRefundable, RefundExceedsPayment, InvalidPayment, NotThisPayment: it is refused.
    """
    match command:
        case c.Observe():
            return observe(payment, gateway=command.gateway, seen=command.seen)
        case c.Screen():
            return _screen(payment, command)
        case c.Rescreen():
            return _rescreen(payment, command)
        case c.Review():
            return _review(payment, command)
        case c.Attempt() | c.FailAttempt() | c.LoseOutcome():
            return _attempt(payment, command)
        case c.AskCapture() | c.RefuseCapture():
            return _capture(payment, command)
        case c.AskCancel() | c.RefuseCancel():
            return _cancel(payment, command)
        case c.AskRefund():
            return _ask_refund(payment, command)
        case c.TellRefund() | c.LoseRefund() | c.RefuseRefund():
            return _tell_refund(payment, command)
        case _:
            assert_never(command)


def _screen(p: Payment, command: c.Screen) -> Events:
    if p.verdict is not None:
        return ()
    screened = e.Screened(decision_id=command.decision_id, verdict=command.verdict, reasons=command.reasons)
    away = p.started.stored is not None
    match command.verdict:
        case Screening.BLOCK:
            return (screened, e.Failed(reason="refused"))
        case Screening.STEP_UP if away:
            return (screened, e.Failed(reason="authentication_required"))
        case Screening.REVIEW if away:
            return (screened, e.HeldBack())
        case _:
            return (screened,)


def _rescreen(p: Payment, command: c.Rescreen) -> Events:
    """Give a payment up that is authorised and turns out to be fraud; have one looked at that may be."""
    if not p.to_be_rescreened:
        return ()
    # That its bank should confirm who pays can no longer be asked for: that was before the payer agreed.
    seen = e.Rescreened(decision_id=command.decision_id, verdict=command.verdict, reasons=command.reasons)
    return (seen, *_cancel(p, c.AskCancel(reason="refused"))) if command.verdict is Screening.BLOCK else (seen,)


def _review(p: Payment, command: c.Review) -> Events:
    if not p.in_review:
        return ()
    reviewed = e.Reviewed(approved=command.approved)
    if command.approved or p.arrived:
        return (reviewed,)
    if p.state is PaymentState.CREATED:
        return (reviewed, e.Failed(reason="refused"))
    return (reviewed, *_cancel(p, c.AskCancel(reason="refused")))


def _attempt(p: Payment, command: c.Attempt | c.FailAttempt | c.LoseOutcome) -> Events:
    match command:
        case c.LoseOutcome():
            over = p.ended or p.arrived or p.state is PaymentState.CREATED or p.lost is command.act
            return () if over else (e.OutcomeLost(act=command.act),)
        case c.FailAttempt():
            return _fail_attempt(p, command)
        case c.Attempt():
            if p.state is not PaymentState.CREATED or p.held_back or p.verdict is None:
                return ()
            return _next_attempt(p, command)
        case _:
            assert_never(command)


def _fail_attempt(p: Payment, command: c.FailAttempt) -> Events:
    attempt = p.attempt
    if attempt is None or attempt.number != command.number or p.payment_ref is not None or p.ended:
        return ()
    if command.unavailable and p.state is PaymentState.UNKNOWN:
        return ()  # that it cannot be asked now says nothing of what it did before
    failed = e.AttemptFailed(number=command.number, reason=command.reason, unavailable=command.unavailable)
    if p.cancel_reason is not None:
        return (failed, e.Cancelled(reason=p.cancel_reason))
    if attempt.act is Act.CHARGE:
        word = "unavailable" if command.unavailable else "declined"
        return (failed, e.Failed(reason=word, detail=command.reason))
    return (failed,)


def _next_attempt(p: Payment, command: c.Attempt) -> Events:
    tried = {attempt.gateway for attempt in p.attempts}
    left = [gateway for gateway in command.route if gateway not in tried]
    later = p.in_review
    if later and left and left[0] not in command.captures_later:
        return (e.HeldBack(),)
    if not left:
        return (_none_left(p),)
    number = len(p.attempts) + 1
    act = Act.OPEN if p.started.stored is None else Act.CHARGE
    return (
        e.Attempted(
            number=number,
            gateway=left[0],
            act=act,
            key=f"{p.payment_id}:{act}:{number}",
            separate_capture=later,
            step_up=p.verdict is Screening.STEP_UP,
            site=command.site,
            at=command.at,
        ),
    )


def _none_left(p: Payment) -> e.Failed:
    last: Attempt | None = p.attempts[-1] if p.attempts else None
    if last is None or all(attempt.unavailable for attempt in p.attempts):
        return e.Failed(reason="unavailable", detail="" if last is None else last.failed or "")
    said_no = [attempt for attempt in p.attempts if not attempt.unavailable][-1]
    return e.Failed(reason="declined", detail=said_no.failed or "")


def _capture(p: Payment, command: c.AskCapture | c.RefuseCapture) -> Events:
    if p.state is not PaymentState.AUTHORISED:
        return ()
    if isinstance(command, c.RefuseCapture):
        return (e.Failed(reason="declined", detail=command.reason),)
    if p.capture_key is not None or p.in_review or p.cancel_key is not None:
        return ()
    return (e.CaptureAsked(key=f"{p.payment_id}:{Act.CAPTURE}"),)


def _cancel(p: Payment, command: c.AskCancel | c.RefuseCancel) -> Events:
    if isinstance(command, c.RefuseCancel):
        asked = p.state in {PaymentState.PENDING, PaymentState.AUTHORISED} and p.cancel_reason is not None
        return (e.Cancelled(reason=p.cancel_reason or ""),) if asked else ()
    if p.arrived:
        raise NotCancellable(state=p.state)
    if p.ended or p.cancel_key is not None:
        return ()
    if p.state is PaymentState.CREATED:
        return (e.Cancelled(reason=command.reason),)
    return (e.CancelAsked(reason=command.reason, key=f"{p.payment_id}:{Act.CANCEL}"),)


def _ask_refund(p: Payment, command: c.AskRefund) -> Events:
    if not p.arrived or p.disputed.minor > 0:
        raise NotRefundable(state=p.state)
    if command.amount.minor <= 0 or command.amount.currency != p.amount.currency:
        raise InvalidPayment("A refund is more than nothing, in the currency of its payment.")
    if command.amount.minor > p.refundable.minor:
        raise RefundExceedsPayment(asked=command.amount, left=p.refundable)
    return (
        e.RefundAsked(
            refund_id=command.refund_id,
            key=f"{command.refund_id}:{Act.REFUND}",
            amount=command.amount,
            reason=command.reason,
            requested_by=command.requested_by,
            source=command.source,
            fraud=command.fraud,
        ),
    )


def _tell_refund(p: Payment, command: c.TellRefund | c.LoseRefund | c.RefuseRefund) -> Events:
    refund = p.refunds[command.refund_id]
    match command:
        case c.TellRefund():
            return told_refund(refund, refund_ref=command.refund_ref, state=command.state)
        case c.LoseRefund():
            return (e.RefundLost(refund_id=refund.refund_id),) if refund.state is RefundState.ASKED else ()
        case c.RefuseRefund():
            open_still = refund.state in {RefundState.ASKED, RefundState.LOST}
            return (e.RefundFailed(refund_id=refund.refund_id, reason=command.reason),) if open_still else ()
        case _:
            assert_never(command)

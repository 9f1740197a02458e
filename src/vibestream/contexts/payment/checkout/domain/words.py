"""What each event of a payment is called when somebody reads its timeline."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.states import Act, Screening

_VERDICTS: Final = {
    Screening.ALLOW: "Checked for fraud: may go on",
    Screening.STEP_UP: "Checked for fraud: the payer's bank has to confirm who pays",
    Screening.REVIEW: "Checked for fraud: somebody has to look at it",
    Screening.BLOCK: "Checked for fraud: refused",
}
_ACTS: Final = {
    Act.OPEN: "opening it",
    Act.CHARGE: "charging the stored method",
    Act.CAPTURE: "taking what was set aside",
    Act.CANCEL: "giving it up",
    Act.REFUND: "refunding",
}


def words_of(event: e.Happened) -> str:
    """Return an event in one line, for people who look after money."""
    by_subject = (_of_beginning, _of_ending, _of_asking, _of_gateway, _of_refund, _of_dispute)
    found = filter(None, (words(event) for words in by_subject))
    return next(found, "") or event.type.replace("_", " ").capitalize()


def _of_beginning(event: e.Happened) -> str:
    match event:
        case e.Started():
            return f"Started: {event.description}, {event.amount}"
        case e.Rescreened():
            return "Again, knowing the card or account. " + ": ".join(
                filter(None, [_VERDICTS[event.verdict], ", ".join(event.reasons)])
            )
        case e.Screened():
            return ": ".join(filter(None, [_VERDICTS[event.verdict], ", ".join(event.reasons)]))
        case e.Reviewed():
            return "Reviewed: may go on" if event.approved else "Reviewed: refused"
        case e.HeldBack():
            return "Held back until it has been reviewed"
        case _:
            return ""


def _of_ending(event: e.Happened) -> str:
    match event:
        case e.CancelAsked():
            return f"To be given up: {_plain(event.reason)}"
        case e.Cancelled():
            return f"Given up: {_plain(event.reason)}"
        case e.Failed():
            return f"Failed: {_plain(event.reason)}" + (f" ({event.detail})" if event.detail else "")
        case _:
            return ""


def _of_asking(event: e.Happened) -> str:
    match event:
        case e.Attempted():
            return f"{event.gateway.value.capitalize()} is asked, attempt {event.number}, under the key {event.key}"
        case e.AttemptFailed():
            how = "could not be asked" if event.unavailable else "said no"
            return f"Attempt {event.number}: the gateway {how} ({event.reason}); nothing happened there"
        case e.OutcomeLost():
            return f"No answer to {_ACTS[event.act]}: what happened is unknown and will be asked"
        case e.CaptureAsked():
            return f"The money is asked for, under the key {event.key}"
        case _:
            return ""


def _of_gateway(event: e.Happened) -> str:  # noqa: PLR0911 - one line an event
    match event:
        case e.Opened():
            return f"Stands at the gateway as {event.payment_ref}"
        case e.Resolved():
            return f"Found out: it is {_plain(event.found.value)}"
        case e.Authorised():
            return "The payer has agreed; the money is set aside"
        case e.MethodKept():
            return "The payer's method is kept for later"
        case e.MethodSeen():
            risk = ", ".join(f"{_plain(name)} {_plain(said)}" for name, said in event.risk)
            return "The gateway says by what it is paid" + (f": {risk}" if risk else "")
        case e.Captured():
            return "The money arrived"
        case e.FeeKnown():
            return f"The gateway keeps {event.fee}"
        case _:
            return ""


def _of_refund(event: e.Happened) -> str:  # noqa: PLR0911 - one line an event
    match event:
        case e.RefundAsked():
            return f"Refund of {event.amount} asked for: {event.reason}"
        case e.RefundLost():
            return "No answer to the refund: what happened is unknown and will be asked"
        case e.RefundSent():
            return f"The gateway has accepted the refund as {event.refund_ref}"
        case e.RefundNoticed():
            return f"The gateway refunded {event.amount} by itself, as {event.refund_ref}"
        case e.RefundSucceeded():
            return "The payer has the refund"
        case e.RefundFailed():
            return f"The refund came to nothing: {_plain(event.reason)}"
        case _:
            return ""


def _of_dispute(event: e.Happened) -> str:
    match event:
        case e.FraudWarned():
            return f"The card network reports it as fraud: {event.warning_ref}"
        case e.DisputeOpened():
            return f"Dispute {event.dispute_ref} over {event.amount}: {_plain(event.reason)}"
        case e.DisputeDecided():
            return f"Dispute {event.dispute_ref} {'won' if event.won else 'lost'}"
        case e.DisputeFeeKnown():
            return f"Dispute {event.dispute_ref} costs {event.fee}"
        case e.Unexplained():
            return f"The gateway holds {event.amount} as {event.payment_ref} that does not fit; it stands in suspense"
        case _:
            return ""


def _plain(word: str) -> str:
    return word.replace("_", " ")

"""The public interface of payouts.

    payout = await request_payout(tx, key="...", user_id=payee, currency=USD, requested_by=payee, now=now)

Everything but the jobs, the monthly run and the pollers is done in the caller's transaction.
"""

from vibestream.contexts.payment.payouts.domain.destinations import (
    CHANGE_DELAY,
    Destination,
    DestinationInvalid,
    NothingToUndo,
)
from vibestream.contexts.payment.payouts.domain.origin import Origin
from vibestream.contexts.payment.payouts.domain.payouts import (
    AMOUNT_DIFFERS,
    UNFINISHED,
    OwnPayout,
    Payout,
    PayoutEvent,
    PayoutState,
    UnknownPayout,
    WrongState,
)
from vibestream.contexts.payment.payouts.domain.terms import (
    METHODS,
    AboveAvailable,
    BelowMinimum,
    NotPayable,
    Terms,
)
from vibestream.contexts.payment.payouts.domain.told import (
    Told,
    ToldEvent,
    ToldState,
    changed_told,
    failure_told,
    state_told,
)
from vibestream.contexts.payment.payouts.service.deciding import (
    approve,
    cancel,
    declare_not_sent,
    may_declare_not_sent,
    note_reviewed,
    reject,
)
from vibestream.contexts.payment.payouts.service.destinations import (
    destination,
    freeze,
    note_ready,
    set_destination,
    undo_change,
)
from vibestream.contexts.payment.payouts.service.onboarding import (
    NotACountry,
    NotOnboarded,
    begin_onboarding,
    note_account_changed,
    refresh_account,
    use_own_account,
)
from vibestream.contexts.payment.payouts.service.queries import (
    Payable,
    overview,
    payout,
    payouts,
    story,
    terms,
    timeline,
)
from vibestream.contexts.payment.payouts.service.requesting import RequestKeyReused, request_payout
from vibestream.contexts.payment.payouts.service.running import poll, run_month, watch
from vibestream.contexts.payment.payouts.service.screening import screen, screen_payout
from vibestream.contexts.payment.payouts.service.sending import note_changed, refresh_payout, send_payout

__all__ = [
    "AMOUNT_DIFFERS",
    "CHANGE_DELAY",
    "METHODS",
    "UNFINISHED",
    "AboveAvailable",
    "BelowMinimum",
    "Destination",
    "DestinationInvalid",
    "NotACountry",
    "NotOnboarded",
    "NotPayable",
    "NothingToUndo",
    "Origin",
    "OwnPayout",
    "Payable",
    "Payout",
    "PayoutEvent",
    "PayoutState",
    "RequestKeyReused",
    "Terms",
    "Told",
    "ToldEvent",
    "ToldState",
    "UnknownPayout",
    "WrongState",
    "approve",
    "begin_onboarding",
    "cancel",
    "changed_told",
    "declare_not_sent",
    "destination",
    "failure_told",
    "freeze",
    "may_declare_not_sent",
    "note_account_changed",
    "note_changed",
    "note_ready",
    "note_reviewed",
    "overview",
    "payout",
    "payouts",
    "poll",
    "refresh_account",
    "refresh_payout",
    "reject",
    "request_payout",
    "run_month",
    "screen",
    "screen_payout",
    "send_payout",
    "set_destination",
    "state_told",
    "story",
    "terms",
    "timeline",
    "undo_change",
    "use_own_account",
    "watch",
]

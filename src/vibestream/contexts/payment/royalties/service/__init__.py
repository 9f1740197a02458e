"""Royalties: the public interface.

count_listens, register_track                        from listening and music, by flows
set_splits, accept_split, withdraw_split             who earns by a track
close_month, run_month, preview, compare             a month, decided by finance
ask_reversal, approve_reversal                       a run taken back by two people
release_due                                          pending becomes available
statement, prove_statement, verify_statement         what a payee is told, and can prove
"""

from vibestream.contexts.payment.royalties.domain.formats import statement_csv, statement_document, statement_dsr
from vibestream.contexts.payment.royalties.domain.months import InvalidMonth, label, month_of, next_month, parse_month
from vibestream.contexts.payment.royalties.domain.payees import Rate, Settlement
from vibestream.contexts.payment.royalties.domain.policy import (
    EngineName,
    Exclusion,
    Idle,
    InvalidExclusion,
    InvalidPolicy,
    NoPolicy,
    Policy,
    Rules,
)
from vibestream.contexts.payment.royalties.domain.runs import (
    Line,
    MonthNotClosed,
    MonthNotOver,
    NothingToShare,
    PayeeShare,
    PoolView,
    Reckoning,
    RevenueDisagrees,
    RunView,
    UnknownRun,
)
from vibestream.contexts.payment.royalties.domain.splits import (
    InvalidSplit,
    MonthIsClosed,
    OwnAdvance,
    Share,
    SplitSettled,
    SplitView,
    UnknownSplit,
    UnknownTrack,
)
from vibestream.contexts.payment.royalties.domain.statements import EarningsBalance, Statement, StatementPart
from vibestream.contexts.payment.royalties.domain.usage import Claim, InvalidUsage, Listen, Revenue
from vibestream.contexts.payment.royalties.domain.verification import (
    StatementInvalid,
    StatementMalformed,
    Verified,
    keys_in,
    verify_statement,
)
from vibestream.contexts.payment.royalties.service.auditing import ReckonedAgain, reckon_again
from vibestream.contexts.payment.royalties.service.closing import (
    close_month,
    close_month_with,
    currencies_of,
    revenue_so_far,
)
from vibestream.contexts.payment.royalties.service.correcting import (
    InvalidReason,
    NoReversalAsked,
    ReversalAsked,
    SamePerson,
    approve_reversal,
    ask_reversal,
    open_reversals,
)
from vibestream.contexts.payment.royalties.service.counting import count_listens, register_track
from vibestream.contexts.payment.royalties.service.governing import (
    AlreadySaid,
    InvalidAdvance,
    InvalidCountry,
    PolicyMoved,
    advanced,
    advances,
    grant_advance,
    policies,
    policies_made,
    policy_for,
    set_country,
    set_policy,
    set_withholding_rate,
)
from vibestream.contexts.payment.royalties.service.pdf import statement_pdf
from vibestream.contexts.payment.royalties.service.proving import prove_statement
from vibestream.contexts.payment.royalties.service.reading import (
    NoStatement,
    Preview,
    Totals,
    balances,
    compare,
    exclusions_of,
    list_runs,
    months_of,
    pool,
    pools,
    preview,
    run,
    sample_runs,
    statement,
    totals_of,
)
from vibestream.contexts.payment.royalties.service.releasing import release_due
from vibestream.contexts.payment.royalties.service.running import run_month
from vibestream.contexts.payment.royalties.service.splitting import (
    accept_split,
    set_splits,
    splits_of_person,
    splits_of_track,
    withdraw_split,
)
from vibestream.contexts.payment.royalties.store.policies import Advance, Advanced, PolicyMade

__all__ = [
    "Advance", "Advanced", "AlreadySaid", "Claim", "EarningsBalance", "EngineName", "Exclusion", "Idle", "InvalidAdvance", "InvalidCountry",
    "InvalidExclusion", "InvalidMonth", "InvalidPolicy", "InvalidReason", "InvalidSplit", "InvalidUsage", "Line", "Listen",
    "MonthIsClosed", "MonthNotClosed", "MonthNotOver", "NoPolicy", "NoReversalAsked", "NoStatement",
    "NothingToShare", "OwnAdvance", "PayeeShare", "Policy", "PolicyMade", "PolicyMoved", "PoolView", "Preview", "Rate", "ReckonedAgain", "Reckoning", "Revenue",
    "RevenueDisagrees", "ReversalAsked", "Rules", "RunView", "SamePerson", "Settlement", "Share", "SplitSettled",
    "SplitView", "Statement", "StatementInvalid", "StatementMalformed", "StatementPart", "Totals", "UnknownRun", "UnknownSplit",
    "UnknownTrack", "Verified", "accept_split", "advanced", "advances", "approve_reversal", "ask_reversal", "balances", "close_month", "close_month_with", "compare",
    "count_listens", "currencies_of", "exclusions_of", "grant_advance", "keys_in", "label", "list_runs", "month_of",
    "months_of", "next_month", "open_reversals", "parse_month", "policies", "policies_made", "policy_for", "pool", "pools", "preview",
    "prove_statement", "reckon_again", "register_track", "release_due", "revenue_so_far", "run", "run_month", "sample_runs", "set_country", "set_policy", "set_splits",
    "set_withholding_rate", "splits_of_person", "splits_of_track", "statement", "statement_csv", "statement_document", "statement_dsr", "statement_pdf", "totals_of", "verify_statement", "withdraw_split",
]  # fmt: skip

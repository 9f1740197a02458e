"""What the finance console calls things: states, accounts, transactions, events. Sentences to be said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.checkout.service import PaymentState, Purpose
from vibestream.contexts.payment.fraud.service import DenyList, Outcome, ReviewState, Verdict
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.reconciliation.service import Class, FindingState, Kind
from vibestream.contexts.payment.royalties.service import EngineName, Idle
from vibestream.contexts.payment.webhooks.service import InboxState
from vibestream.web.localization import Language
from vibestream.web.sentences import N_

GOOD: Final = "good"
WARM: Final = "warm"
BAD: Final = "bad"
PLAIN: Final = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in a word, and how it looks."""

    word: str
    tone: str


Tones = Mapping[str, tuple[str, str]]

PAYMENT_STATES: Final[Tones] = {
    PaymentState.CREATED: (N_("created"), PLAIN),
    PaymentState.PENDING: (N_("waiting"), PLAIN),
    PaymentState.AUTHORISED: (N_("authorised"), WARM),
    PaymentState.CAPTURED: (N_("captured"), GOOD),
    PaymentState.PARTIALLY_REFUNDED: (N_("partly refunded"), WARM),
    PaymentState.REFUNDED: (N_("refunded"), WARM),
    PaymentState.DISPUTED: (N_("disputed"), BAD),
    PaymentState.FAILED: (N_("failed"), PLAIN),
    PaymentState.CANCELLED: (N_("cancelled"), PLAIN),
    PaymentState.UNKNOWN: (N_("unknown"), BAD),
}
PURPOSES: Final[Mapping[str, str]] = {
    Purpose.WALLET_TOP_UP: N_("Wallet top-up"),
    Purpose.SUBSCRIPTION: N_("Subscription"),
    Purpose.SHARE_PURCHASE: N_("Shares of a song"),
    Purpose.CAMPAIGN_PURCHASE: N_("Campaign"),
    Purpose.TIP: N_("Tip"),
    "payout": N_("Payout"),
}
PAYOUT_STATES: Final[Tones] = {
    PayoutState.SCREENING: (N_("being checked"), PLAIN),
    PayoutState.REQUESTED: (N_("waits for agreement"), WARM),
    PayoutState.APPROVED: (N_("approved"), PLAIN),
    PayoutState.SENDING: (N_("being sent"), PLAIN),
    PayoutState.IN_TRANSIT: (N_("in transit"), PLAIN),
    PayoutState.UNKNOWN: (N_("unknown"), BAD),
    PayoutState.PAID: (N_("paid"), GOOD),
    PayoutState.RETURNED: (N_("returned"), BAD),
    PayoutState.FAILED: (N_("failed"), BAD),
    PayoutState.REJECTED: (N_("refused"), PLAIN),
}
PAYOUT_EVENTS: Final[Mapping[str, str]] = {
    "accepted": N_("The gateway has taken it"),
    "agreed": N_("Somebody agreed"),
    "amount_differs": N_("The gateway names another amount"),
    "approved": N_("Approved"),
    "arrived": N_("The money arrived"),
    "asked": N_("The gateway is asked"),
    "blocked": N_("The risk check refused it"),
    "cancelled": N_("The payee took it back"),
    "declined": N_("The gateway said no"),
    "failed": N_("It came to nothing"),
    "fee_known": N_("The gateway's fee is known"),
    "no_answer": N_("The gateway did not answer"),
    "refused_in_review": N_("Refused in review"),
    "rejected": N_("Refused by finance"),
    "released": N_("Released in review"),
    "reopened": N_("It is on its way after all"),
    "requested": N_("Asked for; the money is set aside"),
    "returned": N_("The money came back"),
    "said_not_sent": N_("Somebody says that it was never sent"),
    "screened": N_("Its risk was checked"),
    "second_ref": N_("The gateway has it twice"),
}
PAYMENT_EVENTS: Final[Mapping[str, str]] = {
    "started": N_("Started"),
    "screened": N_("Checked for fraud"),
    "rescreened": N_("Checked for fraud again, by what it is paid with"),
    "fraud_warned": N_("The card network warns of fraud"),
    "reviewed": N_("Reviewed"),
    "held_back": N_("Held back for review"),
    "attempted": N_("A gateway is asked"),
    "attempt_failed": N_("The attempt failed"),
    "outcome_lost": N_("The answer was lost"),
    "opened": N_("Opened at the gateway"),
    "resolved": N_("Found out what happened"),
    "authorised": N_("The payer agreed"),
    "capture_asked": N_("The money is asked for"),
    "captured": N_("The money arrived"),
    "fee_known": N_("The gateway's fee is known"),
    "method_seen": N_("The gateway says by what it is paid"),
    "method_kept": N_("The payer's method is kept"),
    "cancel_asked": N_("To be given up"),
    "cancelled": N_("Given up"),
    "failed": N_("Failed"),
    "refund_asked": N_("Refund asked for"),
    "refund_lost": N_("The answer to the refund was lost"),
    "refund_sent": N_("The gateway accepted the refund"),
    "refund_noticed": N_("The gateway refunded by itself"),
    "refund_succeeded": N_("The payer has the refund"),
    "refund_failed": N_("The refund came to nothing"),
    "dispute_opened": N_("Dispute opened"),
    "dispute_decided": N_("Dispute decided"),
    "dispute_fee_known": N_("The dispute's fee is known"),
    "unexplained": N_("Money that does not fit: in suspense"),
}
VERDICTS: Final[Tones] = {
    Verdict.ALLOW: (N_("allow"), GOOD),
    Verdict.STEP_UP: (N_("step up"), WARM),
    Verdict.REVIEW: (N_("review"), WARM),
    Verdict.BLOCK: (N_("block"), BAD),
}
REVIEW_STATES: Final[Tones] = {
    ReviewState.OPEN: (N_("open"), WARM),
    ReviewState.RELEASED: (N_("released"), GOOD),
    ReviewState.REFUSED: (N_("refused"), BAD),
    ReviewState.LAPSED: (N_("lapsed"), PLAIN),
}
OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.CAPTURED: N_("The money came"),
    Outcome.DECLINED: N_("The gateway or the bank said no"),
    Outcome.DISPUTED: N_("Disputed as fraud"),
    Outcome.DISPUTED_OTHERWISE: N_("Disputed, not as fraud"),
    Outcome.EARLY_FRAUD_WARNING: N_("Early fraud warning of the card network"),
    Outcome.REFUNDED_AS_FRAUD: N_("Refunded as fraud"),
    Outcome.PAID_OUT: N_("Paid out"),
    Outcome.RETURNED: N_("The payout came back"),
    Outcome.REVIEWED_AS_FRAUD: N_("A reviewer called it fraud"),
    Outcome.REVIEWED_AS_GOOD: N_("A reviewer released it"),
}
DENY_LISTS: Final[Mapping[DenyList, str]] = {
    DenyList.USER: N_("person who pays"),
    DenyList.METHOD: N_("card or account"),
    DenyList.DEVICE: N_("device"),
    DenyList.NETWORK: N_("network"),
    DenyList.EMAIL_DOMAIN: N_("mail provider"),
    DenyList.COUNTRY: N_("country"),
    DenyList.BENEFICIARY: N_("payee"),
}
RISK_KINDS: Final[Mapping[str, str]] = {"payment": N_("payments"), "payout": N_("payouts")}
POLICY_GROUPS: Final[Mapping[str, str]] = {
    "costs": N_("What being wrong costs"),
    "reviewing": N_("What people can look at"),
    "without_model": N_("While no model serves"),
    "exploring": N_("Let through to learn"),
}
POLICY_NUMBERS: Final[Mapping[str, str]] = {
    "costs.lost_bp": N_("Of the amount, lost to fraud"),
    "costs.dispute_cents": N_("A dispute's fee and work"),
    "costs.margin_bp": N_("Of the amount, lost when honest and refused"),
    "costs.goodwill_cents": N_("An honest person turned away"),
    "costs.step_up_cents": N_("A step-up"),
    "costs.step_up_lost_bp": N_("Honest payers who give up at it"),
    "costs.step_up_leak_bp": N_("Fraud that gets through it"),
    "costs.review_cents": N_("A review"),
    "costs.review_lost_bp": N_("Honest payers who do not wait"),
    "costs.review_leak_bp": N_("Fraud that a reviewer lets go on"),
    "reviewing.per_day": N_("The model's reviews in a day, at most"),
    "reviewing.payment_due_h": N_("A payment is due after"),
    "reviewing.payout_due_h": N_("A payout is due after"),
    "reviewing.payment_closes_h": N_("A payment is given up after"),
    "reviewing.four_eyes_from_cents": N_("Two people from"),
    "without_model.closed_from_cents": N_("Nothing unseen from"),
    "without_model.verdict": N_("It gets the verdict"),
    "exploring.rate_bp": N_("Of those that would be blocked"),
    "exploring.up_to_cents": N_("Up to"),
}
FINDING_STATES: Final[Tones] = {
    FindingState.OPEN: (N_("open"), BAD),
    FindingState.EXPLAINED: (N_("explained"), WARM),
    FindingState.RESOLVED: (N_("resolved"), GOOD),
}
CLASSES: Final[Mapping[str, str]] = {
    Class.MISSING_HERE: N_("missing here"),
    Class.MISSING_THERE: N_("missing there"),
    Class.AMOUNT_DIFFERS: N_("amount differs"),
    Class.FEE_DIFFERS: N_("fee differs"),
    Class.DUPLICATE: N_("twice there"),
}
MOVES: Final[Mapping[str, str]] = {
    Kind.CHARGE: N_("Charge"),
    Kind.REFUND: N_("Refund"),
    Kind.DISPUTE: N_("Dispute"),
    Kind.PAYOUT: N_("Payout"),
    Kind.OTHER: N_("Other"),
    Kind.FEE: N_("Fee"),
}
WEBHOOK_STATES: Final[Tones] = {
    InboxState.RECEIVED: (N_("received"), PLAIN),
    InboxState.PROCESSING: (N_("being worked off"), PLAIN),
    InboxState.DONE: (N_("worked off"), GOOD),
    InboxState.FAILED: (N_("failed"), BAD),
}
WEBHOOK_ERRORS: Final[Mapping[str, str]] = {
    "gave_up": N_("It was tried twenty times and never came to an end."),
}
ENGINES: Final[Mapping[str, str]] = {
    EngineName.PRO_RATA: N_("pro rata"),
    EngineName.USER_CENTRIC: N_("user-centric"),
}
IDLES: Final[Mapping[str, str]] = {
    Idle.SPREAD: N_("The fee of a subscriber of whom nothing counted is spread over the others."),
    Idle.UNALLOCATED: N_("The fee of a subscriber of whom nothing counted reaches nobody."),
}
IDLE_CHOICES: Final[Mapping[str, str]] = {
    Idle.SPREAD: N_("is spread over the others"),
    Idle.UNALLOCATED: N_("reaches nobody"),
}
ACCOUNTS: Final[Mapping[AccountKind, str]] = {
    AccountKind.WALLET: N_("Wallets"),
    AccountKind.WALLET_PENDING: N_("Wallets, on its way"),
    AccountKind.REWARD_POOL: N_("Reward pool"),
    AccountKind.POOL_SOURCE: N_("Sources of reward pools"),
    AccountKind.CLAIM_WALLET: N_("Wallets without a name"),
    AccountKind.ISSUANCE: N_("Issuance"),
    AccountKind.LIQUIDITY: N_("Liquidity"),
    AccountKind.EXCHANGE_RESERVE: N_("Exchange reserve"),
    AccountKind.REDEEMED: N_("Redeemed points"),
    AccountKind.POINTS_LIABILITY: N_("Liability for points"),
    AccountKind.GATEWAY_CLEARING: N_("Gateway clearing"),
    AccountKind.GATEWAY_FEES: N_("Gateway fees"),
    AccountKind.PAYMENT_ESCROW: N_("Payment escrow"),
    AccountKind.DISPUTES: N_("Open disputes"),
    AccountKind.CHARGEBACK_LOSSES: N_("Chargeback losses"),
    AccountKind.SUSPENSE: N_("Suspense"),
    AccountKind.DEFERRED_REVENUE: N_("Deferred revenue"),
    AccountKind.PLATFORM_REVENUE: N_("Platform revenue"),
    AccountKind.ROYALTY_POOL: N_("Royalty pool"),
    AccountKind.UNALLOCATED_ROYALTIES: N_("Unallocated royalties"),
    AccountKind.ROYALTIES_PENDING: N_("Royalties, pending"),
    AccountKind.ROYALTIES_AVAILABLE: N_("Royalties, available"),
    AccountKind.ADVANCES: N_("Advances"),
    AccountKind.PAYEE_DEBT: N_("Debts of payees"),
    AccountKind.PAYOUT_IN_TRANSIT: N_("Payouts in transit"),
    AccountKind.WITHHOLDING_TAX: N_("Tax withheld"),
}
TRANSACTIONS: Final[Mapping[str, str]] = {
    "claim_return": N_("Unclaimed rewards gone back"),
    "debt_settlement": N_("Debt taken first"),
    "dispute_lost": N_("Dispute lost"),
    "dispute_opened": N_("Dispute opened"),
    "dispute_won": N_("Dispute won"),
    "exchange": N_("Exchange"),
    "gateway_fee": N_("Gateway fee"),
    "payment_capture": N_("Payment captured"),
    "payment_kept": N_("Payment kept for its payer"),
    "payment_unexplained": N_("Money that does not fit"),
    "payout": N_("Payout set aside"),
    "payout_arrived": N_("Payout arrived"),
    "payout_back": N_("Payout given back"),
    "payout_fee": N_("Fee of a payout"),
    "payout_reopened": N_("Payout on its way after all"),
    "pool_funding": N_("Reward budget"),
    "reward_claim": N_("Reward claimed by a proof"),
    "claim_order": N_("From a wallet without a name"),
    "redemption": N_("Points redeemed"),
    "refund": N_("Refund with the payer"),
    "refund_asked": N_("Refund set aside"),
    "refund_failed": N_("Refund came to nothing"),
    "refund_noticed": N_("Refund that nobody here asked for"),
    "refund_returned": N_("Refund came back later"),
    "reserve_funding": N_("Exchange reserve funded"),
    "reversal": N_("Reversal"),
    "reward": N_("Reward for listening"),
    "royalty_advance": N_("Advance on royalties"),
    "royalty_month_closed": N_("Month closed"),
    "royalty_recall": N_("Royalties called back"),
    "royalty_release": N_("Royalties became available"),
    "royalty_run": N_("Royalties of a month"),
    "subscription": N_("Subscription spread over its months"),
    "subscription_refund": N_("Unused rest of a subscription"),
    "take_back": N_("Taken back by the payer's bank"),
    "tip": N_("Tip"),
    "tip_return": N_("Tip returned"),
    "top_up": N_("Top-up"),
}
"""What a transaction is called, by its kind; another says its kind."""


def chip(tones: Tones, key: str, spoken: Language) -> Chip:
    """Return a state as it is shown; one without a word says itself."""
    word, tone = tones.get(key, (plain(key), PLAIN))
    return Chip(spoken.gettext(word), tone)


def word(words: Mapping[str, str], key: str, spoken: Language) -> str:
    """Return what something is called; what has no word says itself."""
    return spoken.gettext(words.get(key) or plain(key).capitalize())


def plain(key: str) -> str:
    """Return a stable word with spaces in it."""
    return key.replace("_", " ")

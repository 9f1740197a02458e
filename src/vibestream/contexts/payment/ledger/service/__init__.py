"""The ledger's public interface: every way to move money, and to read where it is.

Postings are made from accounts, a key and legs, and either stand in the books for ever or leave no trace:

    await post(tx, posting=Posting(transaction_id=TransactionId(new_id()), key="tip:17", kind="tip", legs=(...)))

Everything is done in the caller's transaction. Errors that are a `VibeStreamError` leave that transaction usable.
"""

from vibestream.contexts.payment.ledger.domain.accounts import (
    EARNING_KINDS,
    WALLET_KINDS,
    AccountKind,
    AccountName,
    Balance,
    issuance,
    liquidity,
    reward_pool,
    wallet,
    wallet_pending,
)
from vibestream.contexts.payment.ledger.domain.books import (
    LegView,
    StatementLine,
    TransactionView,
    TrialBalance,
    TrialRow,
    TrialTotal,
)
from vibestream.contexts.payment.ledger.domain.holds import Hold, HoldState, InvalidHold, NotGuarded
from vibestream.contexts.payment.ledger.domain.postings import (
    AccountCurrencyMismatch,
    AlreadyReversed,
    BalanceOutOfRange,
    CaptureExceedsHold,
    HoldExpired,
    HoldResolved,
    InsufficientFunds,
    InvalidPosting,
    KeyReused,
    Leg,
    Outcome,
    Posted,
    Posting,
    ReversalOfReversal,
    Status,
    UnbalancedPosting,
    UnknownAccount,
    UnknownHold,
    UnknownTransaction,
)
from vibestream.contexts.payment.ledger.domain.rewards import InvalidReward, Reward, RewardOutcome, RewardStatus
from vibestream.contexts.payment.ledger.service.books import (
    balance_of,
    balances_of_person,
    statement,
    take_snapshots,
    transaction_of_person,
    trial_balance,
)
from vibestream.contexts.payment.ledger.service.holds import capture_hold, expire_holds, hold, place_hold, void_hold
from vibestream.contexts.payment.ledger.service.posting import open_account, open_accounts, post, post_batch, reverse
from vibestream.contexts.payment.ledger.service.rewards import fund_pool, pay_rewards

__all__ = [
    "EARNING_KINDS",
    "WALLET_KINDS",
    "AccountCurrencyMismatch",
    "AccountKind",
    "AccountName",
    "AlreadyReversed",
    "Balance",
    "BalanceOutOfRange",
    "CaptureExceedsHold",
    "Hold",
    "HoldExpired",
    "HoldResolved",
    "HoldState",
    "InsufficientFunds",
    "InvalidHold",
    "InvalidPosting",
    "InvalidReward",
    "KeyReused",
    "Leg",
    "LegView",
    "NotGuarded",
    "Outcome",
    "Posted",
    "Posting",
    "ReversalOfReversal",
    "Reward",
    "RewardOutcome",
    "RewardStatus",
    "StatementLine",
    "Status",
    "TransactionView",
    "TrialBalance",
    "TrialRow",
    "TrialTotal",
    "UnbalancedPosting",
    "UnknownAccount",
    "UnknownHold",
    "UnknownTransaction",
    "balance_of",
    "balances_of_person",
    "capture_hold",
    "expire_holds",
    "fund_pool",
    "hold",
    "issuance",
    "liquidity",
    "open_account",
    "open_accounts",
    "pay_rewards",
    "place_hold",
    "post",
    "post_batch",
    "reverse",
    "reward_pool",
    "statement",
    "take_snapshots",
    "transaction_of_person",
    "trial_balance",
    "void_hold",
    "wallet",
    "wallet_pending",
]

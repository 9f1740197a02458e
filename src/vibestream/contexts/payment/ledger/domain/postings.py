"""Postings: what may be asked of the ledger, what becomes of it, and why it may be refused."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict, Gone, InvalidInput, Missing, VibeStreamError
from vibestream.kernel.ids import AccountId, HoldId, TransactionId
from vibestream.kernel.money import Money

KEY_LENGTH: Final = 200
_KIND: Final = re.compile(r"[a-z_]{1,40}")


class InvalidPosting(InvalidInput):
    """A posting that could not be right whatever the balances are."""

    code: ClassVar[str] = "ledger.invalid_posting"


class UnbalancedPosting(InvalidPosting):
    """The legs of one currency do not sum to zero."""

    code: ClassVar[str] = "ledger.unbalanced_posting"

    def __init__(self, *, currency: str, difference: int) -> None:
        super().__init__(f"The legs in {currency} sum to {difference} minor units instead of zero.")
        self.currency = currency
        self.difference = difference


@dataclass(frozen=True, slots=True)
class Leg:
    """What one account gains (positive) or gives (negative).

    Raises:
        InvalidPosting: the amount is zero.
    """

    account_id: AccountId
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor == 0:
            raise InvalidPosting("A leg moves an amount that is not zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A request to record one fact, once, as a balanced transaction.

    The same key with the same kind, legs, details, effective instant, hold and reversed transaction is the same
    request, whatever `transaction_id` is.

    Raises:
        UnbalancedPosting: the legs of a currency do not sum to zero.
        InvalidPosting: no legs, an impossible key or kind, or an instant without a time zone.
    """

    transaction_id: TransactionId
    """The new transaction's id; a repetition keeps the first one's."""
    key: str
    """The fact that it records, such as `reward:<id>`: 1 to 200 characters, kept for ever."""
    kind: str
    """What sort of fact, such as `reward`: lower-case letters and underscores."""
    legs: tuple[Leg, ...]
    details: Mapping[str, str] = field(default_factory=dict)
    """What a reader needs to understand it, such as the reward's id."""
    effective_at: datetime | None = None
    """When the fact happened; None: when it is recorded."""
    captures: HoldId | None = None
    """A hold that this posting takes from: resolved with it, what is not taken is given back."""
    reverses: TransactionId | None = None
    """A transaction that this one undoes leg by leg."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= KEY_LENGTH:
            raise InvalidPosting(f"An idempotency key has 1 to {KEY_LENGTH} characters.")
        if _KIND.fullmatch(self.kind) is None:
            raise InvalidPosting("A kind of transaction is written in lower-case letters and underscores.")
        if self.effective_at is not None and self.effective_at.tzinfo is None:
            raise InvalidPosting("The instant at which it took effect needs a time zone.")
        if not self.legs:
            raise InvalidPosting("A transaction has legs.")
        sums: dict[str, int] = {}
        for leg in self.legs:
            code = leg.amount.currency.code
            sums[code] = sums.get(code, 0) + leg.amount.minor
        for code, difference in sums.items():
            if difference != 0:
                raise UnbalancedPosting(currency=code, difference=difference)


class Status(enum.StrEnum):
    """What became of a posting. Only the first two left something in the books."""

    POSTED = "posted"
    REPLAYED = "replayed"
    """The same request was posted before."""
    KEY_REUSED = "key_reused"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    UNKNOWN_ACCOUNT = "unknown_account"
    CURRENCY_MISMATCH = "currency_mismatch"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_HOLD = "unknown_hold"
    HOLD_EXPIRED = "hold_expired"
    HOLD_RESOLVED = "hold_resolved"
    EXCEEDS_HOLD = "exceeds_hold"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    ALREADY_REVERSED = "already_reversed"
    REVERSAL_OF_REVERSAL = "reversal_of_reversal"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one posting."""

    status: Status
    transaction_id: TransactionId | None
    """The transaction under the posting's key: posted now, or earlier (also when the key was reused); else None."""
    account_id: AccountId | None
    """The account at which it was refused, if it was one."""

    @property
    def accepted(self) -> bool:
        """Whether the fact stands in the books, from now or from before."""
        return self.status in {Status.POSTED, Status.REPLAYED}


@dataclass(frozen=True, slots=True)
class Posted:
    """A fact that stands in the books."""

    transaction_id: TransactionId
    replayed: bool
    """It was posted before, by the same request."""


class KeyReused(Conflict):
    """The idempotency key stands for another request."""

    code: ClassVar[str] = "ledger.key_reused"

    def __init__(self, *, key: str) -> None:
        super().__init__("The same idempotency key was used before for something else.")
        self.key = key


class InsufficientFunds(Conflict):
    """An account has less to spare than is asked of it."""

    code: ClassVar[str] = "ledger.insufficient_funds"

    def __init__(self, *, account_id: AccountId | None) -> None:
        super().__init__("There is not enough on the account, counting what is held.")
        self.account_id = account_id


class UnknownAccount(Missing):
    """There is no such account."""

    code: ClassVar[str] = "ledger.unknown_account"

    def __init__(self, *, account_id: AccountId | None) -> None:
        super().__init__("There is no such account.")
        self.account_id = account_id


class AccountCurrencyMismatch(InvalidInput):
    """The account is in another currency than the amount."""

    code: ClassVar[str] = "ledger.account_currency_mismatch"

    def __init__(self, *, account_id: AccountId | None) -> None:
        super().__init__("The account is in another currency.")
        self.account_id = account_id


class BalanceOutOfRange(Conflict):
    """The account would hold more than the ledger can count."""

    code: ClassVar[str] = "ledger.balance_out_of_range"

    def __init__(self, *, account_id: AccountId | None) -> None:
        super().__init__("The account cannot hold that much.")
        self.account_id = account_id


class UnknownHold(Missing):
    """There is no such hold."""

    code: ClassVar[str] = "ledger.unknown_hold"


class HoldExpired(Gone):
    """The hold's time is over."""

    code: ClassVar[str] = "ledger.hold_expired"


class HoldResolved(Conflict):
    """The hold was captured or given back before."""

    code: ClassVar[str] = "ledger.hold_resolved"


class CaptureExceedsHold(InvalidInput):
    """A capture takes at least one minor unit from the held account, and at most what is held."""

    code: ClassVar[str] = "ledger.capture_exceeds_hold"


class UnknownTransaction(Missing):
    """There is no such transaction, or none that this person may see."""

    code: ClassVar[str] = "ledger.unknown_transaction"


class AlreadyReversed(Conflict):
    """A transaction is reversed at most once."""

    code: ClassVar[str] = "ledger.already_reversed"


class ReversalOfReversal(Conflict):
    """A reversal is final; post the fact anew instead."""

    code: ClassVar[str] = "ledger.reversal_of_reversal"


def refusal(outcome: Outcome, *, key: str) -> VibeStreamError:
    """Return the error that says why a posting was refused.

    Raises:
        KeyError: it was accepted.
    """
    if outcome.status is Status.KEY_REUSED:
        return KeyReused(key=key)
    if outcome.status in _AT_AN_ACCOUNT:
        return _AT_AN_ACCOUNT[outcome.status](account_id=outcome.account_id)
    error, message = _BY_ITSELF[outcome.status]
    return error(message)


_AT_AN_ACCOUNT: Final = {
    Status.INSUFFICIENT_FUNDS: InsufficientFunds,
    Status.UNKNOWN_ACCOUNT: UnknownAccount,
    Status.CURRENCY_MISMATCH: AccountCurrencyMismatch,
    Status.OUT_OF_RANGE: BalanceOutOfRange,
}
_BY_ITSELF: Final[Mapping[Status, tuple[type[VibeStreamError], str]]] = {
    Status.UNKNOWN_HOLD: (UnknownHold, "There is no such hold."),
    Status.HOLD_EXPIRED: (HoldExpired, "The time of the hold is over."),
    Status.HOLD_RESOLVED: (HoldResolved, "The hold was captured or given back before."),
    Status.EXCEEDS_HOLD: (CaptureExceedsHold, "A capture takes some of what is held, and not more than that."),
    Status.UNKNOWN_TRANSACTION: (UnknownTransaction, "There is no such transaction."),
    Status.ALREADY_REVERSED: (AlreadyReversed, "The transaction was reversed before."),
    Status.REVERSAL_OF_REVERSAL: (ReversalOfReversal, "A reversal is not reversed; post the fact anew."),
}

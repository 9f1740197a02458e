"""What may be asked of the ledger, before any balance is known; and how the books are added up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.payment import LARGEST, make_posting, make_reward, vibe
from vibestream.contexts.payment.ledger.domain import accounts, books
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, Balance
from vibestream.contexts.payment.ledger.domain.books import TrialRow
from vibestream.contexts.payment.ledger.domain.postings import (
    InvalidPosting,
    Leg,
    Outcome,
    Posting,
    Status,
    UnbalancedPosting,
    refusal,
)
from vibestream.contexts.payment.ledger.domain.rewards import InvalidReward, Reward
from vibestream.kernel.errors import Kind
from vibestream.kernel.ids import AccountId, RewardId, TransactionId, UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, AmountOutOfRange, Money

A, B, C = (AccountId(new_id()) for _ in range(3))
PERSON = UserId(new_id())


def test_names_say_kind_subject_and_currency():
    assert str(accounts.wallet(user_id=PERSON, currency=USD)) == f"wallet:{PERSON}:USD"
    assert str(accounts.wallet_pending(user_id=PERSON, currency=USD)) == f"wallet_pending:{PERSON}:USD"
    assert str(accounts.reward_pool(epoch=date(2026, 1, 2))) == "reward_pool:2026-01-02:VIBE"
    assert str(accounts.issuance(currency=VIBE)) == "issuance:VIBE"
    assert str(accounts.liquidity(currency=EUR)) == "liquidity:EUR"


def test_available_is_posted_less_held():
    balance = Balance(A, accounts.wallet(user_id=PERSON, currency=VIBE), vibe(100), vibe(30))
    assert balance.available == vibe(70)


def test_a_leg_moves_something():
    with pytest.raises(InvalidPosting):
        Leg(A, vibe(0))


@pytest.mark.parametrize("amount", [LARGEST + 1, -LARGEST - 1])
def test_an_amount_beyond_64_bits_cannot_be_written_down(amount: int):
    with pytest.raises(AmountOutOfRange):
        Leg(A, vibe(amount))


def test_legs_sum_to_zero():
    with pytest.raises(UnbalancedPosting) as refused:
        make_posting((A, -100), (B, 99))
    assert (refused.value.currency, refused.value.difference) == ("VIBE", -1)


def test_legs_sum_to_zero_in_each_currency_by_itself():
    with pytest.raises(UnbalancedPosting) as refused:
        make_posting((A, Money(-100, USD)), (B, Money(100, EUR)))
    assert (refused.value.currency, refused.value.difference) == ("USD", -100)

    make_posting((A, Money(-100, USD)), (B, Money(100, USD)), (B, Money(-90, EUR)), (C, Money(90, EUR)))


def test_a_single_leg_never_balances():
    with pytest.raises(UnbalancedPosting):
        make_posting((A, 1))


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_has_1_to_200_characters(key: str):
    with pytest.raises(InvalidPosting):
        Posting(transaction_id=TransactionId(new_id()), key=key, kind="test", legs=(Leg(A, vibe(-1)), Leg(B, vibe(1))))


def test_keys_of_1_and_200_characters_are_fine():
    assert make_posting((A, -1), (B, 1), key="k").key == "k"
    assert make_posting((A, -1), (B, 1), key="k" * 200).key == "k" * 200


@pytest.mark.parametrize("kind", ["", "Reward", "reward 1", "réward", "k" * 41, "reward\n"])
def test_a_kind_is_lower_case_letters_and_underscores(kind: str):
    with pytest.raises(InvalidPosting):
        make_posting((A, -1), (B, 1), kind=kind)


def test_an_effective_instant_has_a_time_zone():
    with pytest.raises(InvalidPosting):
        make_posting((A, -1), (B, 1), effective_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    make_posting((A, -1), (B, 1), effective_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_transaction_has_legs():
    with pytest.raises(InvalidPosting):
        make_posting()


@given(st.lists(st.integers(-LARGEST, LARGEST).filter(bool), min_size=1, max_size=6))
def test_whatever_sums_to_zero_is_accepted_and_nothing_else(amounts: list[int]):
    rest = -sum(amounts)
    if rest and abs(rest) <= LARGEST:
        make_posting(*((A, amount) for amount in [*amounts, rest]))
    if rest:
        with pytest.raises(UnbalancedPosting):
            make_posting(*((A, amount) for amount in amounts))
    else:
        make_posting(*((A, amount) for amount in amounts))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (Status.KEY_REUSED, "ledger.key_reused", Kind.CONFLICT),
        (Status.INSUFFICIENT_FUNDS, "ledger.insufficient_funds", Kind.CONFLICT),
        (Status.UNKNOWN_ACCOUNT, "ledger.unknown_account", Kind.MISSING),
        (Status.CURRENCY_MISMATCH, "ledger.account_currency_mismatch", Kind.INVALID),
        (Status.OUT_OF_RANGE, "ledger.balance_out_of_range", Kind.CONFLICT),
        (Status.UNKNOWN_HOLD, "ledger.unknown_hold", Kind.MISSING),
        (Status.HOLD_EXPIRED, "ledger.hold_expired", Kind.GONE),
        (Status.HOLD_RESOLVED, "ledger.hold_resolved", Kind.CONFLICT),
        (Status.EXCEEDS_HOLD, "ledger.capture_exceeds_hold", Kind.INVALID),
        (Status.UNKNOWN_TRANSACTION, "ledger.unknown_transaction", Kind.MISSING),
        (Status.ALREADY_REVERSED, "ledger.already_reversed", Kind.CONFLICT),
        (Status.REVERSAL_OF_REVERSAL, "ledger.reversal_of_reversal", Kind.CONFLICT),
    ],
)
def test_each_refusal_has_its_error(status: Status, code: str, kind: Kind):
    error = refusal(Outcome(status, None, A), key="k")
    assert (error.code, error.kind) == (code, kind)


def test_every_status_but_the_accepted_ones_is_a_refusal():
    refused = [status for status in Status if not Outcome(status, None, None).accepted]
    assert set(Status) - set(refused) == {Status.POSTED, Status.REPLAYED}
    assert len({refusal(Outcome(status, None, None), key="k").code for status in refused}) == len(refused) == 12
    with pytest.raises(KeyError):
        refusal(Outcome(Status.POSTED, None, None), key="k")


@pytest.mark.parametrize("amount", [vibe(0), vibe(-1), Money(5, USD)])
def test_a_reward_is_a_positive_amount_of_vibe(amount: Money):
    with pytest.raises(InvalidReward):
        Reward(reward_id=RewardId(new_id()), user_id=PERSON, epoch=date(2026, 1, 1), amount=amount)


def test_a_rewards_key_is_its_id():
    reward = make_reward()
    assert reward.key == f"reward:{reward.reward_id}"


def test_the_trial_balance_has_two_sides_per_currency():
    rows = [
        TrialRow(AccountKind.ISSUANCE, "", VIBE, 1, -1000),
        TrialRow(AccountKind.WALLET, "", VIBE, 3, 700),
        TrialRow(AccountKind.REWARD_POOL, "2026-01-01", VIBE, 1, 299),
        TrialRow(AccountKind.LIQUIDITY, "", USD, 1, -5),
        TrialRow(AccountKind.WALLET, "", USD, 1, 5),
    ]
    found = books.trial_balance(rows)

    assert found.rows == tuple(rows)
    assert [(one.currency.code, one.credit, one.debit, one.difference) for one in found.totals] == [
        ("USD", 5, 5, 0),
        ("VIBE", 999, 1000, -1),
    ]

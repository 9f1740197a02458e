"""Posting: once per key, all legs or none, and never below zero."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.factories.payment import (
    LARGEST,
    POST_SQL,
    balance,
    entries,
    make_hold,
    make_liquidity,
    make_posting,
    make_wallet,
    make_wallets,
    raw_post,
    transfer,
    vibe,
)
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    AccountCurrencyMismatch,
    BalanceOutOfRange,
    InsufficientFunds,
    KeyReused,
    Outcome,
    Status,
    UnknownAccount,
    post,
    post_batch,
)
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Money
from vibestream.platform.database import Tx


async def test_moves_an_amount_from_one_account_to_another(tx: Tx):
    a, b = await make_wallets(tx, 1_000, 0)
    before = await entries(tx)

    posted = await post(tx, posting=transfer(a, b, 300))

    assert not posted.replayed
    assert (await balance(tx, a), await balance(tx, b)) == ((700, 0), (300, 0))
    assert await entries(tx) == before + 2


async def test_the_transaction_keeps_the_id_that_the_application_gave_it(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    mine = TransactionId(new_id())
    assert (await post(tx, posting=transfer(a, b, 1, transaction_id=mine))).transaction_id == mine


async def test_the_same_request_under_the_same_key_is_the_same_transaction(tx: Tx):
    a, b = await make_wallets(tx, 1_000, 0)
    first = await post(tx, posting=transfer(a, b, 300, key="rent"))
    before = await entries(tx)

    again = await post(tx, posting=transfer(a, b, 300, key="rent"))

    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    assert (await balance(tx, a), await entries(tx)) == ((700, 0), before)


async def test_a_replay_is_found_even_when_the_money_is_gone(tx: Tx):
    a, b = await make_wallets(tx, 300, 0)
    first = await post(tx, posting=transfer(a, b, 300, key="rent"))
    assert (await post(tx, posting=transfer(a, b, 300, key="rent"))).transaction_id == first.transaction_id


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 301},
        {"kind": "other"},
        {"details": {"for": "June"}},
        {"effective_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"swapped": True},
    ],
    ids=str,
)
async def test_another_request_under_the_same_key_is_refused(tx: Tx, change: dict[str, Any]):
    a, b = await make_wallets(tx, 1_000, 1_000)
    await post(tx, posting=transfer(a, b, 300, key="rent", details={"for": "May"}))
    before = await entries(tx)
    asked = {"amount": 300, "details": {"for": "May"}, "swapped": False, **change}
    source, target = (b, a) if asked.pop("swapped") else (a, b)

    with pytest.raises(KeyReused) as refused:
        await post(tx, posting=transfer(source, target, asked.pop("amount"), key="rent", **asked))

    assert refused.value.key == "rent"
    assert (await balance(tx, a), await entries(tx)) == ((700, 0), before)


async def test_details_are_the_same_whatever_their_order(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    await post(tx, posting=transfer(a, b, 1, key="k", details={"x": "1", "y": "2"}))
    assert (await post(tx, posting=transfer(a, b, 1, key="k", details={"y": "2", "x": "1"}))).replayed


async def test_more_than_there_is_is_refused_and_the_transaction_goes_on(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    before = await entries(tx)

    with pytest.raises(InsufficientFunds) as refused:
        await post(tx, posting=transfer(a, b, 101, key="k"))

    assert refused.value.account_id == a
    assert (await balance(tx, a), await entries(tx)) == ((100, 0), before)
    assert not (await post(tx, posting=transfer(a, b, 100, key="k"))).replayed, "a refusal left the key free"


async def test_what_is_held_cannot_be_spent(tx: Tx):
    a, b = await make_wallets(tx, 1_000, 0)
    await make_hold(tx, a, 600)

    with pytest.raises(InsufficientFunds):
        await post(tx, posting=transfer(a, b, 401))
    await post(tx, posting=transfer(a, b, 400))

    assert await balance(tx, a) == (0, 600)


async def test_an_append_only_account_may_fall_below_zero(tx: Tx):
    source = await make_liquidity(tx)
    (a,) = await make_wallets(tx, 0)
    was = await balance(tx, source)
    await post(tx, posting=transfer(source, a, 50))
    assert await balance(tx, source) == (was[0] - 50, 0)


async def test_several_legs_stand_or_fall_together(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 50, 0)
    with pytest.raises(InsufficientFunds) as refused:
        await post(tx, posting=make_posting((a, -100), (b, -51), (c, 151)))
    assert refused.value.account_id == b
    assert [await balance(tx, one) for one in (a, b, c)] == [(100, 0), (50, 0), (0, 0)]

    await post(tx, posting=make_posting((a, -100), (b, -50), (c, 150)))
    assert [await balance(tx, one) for one in (a, b, c)] == [(0, 0), (0, 0), (150, 0)]


async def test_an_account_may_have_several_legs_and_only_their_sum_counts(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    posted = await post(tx, posting=make_posting((a, -500), (a, 495), (b, 5)))

    assert (await balance(tx, a), await balance(tx, b)) == ((5, 0), (5, 0))
    lines = await tx.values(
        "SELECT amount || ' ' || balance_after FROM payment.entry WHERE transaction_id = %s ORDER BY line",
        [posted.transaction_id],
    )
    assert lines == ["-500 -490", "495 5", "5 5"]


async def test_several_currencies_move_in_one_transaction(tx: Tx):
    person = UserId(new_id())
    dollars = await make_wallet(tx, 1_000, user_id=person, currency=USD)
    euros = await make_wallet(tx, 0, user_id=person, currency=EUR)
    have, want = await make_liquidity(tx, USD), await make_liquidity(tx, EUR)

    await post(
        tx,
        posting=make_posting(
            (dollars.account_id, Money(-1_000, USD)),
            (have, Money(1_000, USD)),
            (want, Money(-920, EUR)),
            (euros.account_id, Money(920, EUR)),
            kind="exchange",
            details={"rate": "0.92"},
        ),
    )

    assert (await balance(tx, dollars.account_id), await balance(tx, euros.account_id)) == ((0, 0), (920, 0))


async def test_a_leg_is_in_its_accounts_currency(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    with pytest.raises(AccountCurrencyMismatch) as refused:
        await post(tx, posting=transfer(a, b, Money(5, USD)))
    assert refused.value.account_id == a


async def test_an_account_that_does_not_exist_is_refused(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    nobody = AccountId(new_id())
    with pytest.raises(UnknownAccount) as refused:
        await post(tx, posting=transfer(a, nobody, 5))
    assert refused.value.account_id == nobody
    assert await balance(tx, a) == (100, 0)


async def test_a_balance_reaches_the_largest_number_and_not_beyond(tx: Tx):
    source = await make_liquidity(tx)
    (a,) = await make_wallets(tx, 0)
    await post(tx, posting=transfer(source, a, LARGEST))
    assert await balance(tx, a) == (LARGEST, 0)

    with pytest.raises(BalanceOutOfRange) as refused:
        await post(tx, posting=transfer(source, a, 1))

    assert refused.value.account_id == a
    assert await balance(tx, a) == (LARGEST, 0)


async def test_legs_that_would_overflow_on_the_way_down_are_refused(tx: Tx):
    source = await make_liquidity(tx)
    (a,) = await make_wallets(tx, 0)
    legs = [(a, -LARGEST), (a, -LARGEST), (source, LARGEST), (source, LARGEST)]
    with pytest.raises(BalanceOutOfRange):
        await post(tx, posting=make_posting(*legs))
    assert await balance(tx, a) == (0, 0)


async def test_an_append_only_account_has_no_bounds(tx: Tx):
    source = await make_liquidity(tx)
    a, b = await make_wallets(tx, 0, 0)
    await post(tx, posting=transfer(source, a, LARGEST))
    await post(tx, posting=transfer(source, b, LARGEST))
    owed = next(row for row in (await service.trial_balance(tx)).rows if row.kind == "liquidity")
    assert owed.minor <= -2 * LARGEST


async def test_when_it_happened_and_when_it_was_recorded_are_two_things(tx: Tx):
    person = await make_wallet(tx, 10)
    (b,) = await make_wallets(tx, 0)
    last_year = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)

    late = await post(tx, posting=transfer(person.account_id, b, 1, effective_at=last_year))
    prompt = await post(tx, posting=transfer(person.account_id, b, 1))

    found = await service.transaction_of_person(tx, user_id=person.user_id, transaction_id=late.transaction_id)
    assert (found.effective_at, found.recorded_at > last_year) == (last_year, True)
    found = await service.transaction_of_person(tx, user_id=person.user_id, transaction_id=prompt.transaction_id)
    assert found.effective_at == found.recorded_at


async def test_a_batch_says_what_became_of_each(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 0)
    known = await post(tx, posting=transfer(a, b, 10, key="known"))
    batch = [
        transfer(a, b, 60, key="one"),
        transfer(a, c, 40, key="too much"),
        transfer(a, c, 30, key="two"),
        transfer(a, b, 10, key="known"),
        transfer(a, b, 11, key="known"),
        transfer(a, AccountId(new_id()), 0 + 1, key="nowhere"),
        transfer(b, c, 70, key="from what came in"),
    ]

    outcomes = await post_batch(tx, postings=batch)

    assert [one.status for one in outcomes] == [
        Status.POSTED,
        Status.INSUFFICIENT_FUNDS,
        Status.POSTED,
        Status.REPLAYED,
        Status.KEY_REUSED,
        Status.UNKNOWN_ACCOUNT,
        Status.POSTED,
    ]
    assert [one.transaction_id for one in outcomes] == [
        batch[0].transaction_id, None, batch[2].transaction_id,
        known.transaction_id, known.transaction_id, None, batch[6].transaction_id,
    ]  # fmt: skip
    assert outcomes[1].account_id == a
    assert [await balance(tx, one) for one in (a, b, c)] == [(0, 0), (0, 0), (100, 0)]


async def test_a_key_stands_once_within_a_batch(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    first, same, other = transfer(a, b, 10, key="k"), transfer(a, b, 10, key="k"), transfer(a, b, 20, key="k")

    outcomes = await post_batch(tx, postings=[first, same, other])

    assert outcomes == [
        Outcome(Status.POSTED, first.transaction_id, None),
        Outcome(Status.REPLAYED, first.transaction_id, None),
        Outcome(Status.KEY_REUSED, first.transaction_id, None),
    ]
    assert await balance(tx, a) == (90, 0)


async def test_a_key_that_was_refused_is_free_for_the_next_in_the_batch(tx: Tx):
    a, b = await make_wallets(tx, 10, 50)
    refused, money, accepted = transfer(a, b, 60, key="k"), transfer(b, a, 50), transfer(a, b, 60, key="k")

    outcomes = await post_batch(tx, postings=[refused, money, accepted])

    assert [one.status for one in outcomes] == [Status.INSUFFICIENT_FUNDS, Status.POSTED, Status.POSTED]
    assert outcomes[2].transaction_id == accepted.transaction_id


async def test_a_refused_posting_leaves_nothing_of_its_earlier_legs(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 0)
    bad = make_posting((a, -100), (c, 101), (b, -1))
    good = transfer(a, c, 100)

    outcomes = await post_batch(tx, postings=[bad, good])

    assert [one.status for one in outcomes] == [Status.INSUFFICIENT_FUNDS, Status.POSTED]
    assert [await balance(tx, one) for one in (a, b, c)] == [(0, 0), (0, 0), (100, 0)]


async def test_an_empty_batch_is_nothing(tx: Tx):
    before = await entries(tx)
    assert await post_batch(tx, postings=[]) == []
    assert await entries(tx) == before


async def test_a_thousand_postings_and_a_posting_of_thousands_of_legs(tx: Tx):
    source = await make_liquidity(tx)
    names = [service.wallet(user_id=UserId(new_id()), currency=VIBE) for _ in range(1_000)]
    wallets = await service.open_accounts(tx, names=names)

    await post(tx, posting=make_posting(*((one, 5) for one in wallets), (source, -5_000)))
    outcomes = await post_batch(tx, postings=[transfer(one, other, 5) for one, other in itertools.pairwise(wallets)])

    assert {one.status for one in outcomes} == {Status.POSTED}
    assert await balance(tx, wallets[0]) == (0, 0)
    assert await balance(tx, wallets[-1]) == (10, 0)
    assert {await balance(tx, one) for one in wallets[1:-1:100]} == {(5, 0)}


async def test_opening_an_account_twice_is_opening_it_once(tx: Tx):
    name = service.wallet(user_id=UserId(new_id()), currency=VIBE)
    other = service.wallet(user_id=UserId(new_id()), currency=VIBE)
    first = await service.open_account(tx, name=name)
    assert await service.open_accounts(tx, names=[other, name, other]) == [
        await service.open_account(tx, name=other),
        first,
        await service.open_account(tx, name=other),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"keys": []},
        {"kinds": ["a", "b"]},
        {"details": []},
        {"effective": []},
        {"captures": []},
        {"reversals": []},
        {"leg_posting": [1]},
        {"leg_currency": ["VIBE"]},
        {"leg_amount": [-1, 1, 1]},
        {"ids": None},
        {"leg_account": None},
        {"leg_posting": [1, 2]},
        {"leg_posting": [2, 2]},
        {"leg_posting": [None, 1]},
    ],
    ids=str,
)
async def test_arrays_that_do_not_fit_are_an_error(tx: Tx, broken: dict[str, object]):
    a, b = await make_wallets(tx, 10, 0)
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        await tx.execute(POST_SQL, raw_post((a, -1), (b, 1), **broken))


async def test_a_posting_without_legs_is_an_error_and_not_an_empty_transaction(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    two = {"ids": [new_id(), new_id()], "keys": ["one", "two"], "kinds": ["raw"] * 2, "details": ["{}"] * 2}
    two |= {name: [None, None] for name in ("effective", "captures", "reversals")}
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        await tx.execute(POST_SQL, raw_post((a, -1), (b, 1), **two))


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ({"leg_amount": [-1, 2]}, psycopg.errors.CheckViolation),
        ({"leg_amount": [0, 0]}, psycopg.errors.CheckViolation),
        ({"leg_amount": [None, 1]}, psycopg.errors.NotNullViolation),
        ({"kinds": ["Not A Kind"]}, psycopg.errors.CheckViolation),
        ({"details": ["[1]"]}, psycopg.errors.CheckViolation),
        ({"keys": [""]}, psycopg.errors.CheckViolation),
        ({"keys": ["k" * 201]}, psycopg.errors.CheckViolation),
        ({"keys": [None]}, psycopg.errors.NotNullViolation),
        ({"ids": [None]}, psycopg.errors.NotNullViolation),
    ],
    ids=str,
)
async def test_the_database_checks_again_what_python_checked(
    tx: Tx, broken: dict[str, object], error: type[psycopg.Error]
):
    source = await make_liquidity(tx)
    (a,) = await make_wallets(tx, 10)
    with pytest.raises(error):
        await tx.execute(POST_SQL, raw_post((source, -1), (a, 1), **broken))


async def test_the_smallest_number_of_64_bits_is_refused_too(tx: Tx):
    source = await make_liquidity(tx)
    legs = [(source, -(2**63)), (source, 2**62), (source, 2**62)]
    with pytest.raises(psycopg.errors.CheckViolation):
        await tx.execute(POST_SQL, raw_post(*legs))


async def test_an_id_is_not_used_twice(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    mine = TransactionId(new_id())
    await post(tx, posting=transfer(a, b, 1, transaction_id=mine))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await post(tx, posting=transfer(a, b, 1, transaction_id=mine))


async def test_money_of_a_posting_is_what_it_says(tx: Tx):
    person = await make_wallet(tx, 10)
    found = await service.balance_of(tx, account_id=person.account_id)
    assert (found.posted, found.held, found.available) == (vibe(10), vibe(0), vibe(10))
    assert found.name == service.wallet(user_id=person.user_id, currency=VIBE)


async def test_the_balance_of_no_account_is_an_error(tx: Tx):
    with pytest.raises(UnknownAccount):
        await service.balance_of(tx, account_id=AccountId(new_id()))

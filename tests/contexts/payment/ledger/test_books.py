"""Reading the books: every line explains itself, and nobody reads about anybody else."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.factories.payment import (
    make_hold,
    make_liquidity,
    make_posting,
    make_wallet,
    make_wallets,
    transfer,
    vibe,
)
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.domain.accounts import PERSONAL
from vibestream.contexts.payment.ledger.service import (
    AccountKind,
    LegView,
    TrialRow,
    UnknownTransaction,
    post,
    statement,
    transaction_of_person,
    trial_balance,
)
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Currency, Money
from vibestream.platform.database import Database, Tx


async def test_a_line_expands_to_the_whole_transaction(tx: Tx):
    ana, source = await make_wallet(tx), await make_liquidity(tx)
    done = await post(tx, posting=transfer(source, ana.account_id, 40, details={"for": "a song"}, kind="gift"))

    (line,) = await statement(tx, user_id=ana.user_id, limit=10)

    assert (line.account_id, line.amount, line.balance_after) == (ana.account_id, vibe(40), vibe(40))
    assert line.account == service.wallet(user_id=ana.user_id, currency=VIBE)
    shown = line.transaction
    assert (shown.transaction_id, shown.kind, shown.details) == (done.transaction_id, "gift", {"for": "a song"})
    assert shown.legs == (
        LegView(AccountKind.LIQUIDITY, "", VIBE, -40, own=False, accounts=1),
        LegView(AccountKind.WALLET, str(ana.user_id), VIBE, 40, own=True, accounts=1),
    )


async def test_lines_are_read_page_by_page_the_newest_first(tx: Tx):
    ana, other = await make_wallet(tx, 100), await make_wallet(tx)
    for minor in range(1, 8):
        await post(tx, posting=transfer(ana.account_id, other.account_id, minor))

    first = await statement(tx, user_id=ana.user_id, limit=5)
    second = await statement(tx, user_id=ana.user_id, before=first[-1].position, limit=5)

    assert [line.amount.minor for line in first] == [-7, -6, -5, -4, -3]
    assert [line.amount.minor for line in second] == [-2, -1, 100]
    assert [line.balance_after and line.balance_after.minor for line in first + second] == [
        72,
        79,
        85,
        90,
        94,
        97,
        99,
        100,
    ]
    assert await statement(tx, user_id=ana.user_id, before=second[-1].position, limit=5) == []


async def test_lines_of_several_accounts_are_merged_and_can_be_narrowed_to_a_currency(tx: Tx):
    ana = await make_wallet(tx, 1)
    for minor, currency, pending in ((2, USD, False), (3, VIBE, True), (4, EUR, False), (5, USD, True)):
        await make_wallet(tx, minor, user_id=ana.user_id, currency=currency, pending=pending)

    lines = await statement(tx, user_id=ana.user_id, limit=10)
    dollars = await statement(tx, user_id=ana.user_id, currency=USD, limit=10)

    assert [(line.amount.minor, line.account.kind.value) for line in lines] == [
        (5, "wallet_pending"), (4, "wallet"), (3, "wallet_pending"), (2, "wallet"), (1, "wallet"),
    ]  # fmt: skip
    assert [str(line.amount) for line in dollars] == ["0.05 USD", "0.02 USD"]


async def test_other_people_are_summed_and_not_named(tx: Tx):
    ana, ben, eva = await make_wallet(tx, 100), await make_wallet(tx), await make_wallet(tx)
    (await make_wallets(tx, 0))
    posting = make_posting((ana.account_id, -100), (ben.account_id, 70), (eva.account_id, 20), (ben.account_id, 10))
    done = await post(tx, posting=posting)

    for_ana = await transaction_of_person(tx, user_id=ana.user_id, transaction_id=done.transaction_id)
    for_ben = await transaction_of_person(tx, user_id=ben.user_id, transaction_id=done.transaction_id)

    assert for_ana.legs == (
        LegView(AccountKind.WALLET, str(ana.user_id), VIBE, -100, own=True, accounts=1),
        LegView(AccountKind.WALLET, "", VIBE, 100, own=False, accounts=3),
    )
    assert [(leg.minor, leg.own, leg.accounts) for leg in for_ben.legs] == [
        (-80, False, 2), (70, True, 1), (10, True, 1),
    ]  # fmt: skip
    for shown in (for_ana, for_ben):
        assert sum(leg.minor for leg in shown.legs) == 0
    assert str(eva.user_id) not in repr(for_ana)
    assert str(eva.user_id) not in repr(for_ben)


async def test_a_transaction_is_shown_to_whom_it_concerns(tx: Tx):
    ana, ben, stranger = await make_wallet(tx, 100), await make_wallet(tx), await make_wallet(tx, 1)
    done = await post(tx, posting=transfer(ana.account_id, ben.account_id, 1))

    await transaction_of_person(tx, user_id=ben.user_id, transaction_id=done.transaction_id)
    for person, wanted in ((stranger.user_id, done.transaction_id), (ana.user_id, TransactionId(new_id()))):
        with pytest.raises(UnknownTransaction):
            await transaction_of_person(tx, user_id=person, transaction_id=wanted)


async def test_the_legs_of_a_reader_sum_to_zero_in_each_currency(tx: Tx):
    ana = await make_wallet(tx, 100)
    euros = await make_wallet(tx, user_id=ana.user_id, currency=EUR)
    points, euro_stock = await make_liquidity(tx, VIBE), await make_liquidity(tx, EUR)
    done = await post(
        tx,
        posting=make_posting(
            (ana.account_id, -100), (points, 100), (euro_stock, Money(-7, EUR)), (euros.account_id, Money(7, EUR))
        ),
    )
    shown = await transaction_of_person(tx, user_id=ana.user_id, transaction_id=done.transaction_id)
    sums: Counter[Currency] = Counter()
    for leg in shown.legs:
        sums[leg.currency] += leg.minor
    assert sums == {VIBE: 0, EUR: 0}


async def test_somebody_without_accounts_has_nothing(tx: Tx):
    nobody = UserId(new_id())
    assert await service.balances_of_person(tx, user_id=nobody) == []
    assert await statement(tx, user_id=nobody, limit=10) == []


async def test_a_persons_balances_are_theirs_alone_and_ordered(tx: Tx):
    ana = await make_wallet(tx, 9)
    await make_wallet(tx, 5, user_id=ana.user_id, currency=USD, pending=True)
    await make_wallet(tx, 7, user_id=ana.user_id, currency=USD)
    await make_wallet(tx, 1)
    await make_hold(tx, ana.account_id, 4)

    found = await service.balances_of_person(tx, user_id=ana.user_id)

    assert [(str(one.name), one.posted.minor, one.held.minor, one.available.minor) for one in found] == [
        (f"wallet:{ana.user_id}:USD", 7, 0, 7),
        (f"wallet_pending:{ana.user_id}:USD", 5, 0, 5),
        (f"wallet:{ana.user_id}:VIBE", 9, 4, 5),
    ]


async def test_the_trial_balance_has_equal_sides_and_names_nobody(database: Database):
    async with database.begin() as tx:
        assert await trial_balance(tx) == service.TrialBalance((), ())
        await make_wallets(tx, 700, 300, 0)
        await make_wallet(tx, 5, currency=USD)

        found = await trial_balance(tx)

    assert found.rows == (
        TrialRow(AccountKind.LIQUIDITY, "", USD, 1, -5),
        TrialRow(AccountKind.WALLET, "", USD, 1, 5),
        TrialRow(AccountKind.LIQUIDITY, "", VIBE, 1, -1_000),
        TrialRow(AccountKind.WALLET, "", VIBE, 2, 1_000),
    )
    assert [(one.currency.code, one.credit, one.debit, one.difference) for one in found.totals] == [
        ("USD", 5, 5, 0), ("VIBE", 1_000, 1_000, 0),
    ]  # fmt: skip


async def test_the_database_knows_the_currencies_of_the_kernel(tx: Tx):
    stored = await tx.values("SELECT code || ' ' || exponent FROM payment.currency ORDER BY code")
    assert stored == [f"{currency.code} {currency.exponent}" for currency in Currency.all()]


async def test_the_database_knows_the_kinds_of_the_domain(tx: Tx):
    kinds = await tx.values("SELECT kind FROM payment.account_kind")
    personal = await tx.values("SELECT kind FROM payment.account_kind WHERE personal")
    assert (set(kinds), set(personal)) == ({*AccountKind}, {*PERSONAL})

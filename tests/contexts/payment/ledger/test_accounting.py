"""The books for those who keep them: accounts, entries, transactions, and balances of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.payment import as_owner, make_hold, make_liquidity, make_posting, make_wallet, transfer
from tests.factories.users import make_user
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    AccountKind,
    AccountName,
    Basis,
    UnknownAccount,
    UnknownTransaction,
    post,
    reverse,
)
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

MAY = datetime(2026, 5, 10, tzinfo=UTC)


async def test_accounts_are_listed_by_name_page_by_page_and_by_what_they_are(database: Database):
    async with database.begin() as tx:
        ana = await make_wallet(tx, 70, currency=USD)
        await make_wallet(tx, 5, user_id=ana.user_id, currency=EUR)
        await make_hold(tx, ana.account_id, Money(30, USD))
        everything = await service.accounts(tx, limit=10)
        names = [(one.name.kind, one.name.currency, one.posted.minor, one.held.minor) for one in everything]
        assert names == [
            (AccountKind.LIQUIDITY, EUR, -5, 0), (AccountKind.LIQUIDITY, USD, -70, 0),
            (AccountKind.WALLET, EUR, 5, 0), (AccountKind.WALLET, USD, 70, 30),
        ]  # fmt: skip
        first = await service.accounts(tx, limit=3)
        assert first + await service.accounts(tx, after=first[-1].name, limit=3) == everything
        assert await service.accounts(tx, after=everything[-1].name, limit=3) == []
        assert await service.accounts(tx, kind=AccountKind.WALLET, limit=9) == everything[2:]
        assert await service.accounts(tx, subject=str(ana.user_id), currency=USD, limit=9) == everything[3:]
        assert await service.accounts(tx, subject="nobody", limit=9) == []


async def test_each_entry_of_an_account_has_all_postings_of_its_transaction(tx: Tx):
    source = await make_liquidity(tx)
    ana, bo = await make_wallet(tx), await make_wallet(tx)
    first = await post(
        tx, posting=make_posting((source, -10), (ana.account_id, 7), (bo.account_id, 3), key=f"a:{new_id()}")
    )
    undone = await reverse(tx, transaction_id=first.transaction_id, key=f"b:{new_id()}", reason="mistake")

    newest, oldest = await service.account_entries(tx, account_id=ana.account_id, limit=5)

    assert (oldest.amount, oldest.line, oldest.balance_after) == (Money(7, VIBE), 2, Money(7, VIBE))
    assert (newest.amount, newest.balance_after) == (Money(-7, VIBE), Money(0, VIBE))
    assert newest.transaction.reverses == first.transaction_id
    assert oldest.transaction.reversed_by == undone.transaction_id
    assert [(leg.line, leg.account.subject, leg.amount.minor, leg.balance_after) for leg in oldest.transaction.legs] == [
        (1, "", -10, None), (2, str(ana.user_id), 7, Money(7, VIBE)), (3, str(bo.user_id), 3, Money(3, VIBE)),
    ]  # fmt: skip
    assert await service.account_entries(tx, account_id=ana.account_id, before=newest.position, limit=5) == [oldest]
    assert await service.transaction(tx, transaction_id=first.transaction_id) == oldest.transaction


async def test_of_a_run_with_many_legs_the_first_are_shown_and_all_can_be_read(tx: Tx):
    source = await make_liquidity(tx)
    wallets = [(await make_wallet(tx)).account_id for _ in range(120)]
    done = await post(tx, posting=make_posting((source, -120), *((wallet, 1) for wallet in wallets)))

    (entry,) = await service.account_entries(tx, account_id=wallets[110], limit=5)
    legs = await service.transaction_legs(tx, transaction_id=done.transaction_id, limit=70)
    legs += await service.transaction_legs(tx, transaction_id=done.transaction_id, after=70, limit=70)

    assert (entry.line, entry.transaction.leg_count, len(entry.transaction.legs)) == (112, 121, service.LEGS_SHOWN)
    assert [leg.line for leg in legs] == list(range(1, 122))
    assert [leg.account_id for leg in legs[1:]] == wallets


async def test_what_is_not_there_is_said(tx: Tx):
    with pytest.raises(UnknownAccount):
        await service.account_entries(tx, account_id=AccountId(new_id()), limit=1)
    for ask in (service.transaction, service.transaction_legs):
        with pytest.raises(UnknownTransaction):
            await ask(
                tx, transaction_id=TransactionId(new_id()), **({"limit": 1} if ask is service.transaction_legs else {})
            )


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("pay:", ["pay:1", "pay:10", "pay:2"]),
        ("pay:1", ["pay:1", "pay:10"]),
        ("pay_", ["pay_x"]),
        ("100%", ["100% sure"]),
        ("back\\", ["back\\slash"]),
        ("nothing", []),
    ],
)
async def test_transactions_are_found_by_how_their_keys_begin(tx: Tx, prefix: str, found: list[str]):
    source, ana = await make_liquidity(tx), await make_wallet(tx)
    for key in ("pay:2", "pay:10", "pay:1", "pay_x", "100% sure", "back\\slash", "backslash", "100 per cent"):
        await post(tx, posting=transfer(source, ana.account_id, 1, key=key))
    assert [one.key for one in await service.transactions_by_key(tx, prefix=prefix, limit=9)] == found
    assert len(await service.transactions_by_key(tx, prefix=prefix, limit=1)) == min(len(found), 1)


async def test_the_past_is_as_it_was_recorded_or_as_it_is_known_now(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        source, ana = await make_liquidity(tx), await make_wallet(tx)
        await post(tx, posting=transfer(source, ana.account_id, 100, key="in time"))
        await post(tx, posting=transfer(source, ana.account_id, 7, key="late", effective_at=MAY + timedelta(hours=1)))
    await as_owner(
        owner_dsn,
        "UPDATE payment.transaction SET recorded_at = '2026-05-10 11:00Z' WHERE idempotency_key = 'in time'",
        triggers=False,
    )
    async with database.begin() as tx:

        async def held(at: datetime, basis: Basis = Basis.RECORDED) -> list[tuple[str, int]]:
            found = await service.trial_balance_at(tx, at=at, basis=basis)
            assert all(total.difference == 0 for total in found.totals)
            return [(row.kind.value, row.minor) for row in found.rows]

        assert await held(MAY + timedelta(hours=11)) == [], "before is before, not at"
        assert await held(MAY + timedelta(hours=12)) == [("liquidity", -100), ("wallet", 100)]
        assert await held(MAY + timedelta(hours=2), Basis.EFFECTIVE) == [("liquidity", -7), ("wallet", 7)]
        assert await held(MAY + timedelta(days=1), Basis.EFFECTIVE) == [("liquidity", -107), ("wallet", 107)]
        assert await service.trial_balance_at(tx, at=utc_now() + timedelta(hours=1)) == await service.trial_balance(tx)


@pytest.fixture
async def finance(client_for: Any, database: Database):
    async with database.begin() as tx:
        keeper = await make_user(tx)
        await access.grant_role(tx, user_id=keeper.user_id, role=Role.FINANCE, granted_by=None, now=utc_now())
    return await client_for(keeper)


async def test_the_books_over_http(finance: Any, client_for: Any, database: Database):
    async with database.begin() as tx:
        ana = await make_wallet(tx, 12_345, currency=USD)
        nobody = await make_user(tx)
    listed = (await finance.get("/api/v1/operations/ledger/accounts?limit=1")).json()
    rest = (await finance.get("/api/v1/operations/ledger/accounts", params={"cursor": listed["next_cursor"]})).json()
    account = rest["items"][-1]
    path = f"/api/v1/operations/ledger/accounts/{ana.account_id}"
    entries = (await finance.get(f"{path}/entries")).json()
    transaction = entries["items"][0]["transaction"]
    legs = (
        await finance.get(f"/api/v1/operations/ledger/transactions/{transaction['transaction_id']}/legs?limit=1")
    ).json()

    assert account == {
        "account_id": str(ana.account_id), "kind": "wallet", "subject": str(ana.user_id), "currency": "USD",
        "posted": "123.45", "held": "0.00", "available": "123.45",
    }  # fmt: skip
    assert (await finance.get(path)).json() == account
    assert entries["items"][0]["balance_after"] == "123.45"
    assert [leg["amount"] for leg in transaction["legs"]] == ["-123.45", "123.45"]
    assert (
        await finance.get(f"/api/v1/operations/ledger/transactions/{transaction['transaction_id']}")
    ).json() == transaction
    assert (legs["items"], bool(legs["next_cursor"])) == (transaction["legs"][:1], True)
    found = (await finance.get("/api/v1/operations/ledger/transactions", params={"key": transaction["key"][:9]})).json()
    assert transaction in found["items"]
    then = (await finance.get("/api/v1/operations/ledger/trial-balance?at=2020-01-01T00:00:00Z")).json()
    assert then == {"rows": [], "totals": []}
    stranger = await client_for(nobody)
    for asked in (path, f"{path}/entries", "/api/v1/operations/ledger/accounts"):
        assert (await stranger.get(asked)).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("accounts/00000000-0000-0000-0000-000000000000", 404),
        ("accounts/00000000-0000-0000-0000-000000000000/entries", 404),
        ("transactions/00000000-0000-0000-0000-000000000000", 404),
        ("transactions/00000000-0000-0000-0000-000000000000/legs", 404),
        ("transactions?key=a", 422),
        ("transactions", 422),
        ("accounts?kind=treasure", 422),
        ("accounts?currency=GOLD", 422),
        ("accounts?cursor=x", 422),
        ("trial-balance?at=2020-01-01", 422),
        ("trial-balance?at=2020-01-01T00:00:00", 422),
        ("trial-balance?basis=guess", 422),
    ],
)
async def test_odd_questions_are_refused(finance: Any, path: str, status: int):
    assert (await finance.get(f"/api/v1/operations/ledger/{path}")).status_code == status


def test_a_name_of_an_account_is_what_finance_reads():
    assert str(AccountName(AccountKind.ROYALTY_POOL, "2026-05", USD)) == "royalty_pool:2026-05:USD"

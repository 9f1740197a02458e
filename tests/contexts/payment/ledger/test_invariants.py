"""Each invariant finds what it is there to find, planted by a superuser past every guard."""

from __future__ import annotations

import pytest

from tests.factories.payment import (
    EPOCH,
    NOW,
    as_owner,
    make_hold,
    make_reward,
    make_wallets,
    transfer,
    vibe,
    violations,
)
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.invariants import INVARIANTS
from vibestream.contexts.payment.ledger.service import capture_hold, fund_pool, pay_rewards, post, reverse
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

# Sum and running balance are looked at apart: an entry that is changed shows in each of them.
PLANTED = {
    "an amount is changed": (
        "UPDATE payment.entry SET amount = amount + 1 WHERE position = (SELECT min(position) FROM payment.entry)",
        {"ledger.sums_to_zero", "ledger.one_outcome"},
    ),
    "an entry is removed": (
        "DELETE FROM payment.entry WHERE position = (SELECT max(position) FROM payment.entry)",
        {"ledger.sums_to_zero", "ledger.cached_balances", "ledger.one_outcome"},
    ),
    "a whole transaction is added without a header": (
        ("INSERT INTO payment.entry (transaction_id, account_id, amount, balance_after, line) "
        "SELECT '01930000-0000-7000-8000-000000000000', account_id, 0 + CASE WHEN n = 1 THEN 1 ELSE -1 END, posted, n "
        "FROM (SELECT account_id, posted, row_number() OVER (ORDER BY account_id) AS n FROM payment.balance) AS b "
        "WHERE n < 3"),
        {"ledger.sums_to_zero", "ledger.cached_balances"},
    ),
    "a balanced pair is added to an old transaction": (
        ("INSERT INTO payment.entry (transaction_id, account_id, amount, line) "
        "SELECT (SELECT min(id::text)::uuid FROM payment.transaction), id, sign, 90 + sign "
        "FROM payment.account, (VALUES (1), (-1)) AS s (sign) WHERE kind = 'liquidity'"),
        {"ledger.one_outcome"},
    ),
    "a cached balance is changed": (
        "UPDATE payment.balance SET posted = posted + 1",
        {"ledger.cached_balances"},
    ),
    "a balance has no row": (
        "DELETE FROM payment.balance WHERE account_id = (SELECT id FROM payment.account WHERE kind = 'reward_pool')",
        {"ledger.cached_balances", "ledger.nothing_overdrawn"},
    ),
    "an append-only account has a balance": (
        "INSERT INTO payment.balance SELECT id, 0, 0 FROM payment.account WHERE kind = 'liquidity'",
        {"ledger.cached_balances"},
    ),
    "a running balance is changed": (
        "UPDATE payment.entry SET balance_after = balance_after + 1 WHERE balance_after IS NOT NULL",
        {"ledger.cached_balances"},
    ),
    "a snapshot is wrong": (
        ("INSERT INTO payment.balance_snapshot (account_id, up_to, balance) "
        "SELECT id, 1000000, 7 FROM payment.account WHERE kind = 'liquidity'"),
        {"ledger.cached_balances"},
    ),
    "what is held is forgotten": (
        "UPDATE payment.balance SET held = 0",
        {"ledger.nothing_overdrawn"},
    ),
    "more is held than there is": (
        "UPDATE payment.hold SET amount = 100000 WHERE state = 'pending'",
        {"ledger.nothing_overdrawn"},
    ),
    "the details of a transaction are changed": (
        "UPDATE payment.transaction SET details = '{\"note\": \"never mind\"}' WHERE idempotency_key = 'rent'",
        {"ledger.one_outcome"},
    ),
    "a transaction is moved to another day": (
        "UPDATE payment.transaction SET effective_at = '2020-01-01' WHERE idempotency_key = 'rent'",
        {"ledger.one_outcome"},
    ),
    "a transaction is left without entries": (
        ("INSERT INTO payment.transaction (id, idempotency_key, request_hash, kind, details) "
        "VALUES (gen_random_uuid(), 'empty', sha256('x'), 'test', '{}')"),
        {"ledger.one_outcome"},
    ),
    "a key stands twice": (
        ("ALTER TABLE payment.transaction DROP CONSTRAINT transaction_idempotency_key_key; "
        "INSERT INTO payment.transaction (id, idempotency_key, request_hash, kind, details) "
        "VALUES (gen_random_uuid(), 'rent', sha256('x'), 'test', '{}')"),
        {"ledger.one_outcome"},
    ),
    "a capture took something else": (
        "UPDATE payment.hold SET captured = captured + 1 WHERE state = 'captured'",
        {"ledger.one_outcome"},
    ),
    "a reward is paid twice under two keys": (
        ("UPDATE payment.transaction SET details = (SELECT details FROM payment.transaction WHERE kind = 'reward' "
        "ORDER BY id LIMIT 1) WHERE kind = 'reward'"),
        {"ledger.pools_within_budget", "ledger.one_outcome"},
    ),
    "a pool paid more than it was given": (
        ("UPDATE payment.entry SET amount = 1 FROM payment.account a "
        "WHERE a.id = entry.account_id AND a.kind = 'reward_pool' AND entry.amount > 0"),
        {"ledger.pools_within_budget", "ledger.sums_to_zero", "ledger.cached_balances", "ledger.nothing_overdrawn",
         "ledger.one_outcome"},
    ),
}  # fmt: skip


@pytest.fixture
async def history(database: Database) -> Database:
    """Books with something of everything in them."""
    async with database.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 500)
        done = await post(tx, posting=transfer(a, b, 100, key="rent", details={"for": "May"}))
        await reverse(tx, transaction_id=done.transaction_id, key="undo", reason="mistake")
        hold = await make_hold(tx, a, 50)
        await capture_hold(tx, hold_id=hold, posting=transfer(a, b, 30, effective_at=NOW))
        await make_hold(tx, b, 20)
        await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
        await pay_rewards(tx, rewards=[make_reward(), make_reward()], now=NOW)
    for _ in range(2):
        async with database.begin() as tx:
            await service.take_snapshots(tx, least_entries=1)
    return database


async def test_all_hold_of_empty_books(database: Database):
    assert await violations(database) == {}


async def test_all_hold_of_right_books_and_say_what_they_counted(history: Database):
    checked = await check_all(history, INVARIANTS)
    assert [(one.invariant.name, one.finding.ok, one.finding.figure) for one in checked] == [
        ("ledger.sums_to_zero", True, "16 entries"),
        ("ledger.cached_balances", True, "5 balances"),
        ("ledger.nothing_overdrawn", True, "5 guarded accounts"),
        ("ledger.one_outcome", True, "8 transactions"),
        ("ledger.pools_within_budget", True, "1 pools"),
    ]


@pytest.mark.parametrize("what", PLANTED)
async def test_finds_that(history: Database, owner_dsn: str, what: str):
    statement, found_by = PLANTED[what]
    await as_owner(owner_dsn, *_without_checks(statement), triggers=False)

    found = await violations(history)

    assert found_by <= set(found), found
    assert all(detail for detail in found.values()), "an operator is told where to look"


def _without_checks(statement: str) -> list[str]:
    """Drop the constraints that would refuse what is planted: they are tested elsewhere."""
    return [
        "ALTER TABLE payment.balance DROP CONSTRAINT no_overdraft",
        "ALTER TABLE payment.hold DROP CONSTRAINT hold_account_id_fkey, DROP CONSTRAINT hold_check1",
        *statement.split("; "),
    ]

"""What the application's role cannot do to the books, whatever SQL it can run; and what their owner cannot by mistake."""

# ruff: noqa: S608 - the statements are attacks, written here
from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

from tests.factories.payment import (
    POST_SQL,
    balance,
    make_hold,
    make_liquidity,
    make_wallets,
    raw_post,
    transfer,
    violations,
)
from vibestream.contexts.payment.ledger.service import post
from vibestream.kernel.ids import AccountId, new_id
from vibestream.platform.database import Database, Tx

TABLES = (
    "account", "account_kind", "balance", "balance_snapshot", "currency", "entry", "hold", "position_mark", "seal",
    "seal_node", "sealed", "transaction",
)  # fmt: skip
IMMUTABLE = ("account", "balance_snapshot", "entry", "seal", "seal_node", "sealed", "transaction")
KEPT = (*IMMUTABLE, "balance", "hold")
# A row of each table that posting alone leaves empty.
ROWS: dict[str, LiteralString] = {
    "balance_snapshot": "INSERT INTO payment.balance_snapshot SELECT id, 1, 0 FROM payment.account LIMIT 1",
    "seal": ("INSERT INTO payment.seal VALUES (1, 0, 1, sha256('r'), sha256('p'), now(), 'k', sha512('s'), '0'::xid8)"),
    "seal_node": "INSERT INTO payment.seal_node VALUES (8, 0, sha256('n'))",
    "sealed": "INSERT INTO payment.sealed VALUES (0, gen_random_uuid(), sha256('l'))",
}
FUNCTIONS = (
    "append_seal", "expire_holds", "forget_payee", "open_accounts", "place_hold", "post", "request_hash", "take_snapshots", "void_hold",
)  # fmt: skip


@pytest.fixture
async def books(database: Database) -> tuple[AccountId, AccountId]:
    """Two wallets with some history in committed books."""
    async with database.begin() as tx:
        a, b = await make_wallets(tx, 100, 0)
        await post(tx, posting=transfer(a, b, 10))
        await make_hold(tx, a, 20)
    return a, b


@pytest.fixture
async def owner(owner_dsn: str, books: tuple[AccountId, AccountId]):
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        yield connection


async def refused(tx: Tx, statement: str, error: type[psycopg.Error] = psycopg.errors.InsufficientPrivilege) -> None:
    with pytest.raises(error):
        async with tx.savepoint():
            await tx.execute(statement)


@pytest.mark.parametrize("table", TABLES)
async def test_the_application_reads_each_table_and_writes_none(tx: Tx, table: str):
    column = {
        "account": "kind", "account_kind": "guarded", "balance": "posted", "balance_snapshot": "balance",
        "currency": "exponent", "entry": "amount", "hold": "amount", "position_mark": "position", "seal": "root",
        "seal_node": "hash", "sealed": "hash", "transaction": "kind",
    }[table]  # fmt: skip
    await tx.execute(f"SELECT * FROM payment.{table}")
    for statement in (
        f"INSERT INTO payment.{table} DEFAULT VALUES",
        f"UPDATE payment.{table} SET {column} = {column}",
        f"DELETE FROM payment.{table}",
        f"TRUNCATE payment.{table} CASCADE",
        f"LOCK TABLE payment.{table} IN ACCESS EXCLUSIVE MODE",
        f"SELECT * FROM payment.{table} FOR UPDATE",
        f"COPY payment.{table} FROM STDIN",
        f"ALTER TABLE payment.{table} DISABLE TRIGGER ALL",
        f"ALTER TABLE payment.{table} OWNER TO vibestream_app",
        f"ALTER TABLE payment.{table} ADD COLUMN mine int",
        f"DROP TABLE payment.{table}",
        f"CREATE TRIGGER mine BEFORE INSERT ON payment.{table} EXECUTE FUNCTION payment.refuse_change()",
        f"CREATE RULE mine AS ON INSERT TO payment.{table} DO INSTEAD NOTHING",
        f"GRANT INSERT ON payment.{table} TO vibestream_app",
    ):
        if statement.startswith("GRANT"):
            await grants_nothing(tx, statement)
        else:
            await refused(tx, statement)


async def grants_nothing(tx: Tx, statement: str) -> None:
    # PostgreSQL answers a GRANT without a right to grant with an error, or with a warning when there is some right.
    try:
        async with tx.savepoint():
            await tx.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return
    assert not await tx.value("SELECT has_table_privilege('payment.entry', 'INSERT')")


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE payment.balance DROP CONSTRAINT no_overdraft",
        "DROP TRIGGER balanced ON payment.entry",
        "DROP FUNCTION payment.post",
        "CREATE FUNCTION payment.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE payment.mine (a int)",
        "CREATE OR REPLACE FUNCTION payment.require_balanced() RETURNS trigger LANGUAGE sql AS ''",
        "ALTER FUNCTION payment.post SET search_path = public",
        "SELECT setval('payment.entry_position_seq', 1)",
        "SELECT nextval('payment.entry_position_seq')",
        "UPDATE payment.account_balance SET posted = 1",
    ],
)
async def test_the_application_cannot_loosen_the_rules(tx: Tx, statement: str):
    await refused(
        tx,
        statement,
        psycopg.errors.ObjectNotInPrerequisiteState
        if "account_balance" in statement
        else psycopg.errors.InsufficientPrivilege,
    )


@pytest.mark.parametrize(
    "call",
    [
        "payment.release_expired(ARRAY[]::uuid[])",
        "payment.reversal_fault(NULL, NULL, NULL)",
        "payment.refuse_change()",
        "payment.require_balanced()",
        "payment.resolve_once()",
    ],
)
async def test_the_application_cannot_call_what_is_internal(tx: Tx, call: str):
    await refused(tx, f"SELECT {call}")


async def test_the_application_may_execute_these_functions_and_no_others(tx: Tx):
    allowed = await tx.values(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'payment'::regnamespace "
        "AND has_function_privilege(oid, 'EXECUTE') ORDER BY proname"
    )
    assert allowed == [*FUNCTIONS]


async def test_functions_that_run_as_the_owner_fix_their_search_path(tx: Tx):
    loose = await tx.values(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'payment'::regnamespace AND prosecdef "
        "AND NOT coalesce(proconfig::text, '') LIKE '%%search_path=pg_catalog, pg_temp%%'"
    )
    assert loose == []


async def test_tables_of_the_callers_own_do_not_stand_in_for_the_ledgers(tx: Tx):
    a, b = await make_wallets(tx, 10, 0)
    await tx.execute("CREATE TEMPORARY TABLE balance AS SELECT %s::uuid AS account_id, 1000::bigint AS posted", [a])
    await tx.execute("CREATE TEMPORARY TABLE account AS SELECT %s::uuid AS id, 'VIBE' AS currency", [a])
    await tx.execute("CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'")
    await tx.execute("SET LOCAL search_path = pg_temp, payment, pg_catalog")

    assert await tx.value(POST_SQL, raw_post((a, -11), (b, 11))) == "insufficient_funds"
    assert await tx.value(POST_SQL, raw_post((a, -10), (b, 10))) == "posted"


async def test_a_person_has_an_id_and_not_just_any_text(tx: Tx):
    with pytest.raises(psycopg.errors.CheckViolation):
        await tx.execute("SELECT payment.open_accounts(%s, '{wallet}', '{somebody}', '{VIBE}')", [[new_id()]])


@pytest.mark.parametrize(("kind", "currency"), [("treasure", "VIBE"), ("issuance", "GOLD")])
async def test_the_application_opens_accounts_of_known_kinds_and_currencies(tx: Tx, kind: str, currency: str):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await tx.execute("SELECT payment.open_accounts(%s, %s, '{\"\"}', %s)", [[new_id()], [kind], [currency]])


async def test_an_account_cannot_be_opened_over_another(tx: Tx):
    (a,) = await make_wallets(tx, 10)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await tx.execute("SELECT payment.open_accounts(%s, '{liquidity}', '{mine}', '{VIBE}')", [[a]])


@pytest.mark.parametrize("table", KEPT)
async def test_even_the_owner_deletes_nothing(owner: psycopg.AsyncConnection[Any], table: str):
    if table in ROWS:
        await owner.execute(ROWS[table])
    for statement in (f"DELETE FROM payment.{table}", f"TRUNCATE payment.{table} CASCADE"):
        # CASCADE reaches other tables as well: it is this one's own guard that is looked for.
        with pytest.raises(psycopg.errors.RestrictViolation, match=rf"rows of payment\.{table} "):
            async with owner.transaction():
                await owner.execute(statement)


@pytest.mark.parametrize("table", IMMUTABLE)
async def test_even_the_owner_changes_nothing(owner: psycopg.AsyncConnection[Any], table: str):
    if table in ROWS:
        await owner.execute(ROWS[table])
    column = {
        "account": "opened_at", "balance_snapshot": "balance", "entry": "amount", "seal": "root", "seal_node": "hash",
        "sealed": "hash", "transaction": "details",
    }[table]  # fmt: skip
    with pytest.raises(psycopg.errors.RestrictViolation):
        await owner.execute(f"UPDATE payment.{table} SET {column} = {column}")


@pytest.mark.parametrize(
    "change",
    ["amount = 1", "expires_at = now()", "state = 'pending'", "account_id = gen_random_uuid()", "reason = 'x'"],
)
async def test_even_the_owner_only_resolves_a_hold(owner: psycopg.AsyncConnection[Any], change: str):
    with pytest.raises(psycopg.errors.RestrictViolation):
        await owner.execute(f"UPDATE payment.hold SET {change}")


async def test_a_hold_is_resolved_as_it_was_placed(owner: psycopg.AsyncConnection[Any]):
    with pytest.raises(psycopg.errors.RestrictViolation):
        await owner.execute("UPDATE payment.hold SET state = 'voided', resolved_at = now(), amount = 1")


async def test_a_resolved_hold_stays_as_it_was_resolved(owner: psycopg.AsyncConnection[Any]):
    await owner.execute("UPDATE payment.hold SET state = 'voided', resolved_at = now()")
    with pytest.raises(psycopg.errors.RestrictViolation):
        await owner.execute("UPDATE payment.hold SET state = 'expired'")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'voided'",
        "state = 'captured', resolved_at = now()",
        "state = 'voided', resolved_at = now(), captured = 1, captured_by = (SELECT max(id::text)::uuid FROM payment.transaction)",
        "state = 'captured', resolved_at = now(), captured = 1",
        "state = 'captured', resolved_at = now(), captured = 21, captured_by = (SELECT max(id::text)::uuid FROM payment.transaction)",
        "state = 'lost', resolved_at = now()",
    ],
)
async def test_a_hold_is_resolved_whole(owner: psycopg.AsyncConnection[Any], change: str):
    with pytest.raises(psycopg.errors.CheckViolation):
        await owner.execute(f"UPDATE payment.hold SET {change}")


ADD_LEGS = """
INSERT INTO payment.entry (transaction_id, account_id, amount, line)
SELECT {header}, account.id, CASE WHEN number = 1 THEN -5 ELSE 5 END, 100 + number
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM payment.account WHERE kind = 'wallet') AS account
"""


async def test_nobody_adds_legs_to_an_old_transaction(owner: psycopg.AsyncConnection[Any]):
    statement = ADD_LEGS.format(header="(SELECT max(id::text)::uuid FROM payment.transaction)")
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        await owner.execute(statement)
    assert refusal.value.diag.constraint_name == "written_together"


async def test_nobody_adds_legs_without_a_transaction(owner: psycopg.AsyncConnection[Any]):
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        await owner.execute(ADD_LEGS.format(header=f"'{new_id()}'::uuid"))
    assert refusal.value.diag.constraint_name == "written_together"


HEADER = """
INSERT INTO payment.transaction (id, idempotency_key, request_hash, kind, details)
VALUES (%(id)s, 'mine', sha256('x'), 'mine', '{}')
"""


@pytest.mark.parametrize(
    "change",
    [
        (
            "INSERT INTO payment.transaction (id, idempotency_key, request_hash, kind, details) "
            "VALUES (gen_random_uuid(), 'mine', 'short', 'mine', '{}')"
        ),
        "INSERT INTO payment.currency VALUES ('gold', 2)",
        "INSERT INTO payment.currency VALUES ('GOLD', 19)",
        "INSERT INTO payment.account_kind VALUES ('Not A Kind', true, true)",
        (
            "INSERT INTO payment.account (id, kind, subject, currency) "
            "VALUES (gen_random_uuid(), 'liquidity', repeat('x', 101), 'VIBE')"
        ),
        "INSERT INTO payment.balance_snapshot SELECT id, -1, 0 FROM payment.account LIMIT 1",
        "INSERT INTO payment.seal VALUES (0, 0, 1, sha256('r'), sha256('p'), now(), 'k', sha512('s'), '0')",
        "INSERT INTO payment.seal VALUES (1, 1, 1, sha256('r'), sha256('p'), now(), 'k', sha512('s'), '0')",
        "INSERT INTO payment.seal VALUES (1, 0, 1, 'short', sha256('p'), now(), 'k', sha512('s'), '0')",
        "INSERT INTO payment.seal VALUES (1, 0, 1, sha256('r'), sha256('p'), now(), 'k', 'short', '0')",
        "INSERT INTO payment.seal_node VALUES (7, 0, sha256('n'))",
        "INSERT INTO payment.sealed VALUES (-1, gen_random_uuid(), sha256('l'))",
    ],
)
async def test_even_the_owner_writes_nothing_that_makes_no_sense(owner: psycopg.AsyncConnection[Any], change: str):
    with pytest.raises(psycopg.errors.CheckViolation):
        await owner.execute(change)


@pytest.mark.parametrize(
    ("amounts", "message"),
    [((-5, 6), "sum to zero"), ((5,), "sum to zero"), ((5, -5), None)],
    ids=["unbalanced", "single", "balanced"],
)
async def test_the_sum_is_checked_under_the_function_too(
    owner: psycopg.AsyncConnection[Any],
    books: tuple[AccountId, AccountId],
    amounts: tuple[int, ...],
    message: str | None,
):
    header = {"id": new_id()}
    await owner.execute(HEADER, header)
    insert = "INSERT INTO payment.entry (transaction_id, account_id, amount, line) SELECT %s, a, m, n FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS leg (a, m, n)"
    leg = [header["id"], [*books][: len(amounts)], [*amounts]]
    if message is None:
        await owner.execute(insert, leg)
        return
    with pytest.raises(psycopg.errors.CheckViolation, match=message):
        await owner.execute(insert, leg)


async def test_legs_of_two_currencies_do_not_balance_each_other(
    owner: psycopg.AsyncConnection[Any], database: Database
):
    async with database.begin() as tx:
        vibe_account = await make_liquidity(tx)
    dollars = new_id()
    await owner.execute("SELECT payment.open_accounts(%s, '{liquidity}', '{x}', '{USD}')", [[dollars]])
    header = {"id": new_id()}
    await owner.execute(HEADER, header)
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        await owner.execute(
            "INSERT INTO payment.entry (transaction_id, account_id, amount, line) VALUES (%s, %s, -5, 1), (%s, %s, 5, 2)",
            [header["id"], vibe_account, header["id"], dollars],
        )


async def test_legs_stand_on_accounts_that_exist(owner: psycopg.AsyncConnection[Any]):
    header = {"id": new_id()}
    await owner.execute(HEADER, header)
    with pytest.raises(psycopg.errors.CheckViolation, match="accounts that exist"):
        await owner.execute(
            "INSERT INTO payment.entry (transaction_id, account_id, amount, line) VALUES (%s, %s, -5, 1), (%s, %s, 5, 2)",
            [header["id"], new_id(), header["id"], new_id()],
        )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("posted = -1, held = 0", "no_overdraft"),
        ("held = posted + 1", "no_overdraft"),
        ("held = -1", "balance_held_check"),
    ],
)
async def test_a_balance_row_is_never_overdrawn(owner: psycopg.AsyncConnection[Any], change: str, constraint: str):
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        await owner.execute(f"UPDATE payment.balance SET {change}")
    assert refusal.value.diag.constraint_name == constraint


async def test_after_all_attacks_the_books_are_right(database: Database, books: tuple[AccountId, AccountId]):
    for statement in (
        "UPDATE payment.balance SET posted = 1000000",
        "DELETE FROM payment.entry",
        "UPDATE payment.hold SET state = 'voided'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.begin() as tx:
                await tx.execute(statement)
    async with database.begin() as tx:
        assert (await balance(tx, books[0]), await balance(tx, books[1])) == ((70, 20), (10, 0))
    assert await violations(database) == {}

"""What nobody can do to pools, runs and policies by SQL: as the application's role, and as the owner by mistake."""

from __future__ import annotations

import psycopg
import pytest

from tests.factories.royalties import close, make_artist, make_listens, pays, person, reverse, run_month
from vibestream.contexts.payment.royalties import service
from vibestream.platform.database import Database, Tx

DENIED, REFUSED, CHECK = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.RestrictViolation,
    psycopg.errors.CheckViolation,
)
TABLES = (
    "royalty_advance", "royalty_exclusion", "royalty_line", "royalty_listen", "royalty_month", "royalty_payee",
    "royalty_policy", "royalty_pool", "royalty_revenue", "royalty_reversal_request", "royalty_run", "royalty_share",
    "royalty_split", "royalty_split_share", "royalty_usage", "withholding_rate",
)  # fmt: skip


async def month(tx: Tx) -> None:
    fan, song = person(), await make_artist(tx)
    await make_listens(tx, fan, song, 3)
    await close(tx, pays(fan, 1_000))
    await run_month(tx)


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        ("UPDATE payment.royalty_line SET user_centric = 0", DENIED),
        ("UPDATE payment.royalty_share SET payable = 0", DENIED),
        ("UPDATE payment.royalty_pool SET pool = 0", DENIED),
        ("UPDATE payment.royalty_revenue SET fees = 0", DENIED),
        ("UPDATE payment.royalty_policy SET pool_share_bp = 10000", DENIED),
        ("UPDATE payment.royalty_run SET usage_hash = sha256('x')", DENIED),
        ("UPDATE payment.withholding_rate SET rate_bp = 0", DENIED),
        # Nobody has agreed to a reversal, and nothing was reversed.
        ("UPDATE payment.royalty_run SET reversed_at = now(), reversal_transaction_id = transaction_id", REFUSED),
        (
            ("WITH asked AS (INSERT INTO payment.royalty_reversal_request (run_id, asked_by, reason, approved_by, approved_at) "
            "SELECT id, gen_random_uuid(), 'x', gen_random_uuid(), now() FROM payment.royalty_run RETURNING run_id) "
            "UPDATE payment.royalty_run SET reversed_at = now(), reversal_transaction_id = transaction_id"),
            REFUSED,
        ),
        (
            ("INSERT INTO payment.royalty_reversal_request (run_id, asked_by, reason, approved_by, approved_at) "
            "SELECT id, id, 'x', id, now() FROM payment.royalty_run"),
            CHECK,
        ),
        (
            ("INSERT INTO payment.royalty_share SELECT run_id, gen_random_uuid(), 9, 1, 1, 1, 0, NULL, 0, 0, 0, 0, leaf_hash "
            "FROM payment.royalty_share"),
            CHECK,
        ),
        (
            ("INSERT INTO payment.royalty_advance SELECT gen_random_uuid(), payee_id, 'USD', 5, 'mine', payee_id, now(), "
            "(SELECT transaction_id FROM payment.royalty_run) FROM payment.royalty_share"),
            CHECK,
        ),
        (
            ("INSERT INTO payment.royalty_run SELECT gen_random_uuid(), month, currency, 2, engine, policy_version, usage_hash, "
            "statements_root, pool, unallocated, made_by, made_at, (SELECT transaction_id FROM payment.royalty_pool) "
            "FROM payment.royalty_run"),
            psycopg.errors.UniqueViolation,
        ),
    ],
)  # fmt: skip
async def test_the_application_s_role_cannot_rewrite_a_month(tx: Tx, attack: str, error: type[Exception]):
    await month(tx)
    with pytest.raises(error):
        await tx.execute(attack)


@pytest.mark.parametrize("table", TABLES)
async def test_the_application_s_role_removes_nothing(tx: Tx, table: str):
    for statement in (f"DELETE FROM payment.{table}", f"TRUNCATE payment.{table} CASCADE"):  # noqa: S608 - an attack
        with pytest.raises(DENIED):
            async with tx.savepoint():
                await tx.execute(statement)


@pytest.mark.parametrize("table", ["royalty_line", "royalty_share", "royalty_pool", "royalty_run", "royalty_usage"])
async def test_even_the_owner_removes_nothing_by_mistake(database: Database, owner_dsn: str, table: str):
    async with database.begin() as tx:
        await month(tx)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        for statement in (f"DELETE FROM payment.{table}", f"TRUNCATE payment.{table} CASCADE"):  # noqa: S608 - an attack
            with pytest.raises(REFUSED):
                async with owner.transaction():
                    await owner.execute(statement)


async def test_a_reversed_run_stays_reversed(tx: Tx):
    await month(tx)
    (run,) = await service.list_runs(tx)
    await reverse(tx, run.run_id)
    for attack in (
        "UPDATE payment.royalty_run SET reversed_at = NULL, reversal_transaction_id = NULL",
        "UPDATE payment.royalty_reversal_request SET approved_by = NULL, approved_at = NULL",
        "UPDATE payment.royalty_reversal_request SET approved_by = gen_random_uuid()",
    ):
        with pytest.raises(REFUSED):
            async with tx.savepoint():
                await tx.execute(attack)

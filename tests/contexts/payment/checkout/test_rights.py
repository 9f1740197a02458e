# ruff: noqa: S608 - the tables are named here
"""Streams, keys and references are only ever added to: by the application because it may not, by its owner because of triggers."""

from __future__ import annotations

import psycopg
import pytest

from tests.contexts.payment.checkout.conftest import Shop
from vibestream.platform.database import Tx

RECORDS = ("payment_event", "payment_request", "payment_attempt", "payment_ref")


@pytest.mark.parametrize("table", [*RECORDS, "payment"])
async def test_the_application_adds_and_neither_changes_nor_deletes(tx: Tx, table: str):
    await tx.execute(f"SELECT * FROM payment.{table}")
    for statement in (
        f"UPDATE payment.{table} SET payment_id = payment_id",
        f"DELETE FROM payment.{table}",
        f"TRUNCATE payment.{table} CASCADE",
        f"ALTER TABLE payment.{table} DISABLE TRIGGER ALL",
        f"DROP TABLE payment.{table} CASCADE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with tx.savepoint():
                await tx.execute(statement)


@pytest.mark.parametrize("table", RECORDS)
async def test_even_the_owner_changes_and_deletes_nothing(stripe: Shop, owner_dsn: str, table: str):
    await stripe.opened()
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        for statement in (
            f"UPDATE payment.{table} SET payment_id = payment_id",
            f"DELETE FROM payment.{table}",
            f"TRUNCATE payment.{table} CASCADE",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                async with owner.transaction():
                    await owner.execute(statement)


async def test_a_version_is_taken_once(stripe: Shop):
    view = await stripe.opened()
    with pytest.raises(psycopg.errors.UniqueViolation):
        await stripe.do(
            lambda tx: tx.execute(
                "INSERT INTO payment.payment_event SELECT payment_id, version, type, data, at FROM payment.payment_event "
                "WHERE payment_id = %s AND version = 2",
                [view.payment_id],
            )
        )

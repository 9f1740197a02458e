"""What an error says about trying again."""

from __future__ import annotations

import psycopg
import psycopg_pool
import pytest

from vibestream.kernel.errors import Conflict, Limited, Unavailable
from vibestream.platform.database import Database
from vibestream.platform.failures import Failure, backoff_s, failure_of


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (psycopg.errors.SerializationFailure(), Failure.LOST),
        (psycopg.errors.DeadlockDetected(), Failure.LOST),
        (psycopg.errors.AdminShutdown(), Failure.LOST),
        (psycopg.errors.ConnectionFailure(), Failure.LOST),
        (psycopg.OperationalError("consuming input failed"), Failure.LOST),
        (psycopg.InterfaceError("the connection is closed"), Failure.LOST),
        (psycopg_pool.PoolTimeout(), Failure.LOST),
        (psycopg.errors.DiskFull(), Failure.PASSING),
        (psycopg.errors.LockNotAvailable(), Failure.PASSING),
        (psycopg.errors.QueryCanceled(), Failure.PASSING),
        (TimeoutError(), Failure.PASSING),
        (ConnectionRefusedError(), Failure.PASSING),
        (Unavailable("x"), Failure.PASSING),
        (Limited("x", retry_after_s=1), Failure.PASSING),
        (Conflict("x"), Failure.LASTING),
        (psycopg.errors.UniqueViolation(), Failure.LASTING),
        (psycopg.errors.RaiseException(), Failure.LASTING),
        (ZeroDivisionError(), Failure.LASTING),
    ],
)
def test_an_error_is_lost_passing_or_lasting(error: Exception, failure: Failure):
    assert failure_of(error) is failure


async def test_a_session_that_the_server_ended_is_lost(owner_dsn: str):
    with pytest.raises(psycopg.OperationalError) as raised:
        async with Database(owner_dsn) as database, database.begin() as tx:
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert failure_of(raised.value) is Failure.LOST


def test_pauses_double_up_to_the_most():
    assert [backoff_s(tries, first_s=0.5, most_s=10) for tries in (1, 2, 3, 4, 5, 6, 10_000)] == [
        0.5,
        1,
        2,
        4,
        8,
        10,
        10,
    ]

"""A real mail server, an application that sends through it, and the jobs that are waiting, run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.letterbox import Arrived
from vibestream.sandbox.mail.server import MailServer, serve

Inbox = Callable[..., Awaitable[list[Arrived]]]


@pytest.fixture
async def mail_server(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with serve(load_settings(environment=Environment.TEST, data_dir=tmp_path / "data")) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database: Database, mail_server: MailServer) -> Settings:
    return load_settings(
        environment=Environment.TEST,
        data_dir=tmp_path / "data",
        public_url="https://testserver",
        database_url=database.dsn,
        smtp_host=mail_server.host,
        smtp_port=mail_server.port,
        smtp_tls="none",
    )


async def run_jobs(database: Database, runtime: Runtime) -> int:
    """Run the jobs that were deferred, by their declared functions, in order; return how many there were."""
    async with database.begin() as tx:
        cursor = await tx.connection.execute(
            "DELETE FROM jobs.procrastinate_jobs WHERE status = 'todo' RETURNING id, task_name, args"
        )
        waiting = sorted(await cursor.fetchall())
    for _, name, arguments in waiting:
        await declared_jobs()[name](runtime, **arguments)
    return len(waiting)


@pytest.fixture
def inbox(runtime: Runtime, database: Database) -> Inbox:
    """Return a function that runs the waiting jobs and returns what has arrived for an address, the newest first."""

    async def read(to: str | None = None) -> list[Arrived]:
        await run_jobs(database, runtime)
        return letterbox.arrived(letterbox.folder_of(runtime.settings), to=to)

    return read


def code_in(message: Arrived) -> str:
    """Return the code that a message brings."""
    found = re.search(r"^(\d{4}) (\d{4})$", message.text, re.MULTILINE)
    assert found is not None, message.text
    return found[1] + found[2]

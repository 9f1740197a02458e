"""A real mail server, an application that sends through it, and the jobs that are waiting, run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.letterbox import Arrived
from vibestream.sandbox.mail.server import MailServer, serve

T = TypeVar("T")
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


class Recording(BoundedThreads):
    """Real threads that also note what they were given to do, and may do something when it is done."""

    def __init__(self) -> None:
        super().__init__(threads=2)
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.afterwards: Callable[[], Awaitable[None]] | None = None

    async def run(self, function: Callable[..., T], *args: object) -> T:
        self.calls.append((function.__name__, args))
        result = await super().run(function, *args)
        if self.afterwards is not None:
            await self.afterwards()
        return result


@pytest.fixture
def cpu() -> Iterator[Recording]:
    threads = Recording()
    yield threads
    threads.close()


@pytest.fixture
def runtime(settings: Settings, database: Database, cpu: Recording) -> Runtime:
    return Runtime(settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=cpu)


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

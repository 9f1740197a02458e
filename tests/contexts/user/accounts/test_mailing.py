"""Mail goes out by the real worker, again when the server is busy, and not again when it said never."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import pytest

from tests.contexts.user.conftest import code_in
from tests.factories.users import DEVICE, PASSWORD
from vibestream.contexts.user.accounts import service
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.server import Fault, MailServer


async def sign_up(runtime: Runtime) -> service.SignUpStarted:
    return await service.sign_up(
        runtime, email="ana@example.org", password=PASSWORD, display_name="Ana", locale="en", now=utc_now()
    )


async def work_until(runtime: Runtime, done: Callable[[], bool], database: Database) -> list[str]:
    """Run the worker until `done` and no job of ours is left, and return the states of the jobs that remain."""
    jobs = {name: job for name, job in declared_jobs().items() if name.startswith("user.mail")}
    worker = JobWorker(runtime, jobs, queues=["mail"], slots=2, schedules=False)
    running = asyncio.create_task(worker.run())
    remaining: list[str] = []
    try:
        async with asyncio.timeout(30):
            while True:
                async with database.begin() as tx:
                    remaining = await tx.value(
                        "SELECT coalesce(array_agg(status::text), '{}') FROM jobs.procrastinate_jobs"
                        " WHERE status NOT IN ('failed', 'succeeded')"
                    )
                if done() and not remaining:
                    return remaining
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running


async def test_a_code_reaches_its_owner_although_the_server_was_busy_and_lost_an_answer(
    runtime: Runtime, database: Database, mail_server: MailServer
):
    mail_server.faults = deque([Fault.BUSY, Fault.LOST_ANSWER])
    started = await sign_up(runtime)
    await work_until(runtime, lambda: len(letterbox.arrived(mail_server.folder)) == 2, database)
    second, first = letterbox.arrived(mail_server.folder)
    assert code_in(first) == code_in(second)
    ids = {line for one in (first, second) for line in one.source.splitlines() if line.startswith("Message-ID")}
    assert len(ids) == 1  # a mailbox can tell that they are one message
    async with database.begin() as tx:
        entered = await service.verify_email(
            tx,
            signing_key=runtime.settings.signing_key(),
            browser_token=started.browser_token,
            code=code_in(second),
            device=DEVICE,
            now=utc_now(),
        )
    assert entered.session.token


async def test_a_server_that_said_never_is_not_asked_again(
    runtime: Runtime, database: Database, mail_server: MailServer
):
    mail_server.faults = deque([Fault.REFUSED])
    await sign_up(runtime)
    await work_until(runtime, lambda: not mail_server.faults, database)
    assert letterbox.arrived(mail_server.folder) == []
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0


async def test_nothing_is_mailed_for_a_sign_up_that_is_rolled_back(
    runtime: Runtime, database: Database, mail_server: MailServer
):
    started = await sign_up(runtime)
    async with database.begin() as tx:
        await tx.execute("DELETE FROM jobs.procrastinate_jobs")
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as tx:
            later = utc_now() + service.CODE_GOOD_FOR
            await service.resend_code(tx, browser_token=started.browser_token, now=later)
            raise ZeroDivisionError
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0
        assert await tx.value("SELECT count(*) FROM users.sign_up") == 1

"""The worker as a whole: it knows every job and every subscription, starts, works and stops."""

from __future__ import annotations

import ast
import asyncio
import importlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.factories.bus import until
from vibestream import worker
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, SettingsInvalid, load_settings
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.postgres.migrate import SchemaBehind
from vibestream.platform.runtime import Runtime

SOURCE = Path(worker.__file__).parent
Start = Callable[[], subprocess.Popen[bytes]]


def declaring() -> Iterator[str]:
    """Yield the name of every job that the source declares."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    match decorator:
                        case ast.Call(func=ast.Name(id="job" | "periodic"), args=[ast.Constant(value=str(name)), *_]):
                            yield name
                        case _:
                            pass


def test_knows_every_job_that_the_source_declares():
    names = list(declaring())
    assert "audit" in names
    assert set(names) - set(declared_jobs()) == set()


def test_knows_every_subscription_that_a_flow_declares():
    for path in sorted((SOURCE / "flows").rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        for subscription in getattr(importlib.import_module(".".join(parts)), "SUBSCRIPTIONS", ()):
            assert subscription in worker.SUBSCRIPTIONS, f"{path.name} is not in worker.SUBSCRIPTIONS"


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def go() -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "DATABASE_URL": database.dsn,
            "VIBESTREAM_ENVIRONMENT": "test",
            "VIBESTREAM_DATA_DIR": str(tmp_path),
            "VIBESTREAM_LOG_FORMAT": "json",
        }
        command = [sys.executable, "-m", "vibestream.cli", "worker"]
        with (tmp_path / "log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stderr=log))
        return started[-1]

    yield go
    for one in started:
        one.kill()
        one.wait()


async def registered(database: Database) -> bool:
    """Say whether a worker has registered its consumers and its job workers."""
    async with database.begin() as tx:
        return bool(
            await tx.value(
                "SELECT EXISTS (SELECT FROM platform.consumer) AND EXISTS (SELECT FROM jobs.procrastinate_workers)"
            )
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_works_until_it_is_asked_to_stop(
    start: Start, database: Database, tmp_path: Path, number: signal.Signals
):
    process = start()
    await until(lambda: registered(database))
    process.send_signal(number)
    assert await asyncio.to_thread(process.wait, 15) == 0
    assert '"worker.stopping"' in (tmp_path / "log").read_text()
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_workers") == 0
        assert await tx.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vibestream-worker'") == 0


async def test_survives_its_database_being_cut_off(start: Start, owner_dsn: str, database: Database):
    process = start()
    await until(lambda: registered(database))
    for _ in range(3):
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'vibestream-worker'"
            )
        await asyncio.sleep(0.7)
    assert process.poll() is None
    process.terminate()
    assert await asyncio.to_thread(process.wait, 15) == 0


async def test_refuses_to_start_on_an_older_schema(owner_dsn: str, database: Database, tmp_path: Path):
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("UPDATE alembic_version SET version_num = '0000'")
    settings = load_settings(environment=Environment.TEST, data_dir=tmp_path, database_url=database.dsn)
    with pytest.raises(SchemaBehind):
        async with worker.open_runtime(settings):
            raise AssertionError("must not open")


async def test_needs_a_database(tmp_path: Path):
    settings = load_settings(environment=Environment.TEST, data_dir=tmp_path, database_url=None)
    with pytest.raises(SettingsInvalid, match="DATABASE_URL"):
        async with worker.open_runtime(settings):
            raise AssertionError("must not open")


async def test_every_periodic_job_runs_on_an_empty_database(runtime: Runtime):
    began = utc_now()
    for job in declared_jobs().values():
        if job.every_s is not None and not job.name.startswith("test."):
            await job(runtime)
    assert (utc_now() - began).total_seconds() < 60


async def test_a_defect_that_ends_a_part_of_it_ends_the_whole(runtime: Runtime, monkeypatch: pytest.MonkeyPatch):
    async def defective(_: JobWorker) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(JobWorker, "run", defective)
    with pytest.RaisesGroup(ZeroDivisionError, ZeroDivisionError):
        async with asyncio.timeout(10), worker.working(runtime):
            await asyncio.Event().wait()


async def test_serves_its_metrics_on_a_port_of_their_own(
    start: Start, database: Database, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("VIBESTREAM_WORKER_METRICS_PORT", str(port))
    start()
    await until(lambda: registered(database))
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert "vibestream_relay_partitions" in answer.text

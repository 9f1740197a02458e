"""The whole product as a tree of processes, for tests that start it, use it from outside, and kill it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import psycopg

from vibestream.cli.connection import embedded_root
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

_UP_WITHIN_S: Final = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Product:
    """One installation: a data folder and a port, and the supervisor that runs it now."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    supervisor: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIBESTREAM_", "DATABASE_"))}
        own = {"VIBESTREAM_DATA_DIR": str(self.folder), "VIBESTREAM_PORT": str(self.port)}
        return kept | own | {"VIBESTREAM_LOG_LEVEL": "warning"} | self.settings

    def start(self) -> float:
        """Start everything, wait until it is up, and return how many seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "vibestream.cli", "up", "--no-seed"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.supervisor.stdout is not None
        os.set_blocking(self.supervisor.stdout.fileno(), False)
        said = b""
        while b"VibeStream is up at" not in said:
            said += self.supervisor.stdout.read() or b""
            assert self.supervisor.poll() is None, (said + self.log.read_bytes())[-3000:].decode()
            assert time.monotonic() - began < _UP_WITHIN_S, (said + self.log.read_bytes())[-3000:].decode()
            time.sleep(0.02)
        return time.monotonic() - began

    def processes(self) -> list[psutil.Process]:
        """Every process of the tree, the supervisor last."""
        if self.supervisor is None:
            return []
        root = psutil.Process(self.supervisor.pid)
        return [*root.children(recursive=True), root]

    def kill(self) -> None:
        """Kill every process of the tree at once, as when the power goes, except that the disk keeps what it was given."""
        assert self.supervisor is not None
        tree = self.processes()
        for process in tree:  # stopped first, so that none can notice that another is gone
            _signal(process, signal.SIGSTOP)
        for process in tree:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(tree, timeout=20)
        self.supervisor.wait()
        self._close()

    def stop(self) -> int:
        """Stop it as Ctrl-C does, and return the exit code."""
        assert self.supervisor is not None
        self.supervisor.send_signal(signal.SIGINT)
        code = self.supervisor.wait(60)
        self._close()
        return code

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `vibestream` command on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "vibestream.cli", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def dsn(self) -> str:
        """The owner's address of its database, while it is up."""
        chosen = self.settings.get("DATABASE_OWNER_URL") or self.settings.get("DATABASE_URL")
        return chosen or embedded.locate(embedded_root(load_settings(data_dir=self.folder))).dsn()

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def close_day(self, *, receipts: int, within_s: float) -> str:
        """Close the first day that has so many receipts as soon as it has, and return it.

        A receipt is of the day in UTC on which its listen came to count, which nobody who begins to listen shortly before
        midnight knows: what is closed is the day that they are of, not the one that it is when they are there.

        Raises:
            AssertionError: no day has so many in time; says what each has.
        """
        until = time.monotonic() + within_s
        while True:
            days = self.query("SELECT epoch::text, count(*) FROM listen_reward.receipt GROUP BY epoch ORDER BY epoch")
            day = next((str(day) for day, count in days if int(str(count)) >= receipts), None)
            if day is not None:
                break
            assert time.monotonic() < until, f"{receipts} receipts of one day within {within_s} s; there are {days}"
            time.sleep(0.5)
        ran = self.run("epoch", "close", day, "--early")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return day

    def _close(self) -> None:
        if self.supervisor is not None and self.supervisor.stdout is not None:
            self.supervisor.stdout.close()
        self.supervisor = None


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Product]:
    """A product that is up for the time of the block."""
    product = Product(folder, settings=settings)
    product.start()
    try:
        yield product
    finally:
        if product.supervisor is not None:
            product.stop()


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)

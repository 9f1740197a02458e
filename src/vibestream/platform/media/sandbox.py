"""What a program that reads strangers' files may see, and as whom it runs.

With bubblewrap (Linux): new mount, process, network, IPC and host-name spaces. The child's whole file system is the
system's libraries, its own binary and the files it was given, all read-only. Without bubblewrap: resource limits, no
file writes, and, when we are root, a user of its own that owns nothing; it could still read what everybody may read.
That is warned of loudly, and refused where the settings say so.

When we are root the child runs under `SANDBOX_UID`, a number that no account has: not `nobody`, as which the embedded
database runs. When we are not, it runs as ourselves inside bubblewrap's user namespace, where nothing of ours is
mounted.

Source: bubblewrap 0.8, bwrap(1); research notes B2 (what each layer stops by itself).
"""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import structlog

from vibestream.kernel.errors import Unavailable
from vibestream.platform.config import SandboxRule

SANDBOX_UID: Final = 65_530
"""Below `nobody` (65534), above what systemd hands out to dynamic users (61184 to 65519), owned by no account."""

_LIBRARIES: Final = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")
_LAUNCH: Final = Path(__file__).with_name("launch.py")
_PROBE_TIMEOUT_S: Final = 10
_log = structlog.get_logger()


class SandboxMissing(Unavailable):
    """Media programs may only run inside bubblewrap here, and it does not work on this machine."""

    code: ClassVar[str] = "media.sandbox_missing"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            "Uploads are refused: bubblewrap does not work on this server, and its settings require it "
            "(VIBESTREAM_MEDIA_SANDBOX=require)."
        )
        self._reason = reason


@dataclass(frozen=True, slots=True)
class Program:
    """An executable and what else it must be able to read to run, each visible to it at its own path."""

    executable: Path
    needs: tuple[Path, ...] = ()
    drops_user: bool = False
    """It changes to the user it is told by itself, after it has loaded what only we may read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of one run. Files it can write: none, in any case."""

    cpu_s: int
    """Seconds of processor time over all its threads; beyond it is ended by SIGXCPU."""
    wall_s: float
    """Seconds until it is killed."""
    memory_bytes: int = 2 * 1024**3
    """Address space."""
    nice: int = 5
    """How much others go before it: media work must not make the pages slow."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How programs are run on this machine; `open_sandbox` finds out."""

    bubblewrap: Path | None
    """None: resource limits alone."""
    set_user: Path | None
    """`setpriv`, with which root's child becomes `SANDBOX_UID` inside bubblewrap; None when we are not root."""
    uid: int | None
    """As whom the child runs when we are root; None: as ourselves."""

    @property
    def isolated(self) -> bool:
        """Whether the child sees nothing but what it is given."""
        return self.bubblewrap is not None

    def command(
        self,
        program: Program,
        arguments: Sequence[str],
        *,
        reads: Sequence[Path] = (),
        limits: Limits,
        pipes: Sequence[int] = (),
    ) -> list[str]:
        """Return the command line that runs the program; start it from a thread that outlives it.

        Args:
            program: what to run.
            arguments: its arguments; it finds the files of `reads` under their own paths.
            reads: absolute paths of files and folders it may read; see `can_read`.
            limits: its ceilings.
            pipes: inherited file descriptors, which it finds as 3, 4, 5, ...
        """
        user = "-" if self.isolated else "keep" if self.uid is None or program.drops_user else str(self.uid)
        launch = [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), str(limits.cpu_s)]
        launch += [str(limits.memory_bytes), str(limits.nice), user, ",".join(map(str, pipes)), "--"]
        return [*launch, *self._inside(program, reads), str(program.executable), *arguments]

    def can_read(self, path: Path) -> bool:
        """Say whether the child could open this file where it is; else give it a copy of its own (`give`)."""
        if self.uid is None:
            return True
        readable = bool(path.stat().st_mode & stat.S_IROTH)
        return readable and (self.isolated or others_can_reach(path.parent))

    def give(self, path: Path) -> None:
        """Make a file the child's own: readable for it and, but for root, for nobody else."""
        path.chmod(0o400)
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def _inside(self, program: Program, reads: Sequence[Path]) -> list[str]:
        if self.bubblewrap is None:
            return []
        command = [str(self.bubblewrap), *_NAMESPACES]
        command += ["--cap-drop", "ALL"] if self.set_user else ["--unshare-user"]
        if self.set_user is not None:
            command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        command += ["--clearenv", "--setenv", "LANG", "C.UTF-8", "--setenv", "AV_LOG_FORCE_NOCOLOR", "1"]
        own = [program.executable, *program.needs, *([self.set_user] if self.set_user else [])]
        command += _mounts([*own, *reads])
        command += ["--remount-ro", "/", "--chdir", "/", "--"]
        if self.set_user is not None and not program.drops_user:
            user = str(self.uid)
            command += [str(self.set_user), "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all"]
        return command


_NAMESPACES: Final = (
    *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
    *("--die-with-parent", "--new-session"),
)


def open_sandbox(rule: SandboxRule) -> Sandbox:
    """Return how media programs are run here. Finds out once per process, by running one; warns once.

    Raises:
        SandboxMissing: the rule requires bubblewrap, and it does not work.
    """
    sandbox, reason = _found()
    if reason is not None and rule is SandboxRule.REQUIRE:
        raise SandboxMissing(reason=reason)
    return sandbox


def without_bubblewrap() -> Sandbox:
    """Return the sandbox of a machine that has none: limits and, for root, another user."""
    return Sandbox(bubblewrap=None, set_user=None, uid=SANDBOX_UID if os.geteuid() == 0 else None)


def others_can_reach(path: Path) -> bool:
    """Say whether a user who owns nothing may pass through every folder from the root to this one."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (path, *path.parents))


@functools.cache
def _found() -> tuple[Sandbox, str | None]:
    sandbox, reason = _look()
    if reason is not None:
        _log.warning(
            "media.sandbox.missing",
            reason=reason,
            consequence="media programs run under resource limits alone and can read what everybody on this machine may",
            remedy="install bubblewrap, or set VIBESTREAM_MEDIA_SANDBOX=require to refuse uploads",
        )
    return sandbox, reason


def _look() -> tuple[Sandbox, str | None]:
    bwrap, setpriv, true = (shutil.which(name) for name in ("bwrap", "setpriv", "true"))
    root = os.geteuid() == 0
    if bwrap is None:
        return without_bubblewrap(), "bubblewrap is not installed"
    if true is None or (root and setpriv is None):
        return without_bubblewrap(), "setpriv (util-linux) is not installed"
    sandbox = Sandbox(
        bubblewrap=Path(bwrap),
        set_user=Path(setpriv) if root and setpriv is not None else None,
        uid=SANDBOX_UID if root else None,
    )
    command = sandbox.command(Program(Path(true)), [], limits=Limits(cpu_s=5, wall_s=_PROBE_TIMEOUT_S))
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return without_bubblewrap(), f"bubblewrap did not run: {error}"
    if tried.returncode != 0:
        return without_bubblewrap(), f"bubblewrap does not work here: {tried.stderr.strip()[-300:]}"
    return sandbox, None


def _mounts(paths: Iterable[Path]) -> list[str]:
    """Return the options that show the libraries and these paths, read-only, each where it is."""
    options: list[str] = []
    made: set[Path] = {Path("/")}

    def make_folders(folder: Path) -> None:
        # bubblewrap would make them too, but closed to all others, of whom the child is one.
        for parent in reversed((folder, *folder.parents)):
            if parent not in made:
                made.add(parent)
                options.extend(["--perms", "0755", "--dir", str(parent)])

    for library in map(Path, _LIBRARIES):
        if library.is_symlink():
            options += ["--symlink", str(library.readlink()), str(library)]
        elif library.is_dir():
            make_folders(library.parent)
            options += ["--ro-bind", str(library), str(library)]
            made.add(library)
    make_folders(Path("/etc"))
    for file in ("/etc/ld.so.cache", "/etc/alternatives"):  # where the libraries are, and Debian's choice among some
        options += ["--ro-bind-try", file, file]
    for path in paths:
        if not made.isdisjoint({*path.parents} & set(map(Path, _LIBRARIES))):
            continue  # shown with the libraries
        make_folders(path.parent)
        options += ["--ro-bind", str(path.resolve()), str(path)]
    return options

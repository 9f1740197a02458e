"""A tree of processes that starts, watches and ends together.

The supervisor is the parent of every child and has one thread, so that the kernel ends the children when it dies, even
by SIGKILL (Linux; elsewhere a killed supervisor leaves them, which its next start reports by the port being in use).
Each child has a process group of its own: Ctrl-C reaches the supervisor alone, which ends the children in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import structlog

_PR_SET_PDEATHSIG: Final = 1
_STOP_TIMEOUT_S: Final = 15
_SETTLED_AFTER_S: Final = 30
"""A child that lived this long is restarted at once when it dies; one that did not waits longer each time."""
_MOST_WAIT_S: Final = 30

_libc = ctypes.CDLL(None, use_errno=True)
_log = structlog.get_logger()


def die_with_parent(death_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent's thread ends; does nothing outside Linux."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal)


@dataclass(slots=True)
class Child:
    """A program to keep running, and the process that runs it now."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    once: bool = False
    """Run it to its end; do not start it again."""
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    restart_at_s: float = 0.0

    def start(self) -> None:
        """Start the program; it gets nothing on standard input and shares our output."""
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
        )
        self.started_s = time.monotonic()

    def stop(self) -> None:
        """Ask the program to end, wait for it, and kill its whole group when it takes too long."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                _log.warning("supervisor.child.killed", child=self.name, after_s=_STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):  # the usual case: the group ended with its leader
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(slots=True)
class Supervisor:
    """Keeps children running until it is told to stop. `ended` says why the tree must end, for what it cannot restart."""

    ended: Callable[[], str | None] = field(default=lambda: None)
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    _wake: tuple[int, int] = field(default_factory=os.pipe)

    def __post_init__(self) -> None:
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def add(self, child: Child) -> None:
        """Start a child and keep it running."""
        child.start()
        self.children.append(child)

    def wait(self, timeout_s: float) -> bool:
        """Watch the children for a while, and return whether to go on (False: stop was asked for or is needed)."""
        deadline = time.monotonic() + timeout_s
        while not self.stopping:
            reason = self.ended()
            if reason is not None:
                _log.error("supervisor.ended", reason=reason)
                return False
            for child in self.children:
                self._revive(child)
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            self._sleep(min(left, 1.0))
        return False

    def stop(self) -> None:
        """End the children, the last one started first."""
        self.stopping = True
        for child in reversed(self.children):
            child.stop()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _sleep(self, timeout_s: float) -> None:
        if select.select([self._wake[0]], [], [], timeout_s)[0]:
            os.read(self._wake[0], 4096)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.once:
            return
        if child.process is not None and child.process.poll() is not None:
            settled = now - child.started_s > _SETTLED_AFTER_S
            child.failures = 1 if settled else child.failures + 1
            child.restart_at_s = now + min(2.0 ** (child.failures - 1) - 1, _MOST_WAIT_S)
            _log.warning("supervisor.child.ended", child=child.name, code=child.process.returncode)
            child.process = None
        if child.process is None and now >= child.restart_at_s:
            child.start()

"""Run a program under limits: executed as a script (`python -I -S launch.py ...`), never imported.

Python's own `preexec_fn` runs between fork and exec of a process with threads, where any lock may be held for ever; a
program that sets the limits and then becomes the other program has no such moment. Standard library only, and little of
it: it costs every child some milliseconds.

Arguments: PARENT_PID CPU_S MEMORY_BYTES NICE UID PIPES -- PROGRAM ARGUMENT...

    UID     the number of the user and group to become, or `keep`; either way the program dies with the parent. `-` does
            neither, because bubblewrap, which is run next, does both.
    PIPES   numbers of inherited file descriptors, comma separated; the program finds them as 3, 4, 5, ...
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_FIRST_PIPE = 3
_OUT_OF_THE_WAY = 64
_MOST_FILES = 256
_MOST_PROCESSES = 512


def main(arguments: list[str]) -> None:
    """Set what the arguments say and become the program."""
    parent, cpu_s, memory, nice, uid, pipes = arguments[:6]
    program = arguments[7:]
    _place([int(number) for number in pipes.split(",") if number])
    _limit(int(cpu_s), int(memory))
    os.nice(int(nice))
    if uid != "-":
        end_with_parent = _end_with_parent()  # made first: the other user may not be able to load it
        _become(uid)
        end_with_parent()  # called last: a change of user clears it
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")
    os.execve(program[0], program, {"LANG": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"})  # noqa: S606 - that is its purpose


def _place(pipes: list[int]) -> None:
    aside = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for number in pipes]
    for position, number in enumerate(aside):
        os.dup2(number, _FIRST_PIPE + position)
    last = _FIRST_PIPE + len(pipes)
    os.closerange(last, max([last, *(number + 1 for number in (*aside, *pipes))]))


def _limit(cpu_s: int, memory: int) -> None:
    limits = {
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 2),
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_FSIZE: (0, 0),  # pipes are no files: nothing can be written anywhere else
        resource.RLIMIT_NOFILE: (_MOST_FILES, _MOST_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for what, limit in limits.items():
        try:
            resource.setrlimit(what, limit)
        except (OSError, ValueError):
            if sys.platform == "linux":
                raise


def _become(user: str) -> None:
    if user == "keep":
        return
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_PROCESSES, _MOST_PROCESSES))


def _end_with_parent() -> Callable[[], None]:
    if sys.platform != "linux":
        return lambda: None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call() -> None:
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return call


if __name__ == "__main__":
    main(sys.argv[1:])

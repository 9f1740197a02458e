"""The supervisor: children are restarted, stopped in order, and never outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

TREE = """
import os, sys
from vibestream.platform.processes import Child, Supervisor
supervisor = Supervisor()
for name in ("one", "two"):
    supervisor.add(Child(name, [sys.executable, "-c", sys.argv[1], name, sys.argv[2]], dict(os.environ)))
print("up", flush=True)
while supervisor.wait(timeout_s=60):
    pass
supervisor.stop()
print("stopped", flush=True)
"""
NOTES = "import os,sys,time; open(sys.argv[2]+'/'+sys.argv[1],'a').write(str(os.getpid())+chr(10))\n"
STAYS = NOTES + "time.sleep(600)"
DEAF = (
    NOTES
    + "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nimport subprocess; subprocess.Popen(['sleep','600']); time.sleep(600)"
)


def until(condition: object, *, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def started(program: str, notes: Path) -> subprocess.Popen[str]:
    tree = subprocess.Popen([sys.executable, "-c", TREE, program, str(notes)], stdout=subprocess.PIPE, text=True)
    assert tree.stdout is not None
    assert tree.stdout.readline() == "up\n"
    until(lambda: all((notes / name).exists() and (notes / name).read_text() for name in ("one", "two")))
    return tree


def pids(notes: Path, name: str) -> list[int]:
    return [int(line) for line in (notes / name).read_text().split()]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_whole_tree_in_order(tmp_path: Path, number: signal.Signals):
    tree = started(STAYS, tmp_path)

    tree.send_signal(number)

    assert tree.communicate(timeout=20)[0] == "stopped\n"
    assert all(gone(pids(tmp_path, name)[0]) for name in ("one", "two"))


def test_a_supervisor_that_is_killed_leaves_no_child(tmp_path: Path):
    tree = started(STAYS, tmp_path)

    tree.kill()
    tree.wait()

    until(lambda: all(gone(pids(tmp_path, name)[0]) for name in ("one", "two")))
    tree.communicate()


def test_a_child_that_dies_is_started_again_and_the_other_is_left_alone(tmp_path: Path):
    tree = started(STAYS, tmp_path)

    os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)
    until(lambda: len(pids(tmp_path, "one")) == 2)

    assert len(pids(tmp_path, "two")) == 1
    tree.terminate()
    tree.communicate(timeout=20)
    assert gone(pids(tmp_path, "one")[1])


@pytest.mark.slow
def test_a_child_that_does_not_listen_is_killed_with_its_own_children(tmp_path: Path):
    tree = started(DEAF, tmp_path)
    until(lambda: len(psutil.Process(tree.pid).children(recursive=True)) == 4)
    grandchildren = [child.pid for child in psutil.Process(tree.pid).children(recursive=True)]

    tree.terminate()
    tree.communicate(timeout=60)

    assert all(map(gone, grandchildren))

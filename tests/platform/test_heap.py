"""The collector of a process that serves: what it started with is put aside, and what comes later is still collected."""

from __future__ import annotations

import os
import subprocess
import sys

SETTLED = """
import gc, weakref
from vibestream.platform import heap

class Ring:
    pass

def cycle():
    one = Ring()
    one.self = one
    return weakref.ref(one)

heap.settle()
print(gc.get_freeze_count() > 1_000, gc.isenabled(), gc.get_threshold()[0])
seen = cycle()
kept = []
while seen() is not None and len(kept) < 200_000:
    kept.append([])
print(seen() is None, len(kept) < 200_000)
"""
SERVED = """
import gc
from vibestream.app import create
app = create()
print(gc.get_freeze_count() > 100_000, app.state.edge is not None)
"""
WORKED = """
import gc, uvloop
from vibestream import worker
from vibestream.platform.config import load_settings

def seen(coroutine):
    coroutine.close()
    print(gc.get_freeze_count() > 100_000)

uvloop.run = seen
worker.run(load_settings())
"""


def said(program: str) -> list[str]:
    """Run a program in a process of its own: what is put aside stays so."""
    environment = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "VIBESTREAM_ENVIRONMENT": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_was_there_is_put_aside_and_later_cycles_are_still_collected():
    assert said(SETTLED) == ["True", "True", "50000", "True", "True"]


def test_the_web_server_starts_settled():
    assert said(SERVED) == ["True", "True"]


def test_the_worker_starts_settled():
    assert said(WORKED) == ["True"]

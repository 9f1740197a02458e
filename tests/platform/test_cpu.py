"""Threads for heavy work: bounded in how many run and in how many wait."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from vibestream.platform.cpu import BoundedThreads, CpuBusy

where: ContextVar[str] = ContextVar("where", default="nowhere")


@pytest.fixture
def threads() -> Iterator[BoundedThreads]:
    pool = BoundedThreads(threads=2, waiting=1)
    yield pool
    pool.close()


async def test_returns_and_raises_what_the_call_does(threads: BoundedThreads):
    assert await threads.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 7, 0)


async def test_the_call_sees_the_callers_context(threads: BoundedThreads):
    where.set("here")
    assert await threads.run(where.get) == "here"


async def test_leaves_the_event_loop_free_and_runs_two_at_once(threads: BoundedThreads):
    both = threading.Barrier(3)
    calls = [asyncio.create_task(threads.run(both.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.to_thread(both.wait, 5)
    assert len(await asyncio.gather(*calls)) == 2


async def test_refuses_at_once_what_would_wait_too_long_and_takes_more_afterwards(threads: BoundedThreads):
    release = threading.Event()
    calls = [asyncio.create_task(threads.run(release.wait, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(CpuBusy):
        await threads.run(divmod, 7, 2)
    release.set()
    assert await asyncio.gather(*calls) == [True, True, True]
    await asyncio.sleep(0.01)
    assert await threads.run(divmod, 7, 2) == (3, 1)


async def test_a_cancelled_caller_frees_its_place_when_the_call_has_ended(threads: BoundedThreads):
    release = threading.Event()
    calls = [asyncio.create_task(threads.run(release.wait, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    release.set()
    await asyncio.sleep(0.05)
    assert await asyncio.gather(*(threads.run(divmod, 7, 2) for _ in range(3))) == [(3, 1)] * 3


async def test_closing_waits_for_what_runs_and_drops_what_waits():
    pool = BoundedThreads(threads=1, waiting=1)
    started, release, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        started.set()
        release.wait(5)
        ended.append(1)

    running, waiting = asyncio.create_task(pool.run(work)), asyncio.create_task(pool.run(work))
    await asyncio.to_thread(started.wait, 5)
    threading.Timer(0.05, release.set).start()
    await asyncio.to_thread(pool.close)
    assert ended == [1]
    await running
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a niceness for each thread")
async def test_its_threads_step_back_behind_the_event_loop_and_nothing_else_does():
    threads = BoundedThreads(threads=1)
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    inside = await threads.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    threads.close()

    assert (inside, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())) == (10, own)

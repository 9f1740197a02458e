"""Recurring work goes on through failures and is done once more at the end."""

from __future__ import annotations

import asyncio

from vibestream.platform.recurring import recurring


async def test_work_is_done_again_and_again_and_once_more_when_the_block_is_left():
    done: list[int] = []
    third = asyncio.Event()

    async def work() -> None:
        done.append(len(done))
        if len(done) == 3:
            third.set()

    async with recurring(work, name="counting", every_s=0.001):
        await asyncio.wait_for(third.wait(), timeout=5)
        before = len(done)

    assert len(done) > before
    after = len(done)
    await asyncio.sleep(0.02)
    assert len(done) == after


async def test_a_failure_does_not_end_it():
    tries: list[str] = []
    recovered = asyncio.Event()

    async def work() -> None:
        tries.append("tried")
        if len(tries) < 3:
            raise ConnectionError("away")
        recovered.set()

    async with recurring(work, name="stumbling", every_s=0.001):
        await asyncio.wait_for(recovered.wait(), timeout=5)

    assert len(tries) >= 3


async def test_a_failure_at_the_end_does_not_keep_the_process_from_going():
    tried = asyncio.Event()

    async def work() -> None:
        tried.set()
        raise ConnectionError("gone")

    async with recurring(work, name="failing", every_s=3600):
        await asyncio.sleep(0)
    assert tried.is_set()

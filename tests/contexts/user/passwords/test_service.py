"""Hashing, checking, renewing."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.factories.users import MADE_AT, PASSWORD, make_user
from vibestream.contexts.user.passwords import service
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Tx


@pytest.fixture(scope="module")
def cpu() -> Iterator[BoundedThreads]:
    threads = BoundedThreads(threads=2)
    yield threads
    threads.close()


async def made_of(cpu: BoundedThreads, password: str) -> str:
    return (await service.choose(cpu, breaches=service.Breaches(()), password=password, context=())).password_hash


async def test_hashes_by_argon2id_with_the_decided_parameters(cpu: BoundedThreads):
    made = await made_of(cpu, PASSWORD)
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await made_of(cpu, PASSWORD) != made  # salted
    assert await service.check(cpu, password=PASSWORD, stored=made) == service.Verdict(matches=True)


async def test_a_composed_and_a_decomposed_password_are_one(cpu: BoundedThreads):
    made = await made_of(cpu, "la contrasen\u0303a de Ramo\u0301n")
    assert (await service.check(cpu, password="la contrase\u00f1a de Ram\u00f3n", stored=made)).matches


@pytest.mark.parametrize("other", [PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "", "\ud800" * 20, PASSWORD * 90])
async def test_any_other_text_does_not_match(cpu: BoundedThreads, other: str):
    assert await service.check(cpu, password=other, stored=service.HASHER.hash(PASSWORD)) == service.Verdict(
        matches=False
    )


async def test_a_password_is_never_cut(cpu: BoundedThreads):
    longest = "q7#Lm2 " * 36 + "tail"
    assert len(longest) == 256
    made = await made_of(cpu, longest)
    assert (await service.check(cpu, password=longest, stored=made)).matches
    assert not (await service.check(cpu, password=longest[:-1] + "L", stored=made)).matches
    assert not (await service.check(cpu, password=longest + "x" * 1_000_000, stored=made)).matches
    with pytest.raises(service.PasswordLength):
        await made_of(cpu, longest + "x" * 1_000_000)


async def test_nobody_has_a_hash_of_the_same_cost_which_nothing_matches(cpu: BoundedThreads):
    assert extract_parameters(service.NOBODY) == extract_parameters(service.HASHER.hash("x"))
    assert not (await service.check(cpu, password="", stored=None)).matches
    assert not (await service.check(cpu, password=PASSWORD, stored=None)).matches


async def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(cpu: BoundedThreads):
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    verdict = await service.check(cpu, password=PASSWORD, stored=old)
    assert verdict.matches
    assert verdict.upgraded is not None
    assert extract_parameters(verdict.upgraded) == extract_parameters(service.NOBODY)
    assert await service.check(cpu, password=PASSWORD, stored=verdict.upgraded) == service.Verdict(matches=True)
    assert await service.check(cpu, password="wrong", stored=old) == service.Verdict(matches=False)


async def test_refusing_nobody_takes_as_long_as_refusing_somebody(cpu: BoundedThreads):
    """Processor time of the thread, so that a loaded machine does not blur it."""
    stored = service.HASHER.hash(PASSWORD)

    def seconds(of: str | None) -> float:
        began = time.thread_time()
        service._check("not the password", of)
        return time.thread_time() - began

    pairs = [(seconds(None), seconds(stored)) for _ in range(15)]
    ratio = statistics.median(nobody for nobody, _ in pairs) / statistics.median(somebody for _, somebody in pairs)
    assert 1 / 1.2 < ratio < 1.2


async def test_hashing_does_not_hold_up_the_event_loop(cpu: BoundedThreads):
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(service.check(cpu, password="x", stored=None) for _ in range(6)))
    ticking.cancel()
    assert ticks > 100


async def test_replacing_needs_the_hash_that_was_checked(tx: Tx):
    user = await make_user(tx)
    present = await service.hash_of(tx, user_id=user.user_id)
    assert present is not None
    other = service.HASHER.hash("another")
    assert not await service.replace(tx, user_id=user.user_id, old=other, new=service.Chosen(other), now=MADE_AT)
    assert await service.hash_of(tx, user_id=user.user_id) == present
    assert await service.replace(tx, user_id=user.user_id, old=present, new=service.Chosen(other), now=MADE_AT)
    assert await service.hash_of(tx, user_id=user.user_id) == other

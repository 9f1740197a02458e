"""The guard tries again with the same key, keeps a doubt until it is cleared, and holds calls back when it must."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import secrets
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from vibestream.contexts.payment.gateways.domain.port import (
    GatewayDeclined,
    GatewayUnavailable,
    OutcomeUnknown,
    UnsupportedAmount,
)
from vibestream.contexts.payment.gateways.gateway.coinbase import CoinbaseGateway
from vibestream.contexts.payment.gateways.gateway.guard import Guarded

UNKNOWN, UNAVAILABLE = OutcomeUnknown("?"), GatewayUnavailable("-")
DECLINED, UNSUPPORTED = GatewayDeclined("no", reason="card_declined"), UnsupportedAmount("odd")


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Script:
    """Attempts that end as they are told, the last one for ever."""

    def __init__(self, *ends: Exception | str) -> None:
        self.ends = list(ends)
        self.made = 0

    async def __call__(self) -> str:
        end = self.ends[min(self.made, len(self.ends) - 1)]
        self.made += 1
        if isinstance(end, Exception):
            raise end
        return end


@functools.cache
def adapter() -> CoinbaseGateway:
    """A gateway that lends its name; no test here has it speak to anybody."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    return CoinbaseGateway(key_id="k", private_key=key, webhook_secret="s")


def guarded(clock: Clock) -> Guarded:
    return Guarded(adapter(), attempt_s=0.2, clock=clock, sleep=clock.sleep)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Guarded:
    return guarded(clock)


async def opened(guard: Guarded) -> None:
    """Have the breaker open."""
    while guard.healthy:
        with pytest.raises((OutcomeUnknown, GatewayUnavailable)):
            await guard.call("capture", Script(UNAVAILABLE), again=False)


async def test_what_may_have_happened_is_asked_for_again_until_there_is_a_clear_answer(guard: Guarded, clock: Clock):
    script = Script(UNKNOWN, UNAVAILABLE, "done")

    assert await guard.call("capture", script) == "done"

    assert script.made == 3
    assert [0.1 <= clock.slept[0] <= 0.2, 0.2 <= clock.slept[1] <= 0.4] == [True, True]


async def test_a_doubt_stays_until_a_clear_answer_though_the_last_attempt_could_not_be_made(guard: Guarded):
    with pytest.raises(OutcomeUnknown):
        await guard.call("capture", Script(UNKNOWN, UNAVAILABLE))
    with pytest.raises(GatewayDeclined):
        await guard.call("capture", Script(UNKNOWN, DECLINED))


@pytest.mark.parametrize("end", [DECLINED, UNSUPPORTED])
async def test_a_clear_no_is_not_asked_for_again(guard: Guarded, end: Exception):
    script = Script(end)

    with pytest.raises(type(end)):
        await guard.call("capture", script)

    assert script.made == 1


async def test_refusals_never_open_the_breaker(guard: Guarded):
    for _ in range(50):
        with pytest.raises(GatewayDeclined):
            await guard.call("capture", Script(DECLINED))

    assert guard.healthy


async def test_when_half_the_answers_fail_calls_are_held_back_without_an_attempt(guard: Guarded):
    await opened(guard)
    script = Script("done")

    with pytest.raises(GatewayUnavailable):
        await guard.call("capture", script)

    assert script.made == 0
    assert REGISTRY.get_sample_value("vibestream_gateway_breaker_open", {"gateway": "coinbase"}) == 1


async def test_after_the_pause_one_of_twenty_calls_at_once_goes_through_and_closes_it(guard: Guarded, clock: Clock):
    await opened(guard)
    clock.now += 5
    arrived = asyncio.Event()

    async def slow() -> str:
        started.append(1)
        await arrived.wait()
        return "done"

    started: list[int] = []
    calls = [asyncio.create_task(guard.call("capture", slow)) for _ in range(20)]
    await asyncio.sleep(0.02)
    assert len(started) == 1
    arrived.set()
    ends = await asyncio.gather(*calls, return_exceptions=True)

    assert ends.count("done") == 1
    assert sum(isinstance(end, GatewayUnavailable) for end in ends) == 19
    assert guard.healthy
    assert await guard.call("capture", Script("again")) == "again"


async def test_a_probe_whose_task_is_cancelled_gives_its_place_to_another(guard: Guarded, clock: Clock):
    await opened(guard)
    clock.now += 5
    probe = asyncio.create_task(guard.call("capture", asyncio.Event().wait))
    await asyncio.sleep(0.01)
    assert not guard.healthy
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)

    assert await guard.call("capture", Script("done")) == "done"


async def test_an_attempt_without_an_answer_is_in_doubt_when_it_changes_something(guard: Guarded):
    async def never() -> str:
        return str(await asyncio.Event().wait())

    with pytest.raises(OutcomeUnknown):
        await guard.call("capture", never, again=False)
    with pytest.raises(GatewayUnavailable):
        await guard.call("retrieve", never, changes=False, again=False)


async def test_nobody_waits_for_attempts_without_end(guard: Guarded, clock: Clock):
    async def late() -> str:
        clock.now += 31
        raise UNKNOWN

    with pytest.raises(OutcomeUnknown):
        await guard.call("capture", late)
    assert clock.slept == []


async def test_the_budget_ends_retries_long_before_the_callers_end(guard: Guarded, clock: Clock):
    made = 0
    for _ in range(60):
        for _ in range(3):
            await guard.call("capture", Script("done"))
        flaky = Script(UNKNOWN, "done")
        try:
            await guard.call("capture", flaky)
        except OutcomeUnknown:
            assert flaky.made == 1
        made += flaky.made

    assert 60 < made <= 60 + 10 + 240 // 10


async def test_a_defect_is_passed_on_and_says_nothing_of_the_gateway(guard: Guarded):
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            await guard.call("capture", Script(ZeroDivisionError()))

    assert guard.healthy


async def test_calls_and_their_outcomes_are_counted(guard: Guarded):
    def count(outcome: str) -> float:
        labels = {"gateway": "coinbase", "operation": "counted", "outcome": outcome}
        return REGISTRY.get_sample_value("vibestream_gateway_calls_total", labels) or 0.0

    before = [count(word) for word in ("well", "declined", "unknown", "unavailable", "unsupported")]
    for script in (
        Script("done"),
        Script(DECLINED),
        Script(UNKNOWN, "done"),
        Script(UNAVAILABLE, "done"),
        Script(UNSUPPORTED),
    ):
        with contextlib.suppress(GatewayDeclined, UnsupportedAmount):
            await guard.call("counted", script)

    after = [count(word) for word in ("well", "declined", "unknown", "unavailable", "unsupported")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 1, 1, 1, 1]


ENDS: dict[str, Callable[[], Exception | str]] = {
    "done": lambda: "done",
    "unknown": lambda: OutcomeUnknown("?"),
    "unavailable": lambda: GatewayUnavailable("-"),
    "declined": lambda: GatewayDeclined("no", reason="x"),
}


@given(ends=st.lists(st.sampled_from(sorted(ENDS)), min_size=3, max_size=3))
async def test_of_any_three_attempts_the_first_clear_one_counts_and_without_one_any_doubt_does(ends: list[str]):
    clock = Clock()
    guard, script = guarded(clock), Script(*(ENDS[end]() for end in ends))
    clear = next((end for end in ends if end in ("done", "declined")), None)

    said = await _said(guard.call("capture", script))

    assert said == (clear or ("unknown" if "unknown" in ends else "unavailable"))
    assert script.made == (ends.index(clear) + 1 if clear else 3)


async def _said(call: Awaitable[str]) -> str:
    try:
        return await call
    except OutcomeUnknown:
        return "unknown"
    except GatewayUnavailable:
        return "unavailable"
    except GatewayDeclined:
        return "declined"

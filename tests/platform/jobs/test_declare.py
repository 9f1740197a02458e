"""Declaring jobs and schedules, and the mistakes that are refused at once."""

from __future__ import annotations

import pytest

from vibestream.platform.jobs import declared_jobs, job, periodic
from vibestream.platform.runtime import Runtime


async def nothing(runtime):
    raise AssertionError("not called here")


@pytest.mark.parametrize(
    ("every_s", "cron"),
    [
        (1, "* * * * * */1"),
        (30, "* * * * * */30"),
        (60, "*/1 * * * *"),
        (900, "*/15 * * * *"),
        (3600, "0 */1 * * *"),
        (21_600, "0 */6 * * *"),
        (86_400, "0 0 * * *"),
    ],
)
def test_a_schedule_is_a_cron_line(every_s, cron):
    assert periodic(f"test.every_{every_s}", every_s=every_s)(nothing).cron == cron


@pytest.mark.parametrize("every_s", [0, -5, 7, 90, 420, 5000, 18_000, 172_800])
def test_refuses_a_schedule_that_the_clock_cannot_tick(every_s):
    with pytest.raises(ValueError, match="cannot tick"):
        periodic("test.untickable", every_s=every_s)


def test_a_name_is_declared_once():
    job("test.named")(nothing)
    with pytest.raises(ValueError, match=r"There is a job test.named already"):
        job("test.named")(nothing)
    assert declared_jobs()["test.named"].function is nothing
    assert declared_jobs()["test.named"].cron is None


async def test_calling_a_job_runs_it(runtime: Runtime):
    seen = []

    async def double(given, *, n):
        seen.append((given, 2 * n))

    await job("test.double")(double)(runtime, n=21)
    assert seen == [(runtime, 42)]

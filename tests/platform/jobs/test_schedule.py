"""The schedule, under a clock that jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from vibestream.platform.jobs.schedule import Schedule

NOON = datetime(2026, 11, 25, 12, 0, 3, tzinfo=UTC)


@pytest.fixture
def schedule() -> Schedule:
    app = App(connector=InMemoryConnector())

    async def work(timestamp: int) -> None:
        raise AssertionError(timestamp)

    for name, cron in (("seconds", "* * * * * */10"), ("minutes", "*/5 * * * *"), ("days", "0 0 * * *")):
        app.periodic(cron=cron)(app.task(name=name)(work))
    return Schedule(registry=app.periodic_registry)


def due(schedule: Schedule, at: datetime) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for task, tick in schedule.get_previous_tasks(at=at.timestamp()):
        found.setdefault(task.task.name, []).append(datetime.fromtimestamp(tick, UTC))
    return found


def test_each_tick_is_deferred_once(schedule: Schedule):
    noon = NOON.replace(second=0)
    assert due(schedule, NOON) == {"seconds": [noon], "minutes": [noon], "days": [noon.replace(hour=0)]}
    assert due(schedule, NOON + timedelta(seconds=4)) == {}
    assert due(schedule, NOON + timedelta(seconds=9)) == {"seconds": [noon + timedelta(seconds=10)]}


def test_a_worker_that_was_not_up_at_midnight_does_what_is_done_once_a_day_when_it_is(schedule: Schedule):
    evening = NOON.replace(hour=23)
    assert due(schedule, evening)["days"] == [NOON.replace(hour=0, second=0)]
    assert "days" not in due(schedule, evening + timedelta(minutes=30))


def test_a_clock_that_is_set_back_keeps_nothing_waiting(schedule: Schedule):
    due(schedule, NOON)
    earlier = NOON - timedelta(hours=3)
    assert due(schedule, earlier) == {"seconds": [earlier.replace(second=0)], "minutes": [earlier.replace(second=0)]}
    assert due(schedule, earlier + timedelta(seconds=10)) == {"seconds": [earlier.replace(second=10)]}


def test_a_machine_that_slept_takes_the_latest_tick_alone(schedule: Schedule):
    due(schedule, NOON)
    later = NOON + timedelta(days=40)
    now = later.replace(second=0)
    assert due(schedule, later) == {"seconds": [now], "minutes": [now], "days": [now.replace(hour=0)]}


def test_a_machine_that_slept_over_midnight_takes_the_day_up_when_it_wakes(schedule: Schedule):
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    assert due(schedule, midnight + timedelta(seconds=3))["days"] == [midnight]
    morning = due(schedule, midnight + timedelta(days=1, hours=9))
    assert morning["days"] == [midnight + timedelta(days=1)]


def test_a_clock_that_is_set_back_over_midnight_brings_no_day_again(schedule: Schedule):
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    due(schedule, midnight + timedelta(minutes=30, seconds=3))
    due(schedule, midnight + timedelta(days=1, seconds=3))
    assert "days" not in due(schedule, midnight + timedelta(hours=23, seconds=3))

"""Listens are counted once, in the month in which they were heard, or in the first that is still open."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import psycopg
import pytest

from tests.factories.royalties import (
    AFTER,
    HEARD,
    MONTH,
    NEXT,
    close,
    make_artist,
    make_listen,
    make_listens,
    pays,
    person,
)
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.domain.months import InvalidMonth, month_of, next_month, parse_month
from vibestream.contexts.payment.royalties.domain.usage import Usage, UsageRow
from vibestream.contexts.payment.royalties.store.usage import load_usage
from vibestream.platform.database import Database, Tx


async def usage(tx: Tx) -> list[str]:
    return await tx.values(
        """
        SELECT concat_ws(' ', month, heard_month, listens, heard_ms) FROM payment.royalty_usage
        ORDER BY month, heard_month, listens
        """
    )


async def test_a_listen_is_counted_once_however_often_it_is_told(tx: Tx):
    fan, song = person(), await make_artist(tx)
    first, second = make_listen(fan, song), make_listen(fan, song, heard_ms=45_000)

    assert await service.count_listens(tx, listens=[first, second, first]) == 2
    assert await service.count_listens(tx, listens=[second, first]) == 0
    assert await usage(tx) == ["2026-11-01 2026-11-01 2 105000"]


async def test_months_begin_and_end_in_utc(tx: Tx):
    fan, song = person(), await make_artist(tx)
    last = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    in_tokyo = datetime(2026, 12, 1, 8, 0, tzinfo=timezone(timedelta(hours=9)))
    await service.count_listens(
        tx,
        listens=[
            make_listen(fan, song, at=last),
            make_listen(fan, song, at=last + timedelta(microseconds=1)),
            make_listen(fan, song, at=in_tokyo),
        ],
    )
    assert await usage(tx) == ["2026-11-01 2026-11-01 2 120000", "2026-12-01 2026-12-01 1 60000"]


async def test_a_late_listen_counts_in_the_open_month_and_says_when_it_was_heard(tx: Tx):
    fan, song = person(), await make_artist(tx)
    await make_listens(tx, fan, song, 2)
    await close(tx, pays(fan, 1_000))
    await make_listens(tx, fan, song, 3)

    assert await usage(tx) == ["2026-11-01 2026-11-01 2 120000", "2026-12-01 2026-11-01 3 180000"]


async def test_a_listen_that_is_told_again_after_its_month_was_closed_is_not_counted_again(tx: Tx):
    fan, song = person(), await make_artist(tx)
    listen = make_listen(fan, song)
    await service.count_listens(tx, listens=[listen])
    await close(tx, pays(fan, 1_000))

    assert await service.count_listens(tx, listens=[listen]) == 0
    assert await usage(tx) == ["2026-11-01 2026-11-01 1 60000"]


async def test_nothing_is_counted_of_nothing(tx: Tx):
    assert await service.count_listens(tx, listens=[]) == 0


async def test_an_instant_without_a_time_zone_is_in_no_month(tx: Tx):
    naive = make_listen(person(), await make_artist(tx), at=HEARD.replace(tzinfo=None))
    with pytest.raises(InvalidMonth):
        await service.count_listens(tx, listens=[naive])


async def test_the_owner_of_a_track_is_who_was_said_first(tx: Tx):
    song, thief = await make_artist(tx), person()
    await service.register_track(
        tx,
        track_id=song.track_id,
        artist_id=make_listen(thief, song).artist_id,
        owner_user_id=thief,
        title="Mine",
        isrc="X",
    )
    assert await tx.value(
        "SELECT owner_user_id || ' ' || title || ' ' || isrc FROM payment.royalty_track WHERE track_id = %s", [song.track_id]
    ) == f"{song.user_id} Mine X"  # fmt: skip


async def test_counting_and_closing_exclude_each_other(database: Database):
    """Whoever counts first is waited for and is in the month; whoever comes later is in the next."""
    async with database.begin() as tx:
        fan, song = person(), await make_artist(tx)
        await make_listens(tx, fan, song, 1)

    async def close_it() -> None:
        async with database.begin() as tx:
            await close(tx, pays(fan, 1_000))

    async with database.begin() as counting:
        await make_listens(counting, fan, song, 1)
        closing = asyncio.create_task(close_it())
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing
    async with database.begin() as tx:
        await make_listens(tx, fan, song, 1)
        assert await usage(tx) == ["2026-11-01 2026-11-01 2 120000", "2026-12-01 2026-11-01 1 60000"]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE payment.royalty_usage SET listens = 1000000",
        "INSERT INTO payment.royalty_usage SELECT month, gen_random_uuid(), track_id, heard_month, 9, 9 FROM payment.royalty_usage",
        "INSERT INTO payment.royalty_listen SELECT gen_random_uuid(), month, listener_id, track_id, heard_at, 1 FROM payment.royalty_listen",
    ],
)
async def test_a_closed_month_is_closed_for_whatever_sql_the_application_runs(tx: Tx, attack: str):
    fan, song = person(), await make_artist(tx)
    await make_listens(tx, fan, song, 2)
    await close(tx, pays(fan, 1_000))
    with pytest.raises(psycopg.errors.RestrictViolation, match="closed"):
        await tx.execute(attack)


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        ("UPDATE payment.royalty_month SET closed_at = NULL", psycopg.errors.RestrictViolation),
        ("UPDATE payment.royalty_month SET closed_at = now()", psycopg.errors.RestrictViolation),
        ("DELETE FROM payment.royalty_usage", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.royalty_listen", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.royalty_month", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.royalty_track SET owner_user_id = gen_random_uuid()", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.royalty_usage SET listener_id = gen_random_uuid()", psycopg.errors.InsufficientPrivilege),
        ("ALTER TABLE payment.royalty_usage DISABLE TRIGGER ALL", psycopg.errors.InsufficientPrivilege),
    ],
)
async def test_the_application_cannot_rewrite_what_was_heard(tx: Tx, attack: str, error: type[Exception]):
    fan, song = person(), await make_artist(tx)
    await make_listens(tx, fan, song, 2)
    await close(tx, pays(fan, 1_000))
    with pytest.raises(error):
        await tx.execute(attack)


def test_months_are_named_by_their_first_day():
    assert (parse_month("2026-11"), next_month(MONTH), next_month(NEXT)) == (MONTH, NEXT, date(2027, 1, 1))
    assert month_of(AFTER) == NEXT


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-1",
        "26-11",
        "2026-11-01",
        "",
        "\uff12\uff10\uff12\uff16-11",
        "0000-01",
        "+026-11",
        "1999-12",
        "9999-12",
    ],
)
def test_a_month_is_written_in_one_way(text: str):
    with pytest.raises(InvalidMonth):
        parse_month(text)


@pytest.mark.parametrize("page", [1, 2, 3, 1_000])
async def test_usage_is_read_whole_page_by_page(tx: Tx, monkeypatch: pytest.MonkeyPatch, page: int):
    monkeypatch.setattr("vibestream.contexts.payment.royalties.store.usage._PAGE", page)
    fans, songs = [person() for _ in range(3)], [await make_artist(tx) for _ in range(3)]
    heard = {}
    for number, fan in enumerate(fans):
        for place, song in enumerate(songs[number:]):
            at = HEARD if (number + place) % 2 else HEARD - timedelta(days=31)
            await make_listens(tx, fan, song, number + place + 1, at=at)
            heard[fan, song.track_id, month_of(at)] = number + place + 1
    await tx.execute("UPDATE payment.royalty_usage SET heard_ms = listens * 5")
    found = {}
    for month in (MONTH, date(2026, 10, 1)):
        usage = await load_usage(tx, month)
        rows = zip(usage.listener, usage.claim, usage.listens, usage.heard_ms, strict=True)
        for listener, claim, listens, heard_ms in rows:
            one = usage.claims[claim]
            found[usage.listeners[listener], one.track_id, one.heard_month] = int(listens)
            assert heard_ms == listens * 5
        again = Usage.of(
            UsageRow(usage.listeners[a], usage.claims[b], int(c), int(d))
            for a, b, c, d in zip(usage.listener, usage.claim, usage.listens, usage.heard_ms, strict=True)
        )
        assert (again.digest(), again.listeners, again.claims) == (usage.digest(), usage.listeners, usage.claims)
    assert found == heard


async def test_a_month_that_nobody_heard_anything_in_is_read_too(tx: Tx):
    usage = await load_usage(tx, MONTH)
    assert (len(usage), usage.listeners, usage.claims) == (0, (), ())

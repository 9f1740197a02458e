"""Reading a list page by page."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platform.http.test_problems import is_problem
from vibestream.platform.access import ANYONE
from vibestream.platform.http.cursors import Cursor, CursorKey, InvalidCursor
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

KEY = CursorKey.of(b"a key of this test, long enough for all")
values = st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20) | st.uuids() | st.datetimes(timezones=st.just(UTC)),
    max_size=4,
).map(tuple)


@given(values)
def test_a_cursor_is_read_back_as_it_was(position):
    assert Cursor.decode(Cursor(position).encode(key=KEY, scope="/list"), key=KEY, scope="/list").values == position


@given(values, st.integers(0), st.integers(1, 255))
def test_a_cursor_with_any_byte_changed_is_refused(position, at, change):
    text = Cursor(position).encode(key=KEY, scope="/list")
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[at % len(raw)] ^= change
    forged = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        Cursor.decode(forged, key=KEY, scope="/list")


@pytest.mark.parametrize("text", ["", "a", "!!!!", "AAAA", "A" * 1000, "=", "é", "\0"])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(InvalidCursor):
        Cursor.decode(text, key=KEY, scope="/list")


def test_a_cursor_is_good_for_its_list_and_its_deployment_only():
    text = Cursor((1,)).encode(key=KEY, scope="/list")
    with pytest.raises(InvalidCursor):
        Cursor.decode(text, key=KEY, scope="/other")
    with pytest.raises(InvalidCursor):
        Cursor.decode(text, key=CursorKey.of(b"the key of another deployment, as long"), scope="/list")


def test_a_cursor_is_made_the_same_for_ever():
    """Worked out once: HMAC-SHA-256 under HMAC(signing key, "vibestream cursor v1"), of "/list", NUL and the JSON."""
    position = (datetime(2026, 11, 24, 9, tzinfo=UTC), UUID("01936f2e-7b3a-7000-8000-000000000001"), 7, "é")
    text = Cursor(position).encode(key=KEY, scope="/list")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert raw[16:].decode() == (
        '[["t","2026-11-24T09:00:00+00:00"],["u","01936f2e7b3a70008000000000000001"],["i",7],["s","\\u00e9"]]'
    )


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROWS = [(NOON - timedelta(minutes=number // 3), number) for number in range(25)]


@pytest.fixture
async def client(serve):
    router = Router()

    @router.get("/rows", policy=ANYONE)
    async def rows(paging: PagingDep) -> Page[int]:
        after = paging.after_values(datetime, int)
        left = [row for row in ROWS if after is None or (after[0], -after[1]) > (row[0], -row[1])]
        return paging.page(left[: paging.fetch], item=lambda row: row[1], position=lambda row: row)

    @router.get("/others", policy=ANYONE)
    async def others(paging: PagingDep) -> Page[int]:
        paging.after_values(int)
        return paging.page([], item=int, position=lambda row: (row,))

    return await serve(router)


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26, 200])
async def test_reads_every_row_once_and_stops(client, limit):
    seen, pages, cursor = [], 0, None
    while True:
        page = (await client.get("/rows", params={"limit": limit} | ({"cursor": cursor} if cursor else {}))).json()
        assert len(page["items"]) <= limit
        seen += page["items"]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == list(range(25))
    assert pages == -(-25 // limit)


async def test_a_cursor_of_another_list_or_order_is_refused(client):
    cursor = (await client.get("/rows", params={"limit": 1})).json()["next_cursor"]
    is_problem(await client.get("/others", params={"cursor": cursor}), 422, "http.invalid_cursor")
    is_problem(await client.get("/rows", params={"cursor": cursor + "A"}), 422, "http.invalid_cursor")


@pytest.mark.parametrize(("types", "position"), [((int,), (1, 2)), ((int,), ("1",)), ((datetime, int), (NOON,))])
async def test_a_cursor_of_an_older_order_is_refused(types, position):
    from vibestream.platform.http.pagination import Paging

    paging = Paging(10, Cursor(position), KEY, "/rows")
    with pytest.raises(InvalidCursor):
        paging.after_values(*types)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-1", "limit=a", "limit=1e3", "cursor=" + "A" * 1025])
async def test_a_page_that_cannot_be_is_refused(client, query):
    is_problem(await client.get(f"/rows?{query}"), 422, "http.invalid_input")


def test_instants_keep_their_zone():
    here = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert Cursor.decode(Cursor((here,)).encode(key=KEY, scope=""), key=KEY, scope="").values == (here,)

"""Bodies: how large, how slow, and what JSON may say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from tests.platform.http.test_problems import is_problem
from vibestream.platform.access import ANYONE
from vibestream.platform.http import requests
from vibestream.platform.http.requests import MAX_BODY_BYTES, MAX_DEPTH, MalformedBody, parse_json
from vibestream.platform.http.routing import Router

JSON = {"Content-Type": "application/json"}


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


async def echo(body: Anything) -> Anything:
    return body


@pytest.fixture
async def client(serve):
    router = Router()
    router.post("/echo", policy=ANYONE)(echo)
    return await serve(router)


REFUSED = {
    "cut off": b'{"a": ',
    "nothing but space": b"   ",
    "two values": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "comment": b"{} // no",
    "single quotes": b"{'a': 1}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "latin-1": '{"a": "é"}'.encode("latin-1"),
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "overlong utf-8": b'{"a": "\xc0\xaf"}',
    "surrogate in utf-8": b'{"a": "\xed\xa0\x80"}',
    "half a pair": rb'{"a": "\ud800"}',
    "half a pair, nested": rb'{"a": [{"b": ["x", "\udfff"]}]}',
    "half a pair as a name": rb'{"\ud800": 1}',
    "NUL": rb'{"a": "\u0000"}',
    "NUL as a name": rb'{"a": {"\u0000": 1}}',
    "raw NUL": b'{"a": "\0"}',
    "raw newline in a string": b'{"a": "\n"}',
    "duplicate": b'{"a": 1, "a": 1}',
    "duplicate, nested": b'{"a": {"b": 1, "c": 2, "b": 3}}',
    "duplicate, escaped": rb'{"a": 1, "\u0061": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "-Infinity": b'{"a": -Infinity}',
    "overflowing": b'{"a": 1e999}',
    "overflowing, negative": b'{"a": -1E+9999}',
    "a 41 digit integer": b'{"a": ' + b"9" * 41 + b"}",
    "an integer of a megabyte": b'{"a": ' + b"9" * 1_000_000 + b"}",
    "a fraction without end": b'{"a": 0.' + b"3" * 5_000 + b"}",
    "leading zero": b'{"a": 01}',
    "plus": b'{"a": +1}',
    "hexadecimal": b'{"a": 0x10}',
    "deep lists": b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a level too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
async def test_json_that_does_not_mean_one_thing_is_refused(client, body):
    problem = is_problem(await client.post("/echo", content=body, headers=JSON), 400, "http.malformed_body")
    assert len(problem["detail"]) < 200


ACCEPTED = {
    "empty": b"{}",
    "escapes": rb'{"a": "\"\\\/\b\f\n\r\t\u00e9\ud83c\udfb5"}',
    "a real pair": '{"a": "🎵"}'.encode(),
    "brackets in strings": b'{"a": "' + b"[{" * 500 + b'"}',
    "quotes and brackets in strings": rb'{"a": "' + rb"\"[" * 500 + rb'"}',
    "as deep as allowed": b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}",
    "wide": b'{"a": [' + b",".join([b"{}"] * 500) + b"]}",
    "the largest bigint": b'{"a": 9223372036854775807}',
    "a small fraction": b'{"a": -1.5e-10}',
    "same name in two objects": b'{"a": {"b": 1}, "c": {"b": 1}}',
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED)
async def test_json_that_means_one_thing_is_understood(client, body):
    answer = await client.post("/echo", content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (200, json.loads(body))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain, st.booleans())
def test_what_any_encoder_writes_is_read_back_the_same(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    if "\\u0000" in text:
        return
    assert parse_json(text.encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_parse_or_be_refused(body):
    try:
        parsed = parse_json(body)
    except MalformedBody:
        return
    assert parsed == json.loads(body)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "text/plain;charset=UTF-8"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
        {},
    ],
    ids=str,
)
async def test_a_body_that_is_not_declared_as_json_is_refused(client, headers):
    is_problem(await client.post("/echo", content=b"{}", headers=headers), 415, "http.unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"']
)
async def test_json_is_known_by_any_spelling_of_its_type(client, content_type):
    assert (await client.post("/echo", content=b"{}", headers={"Content-Type": content_type})).status_code == 200


async def _pieces(size: int, *, of: int = 65_536):
    for start in range(0, size, of):
        yield b"x" * min(of, size - start)


async def test_a_body_announced_as_too_large_is_refused_unread(client):
    asked = []

    async def pieces() -> AsyncIterator[bytes]:
        asked.append(1)
        yield b"x"

    headers = JSON | {"Content-Length": str(MAX_BODY_BYTES + 1)}
    problem = is_problem(await client.post("/echo", content=pieces(), headers=headers), 413, "http.body_too_large")
    assert problem["facts"] == {"limit_bytes": MAX_BODY_BYTES}
    assert asked == []


@pytest.mark.parametrize("announced", ["9" * 400, "-1", "ten", "²"])
async def test_a_length_that_is_none_is_refused_or_not_believed(client, announced):
    headers = JSON | {"Content-Length": announced.encode()}
    answer = await client.post("/echo", content=_pieces(MAX_BODY_BYTES * 3), headers=headers)
    is_problem(answer, 413, "http.body_too_large")


async def test_a_body_of_unknown_length_is_read_up_to_the_limit_and_no_further(client):
    given = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            given.append(65_536)
            yield b" " * 65_536

    is_problem(await client.post("/echo", content=endless(), headers=JSON), 413, "http.body_too_large")
    assert MAX_BODY_BYTES < sum(given) <= MAX_BODY_BYTES + 65_536


async def test_a_route_may_take_more_or_less_and_streams_what_it_takes(serve):
    router = Router()

    @router.patch("/upload", policy=ANYONE, max_body_bytes=10 * MAX_BODY_BYTES)
    async def upload(request: Request) -> list[int]:
        sizes = [len(piece) async for piece in request.stream()]
        return [len(sizes), sum(sizes)]

    @router.post("/small", policy=ANYONE, max_body_bytes=10)
    async def small(body: Anything) -> None: ...

    client = await serve(router)
    size = 10 * MAX_BODY_BYTES
    assert (await client.patch("/upload", content=_pieces(size))).json() == [161, size]  # 160 pieces and the empty last
    is_problem(await client.patch("/upload", content=_pieces(size + 1)), 413, "http.body_too_large")
    is_problem(await client.post("/small", json={"aa": 1111}), 413, "http.body_too_large")


async def test_a_body_that_stops_coming_is_not_waited_for(serve, monkeypatch):
    import asyncio

    monkeypatch.setattr(requests, "IDLE_S", 0.05)
    router = Router()
    router.post("/echo", policy=ANYONE)(echo)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    client = await serve(router)
    is_problem(await client.post("/echo", content=stuck(), headers=JSON), 408, "http.body_too_slow")


@pytest.mark.parametrize("address", ["/echo?q=a%00b", "/echo%00", "/a%00/b?x=1"])
async def test_an_address_with_a_nul_is_refused(client, address):
    is_problem(await client.get(address), 422, "http.nul_in_address")

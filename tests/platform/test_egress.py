"""Asking parties outside: nobody is led to this machine or a private network, whatever a name says."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from vibestream.platform.egress import AnswerUnusable, EgressRefused, is_outside, open_client, read_json


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("127.8.8.8", False),
        ("0.1.2.3", False), ("10.1.2.3", False), ("172.31.255.255", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True), ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False), ("2001:0:53aa:64c:0:fbff:ffff:fffe", False),
        # Of private networks by rules that the standard library does not know, or not in every version of it.
        ("fec0::1", False), ("::127.0.0.1", False), ("::ffff:0:127.0.0.1", False), ("64:ff9b:1::a9fe:a9fe", False),
        ("3fff::1", False), ("5f00::1", False), ("192.0.0.8", False), ("192.88.99.1", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_public_addresses_alone_are_outside(address: str, outside: bool):
    assert is_outside(ipaddress.ip_address(address)) is outside


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[fec0::1]/", "https://[::127.0.0.1]/", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "http://127.0.0.1/",
    ],
)  # fmt: skip
async def test_production_is_not_led_inside_however_the_address_is_written(url: str):
    async with open_client(production=True, timeout_s=2) as client:
        with pytest.raises(httpx.RequestError) as refused:
            await client.get(url)
    assert isinstance(refused.value, EgressRefused)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://192.168.1.1/", "http://93.184.216.34/"])
async def test_elsewhere_this_machine_alone_is_let_in_without_https(url: str):
    async with open_client(production=False, timeout_s=2) as client:
        with pytest.raises(EgressRefused):
            await client.get(url)


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server on this machine that answers by what its path says, and what it was sent."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head)
        body = {
            b"/good": b'{"a": 1}',
            b"/long": b"[" + b"1," * 200_000 + b"1]",
            b"/bad": b"<html>",
            b"/deep": b"[" * 90_000,
        }
        path = head.split()[1]
        where = b"location: /good\r\n" if path == b"/moved" else b""
        status = b"302 Found" if path == b"/moved" else b"200 OK"
        sent = body.get(path, b"{}")
        writer.write(
            b"HTTP/1.1 %s\r\n%scontent-length: %d\r\nconnection: close\r\n\r\n%s" % (status, where, len(sent), sent)
        )
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://localhost:{listening.sockets[0].getsockname()[1]}", heard


async def test_it_connects_to_what_it_looked_at_and_keeps_the_name(server: tuple[str, list[bytes]]):
    url, heard = server
    async with open_client(production=False, timeout_s=5) as client:
        assert await read_json(client, client.build_request("GET", f"{url}/good")) == (200, {"a": 1})
    assert f"host: {url.removeprefix('http://')}".encode() in heard[0].lower()


@pytest.mark.parametrize("path", ["/long", "/bad", "/deep"])
async def test_what_is_too_long_or_no_json_is_no_answer(server: tuple[str, list[bytes]], path: str):
    async with open_client(production=False, timeout_s=5) as client:
        with pytest.raises(AnswerUnusable):
            await read_json(client, client.build_request("GET", f"{server[0]}{path}"))


@pytest.fixture
def _py_ecc_was_imported() -> None:
    sys.setrecursionlimit(100_000)


@pytest.mark.usefixtures("_py_ecc_was_imported")
async def test_what_other_tests_import_lets_no_json_end_the_process(server: tuple[str, list[bytes]]):
    assert sys.getrecursionlimit() == 1_000
    async with open_client(production=False, timeout_s=5) as client:
        with pytest.raises(AnswerUnusable):
            await read_json(client, client.build_request("GET", f"{server[0]}/deep"))


async def test_no_redirect_is_followed(server: tuple[str, list[bytes]]):
    async with open_client(production=False, timeout_s=5) as client:
        status, _ = await read_json(client, client.build_request("GET", f"{server[0]}/moved"))
    assert status == 302
    assert len(server[1]) == 1

"""The server. It checks what the real one checks (credentials, JSON, at least one thing to look at) and answers in its words.

Source: dev.maxmind.com/minfraud/api-documentation/responses.
"""

from __future__ import annotations

import asyncio
import base64
import enum
import json
import ssl
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vibestream.kernel.ids import new_id
from vibestream.platform.config import Settings
from vibestream.sandbox.guard import refuse_in_production
from vibestream.sandbox.minfraud.certificate import make_certificate

HOST: Final = "127.0.0.1"
SCORE: Final = "/minfraud/v2.0/score"
_SLOW_S: Final = 1.0
_LARGEST: Final = 64 * 1024
_JSON: Final = "application/vnd.maxmind.com-minfraud-score+json; charset=UTF-8; version=2.0"


class Fault(enum.Enum):
    """What happens to the next question."""

    SLOW = "slow"
    """It is answered after a second."""
    BROKEN = "broken"
    """503, as a page for people."""
    PAGE = "page"
    """200, and a page for people instead of JSON."""
    LACKING = "lacking"
    """200, and JSON without a score."""
    HANG_UP = "hang_up"
    """The connection ends without an answer."""


_SPOILED: Final[dict[Fault | None, tuple[str, str, bytes]]] = {
    Fault.BROKEN: ("503 Service Unavailable", "text/html", b"<html>Try again later</html>"),
    Fault.PAGE: ("200 OK", "text/html", b"<html>Welcome to the hotel's network</html>"),
    Fault.LACKING: ("200 OK", _JSON, b"{}"),
}


@dataclass(slots=True)
class MinFraudServer:
    """A running server. `faults` are used up one per question, in order."""

    account_id: int
    licence_key: str
    authority: str
    """PEM of the certificate to believe."""
    host: str = ""
    """Host and port, as the client wants them."""
    scores: dict[str, float] = field(default_factory=dict)
    """Risk by address or mail domain; of anything else it is 1."""
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every question that was let in."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer questions on one connection until it ends."""
        try:
            while await self._answer_one(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the other side went away, or never spoke HTTP
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(min(int(headers.get("content-length", "0")), _LARGEST))
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.HANG_UP:
            return False
        if fault is Fault.SLOW:
            await asyncio.sleep(_SLOW_S)
        status, kind, answer = self._answer(head[0], headers, body, fault)
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer
        )
        return True

    def _answer(self, line: str, headers: dict[str, str], body: bytes, fault: Fault | None) -> tuple[str, str, bytes]:
        if fault in _SPOILED:
            return _SPOILED[fault]
        if line != f"POST {SCORE} HTTP/1.1":
            return _refusal("404 Not Found", "PATH_NOT_FOUND")
        expected = base64.b64encode(f"{self.account_id}:{self.licence_key}".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            return _refusal("401 Unauthorized", "AUTHORIZATION_INVALID")
        try:
            question = json.loads(body)
        except ValueError:
            return _refusal("400 Bad Request", "JSON_INVALID")
        if not isinstance(question, dict) or not set(question) - {"event"}:
            return _refusal("400 Bad Request", "REQUEST_INVALID")
        self.asked.append(question)
        return "200 OK", _JSON, json.dumps(self._score(question)).encode()

    def _score(self, question: dict[str, Any]) -> dict[str, Any]:
        address = question.get("device", {}).get("ip_address", "")
        domain = question.get("email", {}).get("domain", "")
        return {
            "id": str(new_id()),
            "risk_score": max(self.scores.get(address, 1.0), self.scores.get(domain, 1.0)),
            "funds_remaining": 100.0,
            "queries_remaining": 10_000,
            "ip_address": {"risk": self.scores.get(address, 1.0)} if address else {},
            "disposition": {"action": "accept", "reason": "default"},
            "warnings": [],
        }


@asynccontextmanager
async def serve(settings: Settings, *, account_id: int, licence_key: str) -> AsyncIterator[MinFraudServer]:
    """Serve on a free loopback port until the block ends, with a certificate of its own.

    Raises:
        SandboxRefused: this is production.
    """
    refuse_in_production(settings, part="minFraud")
    key, certificate = make_certificate(HOST)
    server = MinFraudServer(account_id=account_id, licence_key=licence_key, authority=certificate)
    with tempfile.TemporaryDirectory(prefix="vibestream-minfraud-") as folder:
        file = Path(folder) / "both.pem"
        file.touch(mode=0o600)
        file.write_text(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
    listening = await asyncio.start_server(server.converse, HOST, 0, ssl=context, limit=_LARGEST)
    async with listening:
        server.host = f"{HOST}:{listening.sockets[0].getsockname()[1]}"
        yield server
        listening.close()


def _refusal(status: str, code: str) -> tuple[str, str, bytes]:
    return status, "application/json", json.dumps({"code": code, "error": f"{code}, says the sandbox"}).encode()

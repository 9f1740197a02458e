"""Mail that comes back after a server had taken it: reports of failed delivery in the mailbox of the sender's address.

The mailbox is read by POP3. It is also where people answer: what is no such report is neither fetched whole nor deleted. A
report is believed for what it says of the message that it quotes, whose Message-ID nobody else can know.

Source: RFC 3462 and RFC 3464 (reports), RFC 3463 (status codes), RFC 1939 (POP3).
"""

from __future__ import annotations

import contextlib
import ipaddress
import poplib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from vibestream.platform.config import SettingsInvalid

MOST_AT_ONCE: Final = 100
"""Newest messages of the mailbox that are looked at in one go."""
_TIMEOUT_S: Final = 20.0
_MOST_BYTES: Final = 512 * 1024
_OURS: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.ASCII)
_REPORT: Final = re.compile(rb"^content-type:\s*multipart/report\b", re.IGNORECASE | re.MULTILINE)
_STATUS: Final = re.compile(r"(\d\.\d{1,3}\.\d{1,3})(?=[\s(]|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Returned:
    """A message of ours that was not delivered: its id, whom it was for, and the status such as `5.1.1`."""

    mail_id: UUID
    address: str
    status: str


class Mailbox:
    """An open mailbox. Every method waits: call it from a thread."""

    def __init__(self, server: poplib.POP3) -> None:
        self._server = server

    def reports(self) -> list[tuple[int, Returned | None]]:
        """Return the reports among the newest messages: their numbers, and what they say of a message of ours."""
        _, listed, _ = self._server.list()
        sizes = [(int(number), int(size)) for number, size in (line.split()[:2] for line in listed)]
        found = []
        for number, size in sizes[-MOST_AT_ONCE:]:
            _, head, _ = self._server.top(number, 0)
            if size <= _MOST_BYTES and _REPORT.search(b"\n".join(head)):
                _, lines, _ = self._server.retr(number)
                found.append((number, returned_by(b"\r\n".join(lines))))
        return found

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete messages; they are gone when the mailbox is closed."""
        for number in numbers:
            self._server.dele(number)


@contextlib.contextmanager
def mailbox(address: str) -> Iterator[Mailbox]:
    """Open the mailbox of an address such as `pop3s://user:password@pop.example`, for the time of the block.

    Raises:
        SettingsInvalid: it is none, or its password would travel unencrypted over a network.
        OSError, poplib.error_proto: it cannot be opened now, or broke.
    """
    parts = urlsplit(address)
    host, secure = parts.hostname or "", parts.scheme == "pop3s"
    if not host or not parts.username or not (secure or (parts.scheme == "pop3" and _is_loopback(host))):
        raise SettingsInvalid("VIBESTREAM_BOUNCE_MAILBOX: it is no address such as pop3s://user:password@host")
    port = parts.port or (poplib.POP3_SSL_PORT if secure else poplib.POP3_PORT)
    server = (poplib.POP3_SSL if secure else poplib.POP3)(host, port, timeout=_TIMEOUT_S)
    try:
        server.user(unquote(parts.username))
        server.pass_(unquote(parts.password or ""))
        yield Mailbox(server)
        server.quit()
    finally:
        server.close()


def returned_by(message: bytes) -> Returned | None:
    """Return what a report says of a message of ours that failed for good; None when it is no such report."""
    try:
        return _returned(message_from_bytes(message))
    except Exception:  # anybody may send anything there, and the parser meets it with whatever it likes
        return None


def _returned(report: Message) -> Returned | None:
    if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
        return None
    parts = list(report.walk())
    failed = [one for part in parts for one in _failures(part)]
    ours = next((found for part in parts if (found := _quoted(part)) is not None), None)
    if len(failed) != 1 or ours is None:  # each message of ours has one recipient
        return None
    return Returned(ours, *failed[0])


def _failures(part: Message) -> Iterator[tuple[str, str]]:
    """Yield whom a part says the message could not be delivered to, and the status."""
    if part.get_content_type() != "message/delivery-status":
        return
    blocks: Any = part.get_payload()
    for block in blocks:
        kind, _, address = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "").partition(";")
        status = _STATUS.match(str(block.get("Status", "")).strip())
        if str(block.get("Action", "")).strip().lower() == "failed" and kind.strip().lower() == "rfc822" and status:
            yield address.strip(), status[0]


def _quoted(part: Message) -> UUID | None:
    """Return the id of the message of ours that a part quotes."""
    head: Message | None = None
    if part.get_content_type() == "message/rfc822":
        inside: Any = part.get_payload()
        head = inside[0]
    elif part.get_content_type() == "text/rfc822-headers":
        head = message_from_string(str(part.get_payload()))
    found = _OURS.match(str(head.get("Message-ID", "")).strip()) if head is not None else None
    return UUID(found[1]) if found else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

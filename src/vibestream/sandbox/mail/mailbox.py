"""The mailbox that mail comes back to: real POP3 on a loopback socket, with the faults that a real one has when asked."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from vibestream.platform.config import Settings
from vibestream.sandbox.guard import LABEL, refuse_in_production

USER: Final = "returns@example.org"
PASSWORD: Final = "salt:and@water"  # noqa: S105 - of a stand-in
"""It has what has to be escaped in an address."""


class MailboxFault(enum.Enum):
    """What the mailbox does to whoever opens it."""

    BUSY = enum.auto()
    """It refuses the password, as one does that somebody else has open."""
    BREAKS = enum.auto()
    """It closes the connection before anything is deleted."""


@dataclass(slots=True)
class MailboxServer:
    """A running mailbox and the messages in it."""

    messages: list[bytes] = field(default_factory=list)
    fault: MailboxFault | None = None
    port: int = 0
    opened: int = 0

    @property
    def address(self) -> str:
        """Its address, as the setting takes it."""
        return f"pop3://returns%40example.org:salt%3Aand%40water@127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client. What it deletes is gone when it says goodbye, and not before (RFC 1939, 6)."""
        self.opened += 1
        kept = list(self.messages)
        deleted: set[int] = set()
        user = ""
        writer.write(f"+OK VibeStream {LABEL} mailbox\r\n".encode())
        while line := await reader.readline():
            word, _, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "USER":
                    user = rest
                    answer = b"+OK\r\n"
                case "PASS":
                    good = (user, rest) == (USER, PASSWORD) and self.fault is not MailboxFault.BUSY
                    answer = b"+OK\r\n" if good else b"-ERR not now\r\n"
                case "LIST":
                    sizes = b"".join(b"%d %d\r\n" % (n, len(one)) for n, one in enumerate(kept, 1))
                    answer = b"+OK\r\n" + sizes + b".\r\n"
                case "TOP":
                    head = kept[int(rest.split()[0]) - 1].partition(b"\r\n\r\n")[0]
                    answer = b"+OK\r\n" + _stuffed(head + b"\r\n") + b"\r\n.\r\n"
                case "RETR":
                    answer = b"+OK\r\n" + _stuffed(kept[int(rest) - 1]) + b"\r\n.\r\n"
                case "DELE" if self.fault is MailboxFault.BREAKS:
                    break
                case "DELE":
                    deleted.add(int(rest))
                    answer = b"+OK\r\n"
                case "QUIT":
                    gone = [kept[n - 1] for n in deleted]
                    self.messages = [one for one in self.messages if one not in gone]
                    writer.write(b"+OK\r\n")
                    break
                case _:
                    answer = b"-ERR what?\r\n"
            writer.write(answer)
        writer.close()


def _stuffed(message: bytes) -> bytes:
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in message.split(b"\r\n"))


@asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[MailboxServer]:
    """Serve a mailbox on a free port of this machine until the block ends.

    Raises:
        SandboxRefused: this is production.
    """
    refuse_in_production(settings, part="mailbox")
    box = MailboxServer()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield box

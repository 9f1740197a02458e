"""The SMTP server: real SMTP on a loopback socket, with the faults that a real server has when asked for them."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.sandbox.guard import LABEL, refuse_in_production
from vibestream.sandbox.mail import letterbox

MOST_BYTES: Final = 10 * 1024**2
_log = structlog.get_logger()


class Fault(enum.Enum):
    """What happens to the next message."""

    BUSY = "451 4.3.2 Try again later"
    """It is not taken, and may be sent again."""
    REFUSED = "550 5.1.1 No such mailbox"
    """It is never taken."""
    LOST_ANSWER = "lost answer"
    """It is kept, and the connection breaks before the sender hears of it."""


@dataclass(slots=True)
class MailServer:
    """A running server. `faults` are used up one per message, in order."""

    folder: Path
    host: str
    port: int
    faults: deque[Fault] = field(default_factory=deque)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one message for each recipient, or do what the next fault says."""
        del session
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.BUSY or fault is Fault.REFUSED:
            return str(fault.value)
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            message_id = await asyncio.to_thread(
                letterbox.keep, self.folder, content=content, to=recipient, arrived_at=utc_now()
            )
            _log.info("sandbox.mail.arrived", message_id=message_id)
        if fault is Fault.LOST_ANSWER and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 Kept in the sandbox, delivered to nobody"


@asynccontextmanager
async def serve(settings: Settings, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[MailServer]:
    """Serve SMTP until the block ends; port 0 takes a free one, which `MailServer.port` then says.

    Raises:
        SandboxRefused: this is production.
        OSError: the port is taken.
    """
    refuse_in_production(settings, part="mail server")
    handler = MailServer(letterbox.folder_of(settings), host, port)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            handler,
            hostname=f"{LABEL}.vibestream.localhost",
            ident=f"VibeStream {LABEL} mail",
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    server = await loop.create_server(protocol, host, port)
    handler.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield handler

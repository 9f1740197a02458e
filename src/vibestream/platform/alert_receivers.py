"""Where operators are told: chats, pagers and mailboxes, by apprise, which knows a hundred kinds of them by one address each.

Apprise waits in system calls and brings every vendor's client: it runs in a process of its own (`alert_sender`), which ends
with its parent and is killed when it takes too long. What a receiver does cannot keep the worker waiting, nor stay in its
memory. The addresses are secrets: they travel by a pipe, never by a command line or a log.

Of the environment that process gets nothing: no proxy is used, and no `.netrc`. An operator's own setting may well be an
address inside; it is never followed elsewhere.

Source: apprise's documentation, https://appriseit.com (addresses of receivers).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

PATIENCE_S: Final = 30.0
"""How long all receivers together may take."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "NETRC": "/dev/null", "LANG": "C.UTF-8"}
_COMMAND: Final = (sys.executable, "-m", "vibestream.platform.alert_sender")


@dataclass(frozen=True, slots=True)
class Message:
    """What operators are told; `wrong`: some of it is wrong now, else all of it is over."""

    title: str
    text: str
    wrong: bool


def addresses_of(setting: str) -> list[str]:
    """Return the addresses of receivers that a setting lists, parted by white space: addresses may hold commas."""
    return setting.split()


async def send(addresses: Sequence[str], message: Message, *, patience_s: float = PATIENCE_S) -> list[str]:
    """Send a message to each receiver and return what became of it there, in their order.

    `sent`, `failed` (it did not take the message), `unusable` (there is no such kind of receiver) or `late` (it did not
    answer in time; it may have taken the message all the same). It never raises because of a receiver, and each is sent to
    beside the others: one that hangs holds up nobody.
    """
    said = dict.fromkeys(range(len(addresses)), "late")
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a client's own log may quote an address
        env=_ENVIRONMENT,
    )
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await _told(process, addresses, message, said)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return [said[number] for number in range(len(addresses))]


async def _told(
    process: asyncio.subprocess.Process, addresses: Sequence[str], message: Message, said: dict[int, str]
) -> None:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended: nobody was told, which stands there
        process.stdin.write(json.dumps({"addresses": list(addresses), **asdict(message)}).encode())
        process.stdin.close()
    async for line in process.stdout:
        number, _, became = line.decode().strip().partition(" ")
        said[int(number)] = became

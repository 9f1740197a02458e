"""The life of one sandboxed child: its pipes, its deadline, its end.

The child is killed when the block that started it is left, however it is left. When this process is killed, the kernel
kills the child: the death signal is tied to the thread that started it, so start children from the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.media.sandbox import Limits, Program, Sandbox

_COMPLAINTS_BYTES: Final = 16_384
_PIPE_BYTES: Final = 1 << 20
_REST_S: Final = 0.01
"""Between two looks at a pipe, so that a program that writes by the kilobyte is read by the hundred: each look costs
the event loop as much as reading what it finds."""
_READER_BYTES: Final = 1 << 20
_F_SETPIPE_SZ: Final = 1031
_SHELL_SIGNAL_BASE: Final = 128


class OutputTooLarge(InvalidInput):
    """A program wrote more than it had any reason to."""

    code: ClassVar[str] = "media.output_too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__("The program that read the file wrote more than it may.")
        self.limit_bytes = limit_bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended."""

    code: int
    """Its exit code; 0 also while `killed_by` is set."""
    killed_by: signal.Signals | None
    late: bool
    """It was killed because its wall time was up."""
    complaints: str
    """The end of what it wrote to standard error, hostile text."""

    @property
    def well(self) -> bool:
        """Whether it ended by itself and content."""
        return self.code == 0 and self.killed_by is None


class Child:
    """A running program; made by `running`."""

    def __init__(
        self, process: asyncio.subprocess.Process, pipes: tuple[asyncio.StreamReader, ...], limits: Limits
    ) -> None:
        self.pipes = pipes
        """What it writes to its file descriptors 3, 4, ..., each to be read until its end or the child stalls."""
        self._process = process
        self._complaints = bytearray()
        self._late = False
        self._listening = asyncio.create_task(self._listen())
        self._deadline = asyncio.get_running_loop().call_later(limits.wall_s, self._time_is_up)

    async def ended(self) -> Ending:
        """Wait until it has ended; its pipes should be read meanwhile."""
        code = await self._process.wait()
        await self._listening
        self._deadline.cancel()
        # bubblewrap says by its own code, as a shell does, that its child was killed; but 234 is ffmpeg's "invalid".
        number = -code if code < 0 else code - _SHELL_SIGNAL_BASE
        killed_by = signal.Signals(number) if number in _SIGNALS else None
        return Ending(
            code=0 if killed_by else code,
            killed_by=killed_by,
            late=self._late,
            complaints=self._complaints.decode(errors="replace"),
        )

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End it if it has not ended, and wait until nothing of it is left."""
        self.kill()
        self._deadline.cancel()
        await self._process.wait()
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening

    def _time_is_up(self) -> None:
        self._late = True
        self.kill()

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (heard := await stream.read(_COMPLAINTS_BYTES)):
            self._complaints += heard
            del self._complaints[:-_COMPLAINTS_BYTES]


@asynccontextmanager
async def running(
    sandbox: Sandbox,
    program: Program,
    arguments: Sequence[str],
    *,
    reads: Sequence[Path] = (),
    pipes: int = 0,
    limits: Limits,
) -> AsyncIterator[Child]:
    """Run a program while the block runs, with nothing on its standard input and so many pipes to write to.

    Raises:
        OSError: the machine could not start it.
    """
    ends = [_pipe() for _ in range(pipes)]
    sources = [_Source(read) for read, _ in ends]
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *sandbox.command(program, arguments, reads=reads, limits=limits, pipes=[write for _, write in ends]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=[write for _, write in ends],
                cwd="/",
                env={},
            )
        finally:
            for _, write in ends:
                os.close(write)
        child = Child(process, tuple(source.reader for source in sources), limits)
        try:
            yield child
        finally:
            await child.close()
    finally:
        for source in sources:
            source.close()


async def read_all(reader: asyncio.StreamReader, *, limit_bytes: int) -> bytes:
    """Read a pipe to its end.

    Raises:
        OutputTooLarge: there is more than the limit.
    """
    held = bytearray()
    while chunk := await reader.read(_READER_BYTES):
        held += chunk
        if len(held) > limit_bytes:
            raise OutputTooLarge(limit_bytes=limit_bytes)
    return bytes(held)


_SIGNALS: Final = frozenset(signal.Signals)


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    with contextlib.suppress(
        OSError
    ):  # only a larger buffer: macOS has none, and a user's share of them may be used up
        fcntl.fcntl(write, _F_SETPIPE_SZ, _PIPE_BYTES)
    return read, write


class _Source(asyncio.ReadTransport):
    """The reading end of a pipe, as a stream.

    Not `loop.connect_read_pipe`: uvloop's closes the descriptor twice, and between the two another thread may have
    opened a file under the same number, whose write then fails with EBADF.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._closed = False
        self._wanted = False
        self._later: asyncio.TimerHandle | None = None
        self._buffer = memoryview(bytearray(_PIPE_BYTES))
        self.reader = asyncio.StreamReader(limit=_READER_BYTES)
        self.reader.set_transport(self)
        self.resume_reading()

    def pause_reading(self) -> None:
        """Leave in the pipe what comes: its writer waits."""
        self._wanted = False
        self._ignore()

    def resume_reading(self) -> None:
        """Take what comes."""
        self._wanted = True
        self._await()

    def is_closing(self) -> bool:
        """Say whether its end was reached, or it was closed."""
        return self._closed

    def close(self) -> None:
        """Close the pipe; whoever still reads the stream sees its end."""
        if not self._closed:
            self._ignore()
            self._closed = True
            os.close(self._descriptor)
            self.reader.feed_eof()

    def _take(self) -> None:
        try:
            count = os.readv(self._descriptor, [self._buffer])
        except BlockingIOError:
            return
        if not count:
            self.close()
            return
        self._ignore()
        self._later = self._loop.call_later(_REST_S, self._await)
        self.reader.feed_data(self._buffer[:count])

    def _await(self) -> None:
        if self._wanted and not self._closed:
            self._loop.add_reader(self._descriptor, self._take)

    def _ignore(self) -> None:
        if not self._closed:
            self._loop.remove_reader(self._descriptor)
        if self._later is not None:
            self._later.cancel()
            self._later = None

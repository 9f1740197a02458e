"""Whether a password was stolen somewhere: asked of a party that hears five hexadecimal digits of its hash, or of a file.

The digits stand for a range of hundreds of stolen passwords, all of which are sent back and compared here, so that
nobody is told which one was meant. When nobody answers, the password is taken, and the security log says so: a party
that is down must not keep people from choosing one.

Source: the range API of Have I Been Pwned, version 3: `GET /range/{first five digits of SHA-1}`, lines of
`suffix:count`, padded with suffixes of count 0 when `Add-Padding: true` is sent; its files hold lines of `hash:count`.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import httpx
import structlog

from vibestream.platform.config import Settings

PREFIX: Final = 5
_BUDGET_S: Final = 2.0
_LONGEST_ANSWER: Final = 1024 * 1024
_LINE: Final = re.compile(r"([0-9A-F]{35}):([0-9]+)")
_LONGEST_LINE: Final = 128
_log = structlog.get_logger()


class RangeUnavailable(Exception):
    """There is no answer, or one that is not in the party's words. Never leaves `Breaches`."""


class Ranges(Protocol):
    """Who knows stolen passwords."""

    async def suffixes(self, prefix: str) -> frozenset[str]:
        """Return how the SHA-1 hashes of stolen passwords that begin with five hexadecimal digits go on, in capitals.

        Raises:
            RangeUnavailable: there is no answer.
        """


class Breaches:
    """What is known of stolen passwords, by the first of several sources that answers."""

    def __init__(self, sources: Sequence[Ranges]) -> None:
        self._sources = tuple(sources)

    async def knows(self, password: str) -> bool | None:
        """Say whether a password was stolen somewhere; None: nobody could be asked. Without a source nothing is known."""
        digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
        for source in self._sources:
            try:
                return digest[PREFIX:] in await source.suffixes(digest[:PREFIX])
            except RangeUnavailable as error:
                _log.warning("user.breaches.unavailable", source=type(source).__name__, reason=str(error))
        return None if self._sources else False


class RemoteRanges:
    """A party that is asked over the network. Follows no redirect, and reads a mebibyte at most."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    async def suffixes(self, prefix: str) -> frozenset[str]:
        """Return the suffixes of a range; padding is left out.

        Raises:
            RangeUnavailable: no answer within two seconds, or not one of suffixes and counts.
        """
        try:
            async with asyncio.timeout(_BUDGET_S):
                text = await self._get(prefix)
        except (httpx.HTTPError, TimeoutError) as error:
            raise RangeUnavailable(type(error).__name__) from error
        lines = [_LINE.fullmatch(line.strip().upper()) for line in text.splitlines() if line.strip()]
        if not lines or None in lines:
            raise RangeUnavailable("not suffixes and counts")
        return frozenset(line[1] for line in lines if line is not None and int(line[2]) > 0)

    async def _get(self, prefix: str) -> str:
        headers = {"Add-Padding": "true", "Accept": "text/plain"}
        async with (
            httpx.AsyncClient(timeout=_BUDGET_S, follow_redirects=False) as client,
            client.stream("GET", f"{self._address}/{prefix}", headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise RangeUnavailable(str(answer.status_code))
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _LONGEST_ANSWER:
                    raise RangeUnavailable("too long")
            return body.decode("ascii", "replace")


class FileRanges:
    """A file of hashes in order, each line `SHA-1:count`, searched by halves: 40 gigabytes take some 35 reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def suffixes(self, prefix: str) -> frozenset[str]:
        """Return the suffixes of a range.

        Raises:
            RangeUnavailable: the file cannot be read, or is none of hashes in order.
        """
        try:
            return await asyncio.to_thread(self._find, prefix.encode())
        except OSError as error:
            raise RangeUnavailable(type(error).__name__) from error

    def _find(self, prefix: bytes) -> frozenset[str]:
        found: set[str] = set()
        with self._path.open("rb") as file:
            _go_to(file, prefix)
            for line in file:
                digest = line[:40].upper()
                if digest[:PREFIX] > prefix:
                    break
                if digest[:PREFIX] == prefix:
                    found.add(digest[PREFIX:].decode("ascii", "replace"))
        return frozenset(found)


def _go_to(file: BinaryIO, prefix: bytes) -> None:
    """Place a file of ordered lines at the first line that may begin with a prefix."""
    low, high = 0, file.seek(0, 2)
    while high - low > _LONGEST_LINE:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()  # the rest of a line that is cut
        if file.readline()[:PREFIX].upper() < prefix:
            low = middle
        else:
            high = middle
    file.seek(low)
    if low:
        file.readline()


@functools.lru_cache(maxsize=8)
def _breaches(address: str | None, path: Path | None) -> Breaches:
    sources: list[Ranges] = [] if address is None else [RemoteRanges(address)]
    return Breaches(sources if path is None else [*sources, FileRanges(path)])


def open_breaches(settings: Settings) -> Breaches:
    """Return what a deployment knows of stolen passwords: by a party, by a file, or by a file when the party is silent."""
    return _breaches(settings.password_breach_url, settings.password_breach_file)

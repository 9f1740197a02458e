"""Sealing what was posted, and publishing the heads outside the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar, Final

import structlog

from vibestream.contexts.payment.seal import service
from vibestream.contexts.payment.seal.service import Head
from vibestream.kernel.errors import Unavailable
from vibestream.kernel.signing import SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_SEALS_AT_ONCE: Final = 100
_PAGE: Final = 100
_log = structlog.get_logger()


class SealingKeyMissing(Unavailable):
    """This worker has no private key to seal with: give it VIBESTREAM_LEDGER_SEAL_KEY."""

    code: ClassVar[str] = "seal.key_missing"


@periodic("payment.seal_ledger", every_s=10)
async def seal_ledger(runtime: Runtime) -> None:
    """Seal what has settled, each seal in a transaction of its own, and publish the heads that are not yet outside.

    Raises:
        SealingKeyMissing: there is no private key.
        TreeBroken: what is kept of the tree is not what was sealed, so nothing may be signed on top of it.
    """
    text = runtime.settings.sealing_key()
    if text is None:
        raise SealingKeyMissing("This worker has no private key to seal with: set VIBESTREAM_LEDGER_SEAL_KEY.")
    key = SigningKey.parse(text)
    try:
        for _ in range(_SEALS_AT_ONCE):
            async with runtime.database.begin() as tx:
                head = await service.seal_next(tx, key=key, now=utc_now())
            if head is None:
                break
            _log.info("ledger.sealed", **service.head_to_json(head))
    finally:
        await _publish(runtime)


async def _publish(runtime: Runtime) -> None:
    """Publish what is not published, the oldest first: a crash in between leaves the rest for the next time."""
    waiting: list[Head] = []
    async for head in _newest_first(runtime):
        if await service.is_published(runtime.objects, number=head.number):
            break
        waiting.append(head)
    for head in reversed(waiting):
        await service.publish_head(runtime.objects, head=head)


async def _newest_first(runtime: Runtime) -> AsyncIterator[Head]:
    below: int | None = None
    while True:
        async with runtime.database.begin() as tx:
            page = await service.heads(tx, below=below, limit=_PAGE)
        for head in page:
            yield head
        if len(page) < _PAGE:
            return
        below = page[-1].number

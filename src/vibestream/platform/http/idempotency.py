"""`Idempotency-Key`: a request that may be sent again is carried out once, and answered the same each time.

The key's row, the request's effects and the stored response are one transaction: a crash at any moment leaves either
all of them or none. A request that was refused left no effect and no row; sending it again tries again.

Source: draft-ietf-httpapi-idempotency-key-header-07, section 2: 400 without a key, 422 for another request under the
same key, 409 while the first is still being carried out. Keys are kept for at least 24 hours.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Header, Request
from starlette.responses import Response

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.http import exchange
from vibestream.platform.observability.metrics import IDEMPOTENT

KEEP: Final = timedelta(hours=48)
_KEY: Final = re.compile(r'"?([A-Za-z0-9._:/+=~-]{8,200})"?')
MAX_STORED_BYTES: Final = 64 * 1024


class IdempotencyKeyMissing(InvalidInput):
    """The route needs an `Idempotency-Key` of 8 to 200 letters, digits or `._:/+=~-`, made anew for each intent."""

    code = "http.idempotency_key_missing"
    http_status = 400


class IdempotencyKeyReused(InvalidInput):
    """The key was used for another request; make a new key for each intent."""

    code = "http.idempotency_key_reused"


class StillInProgress(Conflict):
    """The same request is being carried out now; ask again in a moment for its answer."""

    code = "http.request_in_progress"
    retry_after_s = 1


class NotStorable(RuntimeError):
    """A route with an `Idempotency-Key` answered with a stream, a cookie or more than can be kept: a defect."""


class Replayed(Exception):
    """Carries the stored answer out of the dependency to the route, which sends it."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A claimed key: what the client sent, and its account."""

    value: str
    user_id: UserId

    def __str__(self) -> str:
        """Return the key with its account, unique over the whole deployment: fit for the ledger and for gateways."""
        return f"{self.user_id}:{self.value}"


@dataclass(frozen=True, slots=True)
class _Stored:
    request_hash: bytes
    status: int
    media_type: str
    body: bytes


async def claim_key(
    request: Request, idempotency_key: Annotated[str | None, Header(description="Made anew for each intent.")] = None
) -> IdempotencyKey:
    """Claim the key for this request, inside its transaction.

    Raises:
        IdempotencyKeyMissing: no key, or a malformed one.
        IdempotencyKeyReused: the key belongs to another request.
        StillInProgress: the same request is being carried out now.
        Replayed: it was carried out before; carries the stored answer.
    """
    here = exchange.current(request)
    match = _KEY.fullmatch(idempotency_key or "")
    if match is None:
        raise IdempotencyKeyMissing(
            "Send an Idempotency-Key of 8 to 200 letters, digits or ._:/+=~- with this request."
        )
    key = IdempotencyKey(match[1], here.signed_in().user_id)
    tx = await here.transaction()
    request_hash = await _hash_of(request)
    if not await _try_lock(tx, key):
        IDEMPOTENT.labels("in_progress").inc()
        raise StillInProgress("The same request is being carried out now. Send it again in a moment for its answer.")
    stored = await _load(tx, key)
    if stored is not None:
        if stored.request_hash != request_hash:
            IDEMPOTENT.labels("reused").inc()
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request. Make a new one.")
        IDEMPOTENT.labels("replayed").inc()
        raise Replayed(_response(stored))

    async def keep(response: Response) -> None:
        await _save(tx, key, _storable(response, request_hash), expires_at=here.now + KEEP)

    here.before_commit.append(keep)
    IDEMPOTENT.labels("first").inc()
    return key


async def purge(tx: Tx, *, limit: int = 10_000) -> int:
    """Delete keys past their time and return how many; call until it returns 0."""
    return await tx.execute(
        """
        DELETE FROM platform.idempotency_key WHERE (user_id, key) IN (
            SELECT user_id, key FROM platform.idempotency_key
            WHERE expires_at < clock_timestamp() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        [limit],
    )


async def _hash_of(request: Request) -> bytes:
    digest = hashlib.sha256()
    target = request.scope["path"].encode() + b"?" + request.scope["query_string"]
    for part in (request.method.encode(), target, await request.body()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


async def _try_lock(tx: Tx, key: IdempotencyKey) -> bool:
    # The lock lives as long as the transaction. Waiting for the row itself would keep one pooled connection per
    # impatient client; a lock that is not had is answered at once.
    return bool(await tx.value("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1447642451))", [str(key)]))


async def _load(tx: Tx, key: IdempotencyKey) -> _Stored | None:
    return await tx.one(
        _Stored,
        "SELECT request_hash, status, media_type, body FROM platform.idempotency_key WHERE user_id = %s AND key = %s",
        [key.user_id, key.value],
    )


async def _save(tx: Tx, key: IdempotencyKey, stored: _Stored, *, expires_at: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO platform.idempotency_key (user_id, key, request_hash, status, media_type, body, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [key.user_id, key.value, stored.request_hash, stored.status, stored.media_type, stored.body, expires_at],
    )


def _storable(response: Response, request_hash: bytes) -> _Stored:
    body = getattr(response, "body", None)
    if not isinstance(body, bytes) or len(body) > MAX_STORED_BYTES or "set-cookie" in response.headers:
        raise NotStorable
    return _Stored(request_hash, response.status_code, response.headers.get("content-type", ""), body)


def _response(stored: _Stored) -> Response:
    return Response(
        stored.body,
        stored.status,
        headers={"Idempotency-Replayed": "true"} | ({"Content-Type": stored.media_type} if stored.media_type else {}),
    )

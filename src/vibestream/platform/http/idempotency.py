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
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Header, Request
from starlette.responses import Response

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.platform.http import exchange
from vibestream.platform.http import idempotency_store as store
from vibestream.platform.http.idempotency_store import Stored
from vibestream.platform.observability.metrics import IDEMPOTENT

KEEP: Final = timedelta(hours=48)
_KEY: Final = re.compile(r'"?([A-Za-z0-9._:/+=~-]{8,200})"?')


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
    if not await store.try_lock(tx, user_id=key.user_id, key=key.value):
        IDEMPOTENT.labels("in_progress").inc()
        raise StillInProgress("The same request is being carried out now. Send it again in a moment for its answer.")
    stored = await store.load(tx, user_id=key.user_id, key=key.value)
    if stored is not None:
        if stored.request_hash != request_hash:
            IDEMPOTENT.labels("reused").inc()
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request. Make a new one.")
        IDEMPOTENT.labels("replayed").inc()
        raise Replayed(_response(stored))

    async def keep(response: Response) -> None:
        answer = _storable(response, request_hash)
        await store.save(tx, answer, user_id=key.user_id, key=key.value, expires_at=here.now + KEEP)

    here.before_commit.append(keep)
    IDEMPOTENT.labels("first").inc()
    return key


async def _hash_of(request: Request) -> bytes:
    digest = hashlib.sha256()
    target = request.scope["path"].encode() + b"?" + request.scope["query_string"]
    for part in (request.method.encode(), target, await request.body()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _storable(response: Response, request_hash: bytes) -> Stored:
    body = getattr(response, "body", None)
    if not isinstance(body, bytes) or len(body) > store.MAX_BODY_BYTES or "set-cookie" in response.headers:
        raise NotStorable
    return Stored(request_hash, response.status_code, response.headers.get("content-type", ""), body)


def _response(stored: Stored) -> Response:
    return Response(
        stored.body,
        stored.status,
        headers={"Idempotency-Replayed": "true"} | ({"Content-Type": stored.media_type} if stored.media_type else {}),
    )

"""The keys that sign who somebody is: made, sealed, taking turns, published; and signing.

Source: OpenID Connect Core 1.0, 2 and 10.1.1; RFC 7517; RFC 7518, 3.4 (ES256).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from vibestream.contexts.user.oauth.domain import turns
from vibestream.contexts.user.oauth.store import keys as store
from vibestream.contexts.user.oauth.store.keys import StoredKey
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer

ALGORITHM: Final = "ES256"
PURPOSE: Final = "oauth.signing"


async def sign(tx: Tx, *, sealer: Sealer, claims: Mapping[str, Any], now: datetime) -> str:
    """Return claims as a JWT, signed by the key whose turn it is; the first one is made when there is none."""
    kid, private = _whose_turn(await store.list_keys(tx), sealer, now) or await _first(tx, sealer=sealer, now=now)
    return jwt.encode({"alg": ALGORITHM, "kid": kid}, dict(claims), private, algorithms=[ALGORITHM])


async def take_turns(tx: Tx, *, sealer: Sealer, now: datetime) -> None:
    """Make the next key when it is time to publish it, and drop those whose signatures nobody can hold any more."""
    await store.lock_keys(tx)
    found = await store.list_keys(tx)
    signs_from = turns.next_turn([key.signs_from for key in found], now)
    if signs_from is not None:
        await _make(tx, sealer=sealer, signs_from=signs_from)
    retired = turns.retired([key.signs_from for key in found], now)
    if retired:
        await store.drop_keys(tx, kids=[key.kid for key in found[:retired]])


async def published(tx: Tx, *, sealer: Sealer, now: datetime) -> list[dict[str, Any]]:
    """Return the public keys that an ID token may be signed by: the one whose turn it is, the one before, the one after."""
    found = await store.list_keys(tx)
    if not found:  # the first answer must not be an empty list that somebody keeps for an hour
        await take_turns(tx, sealer=sealer, now=now)
        found = await store.list_keys(tx)
    return [key.shown for key in found[turns.retired([key.signs_from for key in found], now) :]]


def _whose_turn(found: list[StoredKey], sealer: Sealer, now: datetime) -> tuple[str, ECKey] | None:
    return _first_that_opens([key for key in reversed(found) if key.signs_from <= now], sealer)


def _first_that_opens(found: list[StoredKey], sealer: Sealer) -> tuple[str, ECKey] | None:
    for key in found:  # one that was sealed by a secret which is gone is passed over
        private = sealer.try_open(key.sealed, belongs_to=key.kid.encode())
        if private is not None:
            return key.kid, ECKey.import_key(json.loads(private))
    return None


async def _first(tx: Tx, *, sealer: Sealer, now: datetime) -> tuple[str, ECKey]:
    await store.lock_keys(tx)
    found = await store.list_keys(tx)  # while this one waited another request, that began later, may have made the key
    return (
        _whose_turn(found, sealer, now)
        or _first_that_opens(found, sealer)
        or await _make(tx, sealer=sealer, signs_from=now)
    )


async def _make(tx: Tx, *, sealer: Sealer, signs_from: datetime) -> tuple[str, ECKey]:
    key = ECKey.generate_key("P-256", private=True)
    kid = key.thumbprint()
    shown = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
    private = json.dumps(key.as_dict(private=True)).encode()
    sealed = sealer.seal(private, belongs_to=kid.encode())
    await store.add_key(tx, key=StoredKey(kid=kid, sealed=sealed, shown=shown, signs_from=signs_from))
    return kid, key

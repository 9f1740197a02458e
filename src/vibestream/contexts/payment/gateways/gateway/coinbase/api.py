"""Coinbase Business' REST API: a token of its own for each request, the idempotency key, and what its errors mean.

Source: docs.cdp.coinbase.com/coinbase-business: authentication, checkout-apis, api-reference.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import warnings
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from vibestream.contexts.payment.gateways.domain.port import GatewayDeclined, GatewayName
from vibestream.contexts.payment.gateways.gateway.certainty import believed, declined, unavailable, unclear
from vibestream.contexts.payment.gateways.gateway.fields import text
from vibestream.contexts.payment.gateways.gateway.wire import Answer, Wire
from vibestream.kernel.time import utc_now
from vibestream.platform.config import SettingsInvalid

NAME: Final = GatewayName.COINBASE
CHECKOUTS: Final = "/api/v1/checkouts"
NOT_FOUND: Final = "not_found"
TOKEN_LIVES_S: Final = 120
"""Source: Coinbase Business, authentication: tokens expire after 2 minutes."""
KEYS: Final = UUID("0192f4a5-6d1c-7c3e-9a55-6f0c2f7f1b10")
"""The namespace of our idempotency keys: Coinbase wants a UUID, and the same one for the same act for ever."""
_ED25519_BYTES: Final = frozenset({32, 64})
"""The seed, or the seed and the public key."""
_IN_DOUBT: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED})
_NO_ENTRY: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class CoinbaseApi:
    """Requests in our key's name.

    Raises:
        SettingsInvalid: the private key is of neither form that Coinbase gives out.
    """

    def __init__(self, wire: Wire, *, key_id: str, private_key: str) -> None:
        self.wire = wire
        self._key_id = key_id
        self._key, self._algorithm = signing_key(private_key)
        # Not strict: Coinbase wants a nonce in the header, which is in no standard.
        self._registry = JWSRegistry(algorithms=[self._algorithm], strict_check_header=False)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return what is at a path.

        Raises:
            GatewayDeclined: there is nothing (NOT_FOUND).
            GatewayUnavailable: it cannot be read now.
        """
        answer = await self.wire.send("GET", path, changes=False, headers=self._headers("GET", path), query=query)
        return _body(answer, changes=False)

    async def post(self, path: str, body: Any, *, key: str) -> Any:
        """Return what Coinbase made of a request; the same key does it once.

        Raises:
            GatewayDeclined: Coinbase said no.
            GatewayUnavailable: certainly nothing happened.
            OutcomeUnknown: it may have happened.
        """
        headers = self._headers("POST", path) | {"X-Idempotency-Key": str(idempotency_key(key))}
        return _body(await self.wire.send("POST", path, changes=True, headers=headers, json=body), changes=True)

    def _headers(self, method: str, path: str) -> dict[str, str]:
        now = int(utc_now().timestamp())
        claims = {
            "iss": "cdp",
            "sub": self._key_id,
            "nbf": now,
            "exp": now + TOKEN_LIVES_S,
            "uri": f"{method} {self.wire.host}{self.wire.prefix}{path}",
        }
        header = {"alg": self._algorithm, "kid": self._key_id, "typ": "JWT", "nonce": secrets.token_hex(16)}
        with warnings.catch_warnings():
            # RFC 9864 names the algorithm Ed25519 now; Coinbase knows it by the name that it had before.
            warnings.simplefilter("ignore", SecurityWarning)
            token = jwt.encode(header, claims, self._key, registry=self._registry)
        return {"Authorization": f"Bearer {token}"}


def idempotency_key(key: str) -> UUID:
    """Return the UUID that stands for our key."""
    return uuid5(KEYS, key)


def signing_key(private_key: str) -> tuple[ECKey | OKPKey, str]:
    """Return a key as Coinbase gives it out, and the algorithm that it signs by.

    Raises:
        SettingsInvalid: it is neither PEM of a P-256 key nor base64 of an Ed25519 one.
    """
    written = private_key.replace("\\n", "\n").strip()
    try:
        if written.startswith("-----BEGIN"):
            found = load_pem_private_key(written.encode(), None)
        else:
            raw = base64.b64decode(written, validate=True)
            found = Ed25519PrivateKey.from_private_bytes(raw[:32] if len(raw) in _ED25519_BYTES else b"")
    except (ValueError, TypeError, binascii.Error):
        raise _malformed() from None  # the cause could quote the key
    match found:
        case EllipticCurvePrivateKey() if isinstance(found.curve, SECP256R1):
            return ECKey.import_key(_pem(found)), "ES256"
        case Ed25519PrivateKey():
            return OKPKey.import_key(_pem(found)), "EdDSA"
        case _:
            raise _malformed()


def _pem(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _malformed() -> SettingsInvalid:
    return SettingsInvalid(
        "Settings are wrong. VIBESTREAM_COINBASE_API_PRIVATE_KEY: neither base64 of an Ed25519 key nor PEM of a P-256 key"
    )


def _body(answer: Answer, *, changes: bool) -> Any:
    if answer.well:
        return answer.body
    with believed(NAME, changes=changes):
        reason = text(answer.body, "errorType")
    why = f"HTTP {answer.status}, {reason}"
    if answer.status in _IN_DOUBT or "idempotency" in reason:
        raise unclear(NAME, why, changes=changes)
    if answer.status in _NO_ENTRY:
        raise unavailable(NAME, f"{why}: our key is refused")
    if answer.status == HTTPStatus.NOT_FOUND:
        raise missing()
    raise declined(NAME, reason)


def missing() -> GatewayDeclined:
    """Return the error that there is no such checkout."""
    return declined(NAME, NOT_FOUND)

"""Tokens of issuers: the only module that knows of JOSE here.

Believed are signatures by algorithms that need a private key, of a key that the issuer publishes. `none`, every algorithm of
a shared secret, and keys that a token brings along itself are not.

Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725, 3.1 and 3.2; Apple, "Creating a client secret".
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet

from vibestream.contexts.user.identities.domain.errors import AnswerRefused

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
_KINDS: Final = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "ES384": "EC", "Ed25519": "OKP"}
_LEEWAY_S: Final = 60
_OLDEST_S: Final = 3600
_LONGEST: Final = 32 * 1024
_APPLE_GOOD_FOR: Final = timedelta(minutes=5)
_SUBJECT: Final = 255


class KeyUnknown(Exception):
    """The token names a key that is not among those at hand. Never leaves the gateway."""


def read_keys(document: Any) -> KeySet:
    """Return the public keys for signatures that an issuer publishes; shared secrets and unreadable ones are left out.

    Raises:
        ValueError: there is none.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    keys: list[Key] = []
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("kty") in set(_KINDS.values()) and one.get("use", "sig") == "sig":
            try:
                keys += KeySet.import_key_set({"keys": [one]}).keys
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    if not keys:
        raise ValueError("no keys")
    return KeySet(keys)


def read_id_token(
    token: str, *, keys: KeySet, algorithms: Collection[str], issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an ID token that is the answer to this very request.

    Raises:
        KeyUnknown: another key of the issuer may have signed it: fetch them once more.
        AnswerRefused: it is not, for the reason that the log gets.
    """
    key, algorithm = _key_of(token, keys=keys, algorithms=algorithms)
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        raise AnswerRefused("signature") from None
    if not isinstance(claims, dict):
        raise AnswerRefused("claims")
    _check(claims, issuer=issuer, client_id=client_id, nonce=nonce, now_s=int(now.timestamp()))
    return claims


def require_shown(claims: dict[str, Any], *, since: datetime, now: datetime) -> None:
    """Refuse claims of somebody who did not show who they are after an instant; clocks may differ by a minute.

    Source: OpenID Connect Core 1.0, 3.1.3.7, 13: who asked for an age checks `auth_time`, and asks again if it is too old.

    Raises:
        AnswerRefused: the token does not say when, or it was before.
    """
    shown = claims.get("auth_time")
    earliest, latest = since.timestamp() - _LEEWAY_S, now.timestamp() + _LEEWAY_S
    if not _is_number(shown) or not earliest <= shown <= latest:
        raise AnswerRefused("authentication time")


def apple_secret(*, pem: str, key_id: str, team_id: str, client_id: str, now: datetime) -> str:
    """Return Apple's client secret: a token by our own key, good for five minutes.

    Raises:
        ValueError: the key is none of P-256.
    """
    key = ECKey.import_key(pem.replace("\\n", "\n"))
    claims: dict[str, Any] = {
        "iss": team_id,
        "iat": int(now.timestamp()),
        "exp": int((now + _APPLE_GOOD_FOR).timestamp()),
        "aud": "https://appleid.apple.com",
        "sub": client_id,
    }
    return jwt.encode({"alg": "ES256", "kid": key_id}, claims, key, algorithms=["ES256"])


def _key_of(token: str, *, keys: KeySet, algorithms: Collection[str]) -> tuple[Key, str]:
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in algorithms:
        raise AnswerRefused("algorithm")
    fitting = [key for key in keys.keys if key.key_type == _KINDS[algorithm]]
    if kid is not None:
        fitting = [key for key in fitting if key.kid == kid]
    if not fitting:
        raise KeyUnknown
    if len(fitting) > 1:
        raise AnswerRefused("names no key")
    return fitting[0], algorithm


def _header(token: str) -> dict[str, Any]:
    first = token.partition(".")[0]
    if len(token) > _LONGEST or not token.isascii():
        raise AnswerRefused("not a token")
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        raise AnswerRefused("not a token") from None
    if not isinstance(header, dict):
        raise AnswerRefused("not a token")
    return header


def _check(claims: dict[str, Any], *, issuer: str, client_id: str, nonce: str, now_s: int) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires, issued = claims.get("exp"), claims.get("iat")
    given, subject = claims.get("nonce"), claims.get("sub")
    checks = {
        "issuer": claims.get("iss") == issuer,
        "audience": client_id in audiences,
        "authorized party": claims.get("azp", client_id if len(audiences) == 1 else None) == client_id,
        "expiry": _is_number(expires) and now_s < expires + _LEEWAY_S,
        "issued": _is_number(issued) and now_s - _OLDEST_S - _LEEWAY_S <= issued <= now_s + _LEEWAY_S,
        "not before": "nbf" not in claims or (_is_number(claims["nbf"]) and claims["nbf"] <= now_s + _LEEWAY_S),
        "nonce": isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()),
        "subject": isinstance(subject, str) and 0 < len(subject) <= _SUBJECT and subject.isprintable(),
    }
    wrong = next((name for name, right in checks.items() if not right), None)
    if wrong is not None:
        raise AnswerRefused(wrong)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)

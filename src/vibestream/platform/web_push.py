"""Web push: a message to a browser, which the service that carries it cannot read.

The message is encrypted for the browser's key (RFC 8291), and the sender shows who it is by a key of its own (VAPID, RFC
8292). That key is derived from the deployment's secret: every process has the same, and none is stored. A subscription is
bound to the key that it was made with, so what was made before the secret changed is sent by the former one.

Where a message goes is chosen by the browser, that is by anybody: `open_client` of `platform.egress` looks at the address.

Source: RFC 8030 (delivery), RFC 8188 and 8291 (encryption), RFC 8292 (VAPID); FIPS 186-5, A.2.1 for keys of random bits.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]  # it has no types
import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from vibestream.platform.config import Settings

MOST_BYTES: Final = 3_993
"""The longest message: what is left of 4,096 bytes. Source: RFC 8291, section 4."""
_LONGEST_ENDPOINT: Final = 1_000
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the points of P-256. Source: FIPS 186-5, D.1.2.3."""
_KEY_BYTES: Final = 48
_POINT: Final = 65
_AUTH: Final = 16
_GOOD_FOR: Final = timedelta(hours=12)
_PADDED_TO: Final = 512
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST_S: Final = 999_999_999
"""Thirty-one years: as long as a service may say in seconds. A date may be further away than any that can be reckoned with."""


class TargetInvalid(ValueError):
    """This is no subscription of a browser."""


@dataclass(frozen=True, slots=True)
class Target:
    """A browser's subscription: where to send, for which key (an uncompressed point), and the secret that both know."""

    endpoint: str = field(repr=False)
    key: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, *, endpoint: str, p256dh: str, auth: str) -> Self:
        """Return the subscription that a browser's script reports.

        Raises:
            TargetInvalid: the endpoint is no address to send to, or the key is no point of P-256, or the secret is not 16
                bytes.
        """
        key, secret = _unpacked(p256dh), _unpacked(auth)
        if len(key) != _POINT or len(secret) != _AUTH:
            raise TargetInvalid("keys")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        except ValueError:
            raise TargetInvalid("keys") from None
        origin_of(endpoint)
        return cls(endpoint, key, secret)


@dataclass(frozen=True, slots=True)
class VapidKey:
    """The key by which the sender shows who it is. `public` is what a browser subscribes with, in base64url."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    public: str

    @classmethod
    def all_of(cls, settings: Settings) -> tuple[Self, ...]:
        """Return the deployment's keys, the present one first, then those of the secrets that are still accepted."""
        return tuple(cls._derived(secret) for secret in (settings.signing_key(), *settings.further_secrets))

    @classmethod
    def _derived(cls, secret: bytes) -> Self:
        made = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"vibestream.vapid.v1").derive(secret)
        private = ec.derive_private_key(int.from_bytes(made) % (_ORDER - 1) + 1, ec.SECP256R1())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(private, packed(point))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a message is carried: how urgent it is, for how many seconds it is kept for a browser that is away, and the topic.

    A later message of the same topic takes the place of one that still waits; services see topics, so they say nothing.
    """

    urgency: str
    ttl_s: int
    topic: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said: its status, and for how long not to ask again, where it says."""

    status: int
    retry_after_s: int | None

    @property
    def taken(self) -> bool:
        """Whether it carries the message."""
        return self.status in {200, 201, 202, 204}

    @property
    def gone(self) -> bool:
        """Whether the subscription is no more. Source: RFC 8030, section 7.3."""
        return self.status in {404, 410}

    @property
    def passing(self) -> bool:
        """Whether the same message may be taken later."""
        return self.status in {408, 429} or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


async def send(
    client: httpx.AsyncClient,
    *,
    target: Target,
    message: bytes,
    key: VapidKey,
    contact: str,
    manner: Manner,
    now: datetime,
) -> Answer:
    """Send a message, and return what the service said.

    Args:
        client: one of `egress.open_client`.
        target: where to.
        message: of at most `MOST_BYTES`; padded, so that its length says little of it.
        key: the one that the browser subscribed with.
        contact: whom the service may write to, an https or mailto address.
        manner: how.
        now: the present instant.

    Raises:
        ValueError: the message is too long.
        httpx.RequestError: no answer, or the address leads inside (`EgressRefused`).
    """
    headers = {
        "Authorization": f"vapid t={_token(key, target=target, contact=contact, now=now)}, k={key.public}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(manner.ttl_s),
        "Urgency": manner.urgency,
        "Topic": manner.topic,
    }
    request = client.build_request("POST", target.endpoint, content=encrypted(message, target=target), headers=headers)
    # What it writes is nobody's to read: a page of any length is left where it is.
    answer = await client.send(request, stream=True)
    await answer.aclose()
    return Answer(answer.status_code, retry_after_s(answer.headers.get("retry-after", ""), now=now))


def encrypted(message: bytes, *, target: Target) -> bytes:
    """Return a message as its browser alone reads it, by a key that is made for this message.

    Raises:
        ValueError: it is too long.
    """
    if len(message) > MOST_BYTES:
        raise ValueError(len(message))
    length = min(-(-len(message) // _PADDED_TO) * _PADDED_TO, MOST_BYTES)
    made: bytes = http_ece.encrypt(
        message.ljust(length),  # spaces after JSON mean nothing
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=target.key,
        auth_secret=target.secret,
        version="aes128gcm",
    )
    return made


def origin_of(endpoint: str) -> str:
    """Return the scheme, host and port of an endpoint, which is whom a sender's token is for.

    Raises:
        TargetInvalid: it is no http(s) address, or carries a name, a password or a fragment.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise TargetInvalid("endpoint") from None
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and "\\" not in endpoint
    if not plain or len(endpoint) > _LONGEST_ENDPOINT or parts.scheme not in {"https", "http"} or not parts.hostname:
        raise TargetInvalid("endpoint")
    if "@" in parts.netloc or parts.fragment:
        raise TargetInvalid("endpoint")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port is None or _is_usual(parts.scheme, port) else f":{port}")


def retry_after_s(said: str, *, now: datetime) -> int | None:
    """Return for how many seconds a service asks to be left alone; None when it does not say. Source: RFC 9110, 10.2.3."""
    if _SECONDS.fullmatch(said):
        return int(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return min(max(0, int((until - now).total_seconds())), _LONGEST_S) if until.tzinfo is not None else None


def key_for(keys: Sequence[VapidKey], public: str) -> VapidKey | None:
    """Return the key that a browser subscribed with, while the deployment has it."""
    return next((one for one in keys if one.public == public), None)


def packed(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TargetInvalid("keys") from None


def _is_usual(scheme: str, port: int) -> bool:
    return port == {"https": 443, "http": 80}[scheme]


def _token(key: VapidKey, *, target: Target, contact: str, now: datetime) -> str:
    claims = {"aud": origin_of(target.endpoint), "exp": int((now + _GOOD_FOR).timestamp()), "sub": contact}
    return jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(_pem(key.private)))


def _pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

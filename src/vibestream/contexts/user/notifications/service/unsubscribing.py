"""The link that stops mail of one kind without signing in: who holds it may do that, and nothing else.

The token names the account and the kind and is signed; it does not run out, since a mail may be opened years later.
Source: RFC 8058 (one-click unsubscribing).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Kind
from vibestream.contexts.user.notifications.store import choices
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_PURPOSE: Final = b"vibestream unsubscribe v1"
_SIGNATURE_BYTES: Final = 16
_UUID_BYTES: Final = 16
_LONGEST: Final = 200


class LinkInvalid(Missing):
    """Nobody was sent such a link, or what it stops cannot be stopped any more."""

    code: ClassVar[str] = "notification.link_invalid"


def stop_token(signing_key: bytes, *, user_id: UserId, kind: Kind) -> str:
    """Return the token of the link that stops mail of a kind to an account."""
    payload = user_id.bytes + kind.value.encode()
    return base64.urlsafe_b64encode(_sign(signing_key, payload) + payload).rstrip(b"=").decode()


def kind_of_token(signing_key: bytes, *, token: str) -> tuple[UserId, Kind]:
    """Return whose mail of which kind a link stops.

    Raises:
        LinkInvalid: it was made by nobody, or altered; or its kind cannot be turned off.
    """
    try:
        raw = base64.b64decode(token[:_LONGEST] + "=" * (-len(token[:_LONGEST]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(signing_key, payload)):
        raise _invalid()
    name = payload[_UUID_BYTES:].decode()
    kind = Kind(name) if name in set(Kind) else None
    if kind is None or RULES[kind].mandatory:
        raise _invalid()
    return UserId(UUID(bytes=payload[:_UUID_BYTES])), kind


async def stop_by_link(tx: Tx, *, signing_key: bytes, token: str) -> Kind:
    """Stop mail of the link's kind to its account, and return the kind; a second time changes nothing.

    Raises:
        LinkInvalid: nobody was sent such a link, or its account is gone.
    """
    user_id, kind = kind_of_token(signing_key, token=token)
    if not await choices.has_account(tx, user_id=user_id):
        raise _invalid()
    await choices.save_choice(tx, user_id=user_id, kind=kind, channel=Channel.EMAIL, wanted=False)
    return kind


def _sign(signing_key: bytes, payload: bytes) -> bytes:
    key = hmac.digest(signing_key, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, payload, hashlib.sha256)[:_SIGNATURE_BYTES]


def _invalid() -> LinkInvalid:
    return LinkInvalid("There is no such link.")

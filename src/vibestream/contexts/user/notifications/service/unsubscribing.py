"""The link that stops mail of a kind, or of the kinds of one mail, without signing in: who holds it may do that alone.

The token names the account and the kinds and is signed; it does not run out, since a mail may be opened years later: what a
former secret of the deployment signed is good while that is accepted.
Source: RFC 8058 (one-click unsubscribing).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection
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
_LONGEST: Final = 1_200
"""Characters; as many as all kinds together need."""


class LinkInvalid(Missing):
    """Nobody was sent such a link, or what it stops cannot be stopped any more."""

    code: ClassVar[str] = "notification.link_invalid"


def stop_token(signing_key: bytes, *, user_id: UserId, kinds: Collection[Kind]) -> str:
    """Return the token of the link that stops mail of these kinds to an account."""
    payload = user_id.bytes + ",".join(sorted(kind.value for kind in kinds)).encode()
    return base64.urlsafe_b64encode(_sign(signing_key, payload) + payload).rstrip(b"=").decode()


def kinds_of_token(keys: Collection[bytes], *, token: str) -> tuple[UserId, tuple[Kind, ...]]:
    """Return whose mail of which kinds a link stops, that was signed with one of the keys.

    Raises:
        LinkInvalid: it was made by nobody, or altered; or none of its kinds can be turned off.
    """
    try:
        raw = base64.b64decode(token[:_LONGEST] + "=" * (-len(token[:_LONGEST]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not any(hmac.compare_digest(signature, _sign(key, payload)) for key in keys):
        raise _invalid()
    known = {kind.value: kind for kind in Kind if not RULES[kind].mandatory}
    kinds = tuple(known[name] for name in payload[_UUID_BYTES:].decode().split(",") if name in known)
    if not kinds:
        raise _invalid()
    return UserId(UUID(bytes=payload[:_UUID_BYTES])), kinds


async def stop_by_link(tx: Tx, *, keys: Collection[bytes], token: str) -> tuple[Kind, ...]:
    """Stop mail of the link's kinds to its account, and return the kinds; a second time changes nothing.

    Raises:
        LinkInvalid: nobody was sent such a link, or its account is gone.
    """
    user_id, kinds = kinds_of_token(keys, token=token)
    if not await choices.has_account(tx, user_id=user_id):
        raise _invalid()
    for kind in kinds:
        await choices.save_choice(tx, user_id=user_id, kind=kind, channel=Channel.EMAIL, wanted=False)
    return kinds


def _sign(signing_key: bytes, payload: bytes) -> bytes:
    key = hmac.digest(signing_key, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, payload, hashlib.sha256)[:_SIGNATURE_BYTES]


def _invalid() -> LinkInvalid:
    return LinkInvalid("There is no such link.")

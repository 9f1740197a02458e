"""Crypto-shredding: what is personal in an append-only place is encrypted under its person's key, which can be destroyed.

A row that may never be changed can still be forgotten: once the key is gone, every copy of what it sealed is noise. The
key is made when something is first sealed for a person and is destroyed once; for whom it was destroyed nothing is ever
sealed again. Who reads the database reads the keys too: they are for forgetting, not for keeping secrets.

Source: AES-256-GCM, NIST SP 800-38D, nonces of 96 random bits, at most 2^32 of them under one key.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vibestream.platform.database import Tx

MARK: Final = "sealed.v1:"
"""With what begins every text that was sealed."""
_KEY: Final = 32
_NONCE: Final = 12
_NOBODY: Final = UUID(int=0)


async def seal(tx: Tx, *, user_id: UUID, text: str, belongs_to: str) -> str:
    """Return a text encrypted under a person's key and bound to where it stands; empty when the key was destroyed.

    An empty text stays empty. The key cannot be destroyed before this transaction has ended.
    """
    if not text:
        return ""
    key = await _key_for_writing(tx, user_id)
    if key is None:
        return ""
    nonce = secrets.token_bytes(_NONCE)
    return MARK + base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), belongs_to.encode())).decode()


async def take_as_long(tx: Tx) -> None:
    """Ask the database as often as sealing does, for nobody: whether a text was somebody's does not show in the time it took."""
    for _ in range(2):
        await tx.value("SELECT key FROM platform.person_key WHERE user_id = %s", [_NOBODY])


async def keys_of(tx: Tx, *, user_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Return the keys of people, by id; who has none, or none any more, is missing from the answer."""
    rows = await tx.all(
        lambda *, user_id, key: (user_id, key),
        "SELECT user_id, key FROM platform.person_key WHERE user_id = ANY(%s) AND key IS NOT NULL",
        [list(user_ids)],
    )
    return {user_id: bytes(key) for user_id, key in rows}


def unseal(keys: Mapping[UUID, bytes], *, user_id: UUID | None, text: str, belongs_to: str) -> str:
    """Return what was sealed; empty when its key is gone or it was sealed elsewhere. What is not sealed stays as it is."""
    if not text.startswith(MARK):
        return text
    key = keys.get(user_id) if user_id is not None else None
    if key is None:
        return ""
    raw = base64.b64decode(text.removeprefix(MARK))
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], belongs_to.encode()).decode()
    except InvalidTag:
        return ""


async def destroy(tx: Tx, *, user_id: UUID, now: datetime) -> None:
    """Destroy a person's key, for ever, also when none was made yet; again, it does nothing."""
    await tx.execute(
        "INSERT INTO platform.person_key (user_id, key, destroyed_at) VALUES (%(user_id)s, NULL, %(now)s)"
        " ON CONFLICT (user_id) DO UPDATE SET key = NULL, destroyed_at = %(now)s"
        " WHERE person_key.destroyed_at IS NULL",
        {"user_id": user_id, "now": now},
    )


async def _key_for_writing(tx: Tx, user_id: UUID) -> bytes | None:
    """Return a person's key, made when there is none, and keep it from being destroyed until the transaction ends."""
    await tx.execute(
        "INSERT INTO platform.person_key (user_id, key) SELECT %(user_id)s, %(key)s"
        " WHERE NOT EXISTS (SELECT FROM platform.person_key WHERE user_id = %(user_id)s)"
        " ON CONFLICT (user_id) DO NOTHING",
        {"user_id": user_id, "key": secrets.token_bytes(_KEY)},
    )
    found = await tx.value("SELECT key FROM platform.person_key WHERE user_id = %s FOR SHARE", [user_id])
    return None if found is None else bytes(found)

"""Heads outside the database: in the object store, where whoever changes the tables does not reach them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from vibestream.contexts.payment.seal.domain.heads import Head, trusted_key, verify_head
from vibestream.contexts.payment.seal.domain.proofs import ProofMalformed, head_from_json, head_to_json
from vibestream.kernel.signing import PublicKey, SigningKey
from vibestream.platform.storage import ObjectStore

FOLDER: Final = "ledger/seals"
_OBJECT: Final = re.compile(rf"{FOLDER}/([0-9]{{12}})\.json")


def trusted_keys(*, sealing_key: str | None, public_keys: Sequence[str]) -> tuple[PublicKey, ...]:
    """Return the public keys whose seals are believed: that of the present private key first, then the others, once each.

    Raises:
        KeyMalformed: a text is not a key.
    """
    present = [] if sealing_key is None else [SigningKey.parse(sealing_key).public]
    return tuple(dict.fromkeys([*present, *map(PublicKey.parse, public_keys)]))


async def publish_head(objects: ObjectStore, *, head: Head) -> None:
    """Store a head as an object that can never become another one. Publishing twice is publishing once.

    Raises:
        ObjectDiffers: another head was published under this number.
    """
    document = json.dumps(head_to_json(head), separators=(",", ":")).encode()
    await objects.put_bytes(object_key(number=head.number), document, content_type="application/json")


async def is_published(objects: ObjectStore, *, number: int) -> bool:
    """Say whether a head with this number was published."""
    return await objects.stat(object_key(number=number)) is not None


async def published_numbers(objects: ObjectStore) -> list[int]:
    """Return the numbers of the published heads, in order."""
    found = [_OBJECT.fullmatch(key) async for key in objects.list_keys(FOLDER)]
    return sorted(int(match[1]) for match in found if match)


async def published_head(objects: ObjectStore, *, number: int, keys: Mapping[str, PublicKey]) -> Head:
    """Return a published head, verified.

    Raises:
        ObjectMissing: none was published under this number.
        ProofMalformed, KeyUnknown, SignatureInvalid: the object is not a head that a trusted key signed.
    """
    try:
        document = json.loads(await objects.get_bytes(object_key(number=number)))
    except ValueError:
        raise ProofMalformed("The object is not JSON.") from None
    head = head_from_json(document)
    verify_head(head, key=trusted_key(keys, head.key_id))
    return head


def object_key(*, number: int) -> str:
    """Return where in the object store the head of this number is."""
    return f"{FOLDER}/{number:012d}.json"

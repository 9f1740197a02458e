"""What was said outside the database cannot be unsaid inside: heads in the object store against those in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.payment.seal import service
from vibestream.contexts.payment.seal.service import KeyUnknown, ProofMalformed, SignatureInvalid
from vibestream.contexts.payment.seal.store import seals
from vibestream.kernel.signing import PublicKey
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding
from vibestream.platform.storage import ObjectMissing, ObjectStore

RECENT: Final = 20
"""The newest published heads, which are read; of all, the numbers are compared."""
_SHOWN: Final = 5


async def check(tx: Tx, objects: ObjectStore, keys: Mapping[str, PublicKey]) -> Finding:
    """Check that each published head is in the database, and that the newest say the same there."""
    numbers = await service.published_numbers(objects)
    there = await seals.list_numbers(tx)
    gone = sorted(set(numbers) - set(there))
    faults = [f"seal {number} was published and is not in the database" for number in gone]
    for number in numbers[-RECENT:]:
        faults += await _compared(tx, objects, number, keys)
    waiting = len(set(there) - set(numbers))
    return Finding(
        ok=not faults,
        figure=f"{len(numbers):,} published, {waiting:,} not yet",
        detail="; ".join(faults[:_SHOWN]),
    )


async def _compared(tx: Tx, objects: ObjectStore, number: int, keys: Mapping[str, PublicKey]) -> list[str]:
    try:
        outside = await service.published_head(objects, number=number, keys=keys)
    except (KeyUnknown, ObjectMissing, ProofMalformed, SignatureInvalid) as error:
        return [f"the published seal {number} cannot be trusted: {error}"]
    inside = await seals.load_head(tx, number)
    return [f"seal {number} is not what was published"] if inside not in (None, outside) else []

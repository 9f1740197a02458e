"""What must always hold of the seals: the chain, the books under it, and what was published of it.

`invariants_of` takes what the database cannot be asked for: the keys that are trusted, and the object store where heads
were published. Each check reads the books themselves, never what an earlier check found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.payment.seal.invariants import books, chain, published
from vibestream.kernel.signing import PublicKey
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant
from vibestream.platform.storage import ObjectStore

SAMPLE: Final = 4
"""Blocks of leaves, chosen at random, that are read again unless one asks for all; the newest are always read."""


def invariants_of(
    objects: ObjectStore, keys: Mapping[str, PublicKey], *, blocks: int | None = SAMPLE
) -> tuple[Invariant, ...]:
    """Return the invariants of the seals.

    Args:
        objects: where heads were published.
        keys: the public keys that are trusted, by id; those of the settings, not of the database.
        blocks: how many older blocks of 256 leaves, chosen at random, are read again beside the newest; None: every
            leaf and every seal.
    """

    async def chained(tx: Tx) -> Finding:
        return await chain.check(tx, keys, every=blocks is None)

    async def unchanged(tx: Tx) -> Finding:
        return await books.check(tx, blocks=blocks)

    async def kept(tx: Tx) -> Finding:
        return await published.check(tx, objects, keys)

    return (
        Invariant("seal.chained", "The seals are one chain without a gap, each signed by a trusted key.", chained),
        Invariant(
            "seal.unchanged",
            "Every sealed transaction is, bit for bit, what was sealed, and the tree over them has the sealed root.",
            unchanged,
        ),
        Invariant(
            "seal.published",
            "Every seal that was published outside the database is in it, and says the same.",
            kept,
        ),
        Invariant(
            "seal.keeps_up", "Every transaction is sealed within an hour, as long as the books go on.", chain.check_pace
        ),
    )

"""Whether seals, read in order, are one unbroken chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vibestream.contexts.payment.seal.domain.heads import (
    NO_SEAL,
    Head,
    KeyUnknown,
    SignatureInvalid,
    trusted_key,
    verify_head,
)
from vibestream.kernel.signing import PublicKey


def chain_faults(heads: Iterable[Head], *, keys: Mapping[str, PublicKey], before: Head | None = None) -> Iterator[str]:
    """Yield what is wrong with seals in the order of their numbers, each in words that name the seal.

    Looked for: a number that is missing, leaves that do not follow, a seal that does not name the one before it, time
    that runs backwards, a signature that does not hold, and a key that signs again after another one took over: an old
    key that was stolen.

    Args:
        heads: the seals.
        keys: the trusted keys by id.
        before: the seal before the first of them; None when that is the first of all.
    """
    last, retired = before, set[str]()
    for head in heads:
        yield from _link_faults(head, last)
        if head.key_id in retired:
            yield f"seal {head.number} is signed by {head.key_id}, which another key had replaced"
        if last is not None and last.key_id != head.key_id:
            retired.add(last.key_id)
        try:
            verify_head(head, key=trusted_key(keys, head.key_id))
        except (KeyUnknown, SignatureInvalid) as error:
            yield f"seal {head.number}: {error}"
        last = head


def _link_faults(head: Head, last: Head | None) -> Iterator[str]:
    number, size, digest = (last.number, last.size, last.digest) if last else (0, 0, NO_SEAL)
    if head.number != number + 1:
        missing = f"{number + 1}" if head.number == number + 2 else f"{number + 1} to {head.number - 1}"
        yield f"seal {missing} is missing"
        return
    if head.first != size or head.size <= head.first:
        yield f"seal {head.number} begins at leaf {head.first}, the one before ends at {size}"
    if head.previous != digest:
        yield f"seal {head.number} does not name seal {number} as it is"
    if last is not None and head.sealed_at < last.sealed_at:
        yield f"seal {head.number} is dated before seal {number}"

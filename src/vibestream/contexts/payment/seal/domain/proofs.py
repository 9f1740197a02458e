"""Proofs that anybody can check offline: that a transaction, or one entry of it, stands in a sealed ledger.

    proof = EntryProof.from_json(document)
    fact = verify_entry(proof, keys=by_id([PublicKey.parse(text)]))     # raises, or says what was sealed

A proof carries the exact bytes, so nothing has to be written again to be hashed. It is trusted for its signature alone:
take the keys from where you trust them (the platform's `/.well-known/vibestream-ledger-keys.json`, a printed page), not
from the document that holds the proof.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.heads import Head, trusted_key, verify_head
from vibestream.contexts.payment.seal.domain.leaves import EntryFact, TransactionFact, read_entry, read_transaction
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.signing import KEY_BYTES, SIGNATURE_BYTES, PublicKey

_LONGEST_PATH: Final = 64
_LARGEST: Final = 2**63 - 1
_LONGEST_LEAF: Final = 1 << 20


class ProofMalformed(InvalidInput):
    """The document is not a proof in a version known here."""

    code: ClassVar[str] = "seal.proof_malformed"


class ProofInvalid(InvalidInput):
    """The proof does not lead to what it should: something in it was changed, or it belongs to something else."""

    code: ClassVar[str] = "seal.proof_invalid"


@dataclass(frozen=True, slots=True)
class TransactionProof:
    """That a transaction is a leaf of a sealed tree."""

    leaf: bytes
    """The canonical bytes of the transaction."""
    index: int
    """Its place among the leaves, from 0."""
    path: tuple[bytes, ...]
    head: Head

    def to_json(self) -> dict[str, Any]:
        """Return the proof as a JSON document."""
        return {
            "leaf": self.leaf.decode(),
            "index": self.index,
            "path": _hexes(self.path),
            "head": head_to_json(self.head),
        }

    @classmethod
    def from_json(cls, document: object) -> TransactionProof:
        """Read a proof.

        Raises:
            ProofMalformed: it is none.
        """
        members = _members(document, "leaf", "index", "path", "head")
        return cls(_leaf(members), _number(members, "index"), _path(members), head_from_json(members["head"]))


@dataclass(frozen=True, slots=True)
class EntryProof:
    """That one entry belongs to a transaction that is a leaf of a sealed tree. Shows no other entry."""

    leaf: bytes
    """The canonical bytes of the entry."""
    path: tuple[bytes, ...]
    """From the entry to the root of the transaction's entries; the place is the entry's line."""
    transaction: TransactionProof

    def to_json(self) -> dict[str, Any]:
        """Return the proof as a JSON document."""
        return {
            "leaf": self.leaf.decode(),
            "path": _hexes(self.path),
            "transaction": self.transaction.to_json(),
        }

    @classmethod
    def from_json(cls, document: object) -> EntryProof:
        """Read a proof.

        Raises:
            ProofMalformed: it is none.
        """
        members = _members(document, "leaf", "path", "transaction")
        return cls(_leaf(members), _path(members), TransactionProof.from_json(members["transaction"]))


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of one head is the beginning of the tree of a later one: nothing was changed or taken out."""

    old: Head
    new: Head
    path: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the proof as a JSON document."""
        return {"old": head_to_json(self.old), "new": head_to_json(self.new), "path": _hexes(self.path)}

    @classmethod
    def from_json(cls, document: object) -> ConsistencyProof:
        """Read a proof.

        Raises:
            ProofMalformed: it is none.
        """
        members = _members(document, "old", "new", "path")
        return cls(head_from_json(members["old"]), head_from_json(members["new"]), _path(members))


def verify(proof: TransactionProof, leaf: bytes, key: PublicKey) -> None:
    """Check that these bytes are a leaf of a tree whose head this key signed.

    Raises:
        ProofInvalid: the proof is of other bytes, or its path leads elsewhere.
        SignatureInvalid, KeyUnknown: the head was not signed by this key.
    """
    if leaf != proof.leaf:
        raise ProofInvalid("The proof is of another transaction.")
    verify_head(proof.head, key=key)
    reached = tree.root_from_path(leaf=tree.leaf_hash(leaf), index=proof.index, size=proof.head.size, path=proof.path)
    if reached != proof.head.root:
        raise ProofInvalid("The path from the transaction does not lead to the root that was sealed.")


def verify_transaction(proof: TransactionProof, *, keys: Mapping[str, PublicKey]) -> TransactionFact:
    """Return what a proof shows of a transaction, when it holds under one of the trusted keys.

    Raises:
        ProofInvalid, SignatureInvalid, KeyUnknown: it does not hold.
        LeafMalformed: what was sealed is not a transaction.
    """
    verify(proof, proof.leaf, trusted_key(keys, proof.head.key_id))
    return read_transaction(proof.leaf)


def verify_entry(proof: EntryProof, *, keys: Mapping[str, PublicKey]) -> tuple[EntryFact, TransactionFact]:
    """Return what a proof shows of an entry and its transaction, when it holds under one of the trusted keys.

    Raises:
        ProofInvalid, SignatureInvalid, KeyUnknown: it does not hold.
        LeafMalformed: what was sealed is not an entry of a transaction.
    """
    transaction = verify_transaction(proof.transaction, keys=keys)
    entry = read_entry(proof.leaf)
    reached = tree.root_from_path(
        leaf=tree.leaf_hash(proof.leaf), index=entry.line - 1, size=transaction.entries, path=proof.path
    )
    if reached != transaction.entries_root:
        raise ProofInvalid("The entry is not one of the transaction's.")
    return entry, transaction


def verify_consistency(proof: ConsistencyProof, *, keys: Mapping[str, PublicKey]) -> None:
    """Check that the later head's tree begins with the earlier head's.

    Raises:
        ProofInvalid: it does not, or the heads are not in order.
        SignatureInvalid, KeyUnknown: a head was not signed by one of the trusted keys.
    """
    for head in (proof.old, proof.new):
        verify_head(head, key=trusted_key(keys, head.key_id))
    if proof.old.number > proof.new.number or not tree.is_consistent(
        old=proof.old.size, old_root=proof.old.root, size=proof.new.size, new_root=proof.new.root, path=proof.path
    ):
        raise ProofInvalid("The later tree does not begin with the earlier one.")


def head_to_json(head: Head) -> dict[str, Any]:
    """Return a head as a JSON document: what is published, and what proofs hold."""
    return {
        "seal": head.number,
        "first": head.first,
        "size": head.size,
        "root": head.root.hex(),
        "previous": head.previous.hex(),
        "sealed_at": head.signed.split(b"\n")[6].decode(),
        "key_id": head.key_id,
        "signature": base64.b64encode(head.signature).decode(),
    }


def head_from_json(document: object) -> Head:
    """Read a head.

    Raises:
        ProofMalformed: it is none.
    """
    found = _members(document, "seal", "first", "size", "root", "previous", "sealed_at", "key_id", "signature")
    try:
        sealed_at = datetime.fromisoformat(_string(found, "sealed_at"))
        signature = base64.b64decode(_string(found, "signature"), validate=True)
    except (ValueError, binascii.Error):
        raise ProofMalformed("A head has an instant and a signature in base64.") from None
    if sealed_at.tzinfo is None or len(signature) != SIGNATURE_BYTES:
        raise ProofMalformed("A head has an instant in UTC and a signature of 64 bytes.")
    return Head(
        number=_number(found, "seal"),
        first=_number(found, "first"),
        size=_number(found, "size"),
        root=_hash(_string(found, "root")),
        previous=_hash(_string(found, "previous")),
        sealed_at=sealed_at,
        key_id=_string(found, "key_id"),
        signature=signature,
    )


def _members(document: object, *names: str) -> Mapping[str, Any]:
    if not isinstance(document, dict) or set(document) != set(names):
        raise ProofMalformed(f"An object with {', '.join(names)} is needed here, and nothing else.")
    return document


def _string(members: Mapping[str, Any], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise ProofMalformed(f"{name} is a text.")
    return value


def _number(members: Mapping[str, Any], name: str) -> int:
    value = members[name]
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ProofMalformed(f"{name} is a whole number that is not negative.")
    return value


def _leaf(members: Mapping[str, Any]) -> bytes:
    text = _string(members, "leaf")
    if len(text) > _LONGEST_LEAF:
        raise ProofMalformed("No leaf is that long.")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ProofMalformed("The leaf is not text that can be written.") from None


def _path(members: Mapping[str, Any]) -> tuple[bytes, ...]:
    path = members["path"]
    if not isinstance(path, list) or len(path) > _LONGEST_PATH or not all(isinstance(step, str) for step in path):
        raise ProofMalformed("A path is a list of hashes.")
    return tuple(_hash(step) for step in path)


def _hash(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES or raw.hex() != text:
        raise ProofMalformed("A hash is 64 lower-case hexadecimal digits.")
    return raw


def _hexes(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]

"""The canonical bytes of entries and transactions, version 1: what is hashed, and what a proof shows.

Both are one JSON object in UTF-8 without spaces, members in the order below, nothing left out. Text is escaped as
RFC 8785 does: only the quote, the backslash and control characters. Numbers that may be large are text. Identifiers are
lower-case with hyphens, hashes lower-case hexadecimal, instants UTC with six decimals and a Z.

    entry        type account kind subject currency line amount balance_after position
    transaction  type id key kind details reverses effective_at recorded_at request_hash xid entries entries_root

`details` is a JSON object as PostgreSQL writes a jsonb (keys by length, then by bytes; a space after each colon and
comma). `entries` counts the entries, and `entries_root` is the root of the tree over their bytes in the order of their
lines, so that one entry can be shown without the others. An entry holds its account's random identifier: from the hash
of somebody else's entry nobody can guess it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring as _quoted
from typing import Any, ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.seal.domain import tree
from vibestream.kernel.errors import InvalidInput

ENTRY_TYPE: Final = "vibestream.ledger.entry.v1"
TRANSACTION_TYPE: Final = "vibestream.ledger.transaction.v1"

_ENTRY_MEMBERS: Final = (
    "type", "account", "kind", "subject", "currency", "line", "amount", "balance_after", "position",
)  # fmt: skip
_TRANSACTION_MEMBERS: Final = (
    "type", "id", "key", "kind", "details", "reverses", "effective_at", "recorded_at", "request_hash", "xid", "entries",
    "entries_root",
)  # fmt: skip


class LeafMalformed(InvalidInput):
    """The bytes are not those of an entry or a transaction in a version known here."""

    code: ClassVar[str] = "seal.leaf_malformed"


@dataclass(frozen=True, slots=True)
class EntryFact:
    """What the bytes of an entry say."""

    account_id: UUID
    kind: str
    """The kind of account, such as `royalties_pending`."""
    subject: str
    """What or whom the account is about: of a personal one, its owner's id."""
    currency: str
    line: int
    """Its place in the transaction, from 1."""
    amount: int
    """What the account gained, in minor units."""
    balance_after: int | None
    position: int
    """Its place in the books."""


@dataclass(frozen=True, slots=True)
class TransactionFact:
    """What the bytes of a transaction say."""

    transaction_id: UUID
    key: str
    kind: str
    details: Mapping[str, Any]
    reverses: UUID | None
    effective_at: datetime | None
    recorded_at: datetime
    entries: int
    entries_root: bytes


def entry_leaf(
    *,
    account_id: str,
    kind: str,
    subject: str,
    currency: str,
    line: int,
    amount: int,
    balance_after: int | None,
    position: int,
) -> bytes:
    """Return the canonical bytes of an entry."""
    after = "null" if balance_after is None else f'"{balance_after}"'
    return (
        f'{{"type":"{ENTRY_TYPE}","account":{_quoted(account_id)},"kind":{_quoted(kind)},"subject":{_quoted(subject)},'
        f'"currency":{_quoted(currency)},"line":{line},"amount":"{amount}","balance_after":{after},'
        f'"position":"{position}"}}'
    ).encode()


def transaction_leaf(
    *,
    transaction_id: str,
    key: str,
    kind: str,
    details: str,
    reverses: str | None,
    effective_at: datetime | None,
    recorded_at: datetime,
    request_hash: bytes,
    xid: str,
    entry_hashes: Sequence[bytes],
) -> bytes:
    """Return the canonical bytes of a transaction, given its details as PostgreSQL's text and its entries' hashes."""
    return (
        f'{{"type":"{TRANSACTION_TYPE}","id":{_quoted(transaction_id)},"key":{_quoted(key)},"kind":{_quoted(kind)},'
        f'"details":{details},"reverses":{_quoted(reverses) if reverses else "null"},'
        f'"effective_at":{_instant(effective_at)},"recorded_at":{_instant(recorded_at)},'
        f'"request_hash":"{request_hash.hex()}","xid":{_quoted(xid)},"entries":{len(entry_hashes)},'
        f'"entries_root":"{tree.root(entry_hashes).hex()}"}}'
    ).encode()


def read_entry(leaf: bytes) -> EntryFact:
    """Return what the bytes of an entry say.

    Raises:
        LeafMalformed: they are not the canonical bytes of an entry.
    """
    found = _object(leaf, ENTRY_TYPE, _ENTRY_MEMBERS)
    try:
        after = found["balance_after"]
        fact = EntryFact(
            account_id=UUID(found["account"]),
            kind=_text(found["kind"]),
            subject=_text(found["subject"]),
            currency=_text(found["currency"]),
            line=int(found["line"]),
            amount=int(found["amount"]),
            balance_after=None if after is None else int(after),
            position=int(found["position"]),
        )
    except (AttributeError, TypeError, ValueError):
        raise LeafMalformed("A member of the entry is not what it should be.") from None
    if leaf != _entry_bytes(fact):
        raise LeafMalformed("The entry is not written in its canonical form.")
    return fact


def read_transaction(leaf: bytes) -> TransactionFact:
    """Return what the bytes of a transaction say.

    Raises:
        LeafMalformed: they are not the bytes of a transaction.
    """
    found = _object(leaf, TRANSACTION_TYPE, _TRANSACTION_MEMBERS)
    try:
        fact = TransactionFact(
            transaction_id=UUID(found["id"]),
            key=_text(found["key"]),
            kind=_text(found["kind"]),
            details=dict(found["details"]),
            reverses=None if found["reverses"] is None else UUID(found["reverses"]),
            effective_at=None if found["effective_at"] is None else datetime.fromisoformat(found["effective_at"]),
            recorded_at=datetime.fromisoformat(found["recorded_at"]),
            entries=int(found["entries"]),
            entries_root=bytes.fromhex(found["entries_root"]),
        )
    except (AttributeError, TypeError, ValueError):
        raise LeafMalformed("A member of the transaction is not what it should be.") from None
    if fact.entries < 0 or len(fact.entries_root) != tree.HASH_BYTES:
        raise LeafMalformed("The transaction's entries are not said as they should be.")
    return fact


def _entry_bytes(fact: EntryFact) -> bytes:
    return entry_leaf(
        account_id=str(fact.account_id),
        kind=fact.kind,
        subject=fact.subject,
        currency=fact.currency,
        line=fact.line,
        amount=fact.amount,
        balance_after=fact.balance_after,
        position=fact.position,
    )


def _object(leaf: bytes, expected: str, members: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        pairs = json.loads(leaf, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise LeafMalformed("The bytes are not JSON.") from None
    names = [pair[0] for pair in pairs if isinstance(pair, tuple)] if isinstance(pairs, list) else []
    if tuple(names) != members or len(pairs) != len(members) or pairs[0][1] != expected:
        raise LeafMalformed(f"The bytes are not a {expected}.")
    found: dict[str, Any] = dict(pairs)
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _instant(instant: datetime | None) -> str:
    if instant is None:
        return "null"
    return f'"{instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")}Z"'

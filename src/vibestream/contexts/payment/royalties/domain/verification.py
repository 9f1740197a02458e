"""A statement as a file that proves itself, and how anybody checks it offline: pure, without a database.

    {"format": "vibestream.statement-proof.v1",
     "statement": {...},                                 the canonical statement, readable
     "place": 17, "of": 52113, "path": ["..."],          its leaf in the tree of the run's statements
     "transaction": {...},                               the run's transaction in the sealed ledger
     "entries": [{...}],                                 the payee's own entries of that transaction
     "keys": [{...}]}                                    public keys, for whoever has no better source of them

What holds when a file is accepted: the statement is, to the digit, the one that the run committed to when it was posted;
its lines sum to what was earned; what was paid, recouped and repaid are the payee's entries in the ledger; and the
transaction stands in a tree whose head was signed. It does not say that the run was not reversed later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from vibestream.contexts.payment.royalties.domain.months import parse_month
from vibestream.contexts.payment.royalties.domain.policy import EngineName
from vibestream.contexts.payment.royalties.domain.statements import FORMAT, RUN_KIND, canonical_bytes, run_key
from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.heads import Head
from vibestream.contexts.payment.seal.domain.leaves import TransactionFact
from vibestream.contexts.payment.seal.domain.proofs import (
    EntryProof,
    TransactionProof,
    verify_entry,
    verify_transaction,
)
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import Currency
from vibestream.kernel.signing import PublicKey

PROOF_FORMAT: Final = "vibestream.statement-proof.v1"
_MEMBERS: Final = {"format", "statement", "place", "of", "path", "transaction", "entries", "keys"}
_STATEMENT: Final[Mapping[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("format", "month", "currency", "engine", "usage", "payee", "gross", "fees", "pool"), str),
    **dict.fromkeys(("unallocated", "pro_rata", "user_centric", "earned", "recouped", "withheld", "repaid"), str),
    **dict.fromkeys(("run", "policy", "pool_share_bp", "rate_bp"), int),
    "payable": str,
    "country": (str, type(None)),
    "lines": list,
}
_LINE: Final[Mapping[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("track", "heard", "listens", "counted", "track_earned", "pro_rata", "user_centric"), str),
    "share_bp": int,
}
_LEGS: Final = {"payable": "royalties_pending", "recouped": "advances", "repaid": "payee_debt"}
"""Which number of a statement is which of the payee's accounts in the run's transaction."""
_DIGITS: Final = 19


class StatementMalformed(InvalidInput):
    """The file is not a statement with its proof, in a version known here."""

    code: ClassVar[str] = "royalties.statement_malformed"


class StatementInvalid(InvalidInput):
    """The statement is not what was posted: something in it was changed, or the proof belongs to another one."""

    code: ClassVar[str] = "royalties.statement_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a file proves."""

    payee: str
    month: str
    currency: Currency
    run: int
    earned: int
    """In minor units."""
    payable: int
    lines: int
    transaction: TransactionFact
    head: Head


def proof_document(
    statement: Mapping[str, Any],
    *,
    place: int,
    leaf_hashes: Sequence[bytes],
    transaction: TransactionProof,
    entries: Sequence[EntryProof],
    keys: Sequence[PublicKey],
) -> dict[str, Any]:
    """Return the file that proves a statement."""
    return {
        "format": PROOF_FORMAT,
        "statement": dict(statement),
        "place": place,
        "of": len(leaf_hashes),
        "path": [step.hex() for step in tree.inclusion_path(leaf_hashes, place)],
        "transaction": transaction.to_json(),
        "entries": [{"leaf": one.leaf.decode(), "path": [step.hex() for step in one.path]} for one in entries],
        "keys": [key.jwk() for key in keys],
    }


def keys_in(document: object) -> dict[str, PublicKey]:
    """Return the keys that a file brings, or a published set of keys holds, by their ids.

    Raises:
        StatementMalformed: there are none where they should be.
        KeyMalformed: one is no key.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise StatementMalformed("There are no keys in the file.")
    keys: dict[str, PublicKey] = {}
    for one in listed:
        text = one.get("x") if isinstance(one, dict) else None
        if not isinstance(text, str):
            raise StatementMalformed("A key is a JSON Web Key of type OKP.")
        key = PublicKey.parse(text)
        keys[key.key_id] = key
    return keys


def verify_statement(document: object, *, keys: Mapping[str, PublicKey]) -> Verified:
    """Check a statement with its proof under trusted keys, and return what it proves.

    Raises:
        StatementMalformed, ProofMalformed, LeafMalformed: it is not such a file.
        StatementInvalid, ProofInvalid, SignatureInvalid: something in it was changed.
        KeyUnknown: it was signed with a key that is not among those trusted.
    """
    if not isinstance(document, dict) or set(document) != _MEMBERS or document["format"] != PROOF_FORMAT:
        raise StatementMalformed("The file is not a statement with its proof.")
    statement = _typed(document["statement"], _STATEMENT)
    lines = [_typed(line, _LINE) for line in statement["lines"]]
    proof = TransactionProof.from_json(document["transaction"])
    transaction = verify_transaction(proof, keys=keys)
    currency = Currency.of(statement["currency"])
    if (
        statement["format"] != FORMAT
        or transaction.kind != RUN_KIND
        or transaction.key != run_key(parse_month(statement["month"]), currency, statement["run"])
    ):
        raise StatementInvalid("The transaction is not that of the statement's run.")
    _check_leaf(document, statement, transaction)
    _check_sums(statement, lines)
    _check_entries(document["entries"], statement, proof, keys)
    return Verified(
        payee=statement["payee"],
        month=statement["month"],
        currency=currency,
        run=statement["run"],
        earned=_number(statement, "earned"),
        payable=_number(statement, "payable"),
        lines=len(lines),
        transaction=transaction,
        head=proof.head,
    )


def _check_leaf(document: Mapping[str, Any], statement: Mapping[str, Any], transaction: TransactionFact) -> None:
    place, size, path = document["place"], document["of"], document["path"]
    if type(place) is not int or type(size) is not int or not isinstance(path, list):
        raise StatementMalformed("The statement's place is not said as it should be.")
    try:
        steps = [bytes.fromhex(step) for step in path]
        leaf = tree.leaf_hash(canonical_bytes(statement))
    except (TypeError, ValueError):
        raise StatementMalformed("The statement's path is not said as it should be.") from None
    reached = tree.root_from_path(leaf=leaf, index=place, size=size, path=steps)
    if reached is None or reached.hex() != transaction.details.get("statements"):
        raise StatementInvalid("The statement is not the one that was posted: something in it was changed.")


def _check_sums(statement: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    for engine in EngineName:
        if sum(_number(line, engine.value) for line in lines) != _number(statement, engine.value):
            raise StatementInvalid("The lines do not sum to what the statement says.")
    earned = _number(statement, "earned")
    parts = sum(_number(statement, part) for part in ("recouped", "withheld", "repaid", "payable"))
    engine = statement["engine"]
    if engine not in set(EngineName) or not earned == parts == _number(statement, engine):
        raise StatementInvalid("The statement's amounts do not add up.")


def _check_entries(
    documents: object, statement: Mapping[str, Any], proof: TransactionProof, keys: Mapping[str, PublicKey]
) -> None:
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise StatementMalformed("The entries are not said as they should be.")
    found: dict[str, int] = {}
    for document in documents:
        entry, _ = verify_entry(EntryProof.from_json({**document, "transaction": proof.to_json()}), keys=keys)
        if entry.subject != statement["payee"] or entry.currency != statement["currency"] or entry.kind in found:
            raise StatementInvalid("An entry belongs to somebody or something else.")
        found[entry.kind] = entry.amount
    wanted = {kind: _number(statement, name) for name, kind in _LEGS.items()}
    if found != {kind: amount for kind, amount in wanted.items() if amount}:
        raise StatementInvalid("The entries in the ledger are not those that the statement says.")


def _typed(found: object, members: Mapping[str, type | tuple[type, ...]]) -> Mapping[str, Any]:
    if not isinstance(found, dict) or set(found) != set(members):
        raise StatementMalformed("The statement does not have the members that it should have.")
    for name, kind in members.items():
        if not isinstance(found[name], kind) or isinstance(found[name], bool):
            raise StatementMalformed(f"{name} is not what it should be.")
    return found


def _number(found: Mapping[str, Any], name: str) -> int:
    text = found[name]
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and str(int(text)) == text):
        raise StatementMalformed(f"{name} is a whole number of minor units.")
    return int(text)

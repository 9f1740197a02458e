"""Sealing the ledger, reading its seals, and proving what they hold. The public interface of this capability.

    proofs = await prove_entries(tx, transaction_ids=[...], account_ids=[...])      # sealed entries of these accounts
    document = proofs[0].to_json()                                                  # into a statement, say
    entry, transaction = verify_entry(EntryProof.from_json(document), keys=keys)    # anywhere, offline; or raises

Whoever only verifies needs no database: `verify_transaction`, `verify_entry` and `verify_consistency` are pure.
"""

from vibestream.contexts.payment.seal.domain.heads import (
    Head,
    KeyUnknown,
    SignatureInvalid,
    by_id,
    trusted_key,
    verify_head,
)
from vibestream.contexts.payment.seal.domain.leaves import (
    EntryFact,
    LeafMalformed,
    TransactionFact,
)
from vibestream.contexts.payment.seal.domain.proofs import (
    ConsistencyProof,
    EntryProof,
    ProofInvalid,
    ProofMalformed,
    TransactionProof,
    head_from_json,
    head_to_json,
    verify,
    verify_consistency,
    verify_entry,
    verify_transaction,
)
from vibestream.contexts.payment.seal.service.proving import (
    NotSealedYet,
    prove,
    prove_consistency,
    prove_entries,
    prove_to_person,
    sealed,
)
from vibestream.contexts.payment.seal.service.publishing import (
    is_published,
    publish_head,
    published_head,
    published_numbers,
    trusted_keys,
)
from vibestream.contexts.payment.seal.service.sealing import (
    MOST_LEAVES,
    SealMissing,
    TreeBroken,
    head,
    heads,
    is_due,
    last_head,
    seal_next,
)

__all__ = [
    "MOST_LEAVES",
    "ConsistencyProof",
    "EntryFact",
    "EntryProof",
    "Head",
    "KeyUnknown",
    "LeafMalformed",
    "NotSealedYet",
    "ProofInvalid",
    "ProofMalformed",
    "SealMissing",
    "SignatureInvalid",
    "TransactionFact",
    "TransactionProof",
    "TreeBroken",
    "by_id",
    "head",
    "head_from_json",
    "head_to_json",
    "heads",
    "is_due",
    "is_published",
    "last_head",
    "prove",
    "prove_consistency",
    "prove_entries",
    "prove_to_person",
    "publish_head",
    "published_head",
    "published_numbers",
    "seal_next",
    "sealed",
    "trusted_key",
    "trusted_keys",
    "verify",
    "verify_consistency",
    "verify_entry",
    "verify_head",
    "verify_transaction",
]

"""Statements as files that prove themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.royalties.domain.months import label
from vibestream.contexts.payment.royalties.domain.statements import RunFacts, canonical_statement
from vibestream.contexts.payment.royalties.domain.verification import proof_document
from vibestream.contexts.payment.royalties.service.reading import NoStatement, pool
from vibestream.contexts.payment.royalties.store import runs
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.seal.service import NotSealedYet
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.kernel.signing import PublicKey
from vibestream.platform.database import Tx

_OWN = (AccountKind.ROYALTIES_PENDING, AccountKind.ADVANCES, AccountKind.PAYEE_DEBT)


async def prove_statement(
    tx: Tx, *, payee_id: UserId, month: date, currency: Currency, keys: Sequence[PublicKey]
) -> dict[str, Any]:
    """Return the JSON document that proves a payee's statement of a month against the sealed ledger.

    Whoever has it can check it with `verify_statement`, without us. It shows no other payee.

    Args:
        tx: the caller's transaction.
        payee_id: whose statement.
        month: its first day.
        currency: which of the month's runs.
        keys: public keys that seals were signed with, put into the file for convenience.

    Raises:
        NoStatement: the payee has no share in a run of the month that stands.
        NotSealedYet: the run was posted a moment ago.
        TreeBroken: the database is not what was sealed.
    """
    found = await runs.list_runs(tx, month=month, currency=currency, payee_id=payee_id, standing=True, limit=1)
    position = await runs.load_position(tx, found[0].run_id, payee_id) if found else None
    if position is None:
        raise NoStatement("There is no statement for this month in this currency.")
    run = found[0]
    proofs = await seal.prove(tx, transaction_ids=[run.transaction_id])
    if run.transaction_id not in proofs:
        raise NotSealedYet(f"The run of {label(month)} is not sealed yet. Try again in half a minute.")
    (share,) = await runs.load_shares(tx, run.run_id, payee_id=payee_id)
    own = await ledger.open_accounts(tx, names=[AccountName(kind, str(payee_id), currency) for kind in _OWN])
    entries = await seal.prove_entries(tx, transaction_ids=[run.transaction_id], account_ids=own)
    facts = RunFacts.of(run, await pool(tx, month=month, currency=currency))
    lines = await runs.load_lines(tx, run.run_id, payee_id=payee_id)
    return proof_document(
        canonical_statement(facts, share, lines),
        place=position,
        leaf_hashes=await runs.load_leaf_hashes(tx, run.run_id),
        transaction=proofs[run.transaction_id],
        entries=entries,
        keys=keys,
    )

"""Taking a run back: asked for by one person, agreed to by another, mended by another run."""

from __future__ import annotations

from typing import ClassVar, Final

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, InsufficientFunds, Leg, Posting
from vibestream.contexts.payment.royalties.domain.months import label
from vibestream.contexts.payment.royalties.domain.runs import RunView, UnknownRun
from vibestream.contexts.payment.royalties.domain.statements import run_key
from vibestream.contexts.payment.royalties.store import reversals, runs, standings
from vibestream.contexts.payment.royalties.store.reversals import ReversalRequest
from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import RoyaltyRunId, TransactionId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

_ATTEMPTS: Final = 5
_REASON: Final = 500


class InvalidReason(InvalidInput):
    """A reversal is asked for with a reason that people can read later."""

    code: ClassVar[str] = "royalties.invalid_reason"


class NoReversalAsked(Missing):
    """Nobody has asked for this run to be reversed."""

    code: ClassVar[str] = "royalties.no_reversal_asked"


class ReversalAsked(Conflict):
    """Somebody has asked for this run to be reversed already, or it is."""

    code: ClassVar[str] = "royalties.reversal_asked"


class SamePerson(Forbidden):
    """Whoever asked for a reversal cannot agree to it: somebody else has to."""

    code: ClassVar[str] = "royalties.same_person"


async def ask_reversal(tx: Tx, *, run_id: RoyaltyRunId, asked_by: UserId, reason: str) -> None:
    """Ask for a run to be reversed; nothing moves until another person agrees.

    Raises:
        UnknownRun: there is no such run.
        ReversalAsked: somebody asked before.
        InvalidReason: there is no reason, or one of more than 500 characters.
    """
    if not 1 <= len(reason) <= _REASON:
        raise InvalidReason(f"A reason has 1 to {_REASON} characters.")
    if await runs.load_run(tx, run_id) is None:
        raise UnknownRun("There is no such run.")
    if not await reversals.add_request(tx, run_id, asked_by=asked_by, reason=reason):
        raise ReversalAsked("Somebody has asked for this already.")


async def approve_reversal(tx: Tx, *, run_id: RoyaltyRunId, approved_by: UserId) -> RunView:
    """Agree to a reversal that another person asked for, and reverse the run.

    What payees still have pending is taken back from there, then what they have available; what they have spent they
    owe from then on (`payee_debt`), and it is kept of their next earnings. The run's transaction is reversed leg by leg,
    so the pool is whole again and the month can be run anew. Agreeing twice is agreeing once.

    Raises:
        UnknownRun, NoReversalAsked: there is nothing to agree to.
        SamePerson: it was the same person who asked.
        InsufficientFunds: payees are spending the money at this very moment; try again.
    """
    run = await runs.load_run(tx, run_id)
    if run is None:
        raise UnknownRun("There is no such run.")
    await standings.lock_currency(tx, run.currency)
    request = await reversals.lock_request(tx, run_id)
    if request is None:
        raise NoReversalAsked("Nobody has asked for this run to be reversed.")
    if request.approved_by is None:
        if request.asked_by == approved_by:
            raise SamePerson("Somebody else has to agree.")
        await reversals.approve(tx, run_id, approved_by=approved_by)
        await runs.mark_reversed(tx, run_id, transaction_id=await _reverse(tx, run, request.reason))
    found = await runs.load_run(tx, run_id)
    if found is None:  # rows of runs are never deleted
        raise UnknownRun("There is no such run.")
    return found


async def open_reversals(tx: Tx) -> list[ReversalRequest]:
    """Return what waits for a second person, the oldest first."""
    return await reversals.list_open(tx)


async def _reverse(tx: Tx, run: RunView, reason: str) -> TransactionId:
    key = run_key(run.month, run.currency, run.number)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            # Balances are read without a lock, which only posting can take: whoever spends in between makes the
            # posting fail, and it is decided anew.
            async with tx.savepoint():
                await _recall(tx, run, key=f"{key}:recall")
                posted = await ledger.reverse(
                    tx, transaction_id=run.transaction_id, key=f"{key}:reversal", reason=reason
                )
                return posted.transaction_id
        except InsufficientFunds:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


async def _recall(tx: Tx, run: RunView, *, key: str) -> None:
    """Bring back into pending what has left it, from what is available or as a debt."""
    paid = {
        share.payee_id: share.settlement.payable
        for share in await runs.load_shares(tx, run.run_id)
        if share.settlement.payable
    }
    kinds = (AccountKind.ROYALTIES_PENDING.value, AccountKind.ROYALTIES_AVAILABLE.value)
    has = await standings.balances(tx, kinds, run.currency, people=paid)
    moved: list[tuple[AccountName, int]] = []
    for payee, amount in paid.items():
        short = amount - min(max(has.get((kinds[0], payee), 0), 0), amount)
        back = min(max(has.get((kinds[1], payee), 0), 0), short)
        moved += [
            (AccountName(AccountKind.ROYALTIES_PENDING, str(payee), run.currency), short),
            (AccountName(AccountKind.ROYALTIES_AVAILABLE, str(payee), run.currency), -back),
            (AccountName(AccountKind.PAYEE_DEBT, str(payee), run.currency), back - short),
        ]
    moved = [(name, minor) for name, minor in moved if minor]
    if not moved:
        return
    accounts = await ledger.open_accounts(tx, names=[name for name, _ in moved])
    await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=key,
            kind="royalty_recall",
            legs=tuple(
                Leg(account, Money(minor, run.currency)) for account, (_, minor) in zip(accounts, moved, strict=True)
            ),
            details={"month": label(run.month), "run": str(run.number)},
        ),
    )

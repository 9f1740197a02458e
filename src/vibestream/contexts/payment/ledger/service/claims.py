"""Claims: what is paid from a reward pool to somebody who proves a receipt, and what goes back when nobody did."""

from __future__ import annotations

from datetime import date

from vibestream.contexts.payment.ledger.domain import accounts
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.contexts.payment.ledger.domain.postings import Leg, Posted, Posting
from vibestream.contexts.payment.ledger.domain.rewards import require_points
from vibestream.contexts.payment.ledger.service.posting import open_accounts, post
from vibestream.contexts.payment.ledger.store import accounts as account_store
from vibestream.contexts.payment.ledger.store import books as book_store
from vibestream.kernel.ids import TransactionId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

CLAIM = "reward_claim"
RETURN = "claim_return"


async def pay_claim(tx: Tx, *, epoch: date, nullifier: bytes, address: str, amount: Money) -> Posted:
    """Pay a claim from its epoch's pool into a pseudonymous wallet, once for each nullifier. Nothing says whose claim it is.

    Raises:
        InvalidReward: the amount is not a positive one of VIBE.
        InsufficientFunds: the pool has less.
        KeyReused: the nullifier was paid otherwise.
    """
    key = f"{CLAIM}:{nullifier.hex()}"
    return await _move(
        tx, accounts.reward_pool(epoch=epoch), accounts.claim_wallet(address=address), amount, (key, CLAIM)
    )


async def return_unclaimed(tx: Tx, *, epoch: date, amount: Money) -> Posted:
    """Give back to issuance what nobody claimed of an epoch, once.

    Raises:
        InvalidReward: the amount is not a positive one of VIBE.
        InsufficientFunds: the pool has less.
        KeyReused: another amount was given back.
    """
    key = f"{RETURN}:{epoch.isoformat()}"
    return await _move(tx, accounts.reward_pool(epoch=epoch), accounts.issuance(currency=VIBE), amount, (key, RETURN))


async def claims_by_epoch(tx: Tx, *, kind: str = CLAIM) -> dict[date, Money]:
    """Return what claims, or what went back, took from each epoch's pool, counted from the entries."""
    taken = await book_store.list_taken_from_pools(tx, kind=kind)
    return {date.fromisoformat(subject): Money(minor, VIBE) for subject, minor in taken.items()}


async def claim_balance(tx: Tx, *, address: str) -> Money:
    """Return what a pseudonymous wallet holds; one that was never paid holds nothing, and is not opened by asking."""
    name = accounts.claim_wallet(address=address)
    found = await account_store.find_accounts(tx, [name])
    if name not in found:
        return Money.zero(VIBE)
    balance = await account_store.load_balance(tx, found[name])
    return Money.zero(VIBE) if balance is None else balance.posted


async def _move(tx: Tx, source: AccountName, target: AccountName, amount: Money, fact: tuple[str, str]) -> Posted:
    require_points(amount)
    key, kind = fact
    giver, taker = await open_accounts(tx, names=[source, target])
    legs = (Leg(giver, -amount), Leg(taker, amount))
    return await post(tx, posting=Posting(transaction_id=TransactionId(new_id()), key=key, kind=kind, legs=legs))

"""Claims: what is paid from a reward pool to somebody who proves a receipt, and what goes back when nobody did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vibestream.contexts.payment.ledger.domain import accounts
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.contexts.payment.ledger.domain.postings import Leg, Posted, Posting, Status, refusal
from vibestream.contexts.payment.ledger.domain.rewards import require_points
from vibestream.contexts.payment.ledger.service.posting import open_accounts, post, post_batch
from vibestream.contexts.payment.ledger.service.rewards import funding
from vibestream.contexts.payment.ledger.store import accounts as account_store
from vibestream.contexts.payment.ledger.store import books as book_store
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

CLAIM = "reward_claim"
RETURN = "claim_return"


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """A claim to be paid: from its epoch's pool into a pseudonymous wallet. Nothing says whose it is."""

    epoch: date
    nullifier: bytes
    address: str
    amount: Money


async def pay_claims(tx: Tx, *, payments: Sequence[ClaimPayment], budgets: Mapping[date, Money]) -> list[Posted]:
    """Pay claims, each once for its nullifier, all of them or, when it raises, none.

    `budgets` says what each epoch's pool is funded with by issuance, which is done first where it was not: see `fund_pool`.
    An epoch that is not in it was funded otherwise. All is decided in one statement, so the cost of a claim falls with their number.

    Raises:
        InvalidReward: an amount is not a positive one of VIBE.
        InsufficientFunds: a pool has less.
        KeyReused: a nullifier was paid otherwise, or a pool was funded with another amount.
    """
    for amount in (*(one.amount for one in payments), *budgets.values()):
        require_points(amount)
    pools = {epoch: accounts.reward_pool(epoch=epoch) for epoch in {*budgets, *(one.epoch for one in payments)}}
    wallets = {one.address: accounts.claim_wallet(address=one.address) for one in payments}
    source = accounts.issuance(currency=VIBE)
    names = [source, *pools.values(), *wallets.values()]
    found = dict(zip(names, await open_accounts(tx, names=names), strict=True))
    funded = [
        funding(epoch=epoch, amount=amount, issuance=found[source], pool=found[pools[epoch]])
        for epoch, amount in budgets.items()
    ]
    paid = [
        _posting(found[pools[one.epoch]], found[wallets[one.address]], one.amount, (_key(one.nullifier), CLAIM))
        for one in payments
    ]
    postings = [*funded, *paid]
    outcomes = await post_batch(tx, postings=postings)
    for posting, outcome in zip(postings, outcomes, strict=True):
        if not outcome.accepted:
            raise refusal(outcome, key=posting.key)
    return [
        Posted(outcome.transaction_id or posting.transaction_id, replayed=outcome.status is Status.REPLAYED)
        for posting, outcome in zip(paid, outcomes[len(funded) :], strict=True)
    ]


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
    giver, taker = await open_accounts(tx, names=[source, target])
    return await post(tx, posting=_posting(giver, taker, amount, fact))


def _posting(giver: AccountId, taker: AccountId, amount: Money, fact: tuple[str, str]) -> Posting:
    key, kind = fact
    legs = (Leg(giver, -amount), Leg(taker, amount))
    return Posting(transaction_id=TransactionId(new_id()), key=key, kind=kind, legs=legs)


def _key(nullifier: bytes) -> str:
    return f"{CLAIM}:{nullifier.hex()}"

"""What payouts post. Every step is one transaction under a key of its own, with the payout's id in its details."""

from __future__ import annotations

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.payouts.domain.payouts import Books, Payout
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

REVENUE = "payouts"
"""The source of the platform's revenue that fees of payouts are."""


async def available(tx: Tx, *, user_id: UserId, currency: Currency) -> tuple[Money, Money]:
    """Return what a payee can have paid out, and what they owe as a positive amount."""
    zero = Money.zero(currency)
    kinds = {AccountKind.ROYALTIES_AVAILABLE, AccountKind.PAYEE_DEBT}
    found = {
        balance.name.kind: balance.available
        for balance in await ledger.balances_of_person(tx, user_id=user_id, kinds=kinds)
        if balance.name.currency == currency
    }
    return found.get(AccountKind.ROYALTIES_AVAILABLE, zero), -found.get(AccountKind.PAYEE_DEBT, zero)


async def settle_debt(tx: Tx, *, payout: Payout, owed: Money) -> None:
    """Take what a payee owes from what they have; nothing when they owe nothing.

    Raises:
        InsufficientFunds: they have less by now.
    """
    if owed.minor == 0:
        return
    mine, debt = _payee(AccountKind.ROYALTIES_AVAILABLE, payout), _payee(AccountKind.PAYEE_DEBT, payout)
    await _post(tx, payout, key="debt", kind="debt_settlement", moves=[(mine, -owed), (debt, owed)])


async def set_aside(tx: Tx, *, payout: Payout) -> TransactionId:
    """Take a payout's amount from its payee into transit.

    Raises:
        InsufficientFunds: they have less by now.
    """
    mine, transit = _payee(AccountKind.ROYALTIES_AVAILABLE, payout), _payee(AccountKind.PAYOUT_IN_TRANSIT, payout)
    moves = [(mine, -payout.gross), (transit, payout.gross)]
    return await _post(tx, payout, key="request", kind="payout", moves=moves)


async def move(tx: Tx, *, payout: Payout, books: Books) -> TransactionId | None:
    """Post what a step moves, and return the transaction; None when it moves nothing.

    What went to the gateway is what was sent; our own fee becomes revenue when the money has arrived, and is given back
    with it when it returns.
    """
    mine, transit = _payee(AccountKind.ROYALTIES_AVAILABLE, payout), _payee(AccountKind.PAYOUT_IN_TRANSIT, payout)
    sent = [(_gateway(AccountKind.GATEWAY_CLEARING, payout), payout.net)]
    if payout.fee.minor:
        sent.append((AccountName(AccountKind.PLATFORM_REVENUE, REVENUE, payout.fee.currency), payout.fee))
    match books:
        case Books.NOTHING:
            return None
        case Books.ARRIVED:
            moves = [(transit, -payout.gross), *sent]
            return await _post(tx, payout, key="arrived", kind="payout_arrived", moves=moves)
        case Books.BACK:
            moves = [(transit, -payout.gross), (mine, payout.gross)]
            return await _post(tx, payout, key=f"back:{payout.version}", kind="payout_back", moves=moves)
        case Books.RETURNED:
            moves = [*((name, -amount) for name, amount in sent), (mine, payout.gross)]
            return await _post(tx, payout, key="returned", kind="payout_back", moves=moves)
        case Books.REOPENED:
            moves = [*await _taken_again(tx, payout), (transit, payout.gross)]
            return await _post(tx, payout, key=f"reopened:{payout.version}", kind="payout_reopened", moves=moves)


async def post_fee(tx: Tx, *, payout: Payout, added: Money) -> TransactionId | None:
    """Post how much more the gateway keeps for a payout than it had said before, or less; nothing for zero."""
    if added.minor == 0:
        return None
    moves = [
        (_gateway(AccountKind.GATEWAY_FEES, payout), -added),
        (_gateway(AccountKind.GATEWAY_CLEARING, payout), added),
    ]
    return await _post(tx, payout, key=f"fee:{payout.version}", kind="payout_fee", moves=moves)


async def _taken_again(tx: Tx, payout: Payout) -> list[tuple[AccountName, Money]]:
    """From what the payee still has; what they have spent meanwhile they owe."""
    has, _ = await available(tx, user_id=payout.user_id, currency=payout.gross.currency)
    taken = min(has, payout.gross, key=lambda amount: amount.minor)
    moves = [
        (_payee(AccountKind.ROYALTIES_AVAILABLE, payout), -taken),
        (_payee(AccountKind.PAYEE_DEBT, payout), taken - payout.gross),
    ]
    return [(name, amount) for name, amount in moves if amount.minor]


async def _post(
    tx: Tx, payout: Payout, *, key: str, kind: str, moves: list[tuple[AccountName, Money]]
) -> TransactionId:
    accounts = await ledger.open_accounts(tx, names=[name for name, _ in moves])
    posting = Posting(
        transaction_id=TransactionId(new_id()),
        key=f"payout:{payout.payout_id}:{key}",
        kind=kind,
        legs=tuple(Leg(account, amount) for account, (_, amount) in zip(accounts, moves, strict=True)),
        details={"payout_id": str(payout.payout_id)},
    )
    return (await ledger.post(tx, posting=posting)).transaction_id


def _payee(kind: AccountKind, payout: Payout) -> AccountName:
    return AccountName(kind, str(payout.user_id), payout.gross.currency)


def _gateway(kind: AccountKind, payout: Payout) -> AccountName:
    return AccountName(kind, payout.method.value, payout.gross.currency)

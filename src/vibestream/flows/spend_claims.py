"""What a wallet without a name holds is spent: payment moves it, listening says which deployment it is, user that there is such an account."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.payment.claim_wallets import service as claim_wallets
from vibestream.contexts.payment.claim_wallets.service import Order, OrderInvalid, TargetKind, require_order
from vibestream.contexts.user.accounts import service as accounts
from vibestream.platform.database import Tx


async def spend_order(tx: Tx, *, order: Order, signature: bytes, now: datetime) -> None:
    """Carry an order out, once. Who it names is looked up after its signature: an order of nobody's learns nothing.

    Raises:
        OrderInvalid: it is of another deployment, or not signed by the wallet's key.
        OrderExpired, OrderReused, WalletHasLess: see `carry_out`.
        AccountMissing, ArtistUnknown: whom it names is not there.
    """
    require_order(order, signature=signature, now=now)
    if not await receipts.is_deployment(tx, key_id=order.deployment):
        raise OrderInvalid("This order is for another deployment.")
    payee = await claim_wallets.payee_of(tx, target=order.target)
    if order.target.kind is TargetKind.ACCOUNT:
        await accounts.account(tx, user_id=payee)
    await claim_wallets.carry_out(tx, order=order, signature=signature, payee=payee, now=now)

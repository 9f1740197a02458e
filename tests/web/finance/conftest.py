"""Whoever looks after money, and money to look after."""

from __future__ import annotations

from typing import Any, Final

from tests.factories.checkout import SITE, STRIPE, make_seen, usd
from tests.factories.observed import screened
from tests.factories.users import User, make_user
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.service import PaymentView, Purpose
from vibestream.contexts.payment.checkout.service.recording import carry_out, lock
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Leg, Posting
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

FORM: Final = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def make_keeper(tx: Tx, name: str = "Fiona Keller", **more: Any) -> User:
    """Somebody who looks after money."""
    return await make_user(tx, display_name=name, roles=("finance",), **more)


async def make_payment(tx: Tx, user_id: UserId, minor: int = 2_500, **more: Any) -> PaymentView:
    """A top-up that somebody has started, and fraud has looked at."""
    asked: dict[str, Any] = {
        "key": f"test:{new_id()}",
        "user_id": user_id,
        "purpose": Purpose.WALLET_TOP_UP,
        "subject": "",
        "amount": usd(minor),
        "description": "Top-up",
        "return_to": "/wallet",
        "gateway": STRIPE,
        **more,
    }
    view = await checkout.start(tx, **asked)
    await screened(tx, view.payment_id)
    return await checkout.payment(tx, payment_id=view.payment_id)


async def make_captured(tx: Tx, user_id: UserId, minor: int = 2_500, *, fee: int = 100) -> PaymentView:
    """A top-up whose money came through Stripe, less its fee, and went to the payer's wallet."""
    view = await make_payment(tx, user_id, minor)
    await _do(tx, view, c.Attempt(route=(STRIPE,), captures_later=frozenset(), site=SITE, at=utc_now()))
    locked = await lock(tx, payment_id=view.payment_id)
    seen = make_seen(locked.payment, state=ProviderState.CAPTURED, fee=usd(fee))
    await _do(tx, view, c.Observe(gateway=STRIPE, seen=seen))
    names = [
        checkout.escrow(payment_id=view.payment_id, currency=view.amount.currency),
        ledger.wallet(user_id=user_id, currency=view.amount.currency),
    ]
    box, wallet = await ledger.open_accounts(tx, names=names)
    await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"top_up:{view.payment_id}",
            kind="top_up",
            legs=(Leg(box, -view.amount), Leg(wallet, view.amount)),
        ),
    )
    return await checkout.payment(tx, payment_id=view.payment_id)


async def _do(tx: Tx, view: PaymentView, command: c.Command) -> None:
    locked = await lock(tx, payment_id=view.payment_id)
    await carry_out(tx, command, locked=locked, now=utc_now())

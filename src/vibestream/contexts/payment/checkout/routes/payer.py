"""HTTP for payers: following one's payments, and calling them off.

None is started here. What is paid for is asked for where it is sold, with that place's rules: a top-up, and its bounds, at
`/api/v1/wallet/top-ups`.
"""

from __future__ import annotations

from uuid import UUID

from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.routes.bodies import (
    PaymentBody,
    PaymentWithTimeline,
    happened_body,
    payment_body,
)
from vibestream.kernel.ids import PaymentId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["payments"])
_PAYMENTS = "/api/v1/payments"


@router.get(_PAYMENTS, policy=SIGNED_IN)
async def list_payments(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[PaymentBody]:
    """Return the signed-in person's payments, the newest first."""
    after = paging.after_values(UUID)
    found = await service.payments(
        tx,
        user_id=principal.user_id,
        before=None if after is None else PaymentId(after[0]),
        limit=paging.fetch,
    )
    return paging.page(found, item=payment_body, position=lambda view: (view.payment_id,))


@router.get(f"{_PAYMENTS}/{{payment_id}}", policy=SIGNED_IN)
async def show_payment(payment_id: UUID, tx: TxDep, principal: PrincipalDep) -> PaymentBody:
    """Return one of the signed-in person's payments as it stands now."""
    found = await service.payment(tx, payment_id=PaymentId(payment_id), user_id=principal.user_id)
    return payment_body(found)


@router.get(f"{_PAYMENTS}/{{payment_id}}/timeline", policy=SIGNED_IN)
async def show_timeline(payment_id: UUID, tx: TxDep, principal: PrincipalDep) -> PaymentWithTimeline:
    """Return one of the signed-in person's payments with what happened to it; what fraud thought of it is not told."""
    found = await service.payment(tx, payment_id=PaymentId(payment_id), user_id=principal.user_id)
    entries = await service.timeline(tx, payment_id=found.payment_id)
    return PaymentWithTimeline(
        payment=payment_body(found), timeline=[happened_body(one) for one in entries if one.shown_to_payer]
    )


@router.post(f"{_PAYMENTS}/{{payment_id}}/cancel", policy=SIGNED_IN)
async def cancel_payment(payment_id: UUID, tx: TxDep, principal: PrincipalDep) -> PaymentBody:
    """Call off one's own payment while its money has not come."""
    view = await service.cancel(tx, payment_id=PaymentId(payment_id), user_id=principal.user_id)
    return payment_body(view)

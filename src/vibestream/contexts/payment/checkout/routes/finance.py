"""HTTP for those who look after money: every payment, with each posting behind it; refunds."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.routes.bodies import (
    PaymentOfSomebody,
    PaymentTraced,
    RefundAskedBody,
    RefundBody,
    TracedBody,
    finance_body,
    happened_body,
    moved_body,
)
from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import IdempotencyDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["finance"])
_FINANCE = holds("finance")
_PAYMENTS = "/api/v1/operations/payments"


@router.get(_PAYMENTS, policy=_FINANCE)
async def list_all_payments(
    tx: TxDep,
    paging: PagingDep,
    state: Annotated[PaymentState | None, Query(description="Only those that stand so.")] = None,
    gateway: Annotated[GatewayName | None, Query(description="Only those that stand there.")] = None,
    user_id: Annotated[UUID | None, Query(description="Only this person's.")] = None,
) -> Page[PaymentOfSomebody]:
    """Return payments, the newest first."""
    after = paging.after_values(UUID)
    found = await service.payments(
        tx,
        user_id=None if user_id is None else UserId(user_id),
        state=state,
        gateway=gateway,
        before=None if after is None else PaymentId(after[0]),
        limit=paging.fetch,
    )
    return paging.page(found, item=finance_body, position=lambda view: (view.payment_id,))


@router.get(f"{_PAYMENTS}/{{payment_id}}", policy=_FINANCE)
async def trace_payment(payment_id: UUID, tx: TxDep) -> PaymentTraced:
    """Return a payment with everything that happened to it, each with its postings, and what became of its money."""
    found = await service.traced(tx, payment_id=PaymentId(payment_id))
    timeline = [
        TracedBody(
            **happened_body(one).model_dump(),
            transactions=[moved_body(found.transactions[moved]) for moved in one.transaction_ids],
        )
        for one in found.timeline
    ]
    return PaymentTraced(
        payment=finance_body(found.payment), timeline=timeline, elsewhere=[moved_body(one) for one in found.elsewhere]
    )


@router.post(f"{_PAYMENTS}/{{payment_id}}/refunds", policy=_FINANCE, status_code=202)
async def refund_payment(
    payment_id: UUID, body: RefundBody, tx: TxDep, principal: PrincipalDep, key: IdempotencyDep
) -> RefundAskedBody:
    """Give some of a payment back. What bears it is taken now; the payer has it once the gateway says so."""
    view = await service.payment(tx, payment_id=PaymentId(payment_id))
    refund_id = await service.request_refund(
        tx,
        key=f"refund:{key}",
        payment_id=view.payment_id,
        amount=Money.parse(body.amount, view.amount.currency),
        reason=body.reason,
        requested_by=principal.user_id,
        source=service.bearer_of(view, who=body.source),
        fraud=body.fraud,
    )
    return RefundAskedBody(refund_id=refund_id)

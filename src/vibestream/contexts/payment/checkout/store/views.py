"""The table that payments are listed from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.payment.checkout.domain.states import PaymentState, Purpose, Screening
from vibestream.contexts.payment.checkout.domain.views import PaymentView
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.ids import PaymentId, RiskDecisionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


def row_of(view: PaymentView) -> str:
    """Return the line as a JSON object whose members are the table's columns."""
    return json.dumps(_members(view))


async def load_view(tx: Tx, payment_id: PaymentId, *, user_id: UserId | None) -> PaymentView | None:
    """Return a payment's line; None when there is none, or not of this person."""
    return await tx.one(
        _view,
        """
        SELECT * FROM payment.payment_view
        WHERE payment_id = %(payment_id)s AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
        """,
        {"payment_id": payment_id, "user_id": user_id},
    )


async def list_views(
    tx: Tx,
    *,
    user_id: UserId | None,
    state: PaymentState | None,
    gateway: GatewayName | None,
    since: datetime | None,
    until: datetime | None,
    before: PaymentId | None,
    limit: int,
) -> list[PaymentView]:
    """Return lines that match, the newest first, those before an id."""
    return await tx.all(
        _view,
        """
        SELECT * FROM payment.payment_view
        WHERE (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
            AND (%(state)s::text IS NULL OR state = %(state)s)
            AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s)
            AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
            AND (%(before)s::uuid IS NULL OR payment_id < %(before)s)
        ORDER BY payment_id DESC LIMIT %(limit)s
        """,
        {
            "user_id": user_id,
            "state": state,
            "gateway": gateway,
            "since": since,
            "until": until,
            "before": before,
            "limit": limit,
        },
    )


async def unknown_since(tx: Tx) -> datetime | None:
    """Return since when the oldest payment of unknown outcome is that; None when there is none."""
    since: datetime | None = await tx.value(
        "SELECT min(changed_at) FROM payment.payment_view WHERE state = %s", [PaymentState.UNKNOWN.value]
    )
    return since


async def list_unfinished(
    tx: Tx, *, gateway: GatewayName | None, changed_before: datetime, limit: int
) -> list[PaymentView]:
    """Return lines of payments about which something is open and nothing has happened since an instant, oldest first."""
    return await tx.all(
        _view,
        """
        SELECT view.* FROM payment.payment head JOIN payment.payment_view view USING (payment_id)
        WHERE head.look_at IS NOT NULL AND view.changed_at < %(changed_before)s
            AND (%(gateway)s::text IS NULL OR view.gateway = %(gateway)s)
        ORDER BY view.changed_at LIMIT %(limit)s
        """,
        {"gateway": gateway, "changed_before": changed_before, "limit": limit},
    )


async def find_of_decision(tx: Tx, decision_id: RiskDecisionId) -> PaymentId | None:
    """Return the payment that a decision of fraud was about."""
    found: PaymentId | None = await tx.value(
        "SELECT payment_id FROM payment.payment_view WHERE decision_id = %s", [decision_id]
    )
    return found


async def list_differing(tx: Tx, views: Sequence[PaymentView]) -> list[PaymentId]:
    """Return those of these payments whose stored line is not this one."""
    return await tx.values(
        """
        SELECT made.payment_id
        FROM jsonb_populate_recordset(NULL::payment.payment_view, %s::jsonb) AS made
        LEFT JOIN payment.payment_view stored USING (payment_id)
        WHERE to_jsonb(made) IS DISTINCT FROM to_jsonb(stored)
        """,
        [json.dumps([_members(view) for view in views])],
    )


async def replace_views(tx: Tx, views: Sequence[PaymentView]) -> None:
    """Store these lines in place of those that are there."""
    payload = json.dumps([_members(view) for view in views])
    await tx.execute(
        """
        DELETE FROM payment.payment_view stored
        USING jsonb_populate_recordset(NULL::payment.payment_view, %s::jsonb) AS made
        WHERE stored.payment_id = made.payment_id
        """,
        [payload],
    )
    await tx.execute(
        """
        INSERT INTO payment.payment_view
        SELECT * FROM jsonb_populate_recordset(NULL::payment.payment_view, %s::jsonb)
        """,
        [payload],
    )


async def delete_orphans(tx: Tx) -> int:
    """Remove lines of payments that have no stream, and return how many there were."""
    return await tx.execute(
        """
        DELETE FROM payment.payment_view view
        WHERE NOT EXISTS (SELECT FROM payment.payment head WHERE head.payment_id = view.payment_id)
        """
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the payments that a person made, as they stand now; amounts in minor units."""
    return await tx.values(
        "SELECT jsonb_build_object('payment_id', payment_id, 'purpose', purpose, 'description', description, 'state', state,"
        " 'currency', currency, 'amount', amount, 'captured', captured, 'refunded', refunded, 'disputed', disputed)"
        " FROM payment.payment_view WHERE user_id = %s ORDER BY payment_id",
        [user_id],
    )


def _members(view: PaymentView) -> dict[str, Any]:
    return {
        "payment_id": str(view.payment_id),
        "user_id": str(view.user_id),
        "purpose": view.purpose,
        "subject": view.subject,
        "description": view.description,
        "state": view.state,
        "currency": view.amount.currency.code,
        "amount": view.amount.minor,
        "captured": view.captured.minor,
        "refunded": view.refunded.minor,
        "refunding": view.refunding.minor,
        "disputed": view.disputed.minor,
        "unexplained": view.unexplained,
        "fee": None if view.fee is None else view.fee.minor,
        "fee_currency": None if view.fee is None else view.fee.currency.code,
        "gateway": view.gateway,
        "payment_ref": view.payment_ref,
        "redirect_url": view.redirect_url,
        "return_to": view.return_to,
        "reason": view.reason,
        "verdict": view.verdict,
        "decision_id": None if view.decision_id is None else str(view.decision_id),
        "in_review": view.in_review,
        "method_kept": view.method_kept,
        "version": view.version,
        "started_at": view.started_at.isoformat(),
        "changed_at": view.changed_at.isoformat(),
    }


def _view(
    *,
    currency: str,
    purpose: str,
    state: str,
    verdict: str | None,
    gateway: str | None,
    fee: int | None,
    fee_currency: str | None,
    decision_id: UUID | None,
    **columns: Any,
) -> PaymentView:
    of = Currency.of(currency)
    names = ("amount", "captured", "refunded", "refunding", "disputed")
    amounts: dict[str, Any] = {name: Money(columns.pop(name), of) for name in names}
    return PaymentView(
        purpose=Purpose(purpose),
        state=PaymentState(state),
        verdict=None if verdict is None else Screening(verdict),
        gateway=None if gateway is None else GatewayName(gateway),
        fee=None if fee is None or fee_currency is None else Money(fee, Currency.of(fee_currency)),
        decision_id=None if decision_id is None else RiskDecisionId(decision_id),
        **amounts,
        **columns,
    )

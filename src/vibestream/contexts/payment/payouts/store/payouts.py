"""Payouts, their events and the votes about them."""

# ruff: noqa: S608 - what is put into the statements is the list of columns below

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutEvent, PayoutState
from vibestream.kernel.ids import PayoutId, RiskDecisionId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

_COLUMNS: LiteralString = """
    payout_id, user_id, currency, gross, fee, method, destination_id, address, gateway_key, requested_by, requested_at,
    decision_id, approvals_needed, under_review, state, payout_ref, first_sent_at, provider_fee, failure, version,
    changed_at
"""


async def insert_payout(tx: Tx, payout: Payout, *, request_key: str) -> None:
    """Write a new payout."""
    await tx.execute(
        """
        INSERT INTO payment.payout (payout_id, user_id, currency, gross, fee, method, destination_id, address,
            request_key, gateway_key, requested_by, requested_at, approvals_needed, under_review, state, version,
            changed_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            payout.payout_id,
            payout.user_id,
            payout.gross.currency.code,
            payout.gross.minor,
            payout.fee.minor,
            payout.method.value,
            payout.destination_id,
            payout.address,
            request_key,
            payout.gateway_key,
            payout.requested_by,
            payout.requested_at,
            payout.approvals_needed,
            payout.under_review,
            payout.state.value,
            payout.version,
            payout.changed_at,
        ],
    )


async def save_payout(tx: Tx, payout: Payout) -> None:
    """Write how a locked payout stands now."""
    await tx.execute(
        """
        UPDATE payment.payout SET state = %s, decision_id = %s, approvals_needed = %s, under_review = %s, payout_ref = %s,
            first_sent_at = %s, provider_fee = %s, failure = %s, version = %s, changed_at = %s
        WHERE payout_id = %s
        """,
        [
            payout.state.value,
            payout.decision_id,
            payout.approvals_needed,
            payout.under_review,
            payout.payout_ref,
            payout.first_sent_at,
            None if payout.provider_fee is None else payout.provider_fee.minor,
            payout.failure,
            payout.version,
            payout.changed_at,
            payout.payout_id,
        ],
    )


async def lock_payout(tx: Tx, payout_id: PayoutId) -> Payout | None:
    """Return a payout that nobody else changes until the transaction ends."""
    return await tx.one(
        _payout, f"SELECT {_COLUMNS} FROM payment.payout WHERE payout_id = %s FOR NO KEY UPDATE", [payout_id]
    )


async def load_payout(tx: Tx, payout_id: PayoutId, *, user_id: UserId | None) -> Payout | None:
    """Return a payout; None also when it is not of the person that is given."""
    return await tx.one(
        _payout,
        f"SELECT {_COLUMNS} FROM payment.payout WHERE payout_id = %s AND (%s::uuid IS NULL OR user_id = %s)",
        [payout_id, user_id, user_id],
    )


async def load_by_key(tx: Tx, request_key: str) -> Payout | None:
    """Return the payout that a key asked for."""
    return await tx.one(_payout, f"SELECT {_COLUMNS} FROM payment.payout WHERE request_key = %s", [request_key])


async def find_by_ref(tx: Tx, *, method: GatewayName, payout_ref: str) -> PayoutId | None:
    """Return which of our payouts has this id at its gateway."""
    found = await tx.value(
        "SELECT payout_id FROM payment.payout WHERE method = %s AND payout_ref = %s", [method.value, payout_ref]
    )
    return None if found is None else PayoutId(found)


async def list_payouts(
    tx: Tx,
    *,
    user_id: UserId | None,
    states: Collection[PayoutState] | None,
    before: PayoutId | None,
    limit: int,
) -> list[Payout]:
    """Return payouts, the newest first."""
    return await tx.all(
        _payout,
        f"""
        SELECT {_COLUMNS} FROM payment.payout
        WHERE (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
            AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
            AND (%(before)s::uuid IS NULL OR payout_id < %(before)s)
        ORDER BY payout_id DESC LIMIT %(limit)s
        """,
        {
            "user_id": user_id,
            "states": None if states is None else [state.value for state in states],
            "before": before,
            "limit": limit,
        },
    )


async def list_unfinished(
    tx: Tx, *, states: Collection[PayoutState], changed_before: datetime, limit: int
) -> list[Payout]:
    """Return payouts in these states that have not changed since an instant, those that wait longest first."""
    return await tx.all(
        _payout,
        f"""
        SELECT {_COLUMNS} FROM payment.payout
        WHERE state = ANY(%s) AND changed_at < %s ORDER BY changed_at, payout_id LIMIT %s
        """,
        [[state.value for state in states], changed_before, limit],
    )


async def insert_event(tx: Tx, payout_id: PayoutId, event: PayoutEvent) -> None:
    """Write what happened to a payout."""
    await tx.execute(
        """
        INSERT INTO payment.payout_event (payout_id, version, at, kind, state, actor, note, transaction_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            payout_id,
            event.version,
            event.at,
            event.kind,
            event.state.value,
            event.actor,
            event.note[:500],
            event.transaction_id,
        ],
    )


async def list_events(tx: Tx, payout_id: PayoutId) -> list[PayoutEvent]:
    """Return everything that happened to a payout, in order."""
    return await tx.all(
        _event,
        """
        SELECT version, at, kind, state, actor, note, transaction_id FROM payment.payout_event
        WHERE payout_id = %s ORDER BY version
        """,
        [payout_id],
    )


async def insert_vote(tx: Tx, payout: Payout, *, purpose: str, voter: UserId, at: datetime) -> bool:
    """Write that somebody agrees, and say whether that is new."""
    return bool(
        await tx.execute(
            """
            INSERT INTO payment.payout_vote (payout_id, purpose, voter, payee, requested_by, at)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [payout.payout_id, purpose, voter, payout.user_id, payout.requested_by, at],
        )
    )


async def count_votes(tx: Tx, payout_id: PayoutId, *, purpose: str) -> int:
    """Return how many people agree."""
    return int(
        await tx.value(
            "SELECT count(*) FROM payment.payout_vote WHERE payout_id = %s AND purpose = %s", [payout_id, purpose]
        )
    )


def _event(
    *,
    version: int,
    at: datetime,
    kind: str,
    state: str,
    actor: UserId | None,
    note: str,
    transaction_id: TransactionId | None,
) -> PayoutEvent:
    return PayoutEvent(
        version=version,
        at=at,
        kind=kind,
        state=PayoutState(state),
        actor=actor,
        note=note,
        transaction_id=transaction_id,
    )


def _payout(
    *,
    payout_id: PayoutId,
    currency: str,
    gross: int,
    fee: int,
    method: str,
    state: str,
    provider_fee: int | None,
    destination_id: UUID,
    decision_id: RiskDecisionId | None,
    **same: Any,
) -> Payout:
    known = Currency.of(currency)
    return Payout(
        payout_id=payout_id,
        gross=Money(gross, known),
        fee=Money(fee, known),
        method=GatewayName(method),
        state=PayoutState(state),
        provider_fee=None if provider_fee is None else Money(provider_fee, known),
        destination_id=destination_id,
        decision_id=decision_id,
        **same,
    )

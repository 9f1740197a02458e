"""Payees are told what became of their payouts: once each, in the app and by mail, in their language, and never of a check."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.bus import announce, drain, registered
from tests.factories.payouts import usd
from tests.factories.users import make_user
from vibestream.contexts.payment.events import PayoutFailed, PayoutPaid, PayoutReturned
from vibestream.contexts.user.notifications.domain import words
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows.tell_payees import SUBSCRIPTIONS
from vibestream.kernel.events import Event
from vibestream.kernel.ids import PayoutId, TransactionId, UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
FACTS: dict[str, str | int] = {"minor": 1_975, "currency": "USD", "method": "paypal", "when": AT.isoformat()}


def events_for(user_id: UserId) -> dict[str, Event]:
    about: dict[str, Any] = {
        "occurred_at": AT,
        "payout_id": PayoutId(new_id()),
        "user_id": user_id,
        "amount": usd(1_975),
        "method": "paypal",
        "transaction_id": TransactionId(new_id()),
    }
    return {
        "payout_paid": PayoutPaid(**about),
        "payout_returned": PayoutReturned(**about),
        "payout_failed": PayoutFailed(reason="rejected", **about),
    }


async def test_each_ending_is_told_once_with_its_amount_and_mailed_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        payee = await make_user(tx)
    endings = events_for(payee.user_id)

    await announce(database, *endings.values())
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        kept = await tx.all(
            lambda *, kind, key, facts: (kind, key, facts), "SELECT kind, key, facts FROM users.notification"
        )
        mails = await tx.values(
            "SELECT n.kind FROM users.notification_delivery d JOIN users.notification n USING (notification_id)"
            " WHERE d.state = 'waiting'"
        )
    assert {kind: key for kind, key, _ in kept} == {kind: str(event.event_id) for kind, event in endings.items()}
    assert [facts for *_, facts in kept] == [FACTS] * 3
    assert sorted(mails) == sorted(endings)


@pytest.mark.parametrize(
    ("kind", "locale", "title", "body"),
    [
        (Kind.PAYOUT_PAID, "en", "Paid out: 19.75 USD", "reached your account at PayPal on 2026-12-24 09:30 UTC"),
        (Kind.PAYOUT_PAID, "es", "Cobro realizado: 19.75 USD", "llegaron a tu cuenta de PayPal"),
        (Kind.PAYOUT_RETURNED, "en", "A payout came back: 19.75 USD", "The money is yours again."),
        (Kind.PAYOUT_RETURNED, "es", "Un cobro fue devuelto: 19.75 USD", "El dinero vuelve a ser tuyo."),
        (Kind.PAYOUT_FAILED, "en", "A payout was not sent: 19.75 USD", "The money is yours again."),
        (Kind.PAYOUT_FAILED, "es", "Un cobro no se envió: 19.75 USD", "El dinero vuelve a ser tuyo."),
    ],
)
def test_it_is_said_in_the_payees_language_and_names_no_check(kind: Kind, locale: str, title: str, body: str):
    said = words.say(kind, FACTS, count=1, locale=locale, url="https://vibe.example")

    assert said.title == title
    assert body in said.body
    everything = f"{said.title} {said.body}".lower()
    assert not any(word in everything for word in ("risk", "fraud", "review", "riesgo", "fraude", "revisi"))

"""Payers are told: once per fact, by one mail each, with exact amounts and instants."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.factories.bus import announce, drain, registered
from tests.factories.settling import usd
from tests.factories.users import User, make_user
from vibestream.contexts.payment.events import (
    PaymentCaptured,
    PaymentRefunded,
    RenewalDue,
    RenewalFailed,
    TrialEnding,
)
from vibestream.flows import tell_payers
from vibestream.kernel.events import Event
from vibestream.kernel.ids import PaymentId, RefundId, SubscriptionId, UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 12, 25, 9, 30, tzinfo=UTC)


def events_for(user_id: UserId) -> dict[str, Event]:
    paid = {
        "occurred_at": AT,
        "payment_id": PaymentId(new_id()),
        "user_id": user_id,
        "subject": "x",
        "amount": usd(1_099),
    }
    owned = {
        "occurred_at": AT, "subscription_id": SubscriptionId(new_id()), "user_id": user_id, "plan": "premium",
        "amount": usd(1_099),
    }  # fmt: skip
    return {
        "receipt": PaymentCaptured(purpose="subscription", **paid),  # type: ignore[arg-type]  # the common fields
        "refund": PaymentRefunded(purpose="tip", refund_id=RefundId(new_id()), asked_for=True, **paid),  # type: ignore[arg-type]
        "renewal_failed": RenewalFailed(next_try_at=LATER, entitled_until=LATER, **owned),  # type: ignore[arg-type]
        "subscription_unpaid": RenewalFailed(next_try_at=None, entitled_until=AT, **owned),  # type: ignore[arg-type]
        "renewal_due": RenewalDue(period_end=LATER, **owned),  # type: ignore[arg-type]
        "trial_ends": TrialEnding(ends_at=LATER, **owned),  # type: ignore[arg-type]
    }


async def test_each_fact_is_told_once_under_its_own_id_and_mailed_once(database: Database):
    consumers = await registered(database, Consumers(tell_payers.SUBSCRIPTIONS))
    async with database.begin() as tx:
        fan: User = await make_user(tx)
    told = events_for(fan.user_id)

    await announce(database, *told.values())
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        kept = await tx.all(
            lambda *, kind, key, facts: (kind, key, facts), "SELECT kind, key, facts FROM users.notification"
        )
        mails = await tx.all(
            lambda *, args, kind: (args["delivery_id"], kind),
            "SELECT j.args, n.kind FROM jobs.procrastinate_jobs j JOIN users.notification_delivery d"
            " ON d.delivery_id::text = j.args ->> 'delivery_id' JOIN users.notification n USING (notification_id)"
            " WHERE j.task_name = 'user.mail_notification' AND d.state = 'waiting'",
        )
    assert {kind: key for kind, key, _ in kept} == {kind: str(event.event_id) for kind, event in told.items()}
    assert sorted(kind for _, kind in mails) == sorted(told)
    assert len(mails) == 6
    assert {(facts["minor"], facts["currency"]) for *_, facts in kept} == {(1_099, "USD")}
    when = {kind: facts["when"] for kind, _, facts in kept}
    assert when["renewal_failed"] == LATER.isoformat()
    assert when["receipt"] == AT.isoformat()
    what = {kind: facts["what"] for kind, _, facts in kept}
    assert what["receipt"] == "subscription"
    assert what["trial_ends"] == "premium"

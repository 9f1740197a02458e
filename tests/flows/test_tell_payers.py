"""Payers are told by mail: once per fact, in their language, with exact amounts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
from vibestream.contexts.user import mails
from vibestream.contexts.user.mails import MoneyNotice
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


async def test_each_fact_is_mailed_once_under_its_own_id(database: Database):
    consumers = await registered(database, Consumers(tell_payers.SUBSCRIPTIONS))
    async with database.begin() as tx:
        fan: User = await make_user(tx)
    told = events_for(fan.user_id)

    await announce(database, *told.values())
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        jobs = await tx.all(
            lambda *, args: args,
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'user.mail_money_notice'",
        )
    assert {one["notice"]: one["mail_id"] for one in jobs} == {
        notice: str(event.event_id) for notice, event in told.items()
    }
    assert len(jobs) == 6
    assert {one["amount"] for one in jobs} == {"10.99 USD"}
    when = {one["notice"]: one["when"] for one in jobs}
    assert when["renewal_failed"] == LATER.isoformat()
    assert when["receipt"] == AT.isoformat()


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("notice", list(MoneyNotice))
def test_every_notice_is_said_whole_in_every_language(notice: MoneyNotice, locale: str):
    mail = mails.money_notice(
        mail_id=new_id(), to="ana@example.org", locale=locale, url="https://vibe.example", notice=notice,
        amount="10.99 USD", what="premium", when="2026-12-25 09:30",
    )  # fmt: skip

    assert "{" not in mail.subject + mail.text
    assert "10.99 USD" in mail.subject + mail.text
    assert "https://vibe.example" in mail.text
    assert mail.html.count("<p>") == mail.text.count("\n\n")


def test_what_a_payment_was_for_is_said_in_words():
    mail = mails.money_notice(
        mail_id=new_id(), to="ana@example.org", locale="es", url="https://vibe.example", notice=MoneyNotice.RECEIPT,
        amount="5.00 EUR", what="tip", when="2026-12-25 09:30",
    )  # fmt: skip

    assert "(propina)" in mail.text

"""Decisions about money stand in the security log, each once, and only about accounts that exist."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.factories.bus import announce, drain, registered
from tests.factories.users import make_user
from vibestream.contexts.payment.events import PaymentRefunded, PayoutDecided, PayoutDestinationChanged, ReviewDecided
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.flows.record_decisions import SUBSCRIPTIONS
from vibestream.kernel.ids import PaymentId, PayoutId, RefundId, RiskDecisionId, UserId, new_id
from vibestream.kernel.money import EUR, Money
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)


def refunded(user_id: UserId, payment_id: PaymentId, *, asked_for: bool, by: UserId | None = None) -> PaymentRefunded:
    return PaymentRefunded(
        occurred_at=AT, payment_id=payment_id, user_id=user_id, purpose="tip", subject="", amount=Money(500, EUR),
        refund_id=RefundId(new_id()), asked_for=asked_for, requested_by=by,
    )  # fmt: skip


async def test_each_decision_has_one_line_with_what_was_decided(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana = await make_user(tx)
    payment, nobody = PaymentId(new_id()), UserId(new_id())
    review = ReviewDecided(
        occurred_at=AT, decision_id=RiskDecisionId(new_id()), kind="payout", subject="s" * 200, user_id=ana.user_id,
        released=False,
    )  # fmt: skip
    moved = PayoutDestinationChanged(
        occurred_at=AT, user_id=ana.user_id, method="paypal", address="a***@example.org", usable_from=AT
    )
    await announce(
        database, review, moved, refunded(ana.user_id, payment, asked_for=True),
        refunded(ana.user_id, payment, asked_for=False), refunded(nobody, payment, asked_for=True),
    )  # fmt: skip
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        lines = [(one.entry.action.value, one.entry.detail) for one in await audit_log.search(tx)]
        undelivered = await tx.value("SELECT count(*) FROM platform.undelivered")
    assert sorted(lines) == [
        ("payment.refunded", f"{payment} 5.00 EUR"),
        ("payout.destination_changed", "paypal"),
        ("review.decided", f"payout {'s' * 193}"),
    ]
    assert undelivered == 0


async def test_each_line_names_who_decided(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana, eva, leo = [(await make_user(tx)).user_id for _ in range(3)]
    payment, payout = PaymentId(new_id()), PayoutId(new_id())
    about = {"occurred_at": AT, "decision_id": RiskDecisionId(new_id()), "kind": "payout", "user_id": ana}
    by_two = ReviewDecided(subject="two", released=True, decided_by=(eva, leo), **about)  # type: ignore[arg-type]
    by_nobody = ReviewDecided(subject="none", released=False, **about)  # type: ignore[arg-type]
    agreed = PayoutDecided(
        occurred_at=AT, payout_id=payout, user_id=ana, amount=Money(20_000, EUR), decision="agreed", decided_by=eva
    )
    await announce(database, by_two, by_nobody, agreed, refunded(ana, payment, asked_for=True, by=leo))
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        found = [(one.entry.action.value, one.entry.detail, one.entry.actor_id) for one in await audit_log.search(tx)]
    assert sorted(found, key=str) == sorted(
        [
            ("payment.refunded", f"{payment} 5.00 EUR", leo),
            ("payout.decided", f"{payout} 200.00 EUR agreed", eva),
            ("review.decided", "payout none stopped", None),
            ("review.decided", "payout two released", eva),
            ("review.decided", "payout two released", leo),
        ],
        key=str,
    )

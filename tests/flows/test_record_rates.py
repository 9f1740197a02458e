"""A published rate stands once in the security log, with both people."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.factories.bus import announce, drain, registered
from tests.factories.users import make_user
from vibestream.contexts.payment.events import RatePublished
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.flows.record_rates import SUBSCRIPTIONS
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)


def published(proposed_by: UserId, published_by: UserId) -> RatePublished:
    return RatePublished(
        occurred_at=AT,
        rate_id=new_id(),
        pair="EUR/USD",
        rate="1.0842",
        proposed_by=proposed_by,
        published_by=published_by,
    )


async def test_who_proposed_and_who_published_stand_in_one_line(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        fiona, omar = await make_user(tx), await make_user(tx)
    nobody = UserId(new_id())
    await announce(
        database,
        published(fiona.user_id, omar.user_id),
        published(omar.user_id, nobody),
        published(nobody, fiona.user_id),
    )
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        lines = [one.entry for one in await audit_log.search(tx)]
        undelivered = await tx.value("SELECT count(*) FROM platform.undelivered")
    assert {(one.action.value, one.user_id, one.actor_id, one.detail) for one in lines} == {
        ("exchange.rate_published", fiona.user_id, omar.user_id, "EUR/USD 1.0842"),
        ("exchange.rate_published", omar.user_id, None, "EUR/USD 1.0842"),
    }
    assert len(lines) == 2
    assert undelivered == 0

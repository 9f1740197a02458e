"""A changed address has payouts wait, from the change on, whatever is set meanwhile and however often it is heard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.bus import drain, registered
from tests.factories.users import make_user
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import NotPayable
from vibestream.contexts.user.events import EmailChanged
from vibestream.flows.freeze_payouts import SUBSCRIPTIONS, freeze
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.subscriptions import Consumers

HOURS_72 = timedelta(hours=72)


async def test_it_holds_for_72_hours_from_the_change_also_for_a_first_destination(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    changed = utc_now() - timedelta(hours=1)
    async with database.begin() as tx:
        ana = await make_user(tx)
        await publish(tx, EmailChanged(user_id=ana.user_id, restored=False, occurred_at=changed))
    await drain(database, consumers)
    await drain(database, consumers)
    async with database.begin() as tx:
        await payouts.set_destination(
            tx, user_id=ana.user_id, method=GatewayName.PAYPAL, address="a@one.example", ready=True, now=utc_now()
        )
        found = await payouts.destination(tx, user_id=ana.user_id)
    assert found is not None
    assert found.frozen_until == changed + HOURS_72
    with pytest.raises(NotPayable) as refused:
        found.check_usable(changed + HOURS_72 - timedelta(seconds=1))
    assert refused.value.reason == "address_changed"
    found.check_usable(changed + HOURS_72)


async def test_an_earlier_change_heard_late_does_not_shorten_it_and_nobody_else_waits(tx: Tx):
    ana, bea = await make_user(tx), await make_user(tx)
    now = utc_now()
    for user in (ana, bea):
        await payouts.set_destination(
            tx,
            user_id=user.user_id,
            method=GatewayName.PAYPAL,
            address=f"{user.user_id}@one.example",
            ready=True,
            now=now - timedelta(days=9),
        )
    for hours in (0, 5):
        await freeze(tx, EmailChanged(user_id=ana.user_id, restored=True, occurred_at=now - timedelta(hours=hours)))
    frozen = [await payouts.destination(tx, user_id=user.user_id) for user in (ana, bea)]
    assert [one.frozen_until if one else now for one in frozen] == [now + HOURS_72, None]


async def test_a_destination_long_in_use_is_not_taken_for_a_change_that_can_be_undone(tx: Tx):
    ana, now = await make_user(tx), utc_now()
    for days, address in ((30, "a@one.example"), (20, "b@two.example")):
        await payouts.set_destination(
            tx,
            user_id=ana.user_id,
            method=GatewayName.PAYPAL,
            address=address,
            ready=True,
            now=now - timedelta(days=days),
        )
    await payouts.freeze(tx, user_id=ana.user_id, since=now)
    with pytest.raises(payouts.NothingToUndo):
        await payouts.undo_change(tx, user_id=ana.user_id, now=now)

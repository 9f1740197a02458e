"""What a person decides about a payout's risk reaches the payout, over the real bus."""

from __future__ import annotations

import pytest

from tests.factories.bus import drain, registered
from tests.factories.payouts import ask, has, make_payee, new_user, violations
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.flows.review_payouts import SUBSCRIPTIONS
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


@pytest.mark.parametrize(("good", "state", "left"), [(True, "requested", 300_000), (False, "rejected", 500_000)])
async def test_a_reviewed_payout_goes_on_or_gives_its_money_back(
    database: Database, state: str, left: int, *, good: bool
):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        payee = await make_payee(tx, 500_000)
        payout = await ask(tx, payee, 200_000)
    assert payout.under_review
    assert payout.decision_id is not None

    async with database.begin() as tx:
        judgement = fraud.Judgement.RELEASE if good else fraud.Judgement.REFUSE
        for _ in range(2 if good else 1):  # to let so much money go takes two people here too
            await fraud.decide_review(
                tx,
                decision_id=payout.decision_id,
                reviewer=new_user(),
                verdict=judgement,
                note="Looked at the catalogue.",
                now=utc_now(),
            )
    await drain(database, consumers)

    async with database.begin() as tx:
        found = await payouts.payout(tx, payout_id=payout.payout_id)
        assert (found.state.value, found.under_review) == (state, not good)
        assert (await has(tx, payee.user_id))[0] == left
    assert await violations(database) == {}

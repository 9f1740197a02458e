"""The risk check of a payout: by a job, with what outside parties say, and once, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import psycopg
import pytest

from tests.contexts.payment.payouts.test_running import cut
from tests.factories.killing import KilledAt
from tests.factories.payouts import (
    Payee,
    ask,
    books,
    has,
    make_payee,
    new_user,
    request,
    take_jobs,
    usd,
    violations,
    waiting,
)
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.gateway import minfraud
from vibestream.contexts.payment.fraud.gateway import signals as guard
from vibestream.contexts.payment.fraud.service.signals import Signals, open_signals
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.domain.payouts import approvals_after
from vibestream.contexts.payment.payouts.service import Origin, Payout, PayoutState, WrongState
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.minfraud.server import Fault, MinFraudServer, serve

ADDRESS: Final = "203.0.113.9"


@pytest.fixture
async def outside() -> AsyncIterator[MinFraudServer]:
    async with serve(load_settings(environment=Environment.TEST), account_id=42, licence_key="licence") as running:
        yield running


@pytest.fixture
async def asking(runtime: Runtime, outside: MinFraudServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """A runtime that asks an outside party about each payout."""
    for module in (guard, minfraud):
        monkeypatch.setattr(module, "BUDGET_S", 0.6)  # a busy machine is no slow server, which takes a second
    settings = load_settings(
        environment=Environment.TEST,
        minfraud_account_id=42,
        minfraud_licence_key="licence",
        minfraud_host=outside.host,
        minfraud_authority=outside.authority,
    )
    opened = open_signals(settings)
    asking = replace(runtime, parts={**runtime.parts, Signals: opened})
    await screened(asking, await requested(asking.database))  # the first import and handshake take their time
    outside.asked.clear()
    yield asking
    await opened.close()


async def requested(database: Database, minor: int = 2_000, *, network: str | None = ADDRESS) -> Payout:
    async with database.begin() as tx:
        payee = await make_payee(tx, minor)
        return await request(tx, payee, minor, origin=Origin(network=network, device="phone"))


async def screened(runtime: Runtime, payout: Payout) -> Payout:
    await service.screen_payout(runtime, payout_id=str(payout.payout_id))
    async with runtime.database.begin() as tx:
        return await service.payout(tx, payout_id=payout.payout_id)


async def kinds(tx: Tx, payout: Payout) -> list[str]:
    return [event.kind for event in await service.timeline(tx, payout_id=payout.payout_id)]


async def deny(database: Database, user_id: UserId) -> None:
    earlier = utc_now() - timedelta(days=1)
    async with database.begin() as tx:
        await fraud.deny(tx, list_=fraud.DenyList.USER, value=str(user_id), reason="a test", added_by=None, now=earlier)


async def test_a_payout_waits_with_its_money_set_aside_until_a_job_has_checked_it(database: Database):
    payout = await requested(database)

    assert (payout.state, payout.decision_id) == (PayoutState.SCREENING, None)
    assert await waiting(database) == [("payment.screen_payout", {"payout_id": str(payout.payout_id)})]
    async with database.begin() as tx:
        assert await has(tx, payout.user_id) == (0, 2_000, 0)
        with pytest.raises(WrongState):
            await service.approve(tx, payout_id=payout.payout_id, approver=new_user(), now=utc_now())
    assert await violations(database) == {}


async def test_what_outside_parties_say_reaches_the_decision_of_a_payout_that_was_asked_for(
    asking: Runtime, outside: MinFraudServer
):
    outside.scores = {ADDRESS: 12.5}
    after = await screened(asking, await requested(asking.database))

    assert after.state is PayoutState.APPROVED
    (asked,) = outside.asked
    assert (asked["device"], asked["event"]["type"]) == ({"ip_address": ADDRESS}, "payout_change")
    assert asked["event"]["transaction_id"] == str(after.payout_id)
    async with asking.database.begin() as tx:
        assert after.decision_id is not None
        found = (await fraud.explained(tx, decision_id=after.decision_id)).decision
        assert (found.signals["minfraud_risk_score"], found.signals["minfraud_ip_risk"]) == (12.5, 12.5)


async def test_a_payout_that_outside_parties_think_risky_waits_for_a_person(asking: Runtime, outside: MinFraudServer):
    outside.scores = {ADDRESS: 60}
    after = await screened(asking, await requested(asking.database))

    assert (after.state, after.under_review) == (PayoutState.REQUESTED, True)
    async with asking.database.begin() as tx:
        (_, checked) = await service.timeline(tx, payout_id=after.payout_id)
    assert (checked.kind, checked.note) == ("screened", "rule.payout_outside_score")


@pytest.mark.parametrize("fault", list(Fault))
async def test_an_outside_party_that_fails_stops_no_payout(asking: Runtime, outside: MinFraudServer, fault: Fault):
    outside.faults.append(fault)
    after = await screened(asking, await requested(asking.database))

    assert after.state is PayoutState.APPROVED
    async with asking.database.begin() as tx:
        assert after.decision_id is not None
        found = (await fraud.explained(tx, decision_id=after.decision_id)).decision
        assert "minfraud_risk_score" not in found.signals


async def test_nobody_outside_is_asked_again_about_a_payout_that_was_checked(asking: Runtime, outside: MinFraudServer):
    payout = await requested(asking.database)
    for _ in range(3):
        await screened(asking, payout)

    assert len(outside.asked) == 1
    async with asking.database.begin() as tx:
        assert await kinds(tx, payout) == ["requested", "screened", "approved"]
        assert len(await fraud.decisions_about(tx, subject=str(payout.payout_id))) == 1


async def test_a_blocked_payout_gives_its_money_back(database: Database, runtime: Runtime):
    payout = await requested(database)
    await deny(database, payout.user_id)
    after = await screened(runtime, payout)

    assert (after.state, after.failure, after.decision_id is None) == (PayoutState.REJECTED, "risk", False)
    async with database.begin() as tx:
        assert await has(tx, payout.user_id) == (2_000, 0, 0)
        assert await books(tx) == {}
        assert await kinds(tx, payout) == ["requested", "blocked"]
    assert [name for name, _ in await waiting(database)] == ["payment.screen_payout"], "nothing is sent"
    assert await violations(database) == {}


async def test_where_a_request_came_from_is_forgotten_once_it_was_checked_or_taken_back(
    database: Database, runtime: Runtime
):
    checked, taken_back = await requested(database), await requested(database)
    await screened(runtime, checked)
    async with database.begin() as tx:
        assert await tx.values("SELECT payout_id FROM payment.payout_origin") == [taken_back.payout_id]
        await service.cancel(tx, payout_id=taken_back.payout_id, user_id=taken_back.user_id, now=utc_now())
        assert await tx.values("SELECT payout_id FROM payment.payout_origin") == []
        assert await has(tx, taken_back.user_id) == (2_000, 0, 0)

    after = await screened(runtime, taken_back)
    assert (after.state, after.failure, after.decision_id) == (PayoutState.REJECTED, "cancelled", None)
    assert await violations(database) == {}


async def test_taking_back_a_payout_in_review_ends_its_review(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 500_000)
        payout = await ask(tx, payee, 200_000)
        assert payout.decision_id is not None
        assert [one.subject for one in await fraud.reviews(tx, limit=10)] == [str(payout.payout_id)]
        await service.cancel(tx, payout_id=payout.payout_id, user_id=payee.user_id, now=utc_now())
        assert await fraud.reviews(tx, limit=10) == []


async def test_checked_twice_at_once_it_is_decided_once(database: Database, runtime: Runtime):
    payout = await requested(database)
    await asyncio.gather(*[screened(runtime, payout) for _ in range(4)])

    async with database.begin() as tx:
        assert await kinds(tx, payout) == ["requested", "screened", "approved"]
        assert len(await fraud.decisions_about(tx, subject=str(payout.payout_id))) == 1


async def test_a_doubtful_payout_needs_one_person_and_a_large_doubtful_one_still_two(tx: Tx):
    async def approvals(minor: int, *, doubtful: bool) -> int:
        payee = await make_payee(tx, minor)
        payout = await request(tx, payee, minor)
        return approvals_after(payout, doubtful=doubtful)

    assert [await approvals(5_000, doubtful=False), await approvals(5_000, doubtful=True)] == [0, 1]
    assert [await approvals(100_001, doubtful=False), await approvals(100_001, doubtful=True)] == [2, 2]


UNCHECKED: Final = {
    "approved unchecked": "UPDATE payment.payout SET state = 'approved', version = version + 1",
    "approved with a made-up check": """
        UPDATE payment.payout SET state = 'approved', decision_id = gen_random_uuid(), version = version + 1""",
    "sent unchecked": "UPDATE payment.payout SET state = 'sending', version = version + 1",
    "requested unchecked": "UPDATE payment.payout SET state = 'requested', version = version + 1",
    "fewer people than its amount asks for": """
        UPDATE payment.payout SET state = 'requested', decision_id = gen_random_uuid(), approvals_needed = 1,
            version = version + 1""",
    "a check beforehand": "UPDATE payment.payout SET decision_id = gen_random_uuid(), version = version + 1",
}


@pytest.mark.parametrize("attack", UNCHECKED)
async def test_the_application_cannot_get_round_the_check(tx: Tx, attack: str):
    await request(tx, await make_payee(tx, 500_000), 200_000)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with tx.savepoint():
            await tx.execute(UNCHECKED[attack])
    assert await tx.value("SELECT state FROM payment.payout") == "screening"


async def test_the_poller_has_a_payout_checked_whose_job_was_lost(database: Database, runtime: Runtime):
    payout = await requested(database)
    await take_jobs(database)

    assert await service.poll(runtime, now=utc_now() + timedelta(minutes=4)) == 0
    assert await service.poll(runtime, now=utc_now() + timedelta(minutes=6)) == 1
    assert await waiting(database) == [("payment.screen_payout", {"payout_id": str(payout.payout_id)})]


@pytest.mark.timeout(300)
async def test_killed_at_any_point_the_check_is_taken_up_again_and_decides_once(
    database: Database, asking: Runtime, owner_dsn: str
):
    points, cut_short = 0, 0
    for point in range(0, 120, 4):
        payout = await requested(database)
        async with Database(database.dsn, application="victim") as victim:
            doomed = replace(asking, database=victim)
            work = service.screen_payout(doomed, payout_id=str(payout.payout_id))
            reached = await KilledAt(work, point, lambda: cut(owner_dsn))
        assert await violations(database) == {}
        async with database.begin() as tx:
            left = await kinds(tx, payout)
            assert left in (["requested"], ["requested", "screened", "approved"]), "nothing by halves"
            cut_short += left == ["requested"]
        after = await screened(asking, payout)
        assert after.state is PayoutState.APPROVED
        async with database.begin() as tx:
            assert await kinds(tx, payout) == ["requested", "screened", "approved"]
            assert len(await fraud.decisions_about(tx, subject=str(payout.payout_id))) == 1
        points += 1
        if not reached:
            break

    assert cut_short > 3, "it was never killed before it had decided"
    sent = [arguments["payout_id"] for name, arguments in await take_jobs(database) if name == "payment.send_payout"]
    assert len(sent) == len(set(sent)) == points + 1, "each is sent by one job; one more made the first handshake"
    assert await violations(database) == {}


async def test_a_young_account_that_asks_for_much_waits_for_a_person(database: Database, runtime: Runtime):
    async with database.begin() as tx:
        born = new_user(since=utc_now() - timedelta(days=13))
        young: Payee = await make_payee(tx, 6_000, user_id=born)
        little, much = await request(tx, young, 1_000), await request(tx, young, 5_000)
    assert (little.gross, much.gross) == (usd(1_000), usd(5_000))

    assert not (await screened(runtime, little)).under_review
    assert (await screened(runtime, much)).under_review

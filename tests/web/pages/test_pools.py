"""Policies of pools: tried on a past day, proposed with what was tried, approved by somebody else, by admins alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.pool_policies import approved
from tests.factories.receipts import TODAY, closed, listened
from tests.factories.users import User, make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.contexts.listen_reward.allocation.service import Policy, State
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}
PAGE = "/operations/pools"
FIGURES = {
    "epoch": TODAY.isoformat(), "budget": "90", "listener_cap_bp": "5000", "track_cap_bp": "10000",
    "artist_cap_bp": "10000", "decay_bp": "10000", "boost_bp": "10000", "most_seconds": "600", "new_artist_days": "30", "warm_up_days": "2",
}  # fmt: skip

CAPPED = {
    "listener_cap_bp": 5_000, "track_cap_bp": 10_000, "artist_cap_bp": 10_000, "decay_bp": 10_000, "boost_bp": 10_000,
    "most_seconds": 600,
}  # fmt: skip


async def admins(database: Database) -> tuple[User, User]:
    async with database.begin() as tx:
        return await make_user(tx, roles=["admin"]), await make_user(tx, roles=["admin"])


async def written(database: Database) -> int:
    async with database.begin() as tx:
        return int(await tx.value("SELECT count(*) FROM listen_reward.pool_policy"))


def form(**other: str) -> dict[str, str]:
    day = (utc_now() + allocation.LEAD + timedelta(days=1)).date()
    return FIGURES | {"key": str(new_id()), "effective_from": day.isoformat(), "reason": "Fewer loops"} | other


async def test_trying_says_what_would_have_been_paid_beside_what_was_and_writes_nothing(client_for, database):
    """Three listens by two people; the flat way paid each 1 VIBE. A listener's cap of a half cuts two thirds."""
    olga, _ = await admins(database)
    await listened(database, UserId(new_id()), times=2)
    await listened(database, UserId(new_id()))
    operator = await client_for(olga)

    page = read(await operator.get(PAGE, params=FIGURES, headers=HTML))

    async with database.begin() as tx:
        tried = await pools.simulate(
            tx, epoch=TODAY, budget=Money(900_000, VIBE), spread=Policy(**CAPPED), new_artist_days=30
        )
    assert (tried.listens, tried.would.paid.minor, tried.stays.minor) == (3, 300_000 + 450_000, 150_000)
    assert (tried.was.paid.minor, tried.was.listeners, tried.was.most_of_a_listener.minor) == (30_000, 2, 20_000)
    assert (tried.would.listeners, tried.would.most_of_a_listener.minor) == (2, 450_000)
    assert sorted(one.minor for one in tried.would.by_artist.values()) == [225_000, 225_000, 300_000]
    text = " ".join(page.text.split())
    assert "What it would have paid on Mar 1, 2026" in text
    assert "Would have paid75.00 VIBEwas 3.00 VIBE" in text
    assert "Of 90.00 VIBE, 15.00 VIBE would have stayed" in text
    assert "3 listens counted" in page.text
    assert await written(database) == 0


async def test_what_is_tried_on_a_day_that_a_policy_spread_by_the_same_policy_is_what_it_paid(database):
    policy = await approved(database, budget=1_000_003, listener_cap_bp=4_000, decay_bp=6_000)
    for times in (1, 3):
        await listened(database, UserId(new_id()), times=times)
    await closed(database)

    async with database.begin() as tx:
        tried = await pools.simulate(
            tx, epoch=TODAY, budget=policy.budget, spread=policy.spread, new_artist_days=policy.new_artist_days
        )

    assert tried.would == tried.was
    assert 0 < tried.would.paid.minor <= 800_002


async def test_one_proposes_and_another_approves(client_for, database):
    olga, nora = await admins(database)
    await listened(database, UserId(new_id()))
    first, second = await client_for(olga), await client_for(nora)
    sent = form()

    answers = [await first.post(PAGE, data=sent) for _ in range(2)]

    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, f"{PAGE}?done=proposed")] * 2
    assert await written(database) == 1
    approve = f"{PAGE}/{sent['key']}/approve"
    assert (await first.post(approve, headers=HTML)).status_code == 403
    assert "somebody else has to approve it" in read(await first.get(PAGE, headers=HTML)).text
    assert (await second.post(approve)).headers["location"] == f"{PAGE}?done=approved"
    assert (await second.post(approve, headers=HTML)).status_code == 409
    async with database.begin() as tx:
        (found,) = await allocation.policies(tx, limit=9)
    assert (found.state, found.decided_by, found.budget.minor) == (State.APPROVED, nora.user_id, 900_000)
    assert found.spread == Policy(**CAPPED)
    assert (await first.post(f"{PAGE}/{sent['key']}/withdraw", headers=HTML)).status_code == 409


async def test_what_one_proposed_can_be_taken_back_and_its_key_is_nobody_elses(client_for, database):
    olga, nora = await admins(database)
    first, second = await client_for(olga), await client_for(nora)
    sent = form()
    await first.post(PAGE, data=sent)

    assert (await second.post(PAGE, data=sent, headers=HTML)).status_code == 404
    assert (await first.post(f"{PAGE}/{sent['key']}/withdraw")).headers["location"] == f"{PAGE}?done=withdrawn"
    assert (await second.post(f"{PAGE}/{sent['key']}/approve", headers=HTML)).status_code == 409
    assert (await second.post(f"{PAGE}/{new_id()}/approve", headers=HTML)).status_code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"budget": "0"}, {"budget": "-5"}, {"budget": "1e9"}, {"budget": "9" * 30}, {"budget": "0.00001"}, {"budget": ""},
        {"listener_cap_bp": "10001"}, {"decay_bp": "x"}, {"boost_bp": "9999"}, {"boost_bp": ""}, {"most_seconds": "0"},
        {"new_artist_days": "3651"}, {"warm_up_days": "31"}, {"epoch": "2026-02-30"}, {"epoch": "<script>"}, {"track_cap_bp": "\uff11"},
    ],
)  # fmt: skip
async def test_odd_figures_are_refused_at_their_field_and_shown_again(client_for, database, odd: dict[str, str]):
    olga, _ = await admins(database)
    await listened(database, UserId(new_id()))
    operator = await client_for(olga)

    answer = await operator.get(PAGE, params=FIGURES | odd, headers=HTML)

    assert answer.status_code == 422
    assert "What it would have paid" not in answer.text
    assert 'value="<script>' not in answer.text


@pytest.mark.parametrize(
    "odd",
    [
        {"effective_from": ""}, {"effective_from": "tomorrow"}, {"effective_from": "2026-01-01"}, {"reason": ""},
        {"reason": "x" * 501}, {"key": ""}, {"key": "1"}, {"budget": "0"}, {"listener_cap_bp": "-1"},
    ],
)  # fmt: skip
async def test_a_proposal_that_is_none_is_refused_with_its_form(client_for, database, odd: dict[str, str]):
    olga, _ = await admins(database)
    await listened(database, UserId(new_id()))
    operator = await client_for(olga)

    answer = await operator.post(PAGE, data=form(**odd), headers=HTML)

    assert answer.status_code == 422
    assert await written(database) == 0


async def test_nobody_else_sees_or_does_any_of_it(client: Any, client_for, database):
    async with database.begin() as tx:
        ana, finn = await make_user(tx), await make_user(tx, roles=["finance"])
    for person in (await client_for(ana), await client_for(finn)):
        assert (await person.get(PAGE, headers=HTML)).status_code == 403
        assert (await person.post(PAGE, data=form())).status_code == 403
        assert (await person.post(f"{PAGE}/{new_id()}/approve")).status_code == 403
        assert (await person.post(f"{PAGE}/{new_id()}/withdraw")).status_code == 403
    assert (await client.post(PAGE, data=form())).status_code in {303, 401}
    assert await written(database) == 0

"""Policies of pools over HTTP: tried without a trace, proposed by one, approved by another, by admins alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.receipts import TODAY, listened
from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

PATH = "/api/v1/operations/pool-policies"
UNIT = 10**VIBE.exponent
SPREAD = {
    "listener_cap_bp": 5_000,
    "track_cap_bp": 10_000,
    "artist_cap_bp": 10_000,
    "decay_bp": 10_000,
    "boost_bp": 10_000,
    "most_seconds": 600,
}
FIGURES = {"budget_vibe_minor": 90 * UNIT, "spread": SPREAD, "new_artist_days": 30}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def wanted(**other: Any) -> dict[str, Any]:
    day = (utc_now() + allocation.LEAD + timedelta(days=1)).date()
    return {**FIGURES, "effective_from": day.isoformat(), "reason": "Fewer loops", **other}


async def admins(database: Database) -> tuple[User, User]:
    async with database.begin() as tx:
        return await make_user(tx, roles=["admin"]), await make_user(tx, roles=["admin"])


async def test_trying_says_what_would_have_been_paid_and_writes_nothing(client_for: ClientFor, database: Database):
    """Three listens by two people, of 90: a listener's cap of a half pays the one who heard twice 45, the other 30."""
    olga, _ = await admins(database)
    await listened(database, UserId(new_id()), times=2)
    await listened(database, UserId(new_id()))
    operator = await client_for(olga)
    tried = (await operator.post(f"{PATH}/simulation", json={**FIGURES, "epoch": TODAY.isoformat()})).json()
    assert (tried["listens"], tried["would"]["listeners"]) == (3, 2)
    assert tried["would"]["most_of_a_listener_vibe_minor"] == 45 * UNIT
    assert (tried["would"]["paid_vibe_minor"], tried["stays_vibe_minor"]) == (75 * UNIT, 15 * UNIT)
    assert sum(tried["would"]["by_artist_vibe_minor"].values()) == 75 * UNIT
    assert (await operator.get(PATH)).json()["items"] == []
    for day in ("0001-01-01", "9999-12-31"):
        nothing = await operator.post(f"{PATH}/simulation", json={**FIGURES, "epoch": day})
        assert (nothing.status_code, nothing.json()["listens"]) == (200, 0), day


async def test_a_policy_is_proposed_once_and_approved_by_somebody_else(client_for: ClientFor, database: Database):
    one, other = [await client_for(who) for who in await admins(database)]
    body, same = wanted(), key()
    made, again = [await one.post(PATH, json=body, headers=same) for _ in range(2)]
    assert (made.status_code, made.json()["state"], again.json()) == (201, "proposed", made.json())
    assert made.json()["spread"] == SPREAD
    place = f"{PATH}/{made.json()['policy_id']}"
    assert code(await one.post(f"{place}/approve")) == (403, "allocation.own_policy")
    approved = await other.post(f"{place}/approve")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert code(await other.post(f"{place}/withdraw")) == (409, "allocation.policy_decided")
    in_force = await one.get(f"{PATH}/in-force", params={"epoch": body["effective_from"]})
    assert in_force.json()["policy"] == approved.json()
    assert (await one.get(f"{PATH}/in-force")).json()["policy"] is None
    second = (await one.post(PATH, json=wanted(reason="Another"), headers=key())).json()
    assert code(await other.post(f"{PATH}/{second['policy_id']}/approve")) == (409, "allocation.policy_exists")
    assert (await one.post(f"{PATH}/{second['policy_id']}/withdraw")).json()["state"] == "withdrawn"

    first = (await one.get(PATH, params={"limit": 1})).json()
    rest = (await one.get(PATH, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [row["reason"] for row in (*first["items"], *rest["items"])] == ["Another", "Fewer loops"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget_vibe_minor": 0},
        {"budget_vibe_minor": 1.5},
        {"budget_vibe_minor": "90"},
        {"effective_from": "2020-01-01"},
        {"reason": " "},
        {"spread": {**SPREAD, "boost_bp": 9_999}},
        {"spread": {**SPREAD, "decay_bp": -1}},
        {"sources": [{"source": "nobody", "vibe_minor": 1}]},
        {"proposed_by": str(new_id())},
    ],
)
async def test_a_policy_that_cannot_be_is_refused_and_not_kept(
    client_for: ClientFor, database: Database, wrong: dict[str, Any]
):
    olga, _ = await admins(database)
    operator = await client_for(olga)
    assert (await operator.post(PATH, json=wanted(**wrong), headers=key())).status_code == 422
    assert (await operator.get(PATH)).json()["items"] == []


@pytest.mark.parametrize("role", ["fan", "artist", "finance", "moderator"])
async def test_nobody_else_sees_or_proposes(client_for: ClientFor, database: Database, role: str):
    async with database.begin() as tx:
        somebody = await make_user(tx, roles=[] if role == "fan" else [role])
    client = await client_for(somebody)
    refused = [
        await client.get(PATH),
        await client.get(f"{PATH}/in-force"),
        await client.post(PATH, json=wanted(), headers=key()),
        await client.post(f"{PATH}/simulation", json={**FIGURES, "epoch": TODAY.isoformat()}),
        await client.post(f"{PATH}/{new_id()}/approve"),
        await client.post(f"{PATH}/{new_id()}/withdraw"),
    ]
    assert {code(one) for one in refused} == {(403, "access.role_missing")}

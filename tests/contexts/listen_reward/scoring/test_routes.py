"""Held listens over HTTP: a listener sees that and not why, appeals once, and sees nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.listen_reward.scoring.test_service import decided
from tests.factories.users import User, make_user
from tests.web.pages.test_held_listens import held_for
from vibestream.contexts.listen_reward.scoring.service.cases import CaseState
from vibestream.platform.database import Database

HELD = "/api/v1/me/held-listens"
APPEAL = f"{HELD}/appeal"


async def somebody(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx)


async def test_a_listener_sees_their_case_and_speaks_once(client_for: Any, database: Database):
    ana, ben = await somebody(database), await somebody(database)
    _, case_id = await held_for(database, ana.user_id)
    mine, other = await client_for(ana), await client_for(ben)

    (item,) = (await mine.get(HELD)).json()["items"]
    said = await mine.post(APPEAL, json={"words": "  It was me.  "})
    again = await mine.post(APPEAL, json={"words": "Really."})
    nobody = await other.post(APPEAL, json={"words": "Let them go."})

    assert item["listens"] == 1
    assert item["case"] | {"opened_at": "", "due_at": ""} == {
        "case_id": str(case_id), "opened_at": "", "due_at": "", "state": "open", "decided_at": None, "appeal": None,
        "appealed_at": None,
    }  # fmt: skip
    assert (said.status_code, said.json()["appeal"]) == (200, "It was me.")
    assert said.json()["appealed_at"] is not None
    assert (again.status_code, again.json()["code"]) == (409, "scoring.appealed_before")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "scoring.case_not_found")
    assert (await other.get(HELD)).json() == {"items": []}


async def test_why_listens_are_held_and_who_decided_is_not_told(client_for: Any, database: Database):
    ana = await somebody(database)
    _, case_id = await held_for(database, ana.user_id)
    client = await client_for(ana)
    async with database.begin() as tx:
        await decided(tx, case_id, CaseState.REJECTED, note="Replayed, says the rule.")

    answer = await client.get(HELD)

    (item,) = answer.json()["items"]
    assert (item["case"]["state"], item["case"]["decided_at"] is not None) == ("rejected", True)
    assert not any(word in answer.text for word in ("rule", "Replayed", "decided_by", "risk", "note"))
    late = await client.post(APPEAL, json={"words": "Please."})
    assert (late.status_code, late.json()["code"]) == (404, "scoring.case_not_found")


@pytest.mark.parametrize(
    "body", [{}, {"words": ""}, {"words": "   "}, {"words": "x" * 2_001}, {"words": 1}, {"words": None}, {"words": "a", "case_id": "x"}, []]
)  # fmt: skip
async def test_what_is_no_appeal_is_refused_and_changes_nothing(client_for: Any, database: Database, body: object):
    ana = await somebody(database)
    await held_for(database, ana.user_id)
    client = await client_for(ana)

    assert (await client.post(APPEAL, json=body)).status_code == 422
    assert (await client.get(HELD)).json()["items"][0]["case"]["appeal"] is None


async def test_nobody_is_told_without_a_session(client: Any):
    assert [(await client.get(HELD)).status_code, (await client.post(APPEAL, json={"words": "a"})).status_code] == [
        401,
        401,
    ]

"""Held listens: only operators see the queue, a decision moves the listens on, and a listener appeals their own."""

from __future__ import annotations

from datetime import timedelta

from tests.contexts.listen_reward.scoring.test_service import STEPS, case_of, listen_to
from tests.factories.listen_reward import NOON, make_track, registered
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.domain import Listen
from vibestream.kernel.ids import HeldCaseId, UserId
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}


async def held_for(database: Database, user_id: UserId, *, owner: UserId | None = None) -> tuple[Listen, HeldCaseId]:
    async with database.begin() as tx:
        track = await registered(tx, make_track(owner_user_id=owner))
        for n in range(5):
            await listen_to(tx, track, at=NOON + timedelta(minutes=n), steps=STEPS)
        listen = await listen_to(tx, track, by=user_id, at=NOON + timedelta(hours=1), steps=STEPS)
        return listen, await case_of(tx, listen)


async def state_of(database: Database, listen: Listen) -> str:
    async with database.begin() as tx:
        found = await listening.load_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id)
    return found.state.value


async def test_an_operator_sees_why_and_releases_and_a_listener_sees_that_and_not_why(client_for, database):
    async with database.begin() as tx:
        olga, ana = await make_user(tx, roles=["admin"]), await make_user(tx)
    listen, case_id = await held_for(database, ana.user_id)
    operator, fan = await client_for(olga), await client_for(ana)

    mine = read(await fan.get("/account/held-listens", headers=HTML))
    assert "waiting" in mine.text
    assert "rule." not in mine.text
    assert (await fan.post("/account/held-listens", data={"words": "It was me."})).status_code == 303
    queue = read(await operator.get("/operations/listens", headers=HTML))
    assert "It was me." in queue.text
    page = f"/operations/listens/{case_id}"
    assert "rule.replayed_by_some" in read(await operator.get(page, headers=HTML)).text
    assert await state_of(database, listen) == "held"

    answer = await operator.post(page, data={"verdict": "released", "note": "A person."})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=released")
    assert await state_of(database, listen) == "accepted"
    assert "A person." in read(await operator.get(page, headers=HTML)).text
    assert (await operator.post(page, data={"verdict": "rejected", "note": "Again."})).status_code == 409
    assert await state_of(database, listen) == "accepted"


async def test_nobody_else_may_look_or_decide_nor_an_operator_about_their_own(client, client_for, database):
    async with database.begin() as tx:
        olga, ana = await make_user(tx, roles=["admin"]), await make_user(tx, roles=["artist", "finance"])
    listen, case_id = await held_for(database, ana.user_id, owner=olga.user_id)
    page = f"/operations/listens/{case_id}"
    fan, owner = await client_for(ana), await client_for(olga)

    for path in ("/operations/listens", page):
        assert (await fan.get(path, headers=HTML)).status_code == 403
        assert (await client.get(path, headers=HTML)).status_code in {303, 401}
    assert (await fan.post(page, data={"verdict": "released", "note": "Mine."})).status_code == 403
    assert "somebody else has to decide" in read(await owner.get(page, headers=HTML)).text
    assert (await owner.post(page, data={"verdict": "released", "note": "Mine."})).status_code == 403
    assert await state_of(database, listen) == "held"


async def test_what_the_form_cannot_send_changes_nothing(client_for, database):
    async with database.begin() as tx:
        olga, ana = await make_user(tx, roles=["admin"]), await make_user(tx)
    listen, case_id = await held_for(database, ana.user_id)
    page = f"/operations/listens/{case_id}"
    operator, fan = await client_for(olga), await client_for(ana)

    for form in (
        {"verdict": "x", "note": "n"},
        {"note": "n"},
        {"verdict": "released"},
        {"verdict": "released", "note": " "},
    ):
        assert 400 <= (await operator.post(page, data=form)).status_code < 500
    assert (await operator.get("/operations/listens/not-an-id", headers=HTML)).status_code in {404, 422}
    assert (await fan.post("/account/held-listens", data={"words": ""})).status_code == 422
    assert await state_of(database, listen) == "held"

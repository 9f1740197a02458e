"""Administration by forms: finding, looking, giving roles by two pairs of eyes, locking; by admins, after a fresh proof, alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.users import PASSWORD, User, make_user
from tests.web.conftest import read
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def people(database: Database) -> list[User]:
    async with database.begin() as tx:
        admins = [await make_user(tx, display_name=name, roles=["admin"]) for name in ("Ana", "Bea")]
        return [*admins, await make_user(tx, email="dora@example.org", display_name="Dora")]


async def post(sender: Any, path: str, **fields: str) -> Any:
    return await sender.post(path, data=fields, headers=FORM)


async def value(database: Database, statement: Any) -> Any:
    async with database.begin() as tx:
        return await tx.value(statement)


async def test_somebody_is_found_by_a_body_and_looked_at_and_both_are_written_down(client_for, people, database):
    ana, _, dora = people
    admin = await client_for(ana)
    found = await post(admin, "/operations/accounts/find", who="dora@example.org")
    assert (found.status_code, found.headers["location"]) == (303, f"/operations/accounts/{dora.user_id}")
    page = await admin.get(found.headers["location"])
    assert page.status_code == 200
    text = read(page).text
    assert "Dora" in text
    assert "dora@example.org" in text
    nobody = await post(admin, "/operations/accounts/find", who="%@example.org")
    assert (nobody.status_code, read(nobody).all("input", name="who")[0]["aria-invalid"]) == (422, "true")
    async with database.begin() as tx:
        lines = await audit_log.search(tx, user_id=ana.user_id)
    assert [one.entry.action.value for one in lines][:2] == ["account.sought", "account.seen"]


async def test_admin_is_given_by_one_and_approved_by_another(client_for, people, database):
    ana, bea, dora = people
    one, other = await client_for(ana), await client_for(bea)
    asked = await post(one, f"/operations/accounts/{dora.user_id}/roles", role="admin", change="give")
    assert asked.headers["location"].endswith("?done=proposed")
    proposal = await value(database, "SELECT proposal_id FROM users.role_proposal")
    assert "Take back" in read(await one.get("/operations/roles")).text
    own = await post(one, f"/operations/roles/{proposal}/approve")
    assert (own.status_code, "another admin has to approve" in read(own).text) == (403, True)
    done = await post(other, f"/operations/roles/{proposal}/approve")
    assert done.headers["location"] == "/operations/roles?done=approved"
    assert await value(database, "SELECT count(*) FROM users.role_grant WHERE role = 'admin'") == 3
    again = await post(other, f"/operations/roles/{proposal}/approve")
    assert (again.status_code, "does not wait any more" in read(again).text) == (404, True)
    refused = await post(other, f"/operations/roles/{proposal}/refuse")
    assert refused.status_code == 404


async def test_a_moderator_is_made_by_one_and_unmade(client_for, people, database):
    ana, _, dora = people
    admin = await client_for(ana)
    path = f"/operations/accounts/{dora.user_id}/roles"
    assert (await post(admin, path, role="moderator", change="give")).headers["location"].endswith("?done=role")
    twice = await post(admin, path, role="moderator", change="give")
    assert (twice.status_code, "how it stands already" in read(twice).text) == (409, True)
    assert (await post(admin, path, role="moderator", change="take")).status_code == 303
    assert (await post(admin, path, role="emperor", change="give")).status_code == 422
    assert await value(database, "SELECT count(*) FROM users.role_grant WHERE role <> 'admin'") == 0


async def test_a_locked_account_is_shown_as_one_and_is_unlocked(client_for, people, database):
    ana, _, dora = people
    admin, inside = await client_for(ana), await client_for(dora)
    path = f"/operations/accounts/{dora.user_id}"
    empty = await post(admin, f"{path}/lock", reason="abuse", note=" ")
    assert (empty.status_code, read(empty).all("input", name="note")[0]["aria-invalid"]) == (422, "true")
    assert (await post(admin, f"{path}/lock", reason="mood", note="x")).status_code == 422
    locked = await post(admin, f"{path}/lock", reason="abuse", note="Report <17>")
    assert locked.headers["location"] == f"{path}?done=locked"
    page = await admin.get(f"{path}?done=locked")
    assert "Report &lt;17&gt;" in page.text
    assert "It was used against the rules" in read(page).text
    assert (await inside.get("/account")).status_code in {303, 401}
    entering = await inside.post("/sign-in", data={"email": dora.email, "password": PASSWORD}, headers=FORM)
    assert (entering.status_code, "This account is locked" in read(entering).text) == (403, True)
    assert (await post(admin, f"{path}/unlock", note="Cleared")).headers["location"] == f"{path}?done=unlocked"
    entered = await inside.post("/sign-in", data={"email": dora.email, "password": PASSWORD}, headers=FORM)
    assert entered.status_code == 303


async def test_ones_own_account_can_be_looked_at_and_not_decided_about(client_for, people, database):
    ana = people[0]
    admin = await client_for(ana)
    path = f"/operations/accounts/{ana.user_id}"
    assert read(await admin.get(path)).all("form", action=f"{path}/lock") == []
    for what, fields in (("lock", {"reason": "owner", "note": "x"}), ("roles", {"role": "finance", "change": "give"})):
        answer = await post(admin, f"{path}/{what}", **fields)
        assert (answer.status_code, "Nobody decides about their own" in read(answer).text) == (403, True)
    assert await value(database, "SELECT count(*) FROM users.account_lock") == 0


async def test_every_decision_wants_a_fresh_proof_and_no_other_site_makes_one(client_for, people, database):
    ana, _, dora = people
    admin = await client_for(ana)
    path = f"/operations/accounts/{dora.user_id}"
    headers = {**FORM, "Sec-Fetch-Site": "cross-site"}
    asked = {"role": "moderator", "change": "give", "reason": "abuse", "note": "x"}
    for what in ("roles", "lock"):
        assert (await admin.post(f"{path}/{what}", data=asked, headers=headers)).status_code == 403
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
    for what in ("roles", "lock", "unlock"):
        prompt = await post(admin, f"{path}/{what}", **asked)
        assert (prompt.status_code, read(prompt).all("input", name="note")[0]["value"]) == (403, "x")
    assert await value(database, "SELECT count(*) FROM users.role_grant WHERE role = 'moderator'") == 0
    assert await value(database, "SELECT count(*) FROM users.account_lock") == 0


async def test_nobody_but_an_admin_gets_here(client, client_for, people, database):
    async with database.begin() as tx:
        others = [await make_user(tx, roles=roles) for roles in (["moderator"], ["finance"], ["label", "artist"], [])]
    for one in others:
        sender = await client_for(one)
        for path in ("/operations/accounts", "/operations/roles", f"/operations/accounts/{people[2].user_id}"):
            assert (await sender.get(path, headers=FORM)).status_code == 403
    assert (await client.get("/operations/roles", headers=FORM)).status_code == 303


async def test_it_speaks_spanish(client_for, people, database):
    async with database.begin() as tx:
        spaniard = await make_user(tx, roles=["admin"], locale="es")
    admin = await client_for(spaniard)
    for path, says in (
        ("/operations/accounts", "Id, alias o dirección"),
        ("/operations/roles", "A la espera de una segunda persona"),
        (f"/operations/accounts/{people[2].user_id}", "Bloquear la cuenta"),
    ):
        assert says in read(await admin.get(path)).text

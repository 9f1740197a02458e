"""Administration over HTTP: by admins, after a fresh proof, never about themselves, and written down."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.user.administration.conftest import Office
from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.ids import SessionId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database

ACCOUNTS = "/api/v1/operations/accounts"
PROPOSALS = "/api/v1/operations/role-proposals"
LOCK = {"reason": "abuse", "note": "Ticket 7."}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def ask(client: Any, who: User, role: str, *, grants: bool = True) -> Any:
    body = {"role": role, "grants": grants}
    return await client.post(f"{ACCOUNTS}/{who.user_id}/roles", json=body, headers=key())


async def test_somebody_is_found_by_a_body_and_looked_at_and_both_are_written_down(
    client_for: ClientFor, office: Office, database: Database
):
    admin = await client_for(office.ana)
    found = await admin.post(f"{ACCOUNTS}/find", json={"who": office.other.email})
    assert (found.status_code, found.json()) == (200, {"user_id": str(office.other.user_id)})
    seen = (await admin.get(f"{ACCOUNTS}/{office.other.user_id}")).json()
    assert (seen["email"], seen["factors"], seen["roles"], seen["locks"]) == (
        office.other.email,
        ["password"],
        [],
        [],
    )
    assert code(await admin.post(f"{ACCOUNTS}/find", json={"who": "%@example.org"})) == (
        422,
        "administration.person_unknown",
    )
    assert (await admin.get(f"{ACCOUNTS}/{new_id()}")).status_code == 404
    async with database.begin() as tx:
        lines = await audit_log.search(tx, user_id=office.ana.user_id)
    assert [one.entry.action.value for one in lines][:2] == ["account.sought", "account.seen"]


async def test_admin_is_proposed_by_one_and_approved_by_another(client_for: ClientFor, office: Office):
    one, other, new = [await client_for(who) for who in (office.ana, office.bea, office.other)]
    asked = await ask(one, office.other, "admin")
    assert (asked.status_code, asked.json()) == (201, {"done": False})
    assert code(await ask(other, office.other, "admin")) == (409, "administration.already_proposed")
    [waits] = (await one.get(PROPOSALS)).json()["items"]
    assert (waits["waits"], waits["proposed_by"]) == (True, str(office.ana.user_id))
    approve = f"{PROPOSALS}/{waits['proposal_id']}/approve"
    assert code(await one.post(approve)) == (403, "administration.same_admin")
    assert code(await new.post(approve)) == (403, "access.role_missing")
    done = await other.post(approve)
    assert (done.status_code, done.json()["outcome"], done.json()["decided_by"]) == (
        200,
        "approved",
        str(office.bea.user_id),
    )
    assert (await one.get(PROPOSALS)).json()["items"] == [done.json()]
    assert code(await other.post(approve)) == (404, "administration.proposal_over")
    assert (await new.get("/api/v1/me")).status_code == 401  # what could be done more with it has ended
    held = (await (await client_for(office.other)).get("/api/v1/operations/roles")).json()
    assert [row["user_id"] for row in held["items"] if row["role"] == "admin"].count(str(office.other.user_id)) == 1
    assert held["four_eyes"] == ["admin", "finance"]


async def test_a_role_without_much_harm_is_given_at_once_and_a_repetition_gives_it_once(
    client_for: ClientFor, office: Office
):
    admin, same = await client_for(office.ana), key()
    path, body = f"{ACCOUNTS}/{office.other.user_id}/roles", {"role": "moderator", "grants": True}
    answers = [await admin.post(path, json=body, headers=same) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(201, {"done": True})] * 2
    assert code(await admin.post(path, json=body, headers=key())) == (409, "administration.role_unchanged")
    assert code(await admin.post(path, json=body)) == (400, "http.idempotency_key_missing")
    refused = await ask(admin, office.other, "finance")
    [waits] = (await admin.get(PROPOSALS)).json()["items"]
    taken_back = await admin.post(f"{PROPOSALS}/{waits['proposal_id']}/refuse")
    assert (refused.json()["done"], taken_back.json()["outcome"]) == (False, "refused")


async def test_a_locked_account_is_shut_out_until_it_is_unlocked(client_for: ClientFor, office: Office):
    admin, person = await client_for(office.ana), await client_for(office.other)
    path = f"{ACCOUNTS}/{office.other.user_id}"
    assert (await admin.put(f"{path}/lock", json=LOCK)).status_code == 204
    assert (await person.get("/api/v1/me")).status_code == 401
    assert code(await admin.put(f"{path}/lock", json=LOCK)) == (409, "administration.lock_unchanged")
    [lock] = (await admin.get(path)).json()["locks"]
    assert (lock["reason"], lock["note"], lock["unlocked_at"]) == ("abuse", "Ticket 7.", None)
    assert (await admin.post(f"{path}/unlock", json={"note": "Settled."})).status_code == 204
    assert (await admin.get(path)).json()["locks"][0]["unlock_note"] == "Settled."
    assert code(await admin.post(f"{path}/unlock", json={"note": "Again."})) == (409, "administration.lock_unchanged")


async def test_nobody_decides_about_themselves(client_for: ClientFor, office: Office):
    admin, path = await client_for(office.ana), f"{ACCOUNTS}/{office.ana.user_id}"
    refused = [
        await ask(admin, office.ana, "finance"),
        await admin.put(f"{path}/lock", json=LOCK),
        await admin.post(f"{path}/unlock", json={"note": "x"}),
    ]
    assert [code(one) for one in refused] == [(403, "administration.own_account")] * 3


async def test_what_decides_wants_a_fresh_proof_and_is_repeated_after_it(
    client_for: ClientFor, office: Office, database: Database
):
    stale, path = await client_for(office.ana), f"{ACCOUNTS}/{office.other.user_id}"
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = NULL WHERE user_id = %s", [office.ana.user_id])
    refused = [
        await ask(stale, office.other, "label"),
        await stale.put(f"{path}/lock", json=LOCK),
        await stale.post(f"{path}/unlock", json={"note": "x"}),
        await stale.post(f"{PROPOSALS}/{new_id()}/approve"),
        await stale.post(f"{PROPOSALS}/{new_id()}/refuse"),
    ]
    assert [code(one) for one in refused] == [(403, "access.proof_too_old")] * 5
    assert refused[0].json()["facts"] == {"max_age_s": 300}
    assert (await stale.post("/api/v1/me/step-up", json={"proof": PASSWORD})).status_code == 200
    assert (await ask(stale, office.other, "label")).status_code == 201


@pytest.mark.parametrize("role", ["fan", "artist", "moderator", "finance"])
async def test_nobody_else_and_no_token_administers(
    client_for: ClientFor, office: Office, database: Database, role: str
):
    async with database.begin() as tx:
        somebody = await make_user(tx, roles=[] if role == "fan" else [role])
    app = Principal(
        office.ana.user_id,
        SessionId(new_id()),
        frozenset({"fan", "admin"}),
        proved_at=utc_now(),
        scopes=frozenset({"openid", "profile", "page:read"}),
    )
    for client, refusal in ((await client_for(somebody), "role_missing"), (await client_for(app), "app_not_admitted")):
        refused = [
            await client.post(f"{ACCOUNTS}/find", json={"who": office.other.email}),
            await client.get(f"{ACCOUNTS}/{office.other.user_id}"),
            await ask(client, office.other, "label"),
            await client.put(f"{ACCOUNTS}/{office.other.user_id}/lock", json=LOCK),
            await client.get("/api/v1/operations/roles"),
            await client.get(PROPOSALS),
        ]
        assert {code(one) for one in refused} == {(403, f"access.{refusal}")}


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("roles", {"role": "fan", "grants": True}),
        ("roles", {"role": "admin", "grants": "yes"}),
        ("roles", {"role": "admin", "grants": True, "by": "x"}),
        ("unlock", {"note": " "}),
        ("unlock", {"note": "x" * 501}),
        ("unlock", {}),
    ],
)
async def test_what_cannot_be_meant_is_refused(client_for: ClientFor, office: Office, path: str, wrong: dict[str, Any]):
    admin = await client_for(office.ana)
    answer = await admin.post(f"{ACCOUNTS}/{office.other.user_id}/{path}", json=wrong, headers=key())
    assert answer.status_code == 422

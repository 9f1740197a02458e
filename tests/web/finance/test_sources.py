"""Sources of pools on the console: proposed by one, issued by another and once; and what a policy of pools takes from them."""

from __future__ import annotations

import pytest

from tests.factories.receipts import listened
from tests.factories.users import make_user
from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_keeper
from tests.web.pages.test_pools import FIGURES
from tests.web.pages.test_pools import form as policy_form
from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.contexts.payment.pool_sources import service as sources
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

_PATH = "/finance/books/sources"


def _typed(**other: str) -> dict[str, str]:
    return {"key": str(new_id()), "source": "spring-sponsor", "amount": "120", "reason": "<Invoice> 7", **other}


async def _held(database: Database) -> dict[str, int]:
    async with database.begin() as tx:
        return {name: one.minor for name, one in (await sources.balances(tx)).items()}


async def topped_up(database: Database, source: str, minor: int) -> None:
    async with database.begin() as tx:
        one = await sources.propose(
            tx,
            top_up_id=new_id(),
            source=source,
            amount=Money(minor, VIBE),
            reason="Spring",
            proposed_by=UserId(new_id()),
            now=utc_now(),
        )
        await sources.approve(tx, top_up_id=one.top_up_id, by=UserId(new_id()), now=utc_now())


async def test_points_are_proposed_by_one_and_issued_by_another_once(client_for, database):
    async with database.begin() as tx:
        fiona, omar = await make_keeper(tx, "Fiona"), await make_keeper(tx, "Omar")
    one, other = await client_for(fiona), await client_for(omar)
    typed = _typed()
    sent = [await one.post(_PATH, data=typed, headers=FORM) for _ in range(2)]
    mine, theirs = [read(await client.get(_PATH, headers=FORM)) for client in (one, other)]
    (action,) = [form["action"] for form in theirs.all("form") if form.get("action", "").endswith("/approve")]
    own = await one.post(action, data={}, headers=FORM)
    before = await _held(database)
    approved = [await other.post(action, data={}, headers=FORM) for _ in range(2)]
    page = read(await one.get(f"{_PATH}?done=approved", headers=FORM))

    assert [answer.headers["location"] for answer in sent] == [f"{_PATH}?done=proposed"] * 2
    assert [form for form in mine.all("form") if form.get("action", "").endswith("/approve")] == []
    assert "somebody else has to approve it" in mine.text
    assert own.status_code == 403
    assert before == {}
    assert [answer.status_code for answer in approved] == [303, 409]
    assert await _held(database) == {"spring-sponsor": 1_200_000}
    assert "<Invoice> 7" in page.text
    assert "120.00 VIBE" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"source": "Spring"}, "source"), ({"source": "issuance"}, "source"), ({"amount": "0"}, "amount"),
     ({"amount": "1e3"}, "amount"), ({"amount": "-5"}, "amount"), ({"reason": " "}, "reason")],
)  # fmt: skip
async def test_what_is_no_top_up_is_refused_at_its_field(client_for, database, typed, field):
    async with database.begin() as tx:
        fiona = await make_keeper(tx, "Fiona")
    client = await client_for(fiona)
    answer = await client.post(_PATH, data=_typed(**typed), headers=FORM)

    assert answer.status_code == 422
    wrong = [one["id"] for kind in ("input", "textarea") for one in read(answer).all(kind) if one.get("aria-invalid")]
    assert wrong == [field]
    assert await _held(database) == {}


async def test_a_policy_names_sources_and_what_they_are_to_give(client_for, database):
    await topped_up(database, "marketing", 500_000)
    await listened(database, UserId(new_id()))
    async with database.begin() as tx:
        olga = await make_user(tx, roles=["admin"])
    admin = await client_for(olga)
    amounts = {"source": ["marketing", "unknown"], "from_source": ["30", "5"]}

    too_much = await admin.post(
        "/operations/pools", data=policy_form() | amounts | {"from_source": ["91", ""]}, headers=FORM
    )
    sent = await admin.post("/operations/pools", data=policy_form() | amounts, headers=FORM)
    page = read(await admin.get("/operations/pools", params=FIGURES, headers=FORM))
    listed = (await admin.get("/api/v1/operations/pools")).json()

    assert too_much.status_code == 422
    assert "no more than the budget" in read(too_much).text
    assert sent.status_code == 303
    async with database.begin() as tx:
        (policy,) = await allocation.policies(tx, limit=5)
    assert [(source, one.minor) for source, one in policy.wanted] == [("marketing", 300_000), ("issuance", 600_000)]
    assert "marketing 30.00 VIBE" in " ".join(page.text.split())
    assert listed["sources"] == [{"source": "marketing", "held_vibe_minor": 500_000}]


async def test_nobody_but_finance_tops_up_and_nobody_but_admins_lists(client_for, client, database):
    async with database.begin() as tx:
        people = [await make_user(tx, roles=roles) for roles in ([], ["artist"], ["admin"], ["finance"])]
    clients = [client, *[await client_for(one) for one in people]]
    topped = [(await one.post(_PATH, data=_typed(), headers=FORM)).status_code for one in clients]
    listed = [(await one.get("/api/v1/operations/pools")).status_code for one in clients]

    assert (topped, listed) == ([303, 403, 403, 303, 303], [401, 403, 403, 200, 403])  # nobody is sent to sign in
    async with database.begin() as tx:
        assert len(await sources.top_ups(tx, limit=9)) == 2  # of the two who may: an admin may what finance may

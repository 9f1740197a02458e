"""The subscription page: ordering, the difference before a change, ending and taking it back, the family."""

from __future__ import annotations

import re

from tests.factories.settling import make_captured
from tests.factories.users import User, make_user
from tests.web.conftest import read
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.subscriptions.service import Cycle, Payer, State, Terms
from vibestream.kernel.money import USD
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
ORDER = {"plan": "premium", "cycle": "monthly", "currency": "USD", "method": "stripe"}


async def test_plans_are_shown_by_month_and_by_year_in_each_currency(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    monthly = read(await client.get("/subscription", headers=FORM)).text
    yearly = read(await client.get("/subscription?cycle=yearly&currency=EUR", headers=FORM)).text

    assert "$10.99" in monthly
    assert "Up to 6 accounts" in monthly
    assert "€99.90" in yearly
    assert "$10.99" not in yearly


async def test_an_order_leads_to_its_payment_and_waits_for_it(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    answer = await client.post("/subscription/order", data=ORDER, headers=FORM)
    page = read(await client.get("/subscription", headers=FORM)).text

    assert re.fullmatch(r"/payments/[0-9a-f-]{36}", answer.headers["location"])
    assert "waits for its first payment" in page
    assert "Go on paying $10.99" in page


async def test_a_trial_begins_once_and_charges_nothing(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    first = await client.post("/subscription/order", data={**ORDER, "action": "trial"}, headers=FORM)
    again = await client.post("/subscription/order", data={**ORDER, "action": "trial"}, headers=FORM)

    assert first.headers["location"] == "/subscription?done=trial"
    assert again.status_code == 409
    assert "You have had your trial" in read(again).text


async def test_a_change_shows_the_difference_before_anything_is_asked(client_for, database):
    user = await _subscriber(database)
    client = await client_for(user)
    page = read(await client.get("/subscription/change?plan=family&cycle=monthly", headers=FORM)).text
    nothing = await client.get("/subscription/change?plan=premium&cycle=monthly", headers=FORM)

    assert "Unused rest of what you paid" in page
    assert "$16.99" in page
    assert "\N{MINUS SIGN}$10.99" in page
    assert "$6.00" in page
    assert nothing.status_code == 409
    assert await _standing(database, user) is State.ACTIVE


async def test_a_smaller_plan_waits_for_the_next_period_and_can_be_dropped(client_for, database):
    user = await _subscriber(database, plan="family")
    client = await client_for(user)
    sent = {"plan": "premium", "cycle": "monthly"}
    changed = await client.post("/subscription/change", data=sent, headers=FORM)
    planned = read(await client.get("/subscription", headers=FORM)).text
    dropped = await client.post("/subscription/drop-change", headers=FORM)
    page = read(await client.get("/subscription", headers=FORM)).text

    assert changed.headers["location"] == "/subscription?done=changed"
    assert "Renewed as" in planned
    assert dropped.headers["location"] == "/subscription?done=kept"
    assert "Renewed as" not in page


async def test_cancelling_keeps_the_period_and_can_be_taken_back(client_for, database):
    user = await _subscriber(database)
    client = await client_for(user)
    await client.post("/subscription/cancel", headers=FORM)
    ending = read(await client.get("/subscription", headers=FORM)).text
    await client.post("/subscription/undo-cancel", headers=FORM)
    goes_on = read(await client.get("/subscription", headers=FORM)).text

    assert "Ends on" in ending
    assert "Keep it after all" in ending
    assert "Next renewal" in goes_on


async def test_an_invitation_is_shown_once_and_lets_one_person_in(client_for, database):
    owner = await _subscriber(database, plan="family")
    async with database.begin() as tx:
        friend, late = await make_user(tx), await make_user(tx)
    owners, friends, lates = await client_for(owner), await client_for(friend), await client_for(late)
    invited = read(await owners.post("/subscription/invitations", headers=FORM)).text
    found = re.search(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}", invited)
    assert found is not None
    code = found[0]
    later = read(await owners.get("/subscription", headers=FORM)).text
    asked = await friends.get("/subscription/join", headers=FORM)
    joined = await friends.post("/subscription/join", data={"code": code.lower().replace("-", " ")}, headers=FORM)
    refused = await lates.post("/subscription/join", data={"code": code}, headers=FORM)

    assert code not in later
    assert "Join a family" in read(asked).text
    assert joined.headers["location"] == "/subscription?done=joined"
    assert refused.status_code == 404
    assert "cannot be used any more" in read(refused).text
    assert "Leave the family" in read(await friends.get("/subscription", headers=FORM)).text
    removed = await owners.post(f"/subscription/members/{friend.user_id}/remove", headers=FORM)
    assert removed.status_code == 303
    assert "Leave the family" not in read(await friends.get("/subscription", headers=FORM)).text


async def test_no_address_bears_an_invitations_code_and_looking_at_one_uses_nothing(client_for, database):
    owner = await _subscriber(database, plan="family")
    async with database.begin() as tx:
        friend = await make_user(tx)
        code = (await subscriptions.invite(tx, user_id=owner.user_id, now=utc_now())).token
    owners, friends = await client_for(owner), await client_for(friend)
    shown = await owners.post("/subscription/invitations", headers=FORM)
    addresses = [
        one.get("href", "") + one.get("action", "") for one in (*read(shown).all("a"), *read(shown).all("form"))
    ]
    for old in (f"/subscription/join?token={code}", f"/subscription/join?code={code}"):
        looked = await friends.get(old, headers=FORM)
        assert looked.status_code == 200
        assert code not in looked.text, "what an address carries is not read"

    assert shown.headers["cache-control"] == "no-store"
    assert not any(part in address for address in addresses for part in (*code.split("-"), "token", "code="))
    joined = await friends.post("/subscription/join", data={"code": code}, headers=FORM)
    assert joined.headers["location"] == "/subscription?done=joined", "it was not used by looking"


async def test_a_wrong_code_is_refused_at_its_field_and_kept_in_the_form(client_for, database):
    async with database.begin() as tx:
        friend = await make_user(tx)
    answer = await (await client_for(friend)).post("/subscription/join", data={"code": "ABCD-<b>"}, headers=FORM)
    (field,) = read(answer).all("input", name="code")

    assert answer.status_code == 404
    assert (field["aria-invalid"], field["value"]) == ("true", "ABCD-<b>")


async def _subscriber(database: Database, *, plan: str = "premium") -> User:
    async with database.begin() as tx:
        user = await make_user(tx)
        now = utc_now()
        ordered = await subscriptions.subscribe(
            tx,
            user_id=user.user_id,
            terms=Terms(plan=plan, cycle=Cycle.MONTHLY),
            currency=USD,
            payer=Payer(return_to="/subscription"),
            now=now,
        )
        payment = ordered.payment
        assert payment is not None
        captured = await make_captured(
            tx, user_id=user.user_id, minor=payment.amount.minor, payment_id=payment.payment_id, at=now
        )
        await subscriptions.settle(tx, captured=captured, now=now)
    return user


async def _standing(database: Database, user: User) -> State:
    async with database.begin() as tx:
        found = (await subscriptions.standing(tx, user_id=user.user_id, now=utc_now())).subscription
    assert found is not None
    return found.state

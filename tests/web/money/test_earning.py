"""Statements, splits and payouts of a payee: amounts worked out by hand, and nobody sees another's."""

from __future__ import annotations

import pytest

from tests.factories.payouts import LONG_AGO, earn
from tests.factories.royalties import Artist, close, make_artist, make_listens, pays, person, run_month
from tests.factories.users import Artist as Profile
from tests.factories.users import User, make_user
from tests.factories.users import make_artist as make_profile
from tests.web.conftest import read
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def test_a_statement_falls_from_what_was_paid_to_what_is_payable(client_for, database):
    async with database.begin() as tx:
        user, other = await make_user(tx), await make_user(tx)
        mine = await make_artist(tx, title="Salitre", owner=user.user_id)
        hers = await make_artist(tx, title="Norte", owner=other.user_id)
        one, two = person(), person()
        await make_listens(tx, one, mine, 30)
        await make_listens(tx, two, hers, 90)
        await close(tx, pays(one, 1_000, 100), pays(two, 1_000, 100))
        await run_month(tx)
    client = await client_for(user)
    page = read(await client.get("/studio/royalties/2026-11", headers=FORM))
    overview = read(await client.get("/studio/royalties", headers=FORM))
    rows = page.text.replace("\n", " ")

    assert "Paid by all subscribers" in rows
    assert "$20.00" in rows
    assert "-$2.00" in rows
    assert "Salitre" in rows
    assert "Norte" not in rows
    assert _shared(rows) == {"pool": True, "both": True}
    assert not page.all(
        "a", href="/api/v1/royalties/statements/2026-11/proof.json?currency=USD"
    )  # nothing is sealed yet
    assert "The file comes with the next seal" in rows
    assert page.all("a", href="/studio/royalties/2026-11")
    assert [found["href"] for found in page.all("a") if found["href"].endswith((".csv", ".tsv", ".pdf"))] == [
        f"/api/v1/royalties/statements/2026-11/{name}" for name in ("statement.pdf", "lines.csv", "report.tsv")
    ]
    assert "November 2026" in overview.all("vs-chart")[0]["data-drawing"]
    assert "Show as a table" in overview.text


async def test_a_statement_of_a_month_without_one_and_of_no_month_is_not_there(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)

    assert (await client.get("/studio/royalties/2026-11", headers=FORM)).status_code == 404
    wrong = await client.get("/studio/royalties/november", headers=FORM)
    assert wrong.status_code == 422
    assert "A month is written as 2026-11." in read(wrong).text
    assert "That cannot be done" in read(wrong).text  # and not that something broke on our side


async def test_a_country_is_chosen_by_its_name_and_one_that_is_none_is_refused(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    refused = await client.post("/studio/royalties/country", data={"country": "4X"}, headers=FORM)
    page = read(refused)

    assert refused.status_code == 422
    assert page.all("select", id="country")[0]["aria-invalid"] == "true"
    assert "Mexico" in page.text
    assert [one["value"] for one in page.all("option") if "selected" in one] == []
    taken = await client.post("/studio/royalties/country", data={"country": "mx"}, headers=FORM)
    assert taken.headers["location"] == "/studio/royalties?done=country"


async def test_a_split_counts_when_the_other_has_accepted(client_for, database):
    track, owner, other = await _song(database)
    owners, others = await client_for(owner), await client_for(other.user)
    page = f"/studio/splits/tracks/{track.track_id}"
    proposed = await owners.post(page, data={"handle1": f"@{other.handle}", "share1": "12,5"}, headers=FORM)
    async with database.begin() as tx:
        (split,) = await royalties.splits_of_person(tx, person=other.user_id)
    seen = read(await others.get("/studio/splits", headers=FORM)).text
    accepted = await others.post(f"/studio/splits/{split.split_id}/accept", headers=FORM)
    after = read(await owners.get(page, headers=FORM)).text

    assert proposed.status_code == accepted.status_code == 303
    assert {share.payee_id: share.share_bp for share in split.shares} == {owner.user_id: 8_750, other.user_id: 1_250}
    assert "12.5\xa0%" in seen
    assert "counts from" in after


@pytest.mark.parametrize("share", ["0", "-5", "100.01", "12.345", "NaN", "Infinity", "a half", ""])
async def test_a_share_that_is_none_is_refused_with_what_was_typed(client_for, database, share: str):
    track, owner, other = await _song(database)
    sent = {"handle1": other.handle, "share1": share}
    refused = await (await client_for(owner)).post(f"/studio/splits/tracks/{track.track_id}", data=sent, headers=FORM)
    async with database.begin() as tx:
        found = await royalties.splits_of_person(tx, person=owner.user_id)

    assert refused.status_code == 422
    assert read(refused).all("input", id="share1")[0]["value"] == share
    assert found == []


async def test_splits_of_somebody_elses_song_are_not_there(client_for, database):
    track, _, other = await _song(database)
    client = await client_for(other.user)
    page = f"/studio/splits/tracks/{track.track_id}"

    assert (await client.get(page, headers=FORM)).status_code == 404
    sent = {"handle1": other.handle, "share1": "99"}
    assert (await client.post(page, data=sent, headers=FORM)).status_code == 404


async def test_a_payout_is_asked_for_once_however_often_its_form_is_sent(client_for, database):
    user = await _payee(database)
    client = await client_for(user)
    form = {"key": str(new_id()), "currency": "USD", "amount": "20"}
    first = await client.post("/studio/payouts", data=form, headers=FORM)
    again = await client.post("/studio/payouts", data=form, headers=FORM)
    page = read(await client.get(first.headers["location"], headers=FORM)).text
    async with database.begin() as tx:
        found = await payouts.payouts(tx, user_id=user.user_id, limit=10)

    assert first.headers["location"] == again.headers["location"]
    assert [(one.gross.minor, one.fee.minor) for one in found] == [(2_000, 25)]
    assert "$19.75" in page


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("4.99", "The least that is paid out this way is 5.00 USD"),
        ("50.01", "No more than 50.00 USD"),
        ("x", "not an amount"),
    ],
)
async def test_a_payout_that_cannot_be_keeps_what_was_typed(client_for, database, amount: str, says: str):
    user = await _payee(database)
    form = {"key": str(new_id()), "currency": "USD", "amount": amount}
    refused = await (await client_for(user)).post("/studio/payouts", data=form, headers=FORM)
    page = read(refused)
    async with database.begin() as tx:
        found = await payouts.payouts(tx, user_id=user.user_id, limit=10)

    assert says in page.text
    assert page.all("input", id="amount")[0]["value"] == amount
    assert found == []


async def test_a_changed_destination_waits_and_the_change_can_be_undone(client_for, database):
    user = await _payee(database)
    client = await client_for(user)
    refused = await client.post("/studio/payouts/destination", data={"address": "no address"}, headers=FORM)
    await client.post("/studio/payouts/destination", data={"address": "thief@example.org"}, headers=FORM)
    waiting = read(await client.get("/studio/payouts", headers=FORM)).text
    await client.post("/studio/payouts/destination/undo", headers=FORM)
    after = read(await client.get("/studio/payouts", headers=FORM)).text

    assert "PayPal pays to an e-mail address" in read(refused).text
    assert "A change waits for 72 hours" in waiting
    assert "Ask for a payout" not in waiting
    assert "A change waits for 72 hours" not in after
    assert "Ask for a payout" in after


async def test_a_payout_is_seen_and_taken_back_by_its_payee_alone(client_for, database):
    user = await _payee(database)
    async with database.begin() as tx:
        other = await make_user(tx)
    hers, his = await client_for(user), await client_for(other)
    form = {"key": str(new_id()), "currency": "USD", "amount": ""}
    address = (await hers.post("/studio/payouts", data=form, headers=FORM)).headers["location"]

    assert (await his.get(address, headers=FORM)).status_code == 404
    assert (await his.post(f"{address}/cancel", headers=FORM)).status_code == 404
    async with database.begin() as tx:
        (found,) = await payouts.payouts(tx, user_id=user.user_id, limit=10)
    assert found.gross.minor == 5_000
    assert found.state is not PayoutState.REJECTED


def _shared(rows: str) -> dict[str, bool]:
    """Seven tenths of 18.00 is a pool of 12.60; each listener's half of it is 6.30, by listens a quarter is 3.15."""
    return {"pool": "$12.60" in rows, "both": "$6.30" in rows and "$3.15" in rows}


async def _song(database: Database) -> tuple[Artist, User, Profile]:
    async with database.begin() as tx:
        owner = await make_user(tx)
        other = await make_profile(tx)
        track: Artist = await make_artist(tx, title="Salitre", owner=owner.user_id)
    return track, owner, other


async def _payee(database: Database) -> User:
    async with database.begin() as tx:
        user = await make_user(tx)
        await payouts.set_destination(
            tx, user_id=user.user_id, method=GatewayName.PAYPAL, address="ana@example.org", ready=True, now=LONG_AGO
        )
        await earn(tx, user.user_id, 5_000)
    return user

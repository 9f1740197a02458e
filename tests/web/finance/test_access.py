"""Who sees the console: whoever looks after money; and every page stands with nothing in the books."""

from __future__ import annotations

import pytest

from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.kernel.ids import new_id

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
PAGES = (
    *("/finance", "/finance/payments", "/finance/reviews", "/finance/reviews/decided", "/finance/payouts"),
    *("/finance/royalties", "/finance/royalties/2026-11/USD", "/finance/reconciliation", "/finance/books"),
    *("/finance/books/accounts", "/finance/books/transactions", "/finance/books/seals", "/finance/models"),
    *("/finance/models/policy", "/finance/models/denied", "/finance/reconciliation/webhooks"),
    *("/finance/royalties/policies", "/finance/royalties/advances", "/finance/books/rates"),
)
MISSING = (
    *("/finance/payments/{id}", "/finance/reviews/{id}", "/finance/payouts/{id}", "/finance/royalties/runs/{id}"),
    *("/finance/reconciliation/{id}", "/finance/books/accounts/{id}", "/finance/books/transactions/{id}"),
    *("/finance/books/transactions/{id}/proof.json", "/finance/reconciliation/webhooks/{id}"),
    *("/finance/models/policy?version=99", "/finance/books/rates/proposals/none"),
)
FORMS = (
    *(
        "/finance/payments/{id}/refund",
        "/finance/reviews/{id}",
        "/finance/payouts/{id}",
        "/finance/royalties/runs/{id}",
    ),
    *("/finance/royalties/2026-10/USD", "/finance/reconciliation/{id}", "/finance/check"),
    *("/finance/reconciliation/webhooks/{id}", "/finance/models/denied"),
    *("/finance/royalties/policies", "/finance/royalties/advances", "/finance/books/rates"),
    "/finance/books/rates/proposals/none",
)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_page_stands_with_nothing_in_the_books(client_for, database, language):
    async with database.begin() as tx:
        keeper = await make_user(tx, roles=("finance",), locale=language)
    client = await client_for(keeper)
    for address in PAGES:
        answer = await client.get(address, headers=FORM)
        assert answer.status_code == 200, (address, answer.text[-3000:])
        page = read(answer)
        assert page.all("a", href="/finance/payments"), address


async def test_whoever_does_not_look_after_money_is_refused_everywhere(client_for, database):
    async with database.begin() as tx:
        fan = await make_user(tx, roles=("artist",))
    client = await client_for(fan)
    for address in (*PAGES, *MISSING):
        answer = await client.get(address.format(id=new_id()), headers=FORM)
        assert answer.status_code == 403, address
        assert "Your account may not do this." in read(answer).text
    for address in FORMS:
        assert (await client.post(address.format(id=new_id()), data={}, headers=FORM)).status_code == 403, address


async def test_nobody_is_led_to_the_sign_in(client):
    answer = await client.get("/finance/payments?state=unknown", headers=FORM)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/finance/payments%3Fstate%3Dunknown"


async def test_an_operator_sees_the_console_and_a_fan_no_way_to_it(client_for, database):
    async with database.begin() as tx:
        admin, fan = await make_user(tx, roles=("admin",)), await make_user(tx)

    assert (await (await client_for(admin)).get("/finance", headers=FORM)).status_code == 200
    assert read(await (await client_for(fan)).get("/wallet", headers=FORM)).all("a", href="/finance") == []


async def test_what_is_not_there_is_said_to_be_missing(client_for, database):
    async with database.begin() as tx:
        keeper = await make_user(tx, roles=("finance",))
    client = await client_for(keeper)
    for address in MISSING:
        answer = await client.get(address.format(id=new_id()), headers=FORM)
        assert answer.status_code == 404, (address, answer.status_code)
        assert "There is nothing here" in read(answer).text


async def test_a_form_from_another_site_does_nothing(client_for, database):
    async with database.begin() as tx:
        keeper = await make_user(tx, roles=("finance",))
    answer = await (await client_for(keeper)).post("/finance/check", headers={**FORM, "Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/finance/royalties/2026-13/USD",
        "/finance/royalties/november/USD",
        "/finance/royalties/2026-11/NOPE",
        "/finance/payments?cursor=forged",
        "/finance/payments/not-an-id",
    ],
)
async def test_an_address_that_makes_no_sense_is_refused_in_words(client_for, database, address):
    async with database.begin() as tx:
        keeper = await make_user(tx, roles=("finance",))
    answer = await (await client_for(keeper)).get(address, headers=FORM)

    assert answer.status_code in {400, 404, 422}, answer.status_code
    assert "Traceback" not in answer.text
    assert read(answer).all("a", href="/")

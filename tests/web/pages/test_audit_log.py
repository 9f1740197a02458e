"""The operators' page of the security log."""

from __future__ import annotations

import pytest

from tests.factories.users import make_user
from tests.web.conftest import read

HTML = {"Accept": "text/html"}


async def test_operators_alone_search_it(client, client_for, database):
    async with database.begin() as tx:
        olga, ana = await make_user(tx, roles=["admin"]), await make_user(tx, roles=["artist"])
    page = "/operations/audit-log"
    operator = await client_for(olga)

    everything = read(await operator.get(page, headers=HTML))
    assert str(olga.user_id) in everything.text
    assert str(ana.user_id) in everything.text
    hers = read(await operator.get(page, params={"account": str(ana.user_id), "action": "role.granted"}, headers=HTML))
    assert str(ana.user_id) in hers.text
    assert str(olga.user_id) not in hers.text
    nothing = read(await operator.get(page, params={"since": "2099-01-01"}, headers=HTML))
    assert "Nothing in the log fits." in nothing.text
    assert (await (await client_for(ana)).get(page, headers=HTML)).status_code == 403
    assert (await client.get(page, headers=HTML)).status_code in {303, 401}


@pytest.mark.parametrize("account", ["' OR 1=1 --", "%", "x" * 100])
async def test_an_account_that_is_none_finds_nothing_rather_than_everything(client_for, database, account):
    async with database.begin() as tx:
        olga = await make_user(tx, roles=["admin"])
    answer = await (await client_for(olga)).get("/operations/audit-log", params={"account": account}, headers=HTML)

    assert answer.status_code == 200
    assert "This is not an id of an account." in read(answer).text
    assert str(olga.user_id) not in answer.text.split("<table")[-1] or "<table" not in answer.text

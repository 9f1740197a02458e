"""Deny lists on the console: added with a reason and an end, taken off, and what could never match refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.factories.fraud import make_facts
from tests.factories.users import make_artist, make_user
from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import DenyList, Verdict
from vibestream.kernel.time import utc_now

_PATH: Final = "/finance/models/denied"


def _entry(**fields: str) -> dict[str, str]:
    return {
        "act": "add",
        "list": "network",
        "value": "198.51.100.0/24",
        "reason": "Tried <cards>",
        "until": "",
        **fields,
    }


async def test_what_is_denied_on_the_page_is_blocked_and_taken_off_it_is_not(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)
    added = [await client.post(_PATH, data=_entry(), headers=FORM) for _ in range(2)]
    page = read(await client.get(_PATH, headers=FORM))
    facts = make_facts(network="198.51.100.0/24", at=utc_now())
    async with database.begin() as tx:
        stopped = await fraud.assess(tx, facts=facts, now=utc_now())
        entries = await fraud.denied(tx, limit=10)
    removal = {"act": "remove", "list": "network", "value": "198.51.100.0/24"}
    removed = [await client.post(_PATH, data=removal, headers=FORM) for _ in range(2)]

    assert [one.headers["location"] for one in added] == [f"{_PATH}?done=add"] * 2
    assert "Tried <cards>" in page.text
    assert "Fiona Keller" in page.text
    assert stopped.verdict is Verdict.BLOCK
    assert [(one.value, one.added_by, one.until) for one in entries] == [("198.51.100.0/24", keeper.user_id, None)]
    assert removed[0].headers["location"] == f"{_PATH}?done=remove"
    assert removed[1].status_code == 404
    assert "That is on no list any more" in read(removed[1]).text


async def test_a_person_is_meant_by_address_handle_or_id_and_a_day_ends_at_midnight(client_for, database):
    tomorrow = (utc_now() + timedelta(days=1)).date()
    async with database.begin() as tx:
        keeper, fan = await make_keeper(tx), await make_user(tx, display_name="Kito", email="kito@example.org")
        artist = await make_artist(tx, handle="ana.soler")
    client = await client_for(keeper)
    for value, list_ in ((fan.email, "user"), ("@ana.soler", "beneficiary"), (str(fan.user_id), "beneficiary")):
        form = _entry(list=list_, value=value, until=str(tomorrow))
        assert (await client.post(_PATH, data=form, headers=FORM)).status_code == 303, value
    async with database.begin() as tx:
        entries = await fraud.denied(tx, limit=10)
    page = read(await client.get(f"{_PATH}?only=beneficiary", headers=FORM))

    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC) + timedelta(days=1)
    assert {(one.list, one.value, one.until) for one in entries} == {
        (DenyList.USER, str(fan.user_id), midnight),
        (DenyList.BENEFICIARY, str(fan.user_id), midnight),
        (DenyList.BENEFICIARY, str(artist.user_id), midnight),
    }
    assert page.text.count("Take off the list") == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"list": "user", "value": "nobody@example.org"}, "value"),
        ({"list": "user", "value": "Kito"}, "value"),
        ({"list": "beneficiary", "value": "01a20bd0-6f72-74de-8d62-aeb8758fcbf4"}, "value"),
        ({"list": "country", "value": "Spain"}, "value"),
        ({"list": "email_domain", "value": "ana@example.org"}, "value"),
        ({"value": " "}, "value"),
        ({"value": "a\u202eb"}, "value"),
        ({"reason": " "}, "reason"),
        ({"until": "soon"}, "until"),
    ],
)
async def test_what_could_never_match_is_refused_at_its_field_and_nothing_is_denied(
    client_for, database, fields, field
):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    answer = await (await client_for(keeper)).post(_PATH, data=_entry(**fields), headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        assert await fraud.denied(tx, limit=10) == []

    assert answer.status_code == 422
    assert [one["aria-invalid"] for one in page.all("input", id=field)] == ["true"]


@pytest.mark.parametrize("fields", [{"list": "everybody"}, {"act": "burn"}, {"until": "2001-01-01"}])
async def test_a_broken_form_and_an_end_that_has_passed_do_nothing(client_for, database, fields):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    answer = await (await client_for(keeper)).post(_PATH, data=_entry(**fields), headers=FORM)
    async with database.begin() as tx:
        assert await fraud.denied(tx, limit=10) == []

    assert answer.status_code == 422


async def test_lists_are_read_page_by_page_and_say_what_is_over(client_for, database):
    now = utc_now()
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        for number in range(5):
            await fraud.deny(
                tx, list_=DenyList.DEVICE, value=f"phone {number}", reason="x", added_by=None, now=now - timedelta(days=9),
                until=now - timedelta(days=1) if number == 0 else None,
            )  # fmt: skip
    client = await client_for(keeper)
    first = read(await client.get(f"{_PATH}?limit=3", headers=FORM))
    (older,) = [one["href"] for one in first.all("a", **{"class": "button"}) if "cursor=" in one["href"]]
    second = read(await client.get(older + "&limit=3", headers=FORM))

    assert [f"phone {number}" in first.text for number in range(5)] == [False, False, True, True, True]
    assert [f"phone {number}" in second.text for number in range(5)] == [True, True, False, False, False]
    assert "over" in second.text

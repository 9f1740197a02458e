"""Exchange rates on the console: proposed by one, published by another and once, and odd ones refused at their field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.exchange import service as exchange
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import EUR, USD
from vibestream.kernel.time import utc_now

_PATH: Final = "/finance/books/rates"


def _rate(**typed: str) -> dict[str, str]:
    return {
        "base": "EUR",
        "quote": "USD",
        "rate": "1,0842",
        "spread_bp": "50",
        "source": "The <bank>",
        "until": "",
        **typed,
    }


async def test_a_rate_is_proposed_by_one_and_published_by_another_once(client_for, database):
    async with database.begin() as tx:
        fiona, omar = await make_keeper(tx, "Fiona"), await make_keeper(tx, "Omar")
        await exchange.set_rate(
            tx, rate_id=new_id(), base=EUR, quote=USD, value="1.0", spread_bp=100, source="x", effective_from=None,
            set_by=None, now=utc_now() - timedelta(hours=1),
        )  # fmt: skip
    one, other = await client_for(fiona), await client_for(omar)
    place = (await one.post(_PATH, data=_rate(), headers=FORM)).headers["location"]
    mine, theirs = [read(await client.get(place, headers=FORM)) for client in (one, other)]
    own = await one.post(place, data={}, headers=FORM)
    async with database.begin() as tx:
        before = await exchange.current_rate(tx, one=EUR, other=USD, now=utc_now())
    answers = [await other.post(place, data={}, headers=FORM) for _ in range(2)]
    page = read(await one.get(_PATH, headers=FORM))
    async with database.begin() as tx:
        after = await exchange.current_rate(tx, one=EUR, other=USD, now=utc_now())
        history = await exchange.rates_set(tx, limit=9)

    assert place.startswith(f"{_PATH}/proposals/")
    assert "a change of +8.42%" in mine.text
    assert mine.all("input", id="address")[0]["value"].endswith(place)
    assert mine.all("form", action=place) == []
    assert len(theirs.all("form", action=place)) == 1
    assert own.status_code == 403
    assert "somebody else of finance has to publish it" in read(own).text
    assert before.decimal == "1"
    assert [one.headers["location"] for one in answers] == [f"{_PATH}?done=published"] * 2
    assert (after.decimal, after.spread_bp, after.source) == ("1.0842", 50, "The <bank>")
    assert [(one.rate.decimal, one.set_by) for one in history] == [("1.0842", omar.user_id), ("1", None)]
    assert "The <bank>" in page.text
    assert "1.0842" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "-1.2"}, "rate"),
        ({"rate": "1e3"}, "rate"),
        ({"rate": "1.12345678901"}, "rate"),
        ({"base": "USD", "quote": "EUR"}, "rate"),
        ({"base": "EUR", "quote": "EUR"}, "rate"),
        ({"spread_bp": "5001"}, "spread_bp"),
        ({"spread_bp": "1.5"}, "spread_bp"),
        ({"source": " "}, "source"),
        ({"source": "a\u202eb"}, "source"),
        ({"until": "2001-01-01"}, "rate"),
        ({"until": "tomorrow"}, "until"),
    ],
)
async def test_a_rate_that_could_not_be_right_is_refused_at_its_field(
    client_for, database, typed: dict[str, Any], field: str
):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    answer = await (await client_for(keeper)).post(_PATH, data=_rate(**typed), headers=FORM)

    assert answer.status_code == 422
    assert [one.get("aria-invalid") for one in read(answer).all("input", id=field)] == ["true"]


async def test_an_altered_proposal_and_an_unknown_currency_are_said_to_be_none(client_for, database):
    async with database.begin() as tx:
        fiona, omar = await make_keeper(tx, "Fiona"), await make_keeper(tx, "Omar")
    one, other = await client_for(fiona), await client_for(omar)
    place = (await one.post(_PATH, data=_rate(), headers=FORM)).headers["location"]
    altered = place[:-8] + ("A" * 8 if not place.endswith("A" * 8) else "B" * 8)

    assert (await other.post(altered, data={}, headers=FORM)).status_code == 404
    assert (await one.post(_PATH, data=_rate(base="NOPE"), headers=FORM)).status_code == 422
    async with database.begin() as tx:
        assert await exchange.rates_set(tx, limit=9) == []

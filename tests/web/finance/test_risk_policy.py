"""The risk policy on the console: the numbers in force, what a version changed, and who set it."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.kernel.time import utc_now

_PATH: Final = "/finance/models/policy"


async def test_the_policy_in_force_is_shown_in_units_and_past_ones_stay(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx, "Omar")
        version, document = await fraud.policy_document(tx, now=utc_now())
        document["costs"]["review_cents"] = 475
        document["reviewing"]["per_day"] = 40
        document["rules"] = [one for one in document["rules"] if one["code"] != "outside_score"]
        await fraud.set_policy(tx, document=json.dumps(document), after=version, set_by=keeper.user_id, now=utc_now())
    client = await client_for(keeper)
    now_page, before = [read(await client.get(f"{_PATH}{end}", headers=FORM)) for end in ("", "?version=1")]

    assert "Version 2" in now_page.text
    assert "in force" in now_page.text
    assert "$4.75 was $2.50" in _plain(now_page.text)
    assert "40 was 200" in _plain(now_page.text)
    assert "24 hours" in now_page.text
    assert "100%" in now_page.text
    assert "Omar" in now_page.text
    assert "Dropped in this version: outside_score" in _plain(now_page.text)
    assert "A review, The model's reviews in a day, at most, rules" in now_page.text
    assert "Version 1" in before.text
    assert "came with the product" in before.text
    assert "outside_score" not in _plain(before.text).split("Dropped")[-1][:60]
    assert "$4.75" not in before.text


async def test_an_old_version_that_lacks_what_a_policy_needs_by_now_is_shown_as_it_was(client_for, database):
    """A currency that came later is missing in a version of years ago, which could not be set again."""
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        _, document = await fraud.policy_document(tx, now=utc_now())
        old: dict[str, Any] = {**document, "yardstick": {"USD": 1_000_000}}
        await tx.execute(
            "INSERT INTO payment.risk_policy SELECT 2, %s::jsonb, NULL, set_at FROM payment.risk_policy WHERE version = 1",
            [json.dumps(old)],
        )
        await tx.execute(
            "INSERT INTO payment.risk_policy SELECT 3, document, NULL, set_at FROM payment.risk_policy WHERE version = 1"
        )
    answer = await (await client_for(keeper)).get(f"{_PATH}?version=2", headers=FORM)

    assert answer.status_code == 200
    assert "past" in read(answer).text


async def test_a_version_that_there_is_none_of_is_said_to_be_missing(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)

    assert [(await client.get(f"{_PATH}?version={one}", headers=FORM)).status_code for one in ("2", "2147483647")] == [
        404
    ] * 2
    assert (await client.get(f"{_PATH}?version=-1", headers=FORM)).status_code == 422


def _plain(text: str) -> str:
    return " ".join(text.split())

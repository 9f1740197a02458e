"""Royalty policies on the console: the next one begins as the one that counts, is made once, and odd ones are refused."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.web.conftest import PageReader, read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import EngineName, Idle, Rules

_PATH: Final = "/finance/royalties/policies"


def _form(page: PageReader, **typed: str) -> dict[str, str]:
    """What a browser would send of the form as it stands; the choices are those that a new platform starts with."""
    boxes = {
        one["name"]: one["value"]
        for one in page.all("input", type="checkbox", name="subscribers_only")
        if "checked" in one
    }
    fields = {one.get("name", ""): one.get("value", "") for one in page.all("input") if one.get("type") != "checkbox"}
    wanted = {name: value for name, value in fields.items() if name in _FIELDS}
    return {**wanted, **boxes, "engine": "user_centric", "idle": "spread", "note": "Fewer <bots>", **typed}


_FIELDS = {
    "after",
    "effective_from",
    "pool_share_bp",
    "hold_days",
    "least_listens",
    "most_per_track",
    "most_per_listener",
}


async def test_the_next_policy_begins_as_the_one_that_counts_and_is_made_once(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        (first,) = await royalties.policies(tx)
    client = await client_for(keeper)
    page = read(await client.get(_PATH, headers=FORM))
    form = _form(page, engine="pro_rata", least_listens="1000", most_per_listener="", effective_from="2031-02")
    made = await client.post(_PATH, data=form, headers=FORM)
    again = await client.post(_PATH, data=form, headers=FORM)
    after = read(await client.get(_PATH, headers=FORM))
    async with database.begin() as tx:
        kept = await royalties.policies(tx)
        (latest, *_) = await royalties.policies_made(tx)

    assert made.headers["location"] == f"{_PATH}?done=made"
    assert again.status_code == 409
    assert "Somebody else made a policy meanwhile" in read(again).text
    assert len(kept) == 2
    assert latest.made_by == keeper.user_id
    assert (latest.policy.engine, latest.policy.pool_share_bp) == (EngineName.PRO_RATA, first.pool_share_bp)
    assert latest.policy.rules == Rules(
        least_listens=1_000, most_per_track=1_000, most_per_listener=None, subscribers_only=True, idle=Idle.SPREAD
    )
    assert "counts now" in after.text
    assert "to come" in after.text
    assert "A song with fewer than 1,000 counted listens" in after.text
    assert "Fewer <bots>" in after.text


async def test_a_box_that_is_not_ticked_is_not(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)
    form = _form(read(await client.get(_PATH, headers=FORM)))
    del form["subscribers_only"]
    assert (await client.post(_PATH, data=form, headers=FORM)).status_code == 303
    async with database.begin() as tx:
        assert (await royalties.policies_made(tx))[0].policy.rules.subscribers_only is False


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"pool_share_bp": "10001"}, "pool_share_bp"),
        ({"pool_share_bp": "-1"}, "pool_share_bp"),
        ({"pool_share_bp": "70%"}, "pool_share_bp"),
        ({"pool_share_bp": "\u0667\u0660"}, "pool_share_bp"),
        ({"hold_days": "366"}, "hold_days"),
        ({"most_per_track": "0"}, "most_per_track"),
        ({"effective_from": "2031-13"}, "effective_from"),
        ({"effective_from": "2031-02-02"}, "effective_from"),
        ({"note": " "}, "note"),
    ],
)
async def test_an_odd_policy_is_refused_at_its_field(client_for, database, typed: dict[str, Any], field: str):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)
    form = _form(read(await client.get(_PATH, headers=FORM)), **typed)
    answer = await client.post(_PATH, data=form, headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        assert len(await royalties.policies(tx)) == 1

    assert answer.status_code == 422
    wrong = [one for tag in ("input", "textarea") for one in page.all(tag, id=field)]
    assert [one.get("aria-invalid") for one in wrong] == ["true"]


@pytest.mark.parametrize("typed", [{"engine": "mine"}, {"idle": ""}, {"after": "x"}])
async def test_a_broken_form_makes_no_policy(client_for, database, typed):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)
    form = {**_form(read(await client.get(_PATH, headers=FORM))), **typed}
    assert (await client.post(_PATH, data=form, headers=FORM)).status_code == 422
    async with database.begin() as tx:
        assert len(await royalties.policies(tx)) == 1

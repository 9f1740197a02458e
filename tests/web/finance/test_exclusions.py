"""Artificial listens on a month's page: left out of the preview, of the pool that is shared, and kept with the run."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from tests.factories import royalties as earning
from tests.factories.users import make_user
from tests.web.conftest import PageReader, read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.jobs import run_royalties
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Database

_PATH: Final = "/finance/royalties/2026-11/USD"


async def _heard(database: Database) -> dict[str, Any]:
    """A closed month: a fan heard one artist, a machine another, and both paid ten dollars."""
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        fan, bot = (
            await make_user(tx, display_name="Kito"),
            await make_user(tx, display_name="Bot", email="bot@example.org"),
        )
        ana, farm = await earning.make_artist(tx), await earning.make_artist(tx)
        await earning.make_listens(tx, fan.user_id, ana, 10)
        await earning.make_listens(tx, bot.user_id, farm, 90)
        await earning.close(tx, earning.pays(fan.user_id, 1_000), earning.pays(bot.user_id, 1_000))
    return {"keeper": keeper, "fan": fan, "bot": bot, "ana": ana, "farm": farm}


def _hidden(page: PageReader, name: str) -> list[str]:
    return [one["value"] for one in page.all("input", type="hidden", name=name)]


async def test_what_is_left_out_is_reckoned_without_shared_without_and_kept(client_for, database, runtime):
    heard = await _heard(database)
    client = await client_for(heard["keeper"])
    whole = read(await client.get(f"{_PATH}?preview=1", headers=FORM))
    fields = {"preview": "1", "listener": "bot@example.org", "track": "", "reason": "A farm of <phones>"}
    without = read(await client.get(_PATH, params=fields, headers=FORM))
    sent = {name: _hidden(without, name)[:1] for name in ("listener", "track", "reason")}
    asked = await client.post(_PATH, data={"act": "run", **sent}, headers=FORM)
    async with database.begin() as tx:
        job = await tx.value(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'payment.run_royalties' ORDER BY id DESC LIMIT 1"
        )
    await run_royalties(runtime, **{name: job[name] for name in ("month", "currency", "exclusions", "made_by")})
    async with database.begin() as tx:
        (run,) = await royalties.list_runs(tx, month=earning.MONTH, currency=USD)
        kept = await royalties.exclusions_of(tx, run_id=run.run_id)
        shares = {
            one.payee_id: one.settlement.payable for one in await royalties.compare(tx, run_id=run.run_id, limit=9)
        }

    # The farm had nine tenths of all listens, and half of all fees.
    assert ("12.60 USD" in whole.text, "7.00 USD" in whole.text) == (True, True)
    assert ("12.60 USD" in without.text, "7.00 USD" in without.text, "14.00 USD" in without.text) == (
        False,
        False,
        True,
    )
    assert "A farm of <phones>" in without.text
    assert sent["listener"] == [str(heard["bot"].user_id)]
    assert asked.headers["location"] == f"{_PATH}?done=run"
    assert [(one.listener_id, one.track_id, one.reason) for one in kept] == [
        (heard["bot"].user_id, None, "A farm of <phones>")
    ]
    assert shares == {heard["ana"].user_id: 1_400, heard["farm"].user_id: 0}


async def test_several_are_left_out_and_one_is_counted_again(client_for, database):
    heard = await _heard(database)
    client = await client_for(heard["keeper"])
    track = heard["farm"].track_id
    fields: dict[str, Any] = {
        "preview": "1",
        "listener": [str(heard["bot"].user_id), ""],
        "track": ["", f"http://localhost:8000/tracks/{track}"],
        "reason": ["One", "Two"],
    }
    page = read(await client.get(_PATH, params=fields, headers=FORM))
    back = [one["href"] for one in page.all("a") if re.search(r"preview=1&listener", one.get("href", ""))]
    again = read(await client.get(back[0], headers=FORM))

    assert _hidden(page, "track")[:2] == ["", str(track)]
    assert len(back) == 2
    assert parse_qs(urlsplit(back[0]).query)["track"] == [str(UUID(str(track)))]
    assert ("One" in again.text, "Two" in again.text) == (False, True)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"listener": "nobody@example.org", "reason": "x"}, "listener"),
        ({"track": "not-a-song", "reason": "x"}, "reason"),
        ({"listener": "", "track": "", "reason": "x"}, "reason"),
        ({"listener": str(new_id()), "reason": ""}, "reason"),
        ({"listener": str(new_id()), "reason": "x" * 201}, "reason"),
    ],
)
async def test_what_names_nothing_or_says_not_why_is_refused_at_its_field(client_for, database, typed, field):
    heard = await _heard(database)
    client = await client_for(heard["keeper"])
    fields = {"preview": "1", "listener": "", "track": "", "reason": "", **typed}
    answer = await client.get(_PATH, params=fields, headers=FORM)

    assert answer.status_code == 422
    assert [one.get("aria-invalid") for one in read(answer).all("input", id=field)] == ["true"]


async def test_a_pool_is_not_shared_when_what_is_to_be_left_out_did_not_arrive_whole(client_for, database):
    heard = await _heard(database)
    client = await client_for(heard["keeper"])
    odd = {"act": "run", "listener": ["x", "y"], "track": [""], "reason": ["z"]}

    assert (await client.post(_PATH, data=odd, headers=FORM)).status_code == 422
    async with database.begin() as tx:
        assert (
            await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'payment.run_royalties'")
            == 0
        )

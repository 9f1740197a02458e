"""Operators see pools, claims, holds and crowds as they are; nobody else sees them, and nothing names a listener."""

from __future__ import annotations

from datetime import timedelta

from tests.contexts.listen_reward.scoring.test_service import HOME, STEPS, listen_to
from tests.factories.listen_reward import GENEROUS, make_track, registered
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.listening.service import Origin
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.scoring.service import figures
from vibestream.contexts.listen_reward.scoring.service.evaluations import last_evaluation
from vibestream.contexts.listen_reward.scoring.service.figures import Clusters, Crowds
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.web.localization import language
from vibestream.web.pages.pool_figures import _means

HTML = {"Accept": "text/html"}


async def attacked(tx: Tx) -> list[UserId]:
    """Six accounts on one network and device play the same recording; the last one or two are held."""
    track = await registered(tx, make_track())
    farm = [UserId(new_id()) for _ in range(6)]
    for n, one in enumerate(farm):
        await listen_to(tx, track, by=one, at=utc_now() - timedelta(hours=6 - n), steps=STEPS, origin=HOME)
    return farm


async def test_what_scoring_decided_is_counted_by_day_reason_and_crowd(tx: Tx):
    since = utc_now() - timedelta(days=2)
    assert await figures.crowds(tx, since=since) == Crowds(0, 0, 0)
    await attacked(tx)

    found = await figures.verdicts(tx, since=since)
    assert sum(one.accepted + one.held + one.rejected for one in found) == 6
    assert sum(one.held + one.rejected for one in found) >= 1
    assert await figures.crowds(tx, since=since) == Crowds(6, 6, 6)
    why = await figures.reasons(tx, since=since, limit=9)
    assert any(one.reason.startswith("rule.replayed") for one in why)
    assert await figures.reasons(tx, since=utc_now() + timedelta(days=1), limit=9) == []


async def test_a_place_that_ten_accounts_share_is_new_once(tx: Tx):
    now = utc_now()
    track = await registered(tx, make_track())
    crowd, office = [UserId(new_id()) for _ in range(10)], Origin(b"o" * 12, b"d" * 12)

    async def heard_at(ago: timedelta, people: list[UserId], origin: Origin = HOME) -> None:
        for one in people:
            await listen_to(tx, track, by=one, at=now - ago, origin=origin)

    async def fresh() -> Clusters:
        return await figures.new_clusters(tx, since=now - timedelta(days=7), now=now)

    await heard_at(timedelta(days=2), crowd[:9])
    assert await fresh() == Clusters(0, 0)
    await heard_at(timedelta(days=1), crowd[9:])
    assert await fresh() == Clusters(1, 1)
    await heard_at(timedelta(days=9), [UserId(new_id()) for _ in range(10)], office)
    await heard_at(timedelta(days=1), [UserId(new_id()) for _ in range(12)], office)
    # The office was one a week ago, and its kind of browser too, which the new place has as well.
    assert await fresh() == Clusters(1, 0)


async def test_what_an_attack_costs_is_shown_as_it_was_measured_last(client_for, database):
    async with database.begin() as tx:
        olga = await make_user(tx, roles=["admin"])

    shown = read(await (await client_for(olga)).get("/operations/rewards", headers=HTML))

    for one in last_evaluation().strategies:
        assert one.name in shown.text
        assert one.means in shown.text
    assert "farm_1000" in shown.text
    assert "It says nothing of strategies that are not in this list." in shown.text


async def test_operators_see_the_figures_and_no_listener(client_for, database):
    async with database.begin() as tx:
        olga = await make_user(tx, roles=["admin"])
        farm = await attacked(tx)
        await pools.open_epochs(tx, policy=GENEROUS, now=utc_now())
    operator = await client_for(olga)

    shown = read(await operator.get("/operations/rewards", headers=HTML))

    assert "rule.replayed" in shown.text
    assert "0 %" in shown.text
    assert len(shown.all("svg", **{"class": "chart-box chart-bars"})) == 1
    assert "Nothing in this time." in shown.text
    assert [str(one) for one in farm if str(one) in shown.text] == []
    assert shown.all("a", href="/operations/listens")


async def test_before_anything_happened_the_page_says_so(client_for, database):
    async with database.begin() as tx:
        olga = await make_user(tx, roles=["admin"])

    shown = read(await (await client_for(olga)).get("/operations/rewards", headers=HTML))

    assert "Nothing was held or refused." in shown.text
    assert "No pool was opened in these days." in shown.text


async def test_nobody_else_may_look(client, client_for, database):
    async with database.begin() as tx:
        others = [await make_user(tx, roles=[role]) for role in ("finance", "artist", "moderator")]

    for one in others:
        assert (await (await client_for(one)).get("/operations/rewards", headers=HTML)).status_code == 403
    assert (await client.get("/operations/rewards", headers=HTML)).status_code in {303, 401}


def test_every_means_of_the_evaluation_has_its_words_in_both_languages():
    for one in last_evaluation().strategies:
        english, spanish = (_means(language(code))[one.means] for code in ("en", "es"))
        assert english == one.means
        assert spanish != one.means

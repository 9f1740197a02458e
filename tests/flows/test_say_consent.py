"""Whoever withdraws a consent has nothing left of it once the answer is there, by whatever door they said so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from tests.web.pages.test_listening import rows_of, song
from vibestream.contexts.user.consents.domain import VERSIONS
from vibestream.contexts.user.consents.service import Purpose
from vibestream.flows import count_listening, say_consent
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

CONSENTS = "/api/v1/me/consents/analytics"
FIGURES = "/api/v1/me/listening"
VERSION = VERSIONS[Purpose.ANALYTICS]
YES = {"given": True, "version": VERSION}


async def left(database: Database, user: User) -> tuple[int, int, int]:
    """How many clocks, songs and starts of listens are kept of somebody."""
    async with database.begin() as tx:
        songs = await tx.value("SELECT count(*) FROM users.listening_track WHERE user_id = %s", [user.user_id])
        starts = await tx.value(
            "SELECT count(*) FROM listen_reward.listen_surface JOIN listen_reward.listen USING (listen_id)"
            " WHERE user_id = %s",
            [user.user_id],
        )
    return await rows_of(database, user.user_id), int(songs), int(starts)


async def counted(database: Database, client_for: ClientFor) -> tuple[User, Any]:
    """Somebody whose listening is counted, and of one listen of whom is kept what it was started from; and their browser."""
    async with database.begin() as tx:
        user = await make_user(tx)
        (listen,) = await heard.write(tx, [Played(user.user_id, await song(tx), utc_now() - timedelta(hours=3))])
    browser = await client_for(user)
    assert (await browser.put(CONSENTS, json=YES)).json()["given"] is True
    said = await browser.put(f"/api/v1/listens/{listen}/surface", json={"surface": "song"})
    assert said.status_code == 204
    return user, browser


@pytest.mark.parametrize("door", ["consents", "figures", "privacy", "listening"])
async def test_by_each_door_all_of_it_is_gone_with_the_answer_and_of_nobody_else(
    client_for: ClientFor, database: Database, door: str
):
    (ana, browser), (eve, _) = [await counted(database, client_for) for _ in range(2)]
    assert (await left(database, ana), await left(database, eve)) == ((1, 1, 1), (1, 1, 1))
    html = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}

    if door == "consents":
        answer = await browser.put(CONSENTS, json={"given": False})
        assert (answer.status_code, answer.json()["given"]) == (200, False)
    elif door == "figures":
        assert (await browser.delete(FIGURES)).status_code == 204
    elif door == "privacy":
        form = {"purpose": "analytics", "said": "no"}
        assert (await browser.post("/account/privacy/consents", data=form, headers=html)).status_code == 303
    else:
        assert (await browser.post("/account/listening/stop", headers=html)).status_code == 303

    assert (await left(database, ana), await left(database, eve)) == ((0, 0, 0), (1, 1, 1))
    assert (await browser.get(FIGURES)).json()["figures"] is None


async def test_agreeing_by_json_counts_at_once_and_another_purpose_changes_nothing_of_it(
    client_for: ClientFor, database: Database
):
    ana, browser = await counted(database, client_for)
    for purpose in ("personalisation", "marketing_mail"):
        assert (await browser.put(CONSENTS.replace("analytics", purpose), json={"given": False})).status_code == 200
    assert await left(database, ana) == (1, 1, 1)
    assert (await browser.get(FIGURES)).json()["figures"]["total"]["listens"] == 1

    stale = await browser.put(CONSENTS, json={"given": True, "version": VERSION + 1})

    assert (stale.status_code, stale.json()["code"]) == (409, "consent.text_changed")
    assert await left(database, ana) == (1, 1, 1)


async def test_a_withdrawal_that_does_not_come_about_deletes_nothing(client_for: ClientFor, database: Database):
    ana, _ = await counted(database, client_for)

    with pytest.raises(RuntimeError):
        async with database.begin() as tx:
            session_id = await tx.value("SELECT session_id FROM users.session WHERE user_id = %s", [ana.user_id])
            await say_consent.withdraw(
                tx, user_id=ana.user_id, purpose=Purpose.ANALYTICS, session_id=session_id, now=utc_now()
            )
            raise RuntimeError

    assert await left(database, ana) == (1, 1, 1)


async def test_withdrawing_while_it_is_counted_and_while_the_player_speaks_leaves_nothing(
    client_for: ClientFor, database: Database
):
    ana, browser = await counted(database, client_for)
    async with database.begin() as tx:
        listens = await heard.write(
            tx, [Played(ana.user_id, await song(tx), utc_now() - timedelta(hours=n)) for n in range(4, 10)]
        )

    async def recount() -> None:
        async with database.begin() as tx:
            await count_listening.recount(tx, user_id=ana.user_id, now=utc_now())

    speaks = [browser.put(f"/api/v1/listens/{one}/surface", json={"surface": "queue"}) for one in listens]
    counts = [recount() for _ in range(3)]
    *answers, withdrawn = await asyncio.gather(*speaks, *counts, browser.put(CONSENTS, json={"given": False}))

    assert withdrawn.status_code == 200
    assert [one.status_code for one in answers[: len(speaks)]] == [204] * len(speaks)
    assert await left(database, ana) == (0, 0, 0)

"""Listeners are told that a person looks at their listens and that it was decided, once each, and never of what they are suspected."""

from __future__ import annotations

from typing import Any

from tests.contexts.listen_reward.scoring.test_service import decided
from tests.factories.bus import drain, registered
from tests.factories.users import User, make_user
from tests.web.pages.test_held_listens import held_for
from vibestream.contexts.listen_reward.scoring.service.cases import CaseState
from vibestream.contexts.user.notifications.domain.kinds import Kind
from vibestream.contexts.user.notifications.domain.sentences import SENTENCES
from vibestream.flows import tell_listeners
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def listed(database: Database, user_id: UserId) -> list[tuple[str, str]]:
    async with database.begin() as tx:
        return await tx.all(
            _row, "SELECT kind, key FROM users.notification WHERE user_id = %s ORDER BY kind DESC", [user_id]
        )


def _row(*, kind: str, key: str) -> tuple[str, str]:
    return kind, key


async def test_a_case_is_told_when_it_is_opened_and_when_it_is_decided(client_for: Any, database: Database):
    consumers = await registered(database, Consumers(tell_listeners.SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana: User = await make_user(tx)
    _, case_id = await held_for(database, ana.user_id)
    await drain(database, consumers)
    assert await listed(database, ana.user_id) == [("listens_held", str(case_id))]

    async with database.begin() as tx:
        await decided(tx, case_id, CaseState.RELEASED)
    for _ in range(2):
        await drain(database, consumers)

    assert await listed(database, ana.user_id) == [("listens_held", str(case_id)), ("listens_decided", str(case_id))]
    page = await (await client_for(ana)).get("/notifications", headers={"Accept": "text/html"})
    assert "Listens of yours are being looked at" in page.text
    assert "A person has looked at your listens" in page.text


def test_what_is_told_leads_to_the_page_and_says_nothing_of_the_suspicion():
    for kind in (Kind.LISTENS_HELD, Kind.LISTENS_DECIDED):
        for sentences in SENTENCES[kind].values():
            text = " ".join(sentences)
            assert "{here}" in text
            assert not any(word in text for word in ("rule", "risk", "network", "replay"))

"""Whoever's app shows a key twice is told, once, in words that no app chose; what was shown is good for nothing."""

from __future__ import annotations

from uuid import uuid5

from tests.factories.bus import announce, drain, registered
from tests.factories.users import make_user
from vibestream.contexts.user.events import AppTokenReplayed
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows.tell_owners import SUBSCRIPTIONS
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def test_the_owner_hears_of_each_theft_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana, ben = await make_user(tx), await make_user(tx)
    event = AppTokenReplayed(user_id=ana.user_id, client_id=uuid5(new_id(), "app"), occurred_at=utc_now())
    await announce(database, event)
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        [told] = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
        assert await notifications.notifications_of(tx, user_id=ben.user_id, before=None, limit=9) == []
    assert told.kind.value == "app_ended"
    said = notifications.said_of(told, locale="en", url="https://vibe.example")
    assert said.title == "An app's access to your account was ended"
    assert said.path == "/account/apps"
    spoken = notifications.said_of(told, locale="es", url="https://vibe.example")
    assert spoken.title == "Se terminó el acceso de una aplicación a tu cuenta"

"""The owner of a copy of data is told that it is ready: once, listed and mailed, whatever they chose; a dropped one tells nothing."""

from __future__ import annotations

from tests.factories.users import make_user
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import export_person
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def test_a_copy_that_is_ready_is_told_once_with_until_when(database: Database, runtime: Runtime):
    async with database.begin() as tx:
        ana, ben = await make_user(tx), await make_user(tx)
        export = await export_person.ask(tx, runtime=runtime, user_id=ana.user_id, now=utc_now())
        gone = await export_person.ask(tx, runtime=runtime, user_id=ben.user_id, now=utc_now())
    assert export is not None
    assert gone is not None
    async with database.begin() as tx:  # as an erasure does meanwhile
        await tx.execute("DELETE FROM users.export WHERE export_id = %s", [gone.export_id])
    for one in (export, export, gone):
        await export_person.make_export(runtime, export_id=str(one.export_id))

    async with database.begin() as tx:
        (told,) = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
        until = await tx.value("SELECT expires_at FROM users.export WHERE export_id = %s", [export.export_id])
        mails = await tx.values("SELECT state FROM users.notification_delivery")
        assert await notifications.unread(tx, user_id=ben.user_id) == 0
    said = notifications.said_of(told, locale="en", url="https://vibe.example")
    assert said.body == (
        f"The copy of your data that was asked for can be fetched until {until.strftime('%Y-%m-%d %H:%M')} UTC."
    )
    assert said.path == "/account/privacy"
    assert mails == ["waiting"]

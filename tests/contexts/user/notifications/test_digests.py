"""What was held for a morning or for quiet hours to end is one mail: whole, once, and of one reader."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import deque
from datetime import datetime, timedelta

import pytest

from tests.contexts.user.conftest import Inbox, run_jobs
from tests.factories.users import User, make_artist, make_user
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.service import Channel, Kind
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.mail import MailUnavailable
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail.letterbox import Arrived
from vibestream.sandbox.mail.server import Fault, MailServer

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
WHEN: Facts = {"when": "2026-12-25T09:30:00+00:00"}
NIGHT = utc_now().replace(hour=23, minute=0, second=0, microsecond=0) - timedelta(days=2)
"""Quiet hours that hold it back were over yesterday at seven."""


async def sleeper(database: Database, *, locale: str = "en") -> User:
    async with database.begin() as tx:
        user = await make_user(tx, locale=locale)
        await service.choose_hours(tx, user_id=user.user_id, time_zone="UTC", quiet_from="22:00", quiet_until="07:00")
    return user


async def tell(
    database: Database, user: User, kind: Kind, facts: Facts, *, key: str = "1", now: datetime = NIGHT
) -> None:
    async with database.begin() as tx:
        assert await service.tell(tx, user_id=user.user_id, kind=kind, key=key, facts=facts, now=now) is not None


async def tips(database: Database, user: User, number: int) -> None:
    for n in range(number):
        facts: Facts = {"minor": 100 * (n + 1), "currency": "EUR", "earned": "0.90 EUR"}
        await tell(database, user, Kind.TIP_RECEIVED, facts, key=str(n), now=NIGHT + timedelta(seconds=n))


async def deliveries(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values(
            "SELECT d.delivery_id::text FROM users.notification_delivery d JOIN users.notification n"
            " USING (notification_id) ORDER BY n.told_at"
        )


async def states(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values(
            "SELECT d.state FROM users.notification_delivery d JOIN users.notification n USING (notification_id)"
            " ORDER BY n.told_at"
        )


def parsed(message: Arrived) -> email.message.EmailMessage:
    return email.message_from_string(message.source, policy=email.policy.default)


async def test_a_night_is_one_mail_in_the_readers_language_and_one_link_stops_all_its_kinds(
    database: Database, inbox: Inbox
):
    ana = await sleeper(database, locale="es")
    async with database.begin() as tx:
        artist = await make_artist(tx, name="Río Lento")
        await service.choose(tx, user_id=ana.user_id, kind=Kind.NEW_RELEASE, channel=Channel.EMAIL, wanted=True)
    release = {"artist_id": str(artist.artist_id), "release": str(new_id()), "form": "album"}
    await tell(database, ana, Kind.TIP_RECEIVED, TIP)
    await tell(database, ana, Kind.LISTENS_DECIDED, WHEN, now=NIGHT + timedelta(minutes=1))
    await tell(database, ana, Kind.NEW_RELEASE, release, now=NIGHT + timedelta(minutes=2))

    (message,) = await inbox()

    assert await states(database) == ["sent"] * 3
    assert message.subject == "Una propina: 5.00 EUR, y 2 más"
    titles = ["Una propina: 5.00 EUR", "Una persona ha revisado tus escuchas", "Río Lento publicó un álbum nuevo"]
    lines = message.text.splitlines()
    assert [line for line in lines if line in titles] == titles
    assert f"https://testserver/releases/{release['release']}" in message.text
    html = parsed(message).get_body(("html",))
    assert html is not None
    assert all(title in html.get_content() for title in titles)
    stop = str(parsed(message)["List-Unsubscribe"]).strip("<>")
    assert f"Para no recibir más correo de estos tipos: {stop}" in message.text
    async with database.begin() as tx:
        key = service.stop_token(
            b"x", user_id=ana.user_id, kinds=[Kind.TIP_RECEIVED, Kind.LISTENS_DECIDED, Kind.NEW_RELEASE]
        )
        assert len(stop) == len(f"https://testserver/unsubscribe/{key}")


async def test_however_many_jobs_run_at_once_it_is_one_mail(database: Database, runtime: Runtime, inbox: Inbox):
    ana = await sleeper(database)
    await tips(database, ana, 12)
    await asyncio.gather(
        *(service.mail_notification(runtime, delivery_id=one) for one in reversed(await deliveries(database)))
    )

    (message,) = await inbox()
    assert message.subject == "A tip: 1.00 EUR, and 11 more"
    assert await states(database) == ["sent"] * 12


async def test_a_mail_whose_answer_was_lost_says_the_same_again_and_what_came_meanwhile_is_another(
    database: Database, runtime: Runtime, mail_server: MailServer, inbox: Inbox
):
    ana = await sleeper(database)
    await tips(database, ana, 3)
    _, second, _ = await deliveries(database)
    mail_server.faults = deque([Fault.LOST_ANSWER])
    with pytest.raises(MailUnavailable):
        await service.mail_notification(runtime, delivery_id=second)
    await tell(database, ana, Kind.LISTENS_DECIDED, WHEN, now=NIGHT + timedelta(minutes=1))
    async with database.begin() as tx:  # the job that was tried is the one that is tried again, last of all
        await tx.execute("DELETE FROM jobs.procrastinate_jobs WHERE args ->> 'delivery_id' = %s", [second])
    await run_jobs(database, runtime)
    assert sorted(await states(database)) == ["sent", "waiting", "waiting", "waiting"]
    await service.mail_notification(runtime, delivery_id=second)

    last, other, first = await inbox()
    assert parsed(first)["Message-ID"] == parsed(last)["Message-ID"] == parsed(last)["Message-ID"]
    assert first.text == last.text
    assert first.subject == "A tip: 1.00 EUR, and 2 more"
    assert other.subject == "A person has looked at your listens"
    assert await states(database) == ["sent"] * 4


async def test_what_was_turned_off_is_left_out_and_the_rest_is_sent_all_the_same(
    database: Database, runtime: Runtime, inbox: Inbox
):
    ana = await sleeper(database)
    await tips(database, ana, 2)
    await tell(database, ana, Kind.LISTENS_DECIDED, WHEN, now=NIGHT + timedelta(minutes=1))
    await tell(database, ana, Kind.LISTENS_HELD, WHEN, now=NIGHT + timedelta(minutes=2))
    async with database.begin() as tx:
        await service.choose(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.EMAIL, wanted=False)
    tip, *_ = await deliveries(database)
    await service.mail_notification(runtime, delivery_id=tip)  # the first is of the kind that was turned off

    (message,) = await inbox()
    assert message.subject == "A person has looked at your listens, and 1 more"
    assert await states(database) == ["unwanted", "unwanted", "sent", "sent"]


async def test_what_is_not_due_or_comes_at_once_or_is_somebody_elses_is_not_taken_along(
    database: Database, runtime: Runtime
):
    ana, ben = await sleeper(database), await sleeper(database)
    await tips(database, ana, 2)
    await tips(database, ben, 1)
    tomorrow = utc_now().replace(hour=23) + timedelta(days=1)
    await tell(database, ana, Kind.LISTENS_HELD, WHEN, now=tomorrow)
    await tell(database, ana, Kind.LISTENS_DECIDED, WHEN, now=NIGHT - timedelta(hours=3))  # by day: due at once
    await tell(database, ana, Kind.RECEIPT, {**TIP, **WHEN, "what": "tip"}, now=NIGHT)
    async with database.begin() as tx:
        (first,) = await tx.values(
            "SELECT d.delivery_id::text FROM users.notification_delivery d JOIN users.notification n"
            " USING (notification_id) WHERE n.user_id = %s AND n.key = '0'", [ana.user_id]
        )  # fmt: skip
    await service.mail_notification(runtime, delivery_id=first)

    async with database.begin() as tx:
        sent = await tx.rows(
            "SELECT n.user_id, n.kind FROM users.notification_delivery d JOIN users.notification n"
            " USING (notification_id) WHERE d.state = 'sent'"
        )
    assert sent == [(ana.user_id, "tip_received")] * 2


async def test_of_very_many_the_first_are_said_and_where_the_others_are(database: Database, inbox: Inbox):
    ana = await sleeper(database)
    await tips(database, ana, 23)

    (message,) = await inbox()
    assert message.text.count("A fan gave you") == 20
    assert "There is more. All of it: https://testserver/notifications" in message.text
    assert message.subject == "A tip: 1.00 EUR, and 22 more"


async def test_an_address_that_bounces_ends_the_whole_mail_once(
    database: Database, mail_server: MailServer, inbox: Inbox
):
    ana = await sleeper(database)
    await tips(database, ana, 3)
    mail_server.faults = deque([Fault.REFUSED])
    assert await inbox() == []
    assert await states(database) == ["unreachable"] * 3
    async with database.begin() as tx:
        assert await service.bounce_of(tx, user_id=ana.user_id) is not None
        assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type = 'vibestream.user.mail_bounced'") == 1

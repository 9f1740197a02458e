"""What was told arrives by mail over real sockets: once, in the reader's language, and can be stopped by one POST."""

from __future__ import annotations

import email
import email.policy
import re
from collections import deque
from datetime import datetime, timedelta

import pytest

from tests.contexts.user.conftest import Inbox, run_jobs
from tests.factories.users import User, make_user
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.service import Channel, Kind
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.mail import MailUnavailable
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail.letterbox import Arrived
from vibestream.sandbox.mail.server import Fault, MailServer

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
PAID: Facts = {"minor": 500, "currency": "EUR", "what": "tip", "when": "2026-12-25T09:30:00+00:00"}


async def someone(database: Database, *, locale: str = "en") -> User:
    async with database.begin() as tx:
        return await make_user(tx, locale=locale)


async def tell(
    database: Database, user: User, kind: Kind = Kind.TIP_RECEIVED, *, key: str = "1", now: datetime | None = None
) -> object:
    async with database.begin() as tx:
        return await service.tell(
            tx, user_id=user.user_id, kind=kind, key=key, facts={**TIP, **PAID}, now=now or utc_now()
        )


async def states(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values("SELECT state FROM users.notification_delivery ORDER BY due_at")


def parsed(message: Arrived) -> email.message.EmailMessage:
    return email.message_from_string(message.source, policy=email.policy.default)


async def test_a_tip_arrives_once_as_text_and_html_with_a_way_to_stop_it(database: Database, inbox: Inbox):
    ana = await someone(database, locale="es")
    assert await tell(database, ana) is not None
    assert await tell(database, ana) is None

    (message,) = await inbox()
    mail = parsed(message)
    assert mail["To"] == ana.email
    assert mail["Subject"] == "Una propina: 5.00 EUR"
    assert "Descontados los costes, 4.50 EUR son tuyos." in message.text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = str(mail["List-Unsubscribe"]).strip("<>")
    assert re.fullmatch(r"https://testserver/unsubscribe/[\w-]{40,}", stop)
    assert stop in message.text
    html = mail.get_body(("html",))
    assert html is not None
    assert '<html lang="es"' in html.get_content()
    assert f'href="{stop}"' in html.get_content()
    assert await states(database) == ["sent"]


async def test_what_is_mandatory_carries_no_way_to_stop_it_and_comes_in_quiet_hours(database: Database, inbox: Inbox):
    ana = await someone(database)
    async with database.begin() as tx:
        for clock in (("00:00", "23:59"),):
            await service.choose_hours(
                tx, user_id=ana.user_id, time_zone="UTC", quiet_from=clock[0], quiet_until=clock[1]
            )
    await tell(database, ana, Kind.RECEIPT)

    (message,) = await inbox()
    assert "List-Unsubscribe" not in message.source
    assert "/unsubscribe/" not in message.text
    assert "https://testserver/notifications/choices" in message.text


async def test_what_can_wait_is_due_when_the_night_is_over(database: Database):
    ana = await someone(database)
    async with database.begin() as tx:
        await service.choose_hours(
            tx, user_id=ana.user_id, time_zone="Europe/Madrid", quiet_from="22:00", quiet_until="07:00"
        )
    night = datetime.fromisoformat("2099-11-24T23:00:00+00:00")
    await tell(database, ana, now=night)

    async with database.begin() as tx:
        due = await tx.values("SELECT due_at FROM users.notification_delivery")
        jobs = await tx.values("SELECT scheduled_at FROM jobs.procrastinate_jobs")
    assert due == jobs == [datetime.fromisoformat("2099-11-25T06:00:00+00:00")]


async def test_a_days_rewards_are_one_notification_and_one_mail_of_their_sum(
    database: Database, runtime: Runtime, inbox: Inbox
):
    ana = await someone(database)
    day = utc_now() - timedelta(days=2)
    for minute in range(3):
        async with database.begin() as tx:
            await service.tell(
                tx, user_id=ana.user_id, kind=Kind.REWARD_PAID, key="", count=2, now=day + timedelta(seconds=minute),
                facts={"minor": 12_345, "currency": "VIBE"},
            )  # fmt: skip

    (message,) = await inbox()
    assert message.subject == "Rewards for listening: 3.7035 VIBE"
    assert "Rewards: 6." in message.text
    async with database.begin() as tx:
        (one,) = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=10)
        assert (one.count, one.seq) == (6, 3)
    await tell(database, ana, Kind.REWARD_PAID)  # another day is another one
    assert await states(database) == ["sent", "waiting"]


async def test_a_kind_that_was_turned_off_meanwhile_is_not_sent(database: Database, inbox: Inbox):
    ana = await someone(database)
    await tell(database, ana)
    async with database.begin() as tx:
        await service.choose(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.EMAIL, wanted=False)

    assert await inbox() == []
    assert await states(database) == ["unwanted"]
    await tell(database, ana, key="2")
    assert await states(database) == ["unwanted"]  # no second mail was even made


async def test_an_address_that_bounces_is_marked_and_written_to_again_only_when_its_owner_says_so(
    database: Database, mail_server: MailServer, inbox: Inbox
):
    ana = await someone(database)
    mail_server.faults = deque([Fault.REFUSED])
    await tell(database, ana)
    assert await inbox() == []
    assert await states(database) == ["unreachable"]
    async with database.begin() as tx:
        bounce = await service.bounce_of(tx, user_id=ana.user_id)
        assert bounce is not None
        assert ana.email not in bounce.reply

    await tell(database, ana, Kind.RECEIPT, key="2")
    assert await inbox() == []
    async with database.begin() as tx:
        await service.try_address_again(tx, user_id=ana.user_id)
    await tell(database, ana, key="3")
    assert len(await inbox()) == 1


async def test_a_new_address_is_written_to_although_the_old_one_bounced(
    database: Database, mail_server: MailServer, inbox: Inbox
):
    ana = await someone(database)
    mail_server.faults = deque([Fault.REFUSED])
    await tell(database, ana)
    await inbox()
    async with database.begin() as tx:
        await tx.execute("UPDATE users.address SET email = 'new@example.org', lookup = 'new@example.org'")
    await tell(database, ana, key="2")

    assert [one.to for one in await inbox()] == ["new@example.org"]


async def test_a_mail_whose_answer_was_lost_is_the_same_mail_again(
    database: Database, runtime: Runtime, mail_server: MailServer, inbox: Inbox
):
    ana = await someone(database)
    await tell(database, ana)
    async with database.begin() as tx:
        (delivery,) = await tx.values("SELECT delivery_id::text FROM users.notification_delivery")
    mail_server.faults = deque([Fault.LOST_ANSWER, Fault.BUSY])
    for _ in range(2):
        with pytest.raises(MailUnavailable):
            await service.mail_notification(runtime, delivery_id=delivery)
    for _ in range(2):
        await service.mail_notification(runtime, delivery_id=delivery)

    arrived = await inbox()
    assert {parsed(one)["Message-ID"] for one in arrived} == {
        f"<{delivery}@{parsed(arrived[0])['From'].addresses[0].domain}>"
    }
    assert len(arrived) == 2  # the lost answer's, and the one that was answered; the third run had nothing to do
    assert await states(database) == ["sent"]


async def test_nobody_is_told_and_nothing_waits_when_the_transaction_fails_or_the_account_is_gone(database: Database):
    ana = await someone(database)
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as tx:
            await service.tell(tx, user_id=ana.user_id, kind=Kind.RECEIPT, key="1", facts=PAID, now=utc_now())
            raise ZeroDivisionError
    async with database.begin() as tx:
        nobody = UserId(new_id())
        assert await service.tell(tx, user_id=nobody, kind=Kind.RECEIPT, key="1", facts=PAID, now=utc_now()) is None
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0
        assert await tx.value("SELECT count(*) FROM users.notification") == 0


async def test_an_account_that_was_erased_meanwhile_is_not_written_to(
    database: Database, runtime: Runtime, inbox: Inbox
):
    ana = await someone(database)
    await tell(database, ana)
    async with database.begin() as tx:
        await tx.execute("DELETE FROM users.address")
    assert await inbox() == []
    assert await states(database) == ["unreachable"]
    assert await run_jobs(database, runtime) == 0

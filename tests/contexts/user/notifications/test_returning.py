"""Addresses that mail comes back from: by the server's answer, or by a report in the mailbox that mail comes back to."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from tests.contexts.user.conftest import Inbox
from tests.factories.bus import drain, registered
from tests.factories.users import User, make_user
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.jobs import read_returned_mail
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows import tell_owners
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings, SettingsInvalid
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.returned_mail import Returned, returned_by
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail import mailbox
from vibestream.sandbox.mail.mailbox import MailboxFault, MailboxServer
from vibestream.sandbox.mail.server import Fault, MailServer

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
SOMEBODY = UUID("01976e6e-0000-7000-8000-000000000001")


def report(
    mail_id: UUID, to: str, *, status: str = "5.1.1", action: str = "failed", quotes: str = "message/rfc822"
) -> bytes:
    """Return a report as a mail server writes it (RFC 3464, appendix E)."""
    lines = f"""\
From: MAILER-DAEMON@mx.example
To: no-reply@vibe.example
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b/b"

--b/b

Your message could not be delivered.
.
..and that is it.

--b/b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 No such user

--b/b
Content-Type: {quotes}

Message-ID: <{mail_id}@vibe.example>
Subject: A tip

--b/b--
"""
    return lines.replace("\n", "\r\n").encode()


@pytest.fixture
async def box(settings: Settings) -> AsyncIterator[MailboxServer]:
    async with mailbox.serve(settings) as running:
        yield running


@pytest.fixture
def reading(runtime: Runtime, box: MailboxServer) -> Runtime:
    chosen = runtime.settings.model_copy(update={"bounce_mailbox": SecretStr(box.address)})
    return replace(runtime, settings=chosen)


async def mailed(database: Database, inbox: Inbox) -> tuple[User, UUID]:
    """Return somebody who was mailed something, and the mail's id."""
    async with database.begin() as tx:
        ana = await make_user(tx)
        await service.tell(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, key="1", facts=TIP, now=utc_now())
    await inbox()
    async with database.begin() as tx:
        mail_id: UUID = await tx.value("SELECT delivery_id FROM users.notification_delivery")
    return ana, mail_id


async def marked(database: Database, user: User) -> bool:
    async with database.begin() as tx:
        return await service.bounce_of(tx, user_id=user.user_id) is not None


async def told(database: Database, user: User) -> list[str]:
    consumers = await registered(database, Consumers(tell_owners.SUBSCRIPTIONS))
    await drain(database, consumers)
    async with database.begin() as tx:
        found = await service.notifications_of(tx, user_id=user.user_id, before=None, limit=9)
    return [one.kind.value for one in found]


async def test_a_report_marks_the_address_and_its_owner_is_told_once_and_not_by_mail(
    database: Database, reading: Runtime, box: MailboxServer, inbox: Inbox
):
    ana, mail_id = await mailed(database, inbox)
    answer = EmailMessage()
    answer["From"], answer["Subject"] = "ana@example.org", "Re: your page was hidden"
    answer.set_content("I think that this is wrong.")
    box.messages = [answer.as_bytes(), report(mail_id, ana.email), report(mail_id, ana.email.upper())]

    box.fault = MailboxFault.BREAKS  # killed before anything was deleted: it is read again
    await read_returned_mail(reading)
    assert len(box.messages) == 3
    box.fault = None
    await read_returned_mail(reading)

    assert await marked(database, ana)
    assert await told(database, ana) == ["mail_bounced", "tip_received"]
    assert box.messages == [answer.as_bytes()], "what people write is left alone"
    async with database.begin() as tx:
        await service.tell(tx, user_id=ana.user_id, kind=Kind.RECEIPT, key="2", facts={**TIP, "what": "tip", "when": "2026-12-25T09:30:00+00:00"}, now=utc_now())  # fmt: skip
    assert len(await inbox()) == 1, "only the mail of before"
    async with database.begin() as tx:
        states = await tx.rows(
            "SELECT n.kind, d.state FROM users.notification_delivery d JOIN users.notification n USING (notification_id)"
            " ORDER BY n.told_at"
        )
    assert states == [("tip_received", "sent"), ("receipt", "unreachable")]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "4.2.2"}, {"status": "5.2.2"}, {"status": "5.7.1"}, {"action": "delayed"}, {"action": "delivered"},
        {"to": "somebody.else@example.org"}, {"mail_id": str(SOMEBODY)},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_no_proof_that_there_is_no_such_mailbox_marks_nothing(
    database: Database, reading: Runtime, box: MailboxServer, inbox: Inbox, changes: dict[str, str]
):
    ana, mail_id = await mailed(database, inbox)
    said = {"to": ana.email, **changes}
    asked = UUID(said.pop("mail_id")) if "mail_id" in said else mail_id
    box.messages = [report(asked, **said)]
    await read_returned_mail(reading)
    assert not await marked(database, ana)
    assert await told(database, ana) == ["tip_received"]


async def test_a_report_about_an_address_that_was_changed_meanwhile_marks_nothing(
    database: Database, reading: Runtime, box: MailboxServer, inbox: Inbox
):
    ana, mail_id = await mailed(database, inbox)
    box.messages = [report(mail_id, ana.email)]
    async with database.begin() as tx:
        await tx.execute("UPDATE users.address SET email = 'new@example.org', lookup = 'new@example.org'")
    await read_returned_mail(reading)
    assert not await marked(database, ana)


async def test_a_mailbox_that_is_busy_gone_or_not_set_is_read_another_time(
    database: Database, runtime: Runtime, reading: Runtime, box: MailboxServer, inbox: Inbox
):
    ana, mail_id = await mailed(database, inbox)
    box.messages = [report(mail_id, ana.email)]
    await read_returned_mail(runtime)
    assert box.opened == 0
    box.fault = MailboxFault.BUSY
    await read_returned_mail(reading)
    assert not await marked(database, ana)
    box.fault = None
    await read_returned_mail(reading)
    assert await marked(database, ana)


@pytest.mark.parametrize("address", ["pop3://u:p@pop.example/", "https://u:p@pop.example", "pop3s://pop.example", "x"])
async def test_a_password_never_travels_in_the_clear(runtime: Runtime, address: str):
    wrong = replace(runtime, settings=runtime.settings.model_copy(update={"bounce_mailbox": SecretStr(address)}))
    with pytest.raises(SettingsInvalid) as refused:
        await read_returned_mail(wrong)
    assert address not in str(refused.value)


async def test_whoever_is_bounced_is_told_where_no_mail_is_needed_and_once_until_it_is_tried_again(
    database: Database, mail_server: MailServer, inbox: Inbox
):
    async with database.begin() as tx:
        ana = await make_user(tx)
    for key in ("1", "2"):
        mail_server.faults = deque([Fault.REFUSED])
        async with database.begin() as tx:
            await service.tell(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, key=key, facts=TIP, now=utc_now())
        assert await inbox() == []
    assert await told(database, ana) == ["mail_bounced", "tip_received", "tip_received"]
    async with database.begin() as tx:
        await service.try_address_again(tx, user_id=ana.user_id)
        await service.tell(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, key="3", facts=TIP, now=utc_now())
    mail_server.faults = deque([Fault.REFUSED])
    assert await inbox() == []
    assert (await told(database, ana)).count("mail_bounced") == 2


def test_a_report_is_read_whichever_way_it_quotes():
    for quotes in ("message/rfc822", "text/rfc822-headers"):
        found = returned_by(report(SOMEBODY, "ana@example.org", quotes=quotes))
        assert found == Returned(SOMEBODY, "ana@example.org", "5.1.1")


def test_whatever_else_arrives_there_is_no_report_and_takes_no_time():
    good = report(SOMEBODY, "ana@example.org")
    nested = b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n" + b"".join(
        b"--a\r\nContent-Type: multipart/mixed; boundary=a%d\r\n\r\n--a%d\r\n" % (n, n) for n in range(5_000)
    )
    hostile = [
        b"", b"\xff\xfe" * 100, good.replace(b"delivery-status", b"disposition-notification"), nested,
        good.replace(str(SOMEBODY).encode(), b"../../etc/passwd"), good.replace(b"5.1.1", b"5.1.1" * 10_000),
        good.replace(b"Status: 5.1.1", b"Status: =?utf-8?q?5=2E1=2E1?="), good[: len(good) // 2],
        good.replace(b"message/delivery-status", b"text/plain"),
        good.replace(b"Final-Recipient: rfc822; ", b"Final-Recipient: x-local; "),
    ]  # fmt: skip
    began = time.perf_counter()
    assert [returned_by(one) for one in hostile] == [None] * len(hostile)
    assert time.perf_counter() - began < 5
    assert returned_by(report(uuid4(), "ana@example.org")) is not None

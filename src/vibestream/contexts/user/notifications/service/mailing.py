"""Mailing what was told. A job's argument is the delivery's id: no address and no amount waits in a queue."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.notifications.domain import words
from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, wants
from vibestream.contexts.user.notifications.domain.told import Bounce, Notification, State, is_bounce
from vibestream.contexts.user.notifications.service.unsubscribing import stop_token
from vibestream.contexts.user.notifications.store import choices, deliveries, told
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform import letter
from vibestream.platform.database import Tx
from vibestream.platform.jobs import job
from vibestream.platform.mail import Mail, MailMalformed, MailRefused
from vibestream.platform.runtime import Runtime

_REPLY_CHARACTERS: Final = 200
_log = structlog.get_logger()


@job("user.mail_notification", queue="mail", attempts=300)  # over a day
async def mail_notification(runtime: Runtime, *, delivery_id: str) -> None:
    """Mail a notification, once as far as can be known: one that was mailed again keeps its Message-ID.

    It is not sent when it was settled, when its kind was turned off meanwhile, or when there is no address to send it
    to. An address that a server says does not exist is marked, and not written to again until its owner says so.
    """
    chosen_id = UUID(delivery_id)
    async with runtime.database.begin() as tx:
        found = await _prepare(tx, runtime=runtime, delivery_id=chosen_id)
    if found is None:
        return
    mail, owner = found
    try:
        await runtime.mailer.send(mail)
    except (MailRefused, MailMalformed) as error:
        reply = error.reply if isinstance(error, MailRefused) else error.code
        _log.warning("user.mail.refused", mail_id=delivery_id, code=error.code, exc_info=error)
        async with runtime.database.begin() as tx:
            await _refused(tx, delivery_id=chosen_id, owner=owner, address=mail.to, reply=reply, now=utc_now())
        return
    async with runtime.database.begin() as tx:
        await deliveries.settle(tx, delivery_id=chosen_id, state=State.SENT, now=utc_now())


def address_hash(address: str) -> bytes:
    """Return what stands for an address where the address itself must not."""
    return hashlib.sha256(address.encode()).digest()


async def _prepare(tx: Tx, *, runtime: Runtime, delivery_id: UUID) -> tuple[Mail, UserId] | None:
    delivery = await deliveries.load(tx, delivery_id=delivery_id)
    if delivery is None or delivery.state is not State.WAITING:
        return None
    notification = await told.load(tx, notification_id=delivery.notification_id)
    if notification is None:
        return None
    state, address = await _reach(tx, notification=notification)
    if address is None:
        await deliveries.settle(tx, delivery_id=delivery_id, state=state, now=utc_now())
        return None
    locale = (await profiles.fan(tx, user_id=notification.user_id)).locale
    mail = _mail(runtime, notification, delivery_id=delivery_id, to=address, locale=locale)
    return mail, notification.user_id


async def _reach(tx: Tx, *, notification: Notification) -> tuple[State, str | None]:
    """Return the address to mail a notification to, or None and how its delivery ends."""
    owner = notification.user_id
    if not wants(notification.kind, Channel.EMAIL, await choices.load_choices(tx, user_id=owner)):
        return State.UNWANTED, None
    try:
        email = (await accounts.account(tx, user_id=owner)).email
    except accounts.AccountMissing:
        return State.UNREACHABLE, None
    if await deliveries.find_bounce(tx, user_id=owner, address_hash=address_hash(email)) is not None:
        return State.UNREACHABLE, None
    return State.WAITING, email


def _mail(runtime: Runtime, notification: Notification, *, delivery_id: UUID, to: str, locale: str) -> Mail:
    url, kind = runtime.settings.base_url, notification.kind
    said = words.say(kind, notification.facts, count=notification.count, locale=locale, url=url)
    stop: str | None = None
    headers: dict[str, str] = {}
    if not RULES[kind].mandatory:
        token = stop_token(runtime.settings.signing_key(), user_id=notification.user_id, kind=kind)
        stop = f"{url}/unsubscribe/{token}"
        # RFC 8058: the mailbox itself can stop it, by one POST, without asking anybody to sign in.
        headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    paragraphs, closing = (said.body, *said.more), words.closing(locale=locale, url=url, stop=stop)
    return Mail(
        mail_id=delivery_id,
        to=to,
        subject=said.title,
        text=letter.text_of(paragraphs, closing, locale=locale, url=url),
        html=letter.html_of(said.title, paragraphs, closing, locale=locale, url=url),
        headers=headers,
    )


async def _refused(tx: Tx, *, delivery_id: UUID, owner: UserId, address: str, reply: str, now: datetime) -> None:
    bounced = is_bounce(reply)
    state = State.UNREACHABLE if bounced else State.REFUSED
    await deliveries.settle(tx, delivery_id=delivery_id, state=state, now=now)
    if bounced:
        # The server's words may quote the address, which stands in no other place than the account.
        said = reply.replace(address, "…")[:_REPLY_CHARACTERS]
        bounce = Bounce(bounced_at=now, reply=said)
        await deliveries.save_bounce(tx, user_id=owner, address_hash=address_hash(address), bounce=bounce)

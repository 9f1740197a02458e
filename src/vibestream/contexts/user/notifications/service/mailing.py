"""Mailing what was told. A job's argument is the delivery's id: no address and no amount waits in a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.notifications.domain import words
from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Kind, wants
from vibestream.contexts.user.notifications.domain.told import Notification, State, is_bounce
from vibestream.contexts.user.notifications.domain.words import Said
from vibestream.contexts.user.notifications.service.returning import address_hash, mark
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

_CAN_WAIT: Final = frozenset(kind for kind in Kind if not RULES[kind].mandatory)
"""Kinds that are held back, sent together, and can be stopped."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A mail, whose it is, and the deliveries that it is."""

    mail: Mail
    owner: UserId
    delivery_ids: tuple[UUID, ...]


@job("user.mail_notification", queue="mail", attempts=300)  # over a day
async def mail_notification(runtime: Runtime, *, delivery_id: str) -> None:
    """Mail a notification, once as far as can be known: one that was mailed again keeps its Message-ID, and says the same.

    What was held for a morning or for quiet hours to end is one mail with all else that was: the first whose turn it is
    takes the others along, and theirs find nothing to do. It is not sent when it was settled, when its kind was turned off
    meanwhile, or when there is no address to send it to. An address that a server says does not exist is marked, its owner
    is told, and it is not written to again until they say so.
    """
    chosen_id = UUID(delivery_id)
    async with runtime.database.begin() as tx:
        found = await _prepare(tx, runtime=runtime, delivery_id=chosen_id)
    if found is None:
        return
    try:
        await runtime.mailer.send(found.mail)
    except (MailRefused, MailMalformed) as error:
        reply = error.reply if isinstance(error, MailRefused) else error.code
        _log.warning("user.mail.refused", mail_id=delivery_id, code=error.code, exc_info=error)
        async with runtime.database.begin() as tx:
            await _refused(tx, found, reply=reply, now=utc_now())
        return
    async with runtime.database.begin() as tx:
        await deliveries.settle(tx, delivery_ids=found.delivery_ids, state=State.SENT, now=utc_now())


async def _prepare(tx: Tx, *, runtime: Runtime, delivery_id: UUID) -> _Prepared | None:
    now = utc_now()
    notifications = await _said_together(tx, delivery_id=delivery_id, now=now)
    if not notifications:
        return None
    owner = next(iter(notifications.values())).user_id
    chosen = await choices.load_choices(tx, user_id=owner)
    unwanted = [one for one, what in notifications.items() if not wants(what.kind, Channel.EMAIL, chosen)]
    await deliveries.settle(tx, delivery_ids=unwanted, state=State.UNWANTED, now=now)
    wanted = {one: what for one, what in notifications.items() if one not in unwanted}
    if not wanted:
        return None
    address = await _address(tx, user_id=owner)
    if address is None:
        await deliveries.settle(tx, delivery_ids=wanted, state=State.UNREACHABLE, now=now)
        return None
    locale = (await profiles.fan(tx, user_id=owner)).locale
    mail = _mail(runtime, list(wanted.values()), delivery_id=delivery_id, to=address, locale=locale)
    return _Prepared(mail=mail, owner=owner, delivery_ids=tuple(wanted))


async def _said_together(tx: Tx, *, delivery_id: UUID, now: datetime) -> dict[UUID, Notification]:
    """Return what a mail says, by delivery, the oldest first; nothing when it was settled, or another mail says it."""
    first = await deliveries.lock(tx, delivery_id=delivery_id)
    if first is None or first.joined not in {None, delivery_id}:
        return {}
    if first.joined is None and first.state is State.WAITING:
        held = first.held and first.kind in _CAN_WAIT
        await deliveries.join(tx, first=first, kinds=_CAN_WAIT if held else (), now=now)
    joined = await deliveries.list_joined(tx, first=delivery_id)
    by_id = {one.notification_id: one for one in await told.load_all(tx, notification_ids=[two for _, two in joined])}
    return {one: by_id[notification_id] for one, notification_id in joined}


async def _address(tx: Tx, *, user_id: UserId) -> str | None:
    """Return the address that somebody is written to; None when they have none, or mail to it comes back."""
    try:
        email = (await accounts.account(tx, user_id=user_id)).email
    except accounts.AccountMissing:
        return None
    bounce = await deliveries.find_bounce(tx, user_id=user_id, address_hash=address_hash(email))
    return email if bounce is None else None


def _mail(runtime: Runtime, notifications: Sequence[Notification], *, delivery_id: UUID, to: str, locale: str) -> Mail:
    url = runtime.settings.base_url
    said = [words.say(one.kind, one.facts, count=one.count, locale=locale, url=url) for one in notifications]
    if len(said) == 1:
        subject, paragraphs = said[0].title, [said[0].body, *said[0].more]
    else:
        subject, parts = words.together(said, locale=locale, url=url)
        paragraphs = [line for part in parts for line in _lines(part)]
    kinds = {one.kind for one in notifications if one.kind in _CAN_WAIT}
    stop: str | None = None
    headers: dict[str, str] = {}
    if kinds:
        token = stop_token(runtime.settings.signing_key(), user_id=notifications[0].user_id, kinds=kinds)
        stop = f"{url}/unsubscribe/{token}"
        # RFC 8058: the mailbox itself can stop it, by one POST, without asking anybody to sign in.
        headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    closing = words.closing(locale=locale, url=url, stop=stop, kinds=len(kinds))
    return Mail(
        mail_id=delivery_id,
        to=to,
        subject=subject,
        text=letter.text_of(paragraphs, closing, locale=locale, url=url),
        html=letter.html_of(subject, paragraphs, closing, locale=locale, url=url),
        headers=headers,
    )


def _lines(part: str | Said) -> list[str]:
    return [part] if isinstance(part, str) else [letter.Heading(part.title), " ".join((part.body, *part.more))]


async def _refused(tx: Tx, prepared: _Prepared, *, reply: str, now: datetime) -> None:
    bounced = is_bounce(reply)
    state = State.UNREACHABLE if bounced else State.REFUSED
    await deliveries.settle(tx, delivery_ids=prepared.delivery_ids, state=state, now=now)
    if bounced:
        await mark(tx, user_id=prepared.owner, address=prepared.mail.to, reply=reply, now=now)

"""Pushing what was told to the browsers of whoever wants it. No address waits in a queue: a job names the delivery alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import ClassVar, Final
from uuid import UUID

import httpx
import structlog

from vibestream.contexts.user.notifications.domain import push, words
from vibestream.contexts.user.notifications.domain.kinds import Channel, Kind, wants
from vibestream.contexts.user.notifications.domain.push import (
    Browser,
    Carriage,
    Outcome,
    PushState,
    SubscriptionInvalid,
)
from vibestream.contexts.user.notifications.store import choices, pushes, told
from vibestream.contexts.user.notifications.store.pushes import Push
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform import egress, person_keys, web_push
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime
from vibestream.platform.web_push import Answer, Manner, Target, TargetInvalid, VapidKey

_TIMEOUT_S: Final = 10.0
_log = structlog.get_logger()


class BrowserMissing(Missing):
    """No such browser of this account is told."""

    code: ClassVar[str] = "notification.browser_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a browser's script reports: where to send, its keys, and the sender's public key that it subscribed with.

    `former` is the endpoint that it takes the place of, when the browser changed it by itself.
    """

    endpoint: str
    p256dh: str
    auth: str
    sender: str
    former: str | None = None


def public_key(settings: Settings) -> str:
    """Return the key that browsers subscribe with, in base64url."""
    return VapidKey.all_of(settings)[0].public


async def subscribe(
    tx: Tx, *, settings: Settings, principal: Principal, reported: Reported, user_agent: str, now: datetime
) -> UUID:
    """Have a browser told, for as long as it stays signed in, and return its number; done again, it is the same browser.

    One that this account has, by this endpoint or its former one, keeps its number, and what waits for it goes to where it
    is now.

    Raises:
        SubscriptionInvalid: nothing can be sent there.
    """
    if web_push.key_for(VapidKey.all_of(settings)[:1], reported.sender) is None:
        raise _invalid()
    try:
        Target.of(endpoint=reported.endpoint, p256dh=reported.p256dh, auth=reported.auth)
        egress.require_outside(reported.endpoint, production=not settings.push_on_loopback)
    except (TargetInvalid, egress.EgressRefused):
        raise _invalid() from None
    shown = sessions.device_of(user_agent=user_agent, address=None).user_agent
    known = _hash(reported.former or reported.endpoint)
    former = await pushes.lock_by_endpoint(tx, user_id=principal.user_id, endpoint_hash=known)
    browser = Browser(
        subscription_id=former or new_id(), session_id=principal.session_id, user_agent=shown, subscribed_at=now
    )
    keys = {"endpoint": reported.endpoint, "p256dh": reported.p256dh, "auth": reported.auth, "sender": reported.sender}
    place = _place(browser.subscription_id)
    sealed = await person_keys.seal(tx, user_id=principal.user_id, text=json.dumps(keys), belongs_to=place)
    if not sealed:  # their key is destroyed: they are being forgotten
        raise _invalid()
    await pushes.save_browser(
        tx, user_id=principal.user_id, browser=browser, endpoint_hash=_hash(reported.endpoint), sealed=sealed
    )
    await pushes.drop_oldest(tx, user_id=principal.user_id, but=push.MOST_BROWSERS)
    return browser.subscription_id


async def browsers_of(tx: Tx, *, user_id: UserId, now: datetime) -> list[Browser]:
    """Return somebody's browsers that are told, the newest first."""
    return await pushes.list_browsers(tx, user_id=user_id, now=now)


async def unsubscribe(tx: Tx, *, user_id: UserId, subscription_id: UUID) -> None:
    """Have a browser told no more; what waits for it is dropped.

    Raises:
        BrowserMissing: it is none of theirs.
    """
    if not await pushes.drop_browser(tx, user_id=user_id, subscription_id=subscription_id):
        raise BrowserMissing("There is no such browser.")


@job("user.push_notification", queue="push", attempts=20)
async def push_notification(runtime: Runtime, *, delivery_id: str) -> None:
    """Push a notification to one browser.

    A service that says that the subscription is gone has it deleted, and so has an address that leads inside. One that is
    busy is asked again, later each time and never sooner than it says, as often as the domain's budget allows.
    """
    chosen, now = UUID(delivery_id), utc_now()
    async with runtime.database.begin() as tx:
        prepared = await _prepare(tx, settings=runtime.settings, delivery_id=chosen, now=now)
    if prepared is None:
        return
    answer = await _sent(runtime.settings, prepared, now=now)
    async with runtime.database.begin() as tx:
        await _settle(tx, prepared, answer, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    push: Push
    kind: Kind
    target: Target
    key: VapidKey
    message: bytes
    carriage: Carriage


class _Inside:
    """The address leads to this machine or a private network."""


async def _prepare(tx: Tx, *, settings: Settings, delivery_id: UUID, now: datetime) -> _Prepared | None:
    found = await pushes.load(tx, delivery_id=delivery_id, now=now)
    if found is None or found.state is not PushState.WAITING:
        return None
    notification = await told.load(tx, notification_id=found.notification_id)
    chosen = await choices.load_choices(tx, user_id=found.user_id)
    if notification is None or not wants(notification.kind, Channel.PUSH, chosen):
        await pushes.save_try(tx, delivery_id=delivery_id, state=PushState.UNWANTED, tries=found.tries, now=now)
        return None
    keys = await person_keys.keys_of(tx, user_ids=[found.user_id])
    place = _place(found.subscription_id)
    opened = person_keys.unseal(keys, user_id=found.user_id, text=found.sealed, belongs_to=place)
    parts = json.loads(opened) if opened else {}
    key = web_push.key_for(VapidKey.all_of(settings), parts.get("sender", ""))
    if key is None:  # the person is forgotten, or the secret that it was made under is gone: nothing can be sent
        await pushes.drop_browser(tx, user_id=found.user_id, subscription_id=found.subscription_id)
        return None
    locale = (await profiles.fan(tx, user_id=found.user_id)).locale
    said = words.say(
        notification.kind, notification.facts, count=notification.count, locale=locale, url=settings.base_url
    )
    return _Prepared(
        push=found,
        kind=notification.kind,
        target=Target.of(endpoint=parts["endpoint"], p256dh=parts["p256dh"], auth=parts["auth"]),
        key=key,
        message=push.message_of(notification, said, locale=locale),
        carriage=push.carriage_of(notification, subscription_id=found.subscription_id, secret=settings.signing_key()),
    )


async def _sent(settings: Settings, prepared: _Prepared, *, now: datetime) -> Answer | _Inside | None:
    """Return what the service answered; None when it did not."""
    how = prepared.carriage
    async with egress.open_client(production=not settings.push_on_loopback, timeout_s=_TIMEOUT_S) as client:
        try:
            return await web_push.send(
                client,
                target=prepared.target,
                message=prepared.message,
                key=prepared.key,
                contact=_contact(settings),
                manner=Manner(urgency=how.urgency, ttl_s=how.ttl_s, topic=how.topic),
                now=now,
            )
        except egress.EgressRefused:
            return _Inside()
        except httpx.RequestError as error:
            _log.info("user.push.unanswered", delivery_id=str(prepared.push.delivery_id), error=type(error).__name__)
            return None


async def _settle(tx: Tx, prepared: _Prepared, answer: Answer | _Inside | None, *, now: datetime) -> None:
    one = prepared.push
    if isinstance(answer, _Inside) or (answer is not None and answer.gone):
        why = "inside" if isinstance(answer, _Inside) else "gone"
        _log.info("user.push.browser_dropped", subscription_id=str(one.subscription_id), why=why)
        await pushes.drop_browser(tx, user_id=one.user_id, subscription_id=one.subscription_id)
        return
    tries = one.tries + 1
    asked_s = (answer.retry_after_s or 0) if answer is not None else 0
    then = push.after(
        _outcome(answer), retry_after_s=asked_s, tries=tries, due_at=one.due_at, kind=prepared.kind, now=now
    )
    still = await pushes.save_try(tx, delivery_id=one.delivery_id, state=then.state, tries=tries, now=now)
    if then.state is PushState.REFUSED and answer is not None:
        _log.warning("user.push.refused", delivery_id=str(one.delivery_id), status=answer.status)
    if still and then.again_at is not None:
        await defer(tx, push_notification, run_at=then.again_at, delivery_id=str(one.delivery_id))


def _outcome(answer: Answer | None) -> Outcome:
    if answer is None or answer.passing:
        return Outcome.BUSY
    return Outcome.TAKEN if answer.taken else Outcome.REFUSED


def _contact(settings: Settings) -> str:
    """Return whom a push service may write to about us: this site, or where it has no https its sender of mail."""
    return url if (url := settings.base_url).startswith("https:") else f"mailto:{parseaddr(settings.mail_from)[1]}"


def _hash(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode()).digest()


def _place(subscription_id: UUID) -> str:
    return f"users.push_subscription:{subscription_id}"


def _invalid() -> SubscriptionInvalid:
    return SubscriptionInvalid(
        "Nothing can be sent to this browser: what it reported is not the address of a push service."
    )

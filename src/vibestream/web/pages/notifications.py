"""What one was told, what one wants to be told and when, and the page behind a mail's link that stops its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.service import Bounce, Channel, Hours, Kind
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE, SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_PAGE: Final = 30
_BODY_BYTES: Final = 16 * 1024
_MOST: Final = 2**62
_BOXES: Final = len(Kind) * len(Channel)
Text = Annotated[str, Form(max_length=100)]

NAMES: Final[Mapping[Kind, str]] = {
    Kind.REWARD_PAID: N_("Rewards for listening, once a day"),
    Kind.TIP_RECEIVED: N_("Tips from fans"),
    Kind.RECEIPT: N_("Receipts of your payments"),
    Kind.REFUND: N_("Refunds"),
    Kind.RENEWAL_FAILED: N_("A renewal that failed"),
    Kind.RENEWAL_DUE: N_("A renewal that needs you"),
    Kind.SUBSCRIPTION_UNPAID: N_("The end of an unpaid subscription"),
    Kind.TRIAL_ENDS: N_("The end of a trial"),
    Kind.DESTINATION_SET: N_("A first place for your payouts to go"),
    Kind.DESTINATION_CHANGED: N_("A change of where your payouts go"),
    Kind.PAYOUT_PAID: N_("Payouts that arrived"),
    Kind.PAYOUT_RETURNED: N_("Payouts that came back"),
    Kind.PAYOUT_FAILED: N_("Payouts that were not sent"),
    Kind.NEW_DEVICE: N_("A sign-in from a new place"),
    Kind.APP_ENDED: N_("An app whose key was used twice"),
    Kind.EMAIL_CHANGED: N_("A change of your address"),
    Kind.EMAIL_RESTORED: N_("A change of your address that was undone"),
    Kind.ROLE_GRANTED: N_("A role that you are given"),
    Kind.ROLE_TAKEN: N_("A role that is taken from you"),
    Kind.ACCOUNT_LOCKED: N_("Your account locked"),
    Kind.ACCOUNT_UNLOCKED: N_("Your account unlocked"),
    Kind.MASTER_READY: N_("Files that are prepared, once a day"),
    Kind.MASTER_REFUSED: N_("A file that cannot be used"),
    Kind.ARTIST_VERIFIED: N_("An artist of yours that was verified"),
    Kind.ARTIST_NOT_VERIFIED: N_("An artist of yours that was not verified"),
    Kind.PAGE_HIDDEN: N_("A page of yours that was hidden"),
    Kind.PAGE_SHOWN: N_("A page of yours that is seen again"),
    Kind.RELEASE_CONDEMNED: N_("A release of yours that was taken down"),
    Kind.REPORT_DECIDED: N_("What became of what you reported"),
    Kind.TEAM_JOINED: N_("Somebody who joined a team of yours"),
    Kind.TEAM_LEFT: N_("Somebody who is in a team no more"),
    Kind.LABEL_INVITED: N_("A label that asks for an artist of yours"),
    Kind.LABEL_JOINED: N_("A label that works for an artist of yours"),
    Kind.LABEL_LEFT: N_("A label that works for an artist of yours no more"),
    Kind.ROSTER_ASKED: N_("An artist who asks your label"),
    Kind.ROSTER_JOINED: N_("An artist who is on your label's roster"),
    Kind.ROSTER_LEFT: N_("An artist who is on your label's roster no more"),
    Kind.LISTENS_HELD: N_("Listens of yours that are looked at"),
    Kind.LISTENS_DECIDED: N_("What was decided about them"),
    Kind.NEW_RELEASE: N_("New releases of artists that you follow"),
    Kind.EXPORT_READY: N_("A copy of your data that is ready"),
    Kind.CONSENT_ENDED: N_("Another text of what you agreed to"),
    Kind.MAIL_BOUNCED: N_("Mail to you that comes back"),
}
"""What each kind is called where it is chosen."""


@dataclass(frozen=True, slots=True)
class Row:
    """One notification of the list."""

    notification_id: UUID
    title: str
    body: str
    told_at: datetime
    unread: bool


@dataclass(frozen=True, slots=True)
class ListView:
    """The list. `newest` is the number up to which all can be marked as read, `older` where the next page begins."""

    rows: tuple[Row, ...]
    unread: int
    newest: int
    older: int | None


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One kind, and by which ways it is told."""

    kind: str
    name: str
    in_app: bool
    email: bool
    push: bool
    mandatory: bool


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """A browser that is told also while no page is open; `here` is the one that looks at the page."""

    subscription_id: UUID
    name: str
    since: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class ChoicesView:
    """The page on which one chooses."""

    choices: tuple[ChoiceRow, ...]
    hours: Hours
    zones: tuple[str, ...]
    bounce: Bounce | None
    browsers: tuple[BrowserRow, ...]
    sender: str
    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class StopView:
    """The page behind a mail's link: what it stops, a mail of several kinds all of them."""

    names: tuple[str, ...]
    stopped: bool


@router.get("/notifications", policy=SIGNED_IN)
async def show_notifications(
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    before: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    """Show what one was told, the newest first."""
    found = await service.notifications_of(tx, user_id=principal.user_id, before=before, limit=_PAGE + 1)
    spoken, url = shell_of(request).language.code, runtime.settings.base_url
    rows = []
    for one in found[:_PAGE]:
        said = service.said_of(one, locale=spoken, url=url)
        rows.append(Row(one.notification_id, said.title, said.body, one.told_at, one.read_at is None))
    view = ListView(
        rows=tuple(rows),
        unread=await service.unread(tx, user_id=principal.user_id),
        newest=found[0].seq or 0 if found else 0,
        older=found[_PAGE - 1].seq if len(found) > _PAGE else None,
    )
    return render(request, "notifications.html", view)


@router.post("/notifications/read", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def mark_all_read(
    tx: TxDep, principal: PrincipalDep, now: NowDep, up_to: Annotated[int, Form(ge=0, le=_MOST)] = 0
) -> Response:
    """Mark everything as read that the page showed or that is older."""
    await service.mark_all_read(tx, user_id=principal.user_id, up_to=up_to, now=now)
    return see_other("/notifications")


@router.post("/notifications/{notification_id}/open", policy=SIGNED_IN)
async def open_one(
    notification_id: UUID, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Mark one as read, and go where it leads."""
    found = await service.mark_read(tx, user_id=principal.user_id, notification_id=notification_id, now=now)
    return see_other(service.said_of(found, locale=principal.locale or "en", url=runtime.settings.base_url).path)


@router.get("/notifications/choices", policy=SIGNED_IN)
async def show_choices(
    *, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, done: str = ""
) -> Response:
    """Show what one is told by which ways, and when."""
    view = await _choices(request, tx, principal, Filled(), runtime=runtime, now=now, done=done)
    return render(request, "notification_choices.html", view)


@router.post("/notifications/choices", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def choose(
    tx: TxDep,
    principal: PrincipalDep,
    wanted: Annotated[list[Text], Form(max_length=_BOXES)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Choose of what one is told by which ways; a box that is not of this page is nothing."""
    boxes = {f"{kind}:{channel}": (kind, channel) for kind in Kind for channel in Channel}
    chosen = {boxes[one] for one in wanted if one in boxes}
    await service.choose_all(tx, user_id=principal.user_id, wanted=chosen)
    return see_other("/notifications/choices?done=choices")


@router.post("/notifications/hours", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def choose_hours(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    time_zone: Text = "",
    quiet_from: Text = "",
    quiet_until: Text = "",
) -> Response:
    """Choose one's time zone and quiet hours."""
    try:
        await service.choose_hours(
            tx, user_id=principal.user_id, time_zone=time_zone, quiet_from=quiet_from, quiet_until=quiet_until
        )
    except VibeStreamError as error:
        form = Filled({"quiet_from": quiet_from, "quiet_until": quiet_until}).refused(sentence_of(request, error))
        view = await _choices(request, tx, principal, form, runtime=runtime, now=now)
        raise answer_with(request, error, render(request, "notification_choices.html", view)) from None
    return see_other("/notifications/choices?done=hours")


@router.post("/notifications/address", policy=SIGNED_IN)
async def try_address_again(tx: TxDep, principal: PrincipalDep) -> Response:
    """Have mail sent again to an address that it came back from."""
    await service.try_address_again(tx, user_id=principal.user_id)
    return see_other("/notifications/choices?done=address")


@router.get("/unsubscribe/{token}", policy=ANYONE)
async def ask_to_stop(request: Request, runtime: RuntimeDep, token: str) -> Response:
    """Ask whether mail of a kind shall stop. Looking changes nothing: programs that read mail follow its links."""
    _, kinds = service.kinds_of_token(_keys(runtime), token=token)
    return render(request, "unsubscribe.html", StopView(_names(request, kinds), stopped=False))


@router.post("/unsubscribe/{token}", policy=ANYONE, max_body_bytes=_BODY_BYTES)
async def stop(request: Request, tx: TxDep, runtime: RuntimeDep, token: str) -> Response:
    """Stop mail of a kind: by the button of the page, or by the mailbox itself (RFC 8058). It may be done twice."""
    kinds = await service.stop_by_link(tx, keys=_keys(runtime), token=token)
    return render(request, "unsubscribe.html", StopView(_names(request, kinds), stopped=True))


@router.post("/notifications/browsers/{subscription_id}/stop", policy=SIGNED_IN)
async def stop_browser(subscription_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Have one of one's browsers told no more."""
    await service.unsubscribe(tx, user_id=principal.user_id, subscription_id=subscription_id)
    return see_other("/notifications/choices?done=stopped")


async def _choices(
    request: Request, tx: Tx, principal: Principal, form: Filled, *, runtime: Runtime, now: datetime, done: str = ""
) -> ChoicesView:
    wanted = await service.wanted_by(tx, user_id=principal.user_id)
    hours = await service.hours_of(tx, user_id=principal.user_id)
    clocks = {"quiet_from": _clock(hours.quiet_from), "quiet_until": _clock(hours.quiet_until)}
    return ChoicesView(
        choices=tuple(
            ChoiceRow(
                kind=kind.value,
                name=_name(request, kind),
                in_app=(kind, Channel.IN_APP) in wanted,
                email=(kind, Channel.EMAIL) in wanted,
                push=(kind, Channel.PUSH) in wanted,
                mandatory=service.RULES[kind].mandatory,
            )
            for kind in Kind
        ),
        hours=hours,
        zones=tuple(service.time_zones()),
        bounce=await service.bounce_of(tx, user_id=principal.user_id),
        browsers=await _browsers(request, tx, principal, now),
        sender=service.public_key(runtime.settings),
        form=Filled({**clocks, **form.values}, form.wrong),
        done=done,
    )


async def _browsers(request: Request, tx: Tx, principal: Principal, now: datetime) -> tuple[BrowserRow, ...]:
    spoken = shell_of(request).language
    rows = []
    for one in await service.browsers_of(tx, user_id=principal.user_id, now=now):
        name = device_of(user_agent=one.user_agent, address=None).label.replace(" on ", f" {spoken.gettext('on')} ")
        here = one.session_id == principal.session_id
        rows.append(BrowserRow(one.subscription_id, name or spoken.gettext("A browser"), one.subscribed_at, here))
    return tuple(rows)


def _keys(runtime: Runtime) -> tuple[bytes, ...]:
    return (runtime.settings.signing_key(), *runtime.settings.further_secrets)


def _names(request: Request, kinds: Sequence[Kind]) -> tuple[str, ...]:
    return tuple(_name(request, kind) for kind in kinds)


def _name(request: Request, kind: Kind) -> str:
    return shell_of(request).language.gettext(NAMES[kind])


def _clock(clock: object) -> str:
    return "" if clock is None else str(clock)[:5]

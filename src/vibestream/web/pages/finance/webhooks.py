"""What gateways told us: every event in the inbox, why one failed, and having it tried again.

What was sent may name payers, so a page shows the digest and the length of it and not the words. Nothing is computed from
them either: an event says which object changed, and that object is fetched.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.webhooks import service as webhooks
from vibestream.contexts.payment.webhooks.service import InboxState, Received
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed
from vibestream.web.pages.finance.words import Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import SENTENCES

router = Router(include_in_schema=False)

_PATH: Final = "/finance/reconciliation/webhooks"
Text = Annotated[str, Form(max_length=100)]
Asked = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An event in the list."""

    webhook_id: UUID
    gateway: str
    type: str
    object_ref: str
    state: Chip
    why: str
    """Of a failed one, in words."""
    code: str
    received_at: datetime
    deliveries: int
    attempts: int


@dataclass(frozen=True, slots=True)
class WebhooksView:
    """The inbox."""

    webhooks: Listed[WebhookRow]
    failed: int
    state: str
    gateway: str
    object_ref: str
    states: tuple[tuple[str, str], ...]
    gateways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookView:
    """One event."""

    row: WebhookRow
    found: Received
    digest: str
    """SHA-256 of the body as it came; empty when the body is older than 30 days."""
    length: int
    failed: bool
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def list_webhooks(
    *,
    request: Request,
    tx: TxDep,
    paging: PagingDep,
    state: Asked = InboxState.FAILED.value,
    gateway: Asked = "",
    object_ref: Asked = "",
) -> Response:
    """Show what gateways sent, those that failed unless another state is asked for, the newest first."""
    spoken = shell_of(request).language
    after = paging.after_values(UUID)
    wanted = {InboxState(state)} if state in set(InboxState) else None
    only = GatewayName(gateway) if gateway in set(GatewayName) else None
    found = await webhooks.webhooks(
        tx,
        gateway=only,
        states=wanted,
        object_ref=object_ref.strip() or None,
        before=None if after is None else after[0],
        limit=paging.fetch,
    )
    view = WebhooksView(
        webhooks=shown.listed(
            paging,
            found,
            item=lambda one: _row(one, spoken),
            position=lambda one: (one.webhook_id,),
            path=_PATH,
            state=state,
            gateway=gateway,
            object_ref=object_ref.strip(),
        ),
        failed=await webhooks.count_failed(tx),
        state=state if wanted else "",
        gateway=gateway if only else "",
        object_ref=object_ref.strip(),
        states=tuple((one.value, spoken.gettext(words.WEBHOOK_STATES[one][0])) for one in InboxState),
        gateways=tuple(one.value for one in GatewayName),
    )
    return render(request, "finance/webhooks.html", view)


@router.get(f"{_PATH}/{{webhook_id}}", policy=FINANCE)
async def show_webhook(request: Request, tx: TxDep, webhook_id: UUID, done: str = "") -> Response:
    """Show one event: which object changed, how often it came, how its processing went."""
    return render(request, "finance/webhook.html", await _view(request, tx, webhook_id, done=done))


@router.post(f"{_PATH}/{{webhook_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def try_again(request: Request, tx: TxDep, now: NowDep, webhook_id: UUID, act: Text = "") -> Response:
    """Have an event that failed processed again. Sent twice, it is processed once: it does not stand as failed any more."""
    try:
        if act != "again":
            raise FormBroken("The form did not arrive whole.")
        await webhooks.try_again(tx, webhook_id=webhook_id, now=now)
    except VibeStreamError as error:
        view = await _view(request, tx, webhook_id, form=Filled().refused(sentence_of(request, error)))
        raise answer_with(request, error, render(request, "finance/webhook.html", view)) from None
    return see_other(f"{_PATH}/{webhook_id}?done=again")


async def _view(
    request: Request, tx: Tx, webhook_id: UUID, *, form: Filled | None = None, done: str = ""
) -> WebhookView:
    found, body = await webhooks.webhook(tx, webhook_id=webhook_id)
    return WebhookView(
        row=_row(found, shell_of(request).language),
        found=found,
        digest="" if body is None else hashlib.sha256(body).hexdigest(),
        length=0 if body is None else len(body),
        failed=found.state is InboxState.FAILED,
        form=form or Filled(),
        done=done,
    )


def _row(one: Received, spoken: Language) -> WebhookRow:
    return WebhookRow(
        webhook_id=one.webhook_id,
        gateway=one.gateway.value,
        type=one.type,
        object_ref=one.object_ref,
        state=words.chip(words.WEBHOOK_STATES, one.state, spoken),
        why=_why(one.error, spoken),
        code=one.error or "",
        received_at=one.received_at,
        deliveries=one.deliveries,
        attempts=one.attempts,
    )


def _why(code: str | None, spoken: Language) -> str:
    """Return in words why an event failed; a code without words of its own says itself, as far as that goes."""
    if not code:
        return ""
    sentence = words.WEBHOOK_ERRORS.get(code) or SENTENCES.get(code)
    return spoken.gettext(sentence) if sentence and "{" not in sentence else words.plain(code.replace(".", ": "))

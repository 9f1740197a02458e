"""The page that shows the mail which reached nobody; and the same as JSON, for demonstrations and journeys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Annotated, ClassVar

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from vibestream.kernel.errors import Missing
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import RuntimeDep
from vibestream.platform.http.routing import Router
from vibestream.platform.http.security_headers import csp_nonce
from vibestream.sandbox.guard import refuse_in_production
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.letterbox import Arrived


async def _only_outside_production(runtime: RuntimeDep) -> None:
    refuse_in_production(runtime.settings, part="mail page")


router = Router(tags=["sandbox"], dependencies=[Depends(_only_outside_production)])


class MessageMissing(Missing):
    """There is no such message in the sandbox."""

    code: ClassVar[str] = "sandbox.message_missing"


class MessageView(BaseModel):
    message_id: str
    arrived_at: datetime
    to: str
    subject: str
    text: str


class MessageList(BaseModel):
    messages: list[MessageView]


@router.get("/sandbox/mail/messages", policy=ANYONE)
async def list_messages(runtime: RuntimeDep, to: Annotated[str | None, Query(max_length=320)] = None) -> MessageList:
    """List what arrived as JSON, the newest first; of one recipient if asked."""
    found = await asyncio.to_thread(letterbox.arrived, letterbox.folder_of(runtime.settings), to=to)
    return MessageList(
        messages=[
            MessageView(
                message_id=one.message_id,
                arrived_at=one.arrived_at,
                to=one.to,
                subject=one.subject,
                text=one.text,
            )
            for one in found
        ]
    )


@router.get("/sandbox/mail", policy=ANYONE, response_class=HTMLResponse)
async def show_list(request: Request, runtime: RuntimeDep) -> HTMLResponse:
    """Show what arrived, the newest first."""
    found = await asyncio.to_thread(letterbox.arrived, letterbox.folder_of(runtime.settings))
    return HTMLResponse(_page(request, "Mail", _list(found)))


@router.get("/sandbox/mail/{message_id}", policy=ANYONE, response_class=HTMLResponse)
async def show_message(message_id: str, request: Request, runtime: RuntimeDep) -> HTMLResponse:
    """Show one message: its text, and its source with every header and part, never rendered."""
    found = await asyncio.to_thread(letterbox.find, letterbox.folder_of(runtime.settings), message_id=message_id)
    if found is None:
        raise MessageMissing("There is no such message.")
    return HTMLResponse(_page(request, found.subject, _message(found)))


def _list(messages: Sequence[Arrived]) -> str:
    if not messages:
        return "<p>No mail has arrived yet.</p>"
    rows = "".join(
        f"<tr><td><time datetime='{one.arrived_at.isoformat()}'>{one.arrived_at:%Y-%m-%d %H:%M:%S}</time></td>"
        f"<td>{escape(one.to)}</td>"
        f"<td><a href='/sandbox/mail/{one.message_id}'>{escape(one.subject)}</a></td></tr>"
        for one in messages
    )
    return (
        f"<table><thead><tr><th>Arrived (UTC)</th><th>To</th><th>Subject</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _message(message: Arrived) -> str:
    return (
        f"<p>To {escape(message.to)}, from {escape(message.sender)}, {message.arrived_at:%Y-%m-%d %H:%M:%S} UTC</p>"
        f"<pre>{escape(message.text)}</pre>"
        f"<details><summary>Source</summary><pre>{escape(message.source)}</pre></details>"
        "<p><a href='/sandbox/mail'>All mail</a></p>"
    )


def _page(request: Request, title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)} - sandbox</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style nonce='{csp_nonce(request)}'>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;"
        "max-width:65rem;margin:2rem auto;padding:0 1rem}th,td{text-align:left;padding:.25rem 1rem .25rem 0}"
        "pre{white-space:pre-wrap;overflow-wrap:anywhere}</style></head><body><main>"
        f"<p><strong>Sandbox.</strong> This mail was kept on this machine and delivered to nobody.</p>"
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    )

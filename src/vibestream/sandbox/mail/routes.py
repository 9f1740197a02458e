"""The page that shows the mail which reached nobody; and the same as JSON, for demonstrations and journeys."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from vibestream.kernel.errors import Missing
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import RuntimeDep
from vibestream.platform.http.routing import Router
from vibestream.sandbox.guard import refuse_in_production
from vibestream.sandbox.mail import letterbox
from vibestream.web.rendering import render


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
async def show_list(request: Request, runtime: RuntimeDep) -> Response:
    """Show what arrived, the newest first."""
    found = await asyncio.to_thread(letterbox.arrived, letterbox.folder_of(runtime.settings))
    return render(request, "sandbox_mail.html", messages=found)


@router.get("/sandbox/mail/{message_id}", policy=ANYONE, response_class=HTMLResponse)
async def show_message(message_id: str, request: Request, runtime: RuntimeDep) -> Response:
    """Show one message: its text, and its source with every header and part, never rendered."""
    found = await asyncio.to_thread(letterbox.find, letterbox.folder_of(runtime.settings), message_id=message_id)
    if found is None:
        raise MessageMissing("There is no such message.")
    return render(request, "sandbox_message.html", message=found)

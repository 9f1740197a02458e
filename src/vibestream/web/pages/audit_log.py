"""The security log, for operators: what happened to whom, by whom, searched by what, whom and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action, Line
from vibestream.kernel.ids import UserId
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_PAGE: Final = 50
_MOST: Final = 2**62
Text = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class AuditLogView:
    """The log as it was asked for; `older` is where the next page begins."""

    lines: tuple[Line, ...]
    actions: tuple[str, ...]
    form: Filled
    older: int | None
    unknown: bool
    """The account that was asked for is no id: nothing is shown rather than everything."""


@router.get("/operations/audit-log", policy=holds("admin"))
async def show_audit_log(
    *,
    request: Request,
    tx: TxDep,
    action: Text = "",
    account: Text = "",
    since: Text = "",
    before: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    """Show the lines that fit, the newest first. What is asked for is named by closed lists and ids, never by its text."""
    actions = {one.value: one for one in Action}
    wanted, day = _account(account.strip()), _day(since)
    unknown = bool(account.strip()) and wanted is None
    found: list[Line] = []
    if not unknown:
        found = await audit_log.search(
            tx, action=actions.get(action), user_id=wanted, since=day, before=before, limit=_PAGE + 1
        )
    view = AuditLogView(
        lines=tuple(found[:_PAGE]),
        actions=tuple(sorted(actions)),
        form=Filled({"action": action, "account": account, "since": since if day else ""}),
        older=found[_PAGE - 1].number if len(found) > _PAGE else None,
        unknown=unknown,
    )
    return render(request, "audit_log.html", view)


def _account(text: str) -> UserId | None:
    try:
        return UserId(UUID(text))
    except ValueError:
        return None


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None

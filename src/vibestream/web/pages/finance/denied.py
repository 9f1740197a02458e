"""Deny lists: what is blocked whatever a model says, why and until when; added and taken off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Denied, DenyList
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Paging, PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken, end_of_day, person_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/models/denied"
_PEOPLE: Final = frozenset({DenyList.USER, DenyList.BENEFICIARY})
_FIELDS: Final = {
    "finance.day_unreadable": "until",
    "fraud.unusable_entry": "value",
    "finance.person_unknown": "value",
}
Text = Annotated[str, Form(max_length=1_000)]
Asked = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class DeniedRow:
    """An entry of a list."""

    list: str
    title: str
    value: str
    person: Person | None
    """Whom it is about, where it is about somebody."""
    reason: str
    added_by: Person | None
    added_at: datetime
    until: datetime | None
    over: bool
    """It has ended, and denies nothing any more."""


@dataclass(frozen=True, slots=True)
class DeniedView:
    """The lists, and the form for one more entry."""

    entries: Listed[DeniedRow]
    only: str
    lists: tuple[tuple[str, str], ...]
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def list_denied(
    *, request: Request, tx: TxDep, now: NowDep, paging: PagingDep, only: Asked = "", done: Asked = ""
) -> Response:
    """Show what is denied, the newest first."""
    view = await _view(request, tx, paging, only=only, now=now, done=done)
    return render(request, "finance/denied.html", view)


@router.post(_PATH, policy=FINANCE, max_body_bytes=BODY_BYTES)
async def change(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    paging: PagingDep,
    act: Text = "",
    list_: Annotated[str, Form(alias="list", max_length=40)] = "",
    value: Text = "",
    reason: Text = "",
    until: Text = "",
) -> Response:
    """Deny a value from now on, or no longer. Sent twice, an entry stands once: a list holds a value once."""
    typed = {"list": list_, "value": value, "reason": reason, "until": until}
    try:
        if list_ not in set(DenyList) or act not in {"add", "remove"}:
            raise FormBroken("The form did not arrive whole.")
        chosen = DenyList(list_)
        if act == "remove":
            await fraud.deny_no_longer(tx, list_=chosen, value=value)
        else:
            await fraud.deny(
                tx,
                list_=chosen,
                value=str(await person_of(tx, value)) if chosen in _PEOPLE else value,
                reason=reason,
                added_by=principal.user_id,
                now=now,
                until=end_of_day(until),
            )
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=_field(error))
        view = await _view(request, tx, paging, only="", now=now, form=form)
        raise answer_with(request, error, render(request, "finance/denied.html", view)) from None
    return see_other(f"{_PATH}?done={act}")


async def _view(
    request: Request, tx: Tx, paging: Paging, *, only: str, now: datetime, form: Filled | None = None, done: str = ""
) -> DeniedView:
    spoken = shell_of(request).language
    wanted = DenyList(only) if only in set(DenyList) else None
    found = await fraud.denied(tx, limit=paging.fetch, only=wanted, after=paging.after_values(datetime, str, str))
    about = [shown.as_uuid(one.value) for one in found if one.list in _PEOPLE]
    names = await shown.names_of(tx, [*about, *(one.added_by for one in found)])
    fresh = {"list": wanted.value if wanted else DenyList.NETWORK.value, "value": "", "reason": "", "until": ""}
    return DeniedView(
        entries=shown.listed(
            paging,
            found,
            item=lambda one: _row(one, names, spoken, now=now),
            position=lambda one: (one.added_at, one.list.value, one.value),
            path=_PATH,
            only=wanted.value if wanted else "",
        ),
        only=wanted.value if wanted else "",
        lists=tuple((one.value, spoken.gettext(words.DENY_LISTS[one])) for one in DenyList),
        form=Filled(fresh) if form is None else replace(form, values={**fresh, **form.values}),
        done=done,
    )


def _row(one: Denied, names: Names, spoken: Language, *, now: datetime) -> DeniedRow:
    about = shown.as_uuid(one.value) if one.list in _PEOPLE else None
    return DeniedRow(
        list=one.list.value,
        title=spoken.gettext(words.DENY_LISTS[one.list]),
        value=one.value,
        person=shown.person(UserId(about), names) if about else None,
        reason=one.reason,
        added_by=shown.person(one.added_by, names) if one.added_by else None,
        added_at=one.added_at,
        until=one.until,
        over=one.until is not None and one.until <= now,
    )


def _field(error: VibeStreamError) -> str:
    """Return which field of the form an error is about."""
    if error.code == "text.invalid":
        return str(getattr(error, "field", ""))
    return _FIELDS.get(error.code, "")

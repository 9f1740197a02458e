"""Advances: what payees had before they earned it, what royalties have recouped of it since, and granting one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import Advance, Advanced, InvalidAdvance, OwnAdvance
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import USD, Currency, Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.pagination import Paging, PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.finance import shown
from vibestream.web.pages.finance.asked import key_of, money_of, person_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/royalties/advances"
_PAYEES: Final = 100
_NOTE: Final = 500
_PARTS: Final = 12
_FIELDS: Final = {
    "finance.person_unknown": "payee",
    "royalties.own_advance": "payee",
    "finance.amount_unreadable": "amount",
    "royalties.invalid_advance": "amount",
    "text.invalid": "note",
}
Text = Annotated[str, Form(max_length=1_000)]


@dataclass(frozen=True, slots=True)
class AdvancedRow:
    """What a payee was advanced in a currency, and how far it is earned back."""

    person: Person
    granted: Money
    recouped: Money
    left: Money
    account_id: AccountId
    share: int
    """What is recouped, in twelfths."""


@dataclass(frozen=True, slots=True)
class AdvanceRow:
    """An advance."""

    advance_id: UUID
    person: Person
    amount: Money
    note: str
    granted_by: Person
    granted_at: datetime
    transaction_id: TransactionId


@dataclass(frozen=True, slots=True)
class AdvancesView:
    """What is owed, what was granted, and the form."""

    owed: tuple[AdvancedRow, ...]
    advances: Listed[AdvanceRow]
    currencies: tuple[str, ...]
    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class ConfirmView:
    """What is about to be granted, to be read once more."""

    person: Person
    amount: Money
    form: Filled


@router.get(_PATH, policy=FINANCE)
async def list_advances(request: Request, tx: TxDep, paging: PagingDep, done: str = "") -> Response:
    """Show what payees were advanced and have not earned back, and every advance, the latest first."""
    return render(request, "finance/advances.html", await _view(tx, paging, done=done))


@router.post(_PATH, policy=FINANCE, max_body_bytes=BODY_BYTES)
async def grant(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    paging: PagingDep,
    payee: Text = "",
    amount: Text = "",
    currency: Text = "",
    note: Text = "",
    key: Text = "",
    sure: Text = "",
) -> Response:
    """Show an advance to be read once more, and grant it when it was. Sent twice, the form grants once: its key is the advance's."""
    typed = {"payee": payee, "amount": amount, "currency": currency, "note": note, "key": key}
    try:
        money = money_of(amount, Currency.of(currency))
        payee_id = await person_of(tx, payee)
        _require(money, note.strip(), payee_id=payee_id, granted_by=principal.user_id)
        if sure != "yes":
            names = await shown.names_of(tx, [payee_id])
            asked = ConfirmView(shown.person(payee_id, names), money, Filled({**typed, "payee": str(payee_id)}))
            return shown.in_place(render(request, "finance/advance.html", asked))
        await royalties.grant_advance(
            tx,
            advance_id=UUID(key_of(key)),
            payee_id=payee_id,
            amount=money,
            note=note.strip(),
            granted_by=principal.user_id,
        )
    except VibeStreamError as error:
        field = (
            "note" if error.code == "royalties.invalid_advance" and not note.strip() else _FIELDS.get(error.code, "")
        )
        form = Filled(typed).refused(sentence_of(request, error), field_name=field)
        page = await _view(tx, paging, form=form)
        raise answer_with(request, error, render(request, "finance/advances.html", page)) from None
    return see_other(f"{_PATH}?done=granted")


def _require(money: Money, note: str, *, payee_id: UserId, granted_by: UserId) -> None:
    """Refuse before it is confirmed what the service would refuse afterwards."""
    if money.minor <= 0 or not 1 <= len(note) <= _NOTE:
        raise InvalidAdvance("An advance is a positive amount with a note.")
    if payee_id == granted_by:
        raise OwnAdvance("Somebody else has to grant this.")


async def _view(tx: Tx, paging: Paging, *, form: Filled | None = None, done: str = "") -> AdvancesView:
    before = paging.after_values(datetime, UUID)
    found = await royalties.advances(tx, before=before and (before[0], before[1]), limit=paging.fetch)
    owed = await royalties.advanced(tx, limit=_PAYEES)
    people = {one.payee_id for one in owed} | {one.payee_id for one in found} | {one.granted_by for one in found}
    names = await shown.names_of(tx, people)
    fresh = {"payee": "", "amount": "", "currency": USD.code, "note": "", "key": str(new_id())}
    return AdvancesView(
        owed=tuple(_owed(one, names) for one in owed),
        advances=shown.listed(
            paging,
            found,
            item=lambda one: _advance(one, names),
            position=lambda one: (one.granted_at, one.advance_id),
            path=_PATH,
        ),
        currencies=tuple(sorted(one.code for one in Currency.all())),
        form=Filled(fresh) if form is None else replace(form, values={**fresh, **form.values}),
        done=done,
    )


def _owed(one: Advanced, names: Names) -> AdvancedRow:
    recouped = one.granted - one.left
    return AdvancedRow(
        person=shown.person(one.payee_id, names),
        granted=one.granted,
        recouped=recouped,
        left=one.left,
        account_id=one.account_id,
        share=recouped.minor * _PARTS // one.granted.minor,
    )


def _advance(one: Advance, names: Names) -> AdvanceRow:
    return AdvanceRow(
        advance_id=one.advance_id,
        person=shown.person(one.payee_id, names),
        amount=one.amount,
        note=one.note,
        granted_by=shown.person(one.granted_by, names),
        granted_at=one.granted_at,
        transaction_id=one.transaction_id,
    )

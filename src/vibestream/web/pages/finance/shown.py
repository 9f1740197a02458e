"""What every page of the console shows alike: people by name, transactions with their postings, pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from vibestream.contexts.payment.ledger.service import (
    LEGS_SHOWN,
    PERSONAL,
    AccountKind,
    AccountLeg,
    AccountName,
    LedgerTransaction,
)
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Money
from vibestream.platform.access import holds
from vibestream.platform.database import Tx
from vibestream.platform.http.pagination import CursorValue, Paging
from vibestream.web.localization import Language
from vibestream.web.pages.finance import words

FINANCE: Final = holds("finance")
BODY_BYTES: Final = 16 * 1024
"""More than any form of the console sends."""
_SHORT: Final = 8
_LONGEST: Final = 40
_BEGINNING: Final = 16
_END: Final = 6

Row = TypeVar("Row")
Shown = TypeVar("Shown")
Names = Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the console names them."""

    user_id: UUID
    name: str
    """Empty for an account that has no name any more."""

    @property
    def short(self) -> str:
        """The end of the id, where ids of one moment differ."""
        return short(self.user_id)


@dataclass(frozen=True, slots=True)
class LegRow:
    """One posting."""

    account_id: UUID
    account: str
    about: str
    """What or whom the account is about; empty when its kind says all."""
    amount: Money


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction with its first postings."""

    transaction_id: UUID
    title: str
    key: str
    at: datetime
    reverses: UUID | None
    reversed_by: UUID | None
    leg_count: int
    legs: tuple[LegRow, ...]

    @property
    def more(self) -> int:
        """How many postings are not shown."""
        return max(self.leg_count - LEGS_SHOWN, 0)


@dataclass(frozen=True, slots=True)
class Listed(Generic[Shown]):
    """One page of a list, and the address of the next."""

    rows: tuple[Shown, ...]
    older: str | None


def short(identity: UUID) -> str:
    """Return the end of an id, where ids that were made in one moment differ."""
    return identity.hex[-_SHORT:]


def listed(
    paging: Paging,
    rows: Sequence[Row],
    *,
    item: Callable[[Row], Shown],
    position: Callable[[Row], tuple[CursorValue, ...]],
    path: str,
    **query: str,
) -> Listed[Shown]:
    """Return a page of a list.

    Args:
        paging: which page was asked for.
        rows: up to `paging.fetch` of them.
        item: makes of a row what is shown of it.
        position: where in the order of the list a row stands.
        path: the list's address.
        query: what it is filtered by; empty ones are left out.
    """
    page = paging.page(rows, item=item, position=position)
    kept = {name: value for name, value in query.items() if value}
    cursor = page.next_cursor
    return Listed(tuple(page.items), None if cursor is None else f"{path}?{urlencode({**kept, 'cursor': cursor})}")


async def names_of(tx: Tx, people: Iterable[UUID | None]) -> Names:
    """Return what people are called, by id."""
    wanted = {UserId(one) for one in people if one is not None}
    return {UUID(str(user_id)): name for user_id, name in (await profiles.names_of(tx, user_ids=wanted)).items()}


def person(user_id: UUID, names: Names) -> Person:
    """Return somebody as they are named."""
    return Person(user_id, names.get(user_id, ""))


def account_of(name: AccountName, names: Names, spoken: Language) -> tuple[str, str]:
    """Return what an account's kind is called, and what or whom it is about."""
    about = abridged(spoken.month(name.subject))
    if name.kind in PERSONAL and (owner := as_uuid(name.subject)) is not None:
        about = names.get(owner) or f"…{short(owner)}"
    elif name.kind is AccountKind.PAYMENT_ESCROW and (payment := as_uuid(name.subject)) is not None:
        about = f"…{short(payment)}"
    return spoken.gettext(words.ACCOUNTS[name.kind]), about


def abridged(subject: str) -> str:
    """Return a subject as it fits a line: of one that is longer, such as a wallet's key, its beginning and its end."""
    return subject if len(subject) <= _LONGEST else f"{subject[:_BEGINNING]}…{subject[-_END:]}"


async def transactions(tx: Tx, found: Collection[LedgerTransaction], spoken: Language) -> list[TransactionRow]:
    """Return transactions as they are shown, with the names of everybody on their postings."""
    people = {as_uuid(leg.account.subject) for one in found for leg in one.legs if leg.account.kind in PERSONAL}
    names = await names_of(tx, people)
    return [transaction(one, names, spoken) for one in found]


def transaction(found: LedgerTransaction, names: Names, spoken: Language) -> TransactionRow:
    """Return a transaction as it is shown."""
    return TransactionRow(
        transaction_id=found.transaction_id,
        title=words.word(words.TRANSACTIONS, found.kind, spoken),
        key=found.key,
        at=found.effective_at,
        reverses=found.reverses,
        reversed_by=found.reversed_by,
        leg_count=found.leg_count,
        legs=tuple(leg(one, names, spoken) for one in found.legs),
    )


def leg(found: AccountLeg, names: Names, spoken: Language) -> LegRow:
    """Return a posting as it is shown."""
    kind, about = account_of(found.account, names, spoken)
    return LegRow(found.account_id, kind, about, found.amount)


def in_place(response: Response) -> Response:
    """Return a page that answers a form and is no address to come back to."""
    response.headers["HX-Push-Url"] = "false"
    return response


def as_uuid(text: str) -> UUID | None:
    """Return a subject that is an id; None for another."""
    try:
        return UUID(text)
    except ValueError:
        return None

"""What people type into the console's forms, read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


class AmountUnreadable(InvalidInput):
    """The text is not an amount of the currency."""

    code: ClassVar[str] = "finance.amount_unreadable"

    def __init__(self, *, currency: Currency) -> None:
        super().__init__(f"Write a plain amount such as 12.50, with at most {currency.exponent} decimals.")
        self.currency = currency.code
        self.decimals = currency.exponent


class FormBroken(InvalidInput):
    """The form lacks what the page put into it."""

    code: ClassVar[str] = "finance.form_broken"


class ReasonMissing(InvalidInput):
    """Something is refused without a word of why."""

    code: ClassVar[str] = "finance.reason_missing"


class DayUnreadable(InvalidInput):
    """The text is not a day of the calendar."""

    code: ClassVar[str] = "finance.day_unreadable"


class PersonUnknown(InvalidInput):
    """Nobody has this address, handle or id."""

    code: ClassVar[str] = "finance.person_unknown"


class NumberUnreadable(InvalidInput):
    """The text is not a whole number that is not negative."""

    code: ClassVar[str] = "finance.number_unreadable"

    def __init__(self, *, most: int) -> None:
        super().__init__(f"Write a whole number from 0 to {most}.")
        self.most = most


def money_of(text: str, currency: Currency) -> Money:
    """Return an amount as it was typed: digits, and a point or a comma before the decimals. Nothing is rounded.

    Raises:
        AmountUnreadable: it is none, or has more decimals than the currency.
    """
    plain = text.strip()
    if "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    try:
        return Money.parse(plain, currency)
    except InvalidInput:
        raise AmountUnreadable(currency=currency) from None


def key_of(text: str) -> str:
    """Return the key that a page made for its form, so that the form counts once.

    Raises:
        FormBroken: it is not there, or is none of ours.
    """
    try:
        return str(UUID(text))
    except ValueError:
        raise FormBroken("The form did not arrive whole. Load the page again and repeat your change.") from None


def number_of(text: str, *, most: int) -> int:
    """Return a whole number from 0 to `most`, as it was typed.

    Raises:
        NumberUnreadable: it is none, or outside.
    """
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(most)) and int(plain) <= most):
        raise NumberUnreadable(most=most)
    return int(plain)


def end_of_day(text: str) -> datetime | None:
    """Return the instant at which a day ends, in UTC; None for no day.

    Raises:
        DayUnreadable: it is none.
    """
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise DayUnreadable("Choose a day of the calendar.") from None


async def person_of(tx: Tx, text: str) -> UserId:
    """Return who is meant by an e-mail address, an artist's handle or an account's id.

    Raises:
        PersonUnknown: there is no such person.
    """
    wanted = text.strip()
    try:
        found = await _person(tx, wanted)
    except (accounts.AccountMissing, accounts.AddressInvalid, profiles.ArtistMissing):
        found = None
    if found is None:
        raise PersonUnknown("Nobody here has this address, handle or id.")
    return found


async def _person(tx: Tx, wanted: str) -> UserId | None:
    handle = wanted.removeprefix("@")
    if "@" in handle:
        return (await accounts.user_by_email(tx, email=wanted)).user_id
    try:
        meant = UserId(UUID(wanted))
    except ValueError:
        artist = await profiles.artist_by_handle(tx, handle=handle)
        # A handle that only looks like theirs leads to them on a page; here money or a ban would follow.
        return artist.user_id if artist.handle == handle.casefold() else None
    return meant if meant in await profiles.names_of(tx, user_ids={meant}) else None

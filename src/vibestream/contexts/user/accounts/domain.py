"""Addresses, and the codes that prove them.

A code is derived from the deployment's key and the sign-up's id, so that it is stored nowhere: neither in the
sign-up's row nor in the job that mails it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from vibestream.contexts.user import mailed_codes
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import UserId

CODE_GOOD_FOR: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
RESEND_AFTER: Final = timedelta(seconds=30)
MOST_CODES: Final = 5
CODES_WITHIN: Final = timedelta(hours=1)
RESENDABLE_FOR: Final = timedelta(hours=1)
"""So long after the newest code was made, the browser can ask for another; later it signs up again."""

_ADDRESS_CHARACTERS: Final = 254
_PURPOSE: Final = b"vibestream.user.sign-up-code.v1:"


class AddressInvalid(InvalidInput):
    """Not an e-mail address."""

    code: ClassVar[str] = "account.address_invalid"

    def __init__(self) -> None:
        super().__init__("This is not an e-mail address. Check it for typing errors.")


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address in its canonical form: local part as typed in NFC, domain lower-cased and in ASCII."""

    email: str

    @property
    def lookup(self) -> str:
        """What is unique, and what is searched by: the address with its ASCII letters lower-cased.

        A mailbox might tell Ana@ from ana@, though none does; people do not. Letters beyond ASCII are left alone, since
        folding them would make one address of two that are delivered to different people.
        """
        return "".join(character.lower() if character.isascii() else character for character in self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """One mailed code, and what the browser that asked for it becomes when it shows it.

    A decoy belongs to an address whose owner has an account already; it looks the same and never succeeds.
    """

    sign_up_id: UUID
    user_id: UserId
    browser_hash: bytes
    decoy: bool
    email: str | None
    password_hash: str | None
    display_name: str | None
    locale: str
    created_at: datetime
    expires_at: datetime
    tries_left: int

    def is_open(self, now: datetime) -> bool:
        """Say whether a code can still be tried."""
        return now < self.expires_at and self.tries_left > 0


def parse_address(text: str) -> Address:
    """Return the canonical address of what was typed.

    Raises:
        AddressInvalid: it is none.
    """
    typed = text.strip()
    if len(typed) > _ADDRESS_CHARACTERS:  # before the parser sees a megabyte
        raise AddressInvalid
    try:
        # `.test` is let through: it can never receive mail, and is what documentation and demonstrations use.
        parsed = validate_email(typed, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        raise AddressInvalid from None
    return Address(f"{parsed.local_part}@{parsed.ascii_domain.lower()}")


def code_of(*, key: bytes, sign_up_id: UUID) -> str:
    """Return the eight digits that prove a sign-up's address; not to be guessed without the deployment's key."""
    return mailed_codes.code_of(key=key, purpose=_PURPOSE, waiting=sign_up_id)


def is_code(*, given: str, key: bytes, sign_up_id: UUID) -> bool:
    """Say whether a person typed the code of a sign-up; spaces and hyphens between the digits do not count."""
    return mailed_codes.is_code(given=given, key=key, purpose=_PURPOSE, waiting=sign_up_id)

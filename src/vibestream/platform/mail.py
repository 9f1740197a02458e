"""Sending mail over SMTP. Called from jobs, which try again; never inside a transaction.

Outside production, without an SMTP server of one's own, the supervisor starts the sandbox's server and points these
settings at it: there is no other way to send.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from types import MappingProxyType
from typing import ClassVar, Final
from uuid import UUID

import aiosmtplib

from vibestream.kernel.errors import InvalidInput, Unavailable
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings, SettingsInvalid

TIMEOUT_S: Final = 20.0
"""For connecting and for each answer of the server."""
_PERMANENT: Final = 500
_ADDRESS: Final = re.compile(
    r'[^\s<>()\[\],;:"\\@\x00-\x1f\x7f\ud800-\udfff]+@[^\s<>()\[\],;:"\\@\x00-\x1f\x7f\ud800-\udfff]+'
)
"""One plain address; nothing that would begin another, a name or a header."""
_HEADER: Final = re.compile(r"[!-9;-~]+")
"""A header's name: RFC 5322, 3.6.8. The standard library checks values, not names."""


class MailMalformed(InvalidInput):
    """The message cannot be written down: a line break or another control character in a header, or no address."""

    code: ClassVar[str] = "mail.malformed"


class MailRefused(InvalidInput):
    """The server refused the message for good, such as for an address that does not exist."""

    code: ClassVar[str] = "mail.refused"

    def __init__(self, *, reply: str) -> None:
        super().__init__("The mail server refused this message.")
        self.reply = reply


class MailUnavailable(Unavailable):
    """The server cannot be reached, or asks to come back later; the same message may be sent again."""

    code: ClassVar[str] = "mail.unavailable"

    def __init__(self, *, reply: str) -> None:
        super().__init__("The mail server does not take mail now.")
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one address, as text and as HTML that says the same.

    `mail_id` becomes the Message-ID: a message that is sent again, since nobody knows whether the first one arrived,
    keeps it, so that mailboxes can drop the second.
    """

    mail_id: UUID
    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Mailer:
    """Sends mail by the SMTP server of the settings.

    Raises:
        SettingsInvalid: a password would travel unencrypted over a network.
    """

    def __init__(self, settings: Settings, *, tls: ssl.SSLContext | None = None) -> None:
        if settings.smtp_user and settings.smtp_tls == "none" and not _is_loopback(settings.smtp_host or ""):
            raise SettingsInvalid("VIBESTREAM_SMTP_TLS: none would send VIBESTREAM_SMTP_PASSWORD in the clear")
        self._settings = settings
        self._tls = tls
        """Whom to trust; None: the system's certificate authorities."""

    async def send(self, mail: Mail) -> None:
        """Hand a message to the server, which then answers for it.

        Raises:
            MailMalformed: the message cannot be written down; nothing was sent.
            MailRefused: the server will never take it.
            MailUnavailable: not now; whether it was taken is unknown when the connection broke at the end.
        """
        message = self._message(mail)
        settings = self._settings
        if settings.smtp_host is None:
            raise MailUnavailable(reply="VIBESTREAM_SMTP_HOST is not set")
        password = settings.smtp_password
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user,
                password=password.get_secret_value() if password else None,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",  # True demands it: a server that offers none is refused
                tls_context=self._tls,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise MailRefused(reply=error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnavailable(reply=f"{type(error).__name__}: {error}") from error

    def _message(self, mail: Mail) -> EmailMessage:
        name, sender = parseaddr(self._settings.mail_from)
        if _ADDRESS.fullmatch(mail.to) is None or any(_HEADER.fullmatch(header) is None for header in mail.headers):
            raise _malformed()
        try:
            # Addresses beyond ASCII are written as themselves (RFC 6532), which only some servers take.
            message = EmailMessage(policy=SMTP if (mail.to + sender).isascii() else SMTPUTF8)
            message["From"] = _address(sender, name=name)
            message["To"] = _address(mail.to)
            message["Subject"] = mail.subject
            message["Date"] = format_datetime(utc_now())
            message["Message-ID"] = f"<{mail.mail_id}@{sender.rpartition('@')[2]}>"
            message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies, please
            for header, value in mail.headers.items():
                message[header] = value
            message.set_content(mail.text)
            message.add_alternative(mail.html, subtype="html")
        except (ValueError, MessageError) as error:
            raise _malformed() from error
        return message


def _address(address: str, *, name: str = "") -> Address:
    local_part, _, domain = address.rpartition("@")
    return Address(name, local_part, domain)  # its own parser takes no address beyond ASCII


def _malformed() -> MailMalformed:
    return MailMalformed("The message holds a line break in a header, or an address that is none.")


def _refusal(error: aiosmtplib.SMTPResponseException) -> MailRefused | MailUnavailable:
    reply = f"{error.code} {error.message}"
    return MailRefused(reply=reply) if error.code >= _PERMANENT else MailUnavailable(reply=reply)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

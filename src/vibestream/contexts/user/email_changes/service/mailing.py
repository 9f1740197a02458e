"""The jobs that mail codes to new addresses and to former ones. Their arguments are ids: no address and no code waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.user import email_mails
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.email_changes import domain, store
from vibestream.contexts.user.email_changes.domain import Change
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import job
from vibestream.platform.mail import Mail, MailMalformed, MailRefused
from vibestream.platform.runtime import Runtime

_TELL_OWNER_EVERY: Final = timedelta(days=1)
"""However often others ask for an address that has an account, its owner is told once a day."""
_log = structlog.get_logger()


@job("user.mail_email_change", queue="mail", attempts=11)  # over a quarter of an hour: longer than the code is good
async def mail_email_change(runtime: Runtime, *, change_id: str) -> None:
    """Mail the code to the new address; or tell the owner of the account that has it that somebody asked.

    Nothing, when the code is good for nothing any more.
    """
    async with runtime.database.begin(read_only=True) as tx:
        change = await store.load_change(tx, change_id=UUID(change_id))
        if change is None:
            return
        owner = (await accounts.verified_by_email(tx, email=change.email)).user_id
        mail = await (_code(tx, runtime, change) if owner is None else _wanted(tx, runtime, change, owner))
    if mail is None:
        return
    await _send(runtime, mail)


@job("user.mail_email_undo", queue="mail", attempts=300)  # over a day
async def mail_email_undo(runtime: Runtime, *, undo_id: str) -> None:
    """Tell an account's former address that it is one, and bring it the code that puts it back."""
    async with runtime.database.begin(read_only=True) as tx:
        undo = await store.load_undo(tx, undo_id=UUID(undo_id))
        if undo is None or not undo.is_open(utc_now()):
            return
        locale = (await profiles.fan(tx, user_id=undo.user_id)).locale
    mail = email_mails.address_changed(
        mail_id=undo.undo_id,
        to=undo.email,
        locale=locale,
        url=runtime.settings.base_url,
        when=_minute(undo.made_at),
        until=_minute(undo.good_until),
        undo=domain.undo_code_of(key=runtime.settings.signing_key(), undo_id=undo.undo_id),
    )
    await _send(runtime, mail)


async def _wanted(tx: Tx, runtime: Runtime, change: Change, owner: UserId) -> Mail | None:
    # Also of a code that another has replaced: who asks twice at once would otherwise go unnoticed.
    if await store.was_told(tx, change=change, since=change.created_at - _TELL_OWNER_EVERY):
        return None
    return email_mails.address_wanted(
        mail_id=change.change_id,
        to=(await accounts.account(tx, user_id=owner)).email,
        locale=(await profiles.fan(tx, user_id=owner)).locale,
        url=runtime.settings.base_url,
    )


async def _code(tx: Tx, runtime: Runtime, change: Change) -> Mail | None:
    if not change.is_open(utc_now()):
        return None
    return email_mails.new_address_code(
        mail_id=change.change_id,
        to=change.email,
        locale=(await profiles.fan(tx, user_id=change.user_id)).locale,
        url=runtime.settings.base_url,
        code=domain.code_of(key=runtime.settings.signing_key(), change_id=change.change_id),
        good_for=domain.CODE_GOOD_FOR,
    )


async def _send(runtime: Runtime, mail: Mail) -> None:
    try:
        await runtime.mailer.send(mail)
    except (MailRefused, MailMalformed) as error:
        # Final: a server that said never is not asked again, which would only harm the sender's name.
        _log.warning("user.mail.refused", mail_id=str(mail.mail_id), code=error.code, exc_info=error)


def _minute(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M")

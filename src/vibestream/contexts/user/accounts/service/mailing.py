"""The jobs that mail what accounts must be told. Their arguments are ids: no address and no code waits in a queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.user import factor_mails, mails
from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.service.half_way import SECOND_STEP_GOOD_FOR, sign_in_code
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import job
from vibestream.platform.mail import Mail, MailMalformed, MailRefused
from vibestream.platform.runtime import Runtime

_TELL_OWNER_EVERY: Final = timedelta(days=1)
"""However often somebody tries to sign up with an address that has an account, its owner is told once a day."""
_log = structlog.get_logger()


@job("user.mail_sign_up", queue="mail", attempts=11)  # over a quarter of an hour: longer than the code is good
async def mail_sign_up(runtime: Runtime, *, sign_up_id: str) -> None:
    """Mail the code of a sign-up; or, for a decoy, tell the owner of the account that somebody tried.

    A code that has expired, or that the browser has asked to replace, is not sent any more.
    """
    now = utc_now()
    async with runtime.database.begin(read_only=True) as tx:
        letter = await store.load_letter(tx, sign_up_id=UUID(sign_up_id), told_since=now - _TELL_OWNER_EVERY)
    if letter is None or letter.superseded or letter.expires_at <= now or (letter.decoy and letter.told_before):
        return
    url = runtime.settings.base_url
    if letter.decoy:
        mail = mails.already_registered(mail_id=letter.sign_up_id, to=letter.email, locale=letter.locale, url=url)
    else:
        mail = mails.verification(
            mail_id=letter.sign_up_id,
            to=letter.email,
            locale=letter.locale,
            url=url,
            code=domain.code_of(key=runtime.settings.signing_key(), sign_up_id=letter.sign_up_id),
            good_for=domain.CODE_GOOD_FOR,
        )
    await _send(runtime, mail)


@job("user.mail_sign_in_code", queue="mail", attempts=11)  # over a quarter of an hour: longer than the code is good
async def mail_sign_in_code(runtime: Runtime, *, step_id: str) -> None:
    """Mail the code of a guarded step, if the password was right and the account has no app whose codes it asks for."""
    step, now = UUID(step_id), utc_now()
    async with runtime.database.begin(read_only=True) as tx:
        user_id = await store.find_guarded_step(tx, step_id=step, now=now)
        if user_id is None or await factors.has_second(tx, user_id=user_id):
            return
    reached = await _owner(runtime, str(user_id))
    if reached is None:
        return
    mail = mails.sign_in_code(
        mail_id=step,
        to=reached[0],
        locale=reached[1],
        url=runtime.settings.base_url,
        code=sign_in_code(key=runtime.settings.signing_key(), step_id=step),
        good_for=SECOND_STEP_GOOD_FOR,
    )
    await _send(runtime, mail)


@job("user.mail_password_change", queue="mail", attempts=300)  # over a day
async def mail_password_change(runtime: Runtime, *, mail_id: str, user_id: str, changed_at: str) -> None:
    """Tell the owner of an account that its password was changed; nothing, when the account was erased meanwhile."""
    reached = await _owner(runtime, user_id)
    if reached is not None:
        to, locale = reached
        when, url = _minute(changed_at), runtime.settings.base_url
        await _send(runtime, mails.password_changed(mail_id=UUID(mail_id), to=to, locale=locale, url=url, when=when))


@job("user.mail_factor_notice", queue="mail", attempts=300)  # over a day
async def mail_factor_notice(runtime: Runtime, *, mail_id: str, user_id: str, notice: str, at: str) -> None:
    """Tell the owner of an account what happened to its second factor; nothing, when it was erased meanwhile."""
    reached = await _owner(runtime, user_id)
    if reached is None:
        return
    mail = factor_mails.factor_notice(
        mail_id=UUID(mail_id),
        to=reached[0],
        locale=reached[1],
        url=runtime.settings.base_url,
        notice=factor_mails.FactorNotice(notice),
        when=_minute(at),
    )
    await _send(runtime, mail)


async def _owner(runtime: Runtime, user_id: str) -> tuple[str, str] | None:
    """Return an account's address and its owner's language; None when it was erased meanwhile."""
    owner = UserId(UUID(user_id))
    async with runtime.database.begin(read_only=True) as tx:
        found = await store.load_account(tx, user_id=owner)
        return None if found is None else (found.email, (await profiles.fan(tx, user_id=owner)).locale)


def _minute(instant: str) -> str:
    """Return the UTC minute of an instant that waited in a queue as text."""
    return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M")


async def _send(runtime: Runtime, mail: Mail) -> None:
    try:
        await runtime.mailer.send(mail)
    except (MailRefused, MailMalformed) as error:
        # Final: a server that said never is not asked again, which would only harm the sender's name.
        _log.warning("user.mail.refused", mail_id=str(mail.mail_id), code=error.code, exc_info=error)

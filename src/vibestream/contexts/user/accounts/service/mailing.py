"""The jobs that mail what accounts must be told. Their arguments are ids: no address and no code waits in a queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.user import factor_mails, mails
from vibestream.contexts.user.accounts import domain, store
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


@job("user.mail_password_change", queue="mail", attempts=300)  # over a day
async def mail_password_change(runtime: Runtime, *, mail_id: str, user_id: str, changed_at: str) -> None:
    """Tell the owner of an account that its password was changed; nothing, when the account was erased meanwhile."""
    owner = UserId(UUID(user_id))
    async with runtime.database.begin(read_only=True) as tx:
        found = await store.load_account(tx, user_id=owner)
        if found is None:
            return
        locale = (await profiles.fan(tx, user_id=owner)).locale
    when = datetime.fromisoformat(changed_at).strftime("%Y-%m-%d %H:%M")
    mail = mails.password_changed(
        mail_id=UUID(mail_id), to=found.email, locale=locale, url=runtime.settings.base_url, when=when
    )
    await _send(runtime, mail)


@job("user.mail_payout_destination", queue="mail", attempts=300)  # over a day
async def mail_payout_destination(
    runtime: Runtime, *, mail_id: str, user_id: str, method: str, usable_from: str
) -> None:
    """Tell the owner of an account that their payouts will go somewhere else; nothing, when it was erased meanwhile."""
    owner = UserId(UUID(user_id))
    async with runtime.database.begin(read_only=True) as tx:
        found = await store.load_account(tx, user_id=owner)
        if found is None:
            return
        locale = (await profiles.fan(tx, user_id=owner)).locale
    when = datetime.fromisoformat(usable_from).strftime("%Y-%m-%d %H:%M")
    mail = mails.payout_destination_changed(
        mail_id=UUID(mail_id), to=found.email, locale=locale, url=runtime.settings.base_url, method=method, when=when
    )
    await _send(runtime, mail)


@job("user.mail_money_notice", queue="mail", attempts=300)  # over a day
async def mail_money_notice(
    runtime: Runtime, *, mail_id: str, user_id: str, notice: str, amount: str, what: str, when: str
) -> None:
    """Tell somebody about their money; nothing, when the account was erased meanwhile."""
    owner = UserId(UUID(user_id))
    async with runtime.database.begin(read_only=True) as tx:
        found = await store.load_account(tx, user_id=owner)
        if found is None:
            return
        locale = (await profiles.fan(tx, user_id=owner)).locale
    mail = mails.money_notice(
        mail_id=UUID(mail_id),
        to=found.email,
        locale=locale,
        url=runtime.settings.base_url,
        notice=mails.MoneyNotice(notice),
        amount=amount,
        what=what,
        when=datetime.fromisoformat(when).strftime("%Y-%m-%d %H:%M"),
    )
    await _send(runtime, mail)


@job("user.mail_factor_notice", queue="mail", attempts=300)  # over a day
async def mail_factor_notice(runtime: Runtime, *, mail_id: str, user_id: str, notice: str, at: str) -> None:
    """Tell the owner of an account what happened to its second factor; nothing, when it was erased meanwhile."""
    owner = UserId(UUID(user_id))
    async with runtime.database.begin(read_only=True) as tx:
        found = await store.load_account(tx, user_id=owner)
        if found is None:
            return
        locale = (await profiles.fan(tx, user_id=owner)).locale
    mail = factor_mails.factor_notice(
        mail_id=UUID(mail_id),
        to=found.email,
        locale=locale,
        url=runtime.settings.base_url,
        notice=factor_mails.FactorNotice(notice),
        when=datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M"),
    )
    await _send(runtime, mail)


async def _send(runtime: Runtime, mail: Mail) -> None:
    try:
        await runtime.mailer.send(mail)
    except (MailRefused, MailMalformed) as error:
        # Final: a server that said never is not asked again, which would only harm the sender's name.
        _log.warning("user.mail.refused", mail_id=str(mail.mail_id), code=error.code, exc_info=error)

"""The job that mails the code of a reset. Its argument is an id: no address and no code waits in a queue."""

from __future__ import annotations

from uuid import UUID

import structlog

from vibestream.contexts.user import recovery_mails
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.recovery import domain, store
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import job
from vibestream.platform.mail import Mail, MailMalformed, MailRefused
from vibestream.platform.runtime import Runtime

_log = structlog.get_logger()


@job("user.mail_password_reset", queue="mail", attempts=11)  # over a quarter of an hour: longer than the code is good
async def mail_password_reset(runtime: Runtime, *, reset_id: str) -> None:
    """Mail the code of a reset; nothing, when nobody has the address, or the code is good for nothing any more."""
    mail = await _mail(runtime, UUID(reset_id))
    if mail is None:
        return
    try:
        await runtime.mailer.send(mail)
    except (MailRefused, MailMalformed) as error:
        # Final: a server that said never is not asked again, which would only harm the sender's name.
        _log.warning("user.mail.refused", mail_id=str(mail.mail_id), code=error.code, exc_info=error)


async def _mail(runtime: Runtime, reset_id: UUID) -> Mail | None:
    async with runtime.database.begin(read_only=True) as tx:
        reset = await store.load_reset(tx, reset_id=reset_id)
        if reset is None or reset.user_id is None or not reset.is_open(utc_now()):
            return None
        try:
            owner = await accounts.account(tx, user_id=reset.user_id)
        except accounts.AccountMissing:
            return None
        locale = (await profiles.fan(tx, user_id=reset.user_id)).locale
    return recovery_mails.reset_code(
        mail_id=reset_id,
        to=owner.email,
        locale=locale,
        url=runtime.settings.base_url,
        code=domain.code_of(key=runtime.settings.signing_key(), reset_id=reset_id),
        good_for=domain.CODE_GOOD_FOR,
    )

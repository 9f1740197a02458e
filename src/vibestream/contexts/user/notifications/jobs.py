"""What happens to notifications by the clock: mail that came back is read."""

from __future__ import annotations

import asyncio
import poplib
from typing import Final

import structlog

from vibestream.contexts.user.notifications import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.returned_mail import Mailbox, Returned, mailbox
from vibestream.platform.runtime import Runtime

_log: Final = structlog.get_logger()


@periodic("user.read_returned_mail", every_s=300, queue="mail")
async def read_returned_mail(runtime: Runtime) -> None:
    """Read the reports of failed delivery in the mailbox of the settings, if there is one, and delete them there.

    They are deleted when what they say is noted: killed in between, they are read again, which changes nothing.

    Raises:
        SettingsInvalid: the setting is no mailbox.
    """
    setting = runtime.settings.bounce_mailbox
    if setting is None:
        return
    try:
        await asyncio.to_thread(_read, runtime, setting.get_secret_value(), asyncio.get_running_loop())
    except (OSError, EOFError, poplib.error_proto) as error:
        _log.warning("user.returned_mail.unread", error=type(error).__name__)


def _read(runtime: Runtime, address: str, loop: asyncio.AbstractEventLoop) -> None:
    with mailbox(address) as box:
        found = box.reports()
        asyncio.run_coroutine_threadsafe(_note(runtime, [one for _, one in found if one is not None]), loop).result()
        _delete(box, [number for number, _ in found])


async def _note(runtime: Runtime, returned: list[Returned]) -> None:
    for one in returned:
        async with runtime.database.begin() as tx:
            await service.note_returned(tx, mail_id=one.mail_id, address=one.address, status=one.status, now=utc_now())


def _delete(box: Mailbox, numbers: list[int]) -> None:
    box.delete(numbers)
    if numbers:
        _log.info("user.returned_mail.read", reports=len(numbers))

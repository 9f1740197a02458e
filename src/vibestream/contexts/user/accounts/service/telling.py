"""Having people told, after the transaction, what happened to their account."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts.service.mailing import mail_factor_notice, mail_password_change
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors.service import FactorWrong
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer


async def tell_factor(tx: Tx, *, user_id: UserId, notice: FactorNotice, now: datetime) -> None:
    """Have the owner of an account told by mail, once this transaction is committed, what happened to its factors."""
    await defer(
        tx,
        mail_factor_notice,
        mail_id=str(new_id()),
        user_id=str(user_id),
        notice=notice.value,
        at=now.isoformat(),
    )


async def tell_wrong_factor(tx: Tx, *, user_id: UserId, wrong: FactorWrong, now: datetime) -> None:
    """Have the owner told that somebody is guessing, once: when there are so many wrong ones that there is a wait."""
    if wrong.attacked:
        await tell_factor(tx, user_id=user_id, notice=FactorNotice.ATTACKED, now=now)


async def tell_password_changed(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Have the owner of an account told by mail, once this transaction is committed, that its password was changed."""
    await defer(tx, mail_password_change, mail_id=str(new_id()), user_id=str(user_id), changed_at=now.isoformat())

"""What recovering an account needs of it: whose an address is, and taking its second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.service.second_step import refused
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorWrong, Shown
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer


@dataclass(frozen=True, slots=True)
class Named:
    """What an address is searched by, and the verified account that has it; None: nobody has proved it."""

    lookup: str
    user_id: UserId | None


async def verified_by_email(tx: Tx, *, email: str) -> Named:
    """Return whose an address is, by one statement whoever has it. What is found must never show to whoever asked.

    Raises:
        AddressInvalid: not an address.
    """
    address = domain.parse_address(email)
    found = await store.find_account(tx, address=address)
    return Named(address.lookup, found.user_id if found is not None and found.verified_at is not None else None)


async def show_factor(tx: Tx, *, sealer: Sealer, user_id: UserId, code: str, device: Device, now: datetime) -> None:
    """Take a code of an account's second factor or a recovery code; a wrong one is logged, and guessing is told.

    Raises:
        FactorWrong: not such a code. Commit the transaction nevertheless, or the wrong code is not counted.
        FactorMissing, FactorLimited: as `factors.show`.
    """
    try:
        shown = await factors.show(tx, sealer=sealer, user_id=user_id, code=code, now=now)
    except FactorWrong as wrong:
        await refused(tx, user_id=user_id, wrong=wrong, device=device, now=now)
        raise
    if shown is Shown.RECOVERY:
        await tell_factor(tx, user_id=user_id, notice=FactorNotice.RECOVERY_USED, now=now)

"""Erasing a person: every context forgets them, the books stay, and their key is destroyed.

    wait for them to come back -> close the account -> see that no money is on its way, end what is paid for
    -> take their music down, or keep it -> every capability forgets, the key is destroyed -> the same again, later

The last step is there because of what was under way when the account was closed: a request that had got in, an event on
its way to a consumer. Each step is one transaction with the saga's progress, and can be repeated. Up to the third, what
is found to be open opens the account again; from the fourth on nothing turns back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.music.catalogue.service import leaving as catalogue
from vibestream.contexts.payment.leaving import service as money
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.erasure import service as erasure
from vibestream.contexts.user.erasure.service import Erasure, Music
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.sessions import service as sessions
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.errors import InvalidInput, Unavailable, VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform import person_keys
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.sagas import Local, NotYet, Saga, declare, find, start


class ConfirmationWrong(InvalidInput):
    """What was typed to confirm is not the account's address."""

    code: ClassVar[str] = "erasure.confirmation_wrong"

    def __init__(self) -> None:
        super().__init__("Type your e-mail address as your account has it.")


class StepStuck(Unavailable):
    """A step that may not be refused any more was; it is tried again, and somebody is told."""

    code: ClassVar[str] = "erasure.step_stuck"


@dataclass(frozen=True, slots=True)
class Erasing:
    """Whom to erase, and when what was done; nothing that tells of them."""

    erasure_id: UUID
    user_id: UUID
    grace_s: int
    closed_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def person(self) -> UserId:
        """Who."""
        return UserId(self.user_id)


async def ask(
    tx: Tx, *, settings: Settings, user_id: UserId, confirmation: str, music: Music, gives_up: bool, now: datetime
) -> Erasure | None:
    """Have a person erased after the time to think it over, sign them out everywhere, and tell them by mail.

    Returns None when they had asked before: then it is done as was asked first.

    Raises:
        ConfirmationWrong: `confirmation` is not their address.
        MoneyUnderWay, MoneyLeft, LastAdmin: as things stand it would be refused.
    """
    account = await accounts.account(tx, user_id=user_id)
    if confirmation.strip().casefold() != account.email.casefold():
        raise ConfirmationWrong
    await money.require_settled(tx, user_id=user_id, gives_up=gives_up)
    await access.require_another_admin(tx, user_id=user_id)
    due_at = now + timedelta(days=settings.erasure_wait_days)
    asked = await erasure.ask(tx, user_id=user_id, music=music, gives_up=gives_up, due_at=due_at, now=now)
    if asked is not None:
        data = Erasing(asked.erasure_id, user_id, settings.erasure_grace_s)
        await start(tx, ERASE, data, now=now, saga_id=asked.erasure_id)
        await tell_factor(tx, user_id=user_id, notice=FactorNotice.ERASURE_ASKED, now=due_at)
    await sessions.end_all(tx, user_id=user_id, now=now)
    return asked


async def _close(tx: Tx, data: Erasing) -> Erasing:
    """Close the account once it is due; refused when its owner has come back."""
    now = utc_now()
    closed = await erasure.close(tx, erasure_id=data.erasure_id, now=now)
    if closed is None:
        found = await erasure.newest(tx, user_id=data.person)
        raise NotYet(until=now if found is None else found.due_at)
    await sessions.end_all(tx, user_id=data.person, now=now)
    return replace(data, closed_at=now)


async def _reopen(tx: Tx, data: Erasing) -> Erasing:
    """Let its owner in again, and tell them why."""
    now = utc_now()
    saga = await find(tx, saga_id=data.erasure_id)
    reason = (saga.refusal if saga else None) or "unknown"
    if await erasure.reopen(tx, erasure_id=data.erasure_id, reason=reason, now=now) is not None:
        await tell_factor(tx, user_id=data.person, notice=FactorNotice.ERASURE_REFUSED, now=now)
    return data


async def _settle(tx: Tx, data: Erasing) -> Erasing:
    """End what they pay for and post what they give up, once no request of theirs can be under way any more."""
    now = _after_grace(data.closed_at, data)
    await access.require_another_admin(tx, user_id=data.person)
    asked = await erasure.newest(tx, user_id=data.person)
    key = f"erasure:{data.erasure_id}"
    await money.leave(tx, user_id=data.person, gives_up=asked is not None and asked.gives_up, key=key, now=now)
    return data


async def _leave_music(tx: Tx, data: Erasing) -> Erasing:
    """Take public music down, unless it was to be kept; from here there is no way back."""
    now = utc_now()
    asked = await erasure.newest(tx, user_id=data.person)
    if asked is None or asked.music is Music.TAKE_DOWN:
        await catalogue.take_down_all(tx, user_id=data.person, now=now)
    kept = await catalogue.public_tracks_of(tx, user_id=data.person)
    await erasure.pass_point_of_no_return(tx, erasure_id=data.erasure_id, keeps_music=bool(kept), now=now)
    return data


async def _erase(tx: Tx, data: Erasing) -> Erasing:
    """Have every capability forget them, and destroy their key."""
    now = utc_now()
    await forget(tx, user_id=data.person)
    await person_keys.destroy(tx, user_id=data.user_id, now=now)
    return replace(data, erased_at=now)


async def _sweep(tx: Tx, data: Erasing) -> Erasing:
    """Forget what was still on its way, and set the tombstone."""
    now = _after_grace(data.erased_at, data)
    await forget(tx, user_id=data.person)
    await erasure.finish(tx, erasure_id=data.erasure_id, now=now)
    return data


async def forget(tx: Tx, *, user_id: UserId) -> None:
    """Have every capability forget a person; music that stays public stays on the statements of who shares in it."""
    for held in PERSONAL_DATA:
        await held.erase(tx, user_id)
    for track in await catalogue.public_tracks_of(tx, user_id=user_id):
        await royalties.register_track(
            tx,
            track_id=track.track_id,
            artist_id=track.artist_id,
            owner_user_id=user_id,
            title=track.title,
            isrc=track.isrc,
        )


def _after_grace(began: datetime | None, data: Erasing) -> datetime:
    now = utc_now()
    until = (began or now) + timedelta(seconds=data.grace_s)
    if now < until:
        raise NotYet(until=until)
    return now


def _certain(do: Callable[[Tx, Erasing], Awaitable[Erasing]]) -> Callable[[Tx, Erasing], Awaitable[Erasing]]:
    """Return a step that is never refused: what has begun to be erased is not put together again."""

    async def step(tx: Tx, data: Erasing) -> Erasing:
        try:
            return await do(tx, data)
        except NotYet:
            raise
        except VibeStreamError as error:
            raise StepStuck(f"{error.code}: {error}") from error

    return step


ERASE: Final = declare(
    Saga(
        name="user.erase",
        data=Erasing,
        steps=(
            Local(name="close", do=_close, undo=_reopen),
            Local(name="settle", do=_settle),
            Local(name="leave_music", do=_certain(_leave_music)),
            Local(name="erase", do=_certain(_erase)),
            Local(name="sweep", do=_certain(_sweep)),
        ),
    )
)
"""Steps are not numbered by capability: one that is added is forgotten by erasures that are under way, too."""

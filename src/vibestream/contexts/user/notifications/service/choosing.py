"""What one wants to be told, by which way, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.notifications.domain import timing
from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Kind, require_optional, wants
from vibestream.contexts.user.notifications.domain.timing import Hours
from vibestream.contexts.user.notifications.domain.told import Bounce
from vibestream.contexts.user.notifications.service.returning import address_hash
from vibestream.contexts.user.notifications.store import choices, deliveries
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def wanted_by(tx: Tx, *, user_id: UserId) -> frozenset[tuple[Kind, Channel]]:
    """Return of what, by which ways, somebody is told."""
    chosen = await choices.load_choices(tx, user_id=user_id)
    return frozenset((kind, channel) for kind in Kind for channel in Channel if wants(kind, channel, chosen))


async def choose(tx: Tx, *, user_id: UserId, kind: Kind, channel: Channel, wanted: bool) -> None:
    """Choose whether one is told of a kind by a way.

    Raises:
        KindMandatory: everybody is.
    """
    require_optional(kind)
    await choices.save_choice(tx, user_id=user_id, kind=kind, channel=channel, wanted=wanted)


async def choose_all(tx: Tx, *, user_id: UserId, wanted: Collection[tuple[Kind, Channel]]) -> None:
    """Choose at once of what one is told by which ways: these, and what nobody can turn off, and nothing else."""
    for kind in Kind:
        for channel in Channel:
            if not RULES[kind].mandatory:
                here = (kind, channel) in wanted
                await choices.save_choice(tx, user_id=user_id, kind=kind, channel=channel, wanted=here)


async def hours_of(tx: Tx, *, user_id: UserId) -> Hours:
    """Return somebody's hours; UTC and no quiet ones when they chose none."""
    return await choices.load_hours(tx, user_id=user_id)


async def time_zones_of(tx: Tx, *, user_ids: Iterable[UserId]) -> dict[UserId, str]:
    """Return the time zones of those of these accounts who chose one."""
    return await choices.list_time_zones(tx, user_ids)


async def choose_hours(tx: Tx, *, user_id: UserId, time_zone: str, quiet_from: str, quiet_until: str) -> None:
    """Choose one's time zone, and between which times such as `22:30` no mail comes that can wait; none: always.

    Raises:
        HoursInvalid: there is no such zone, or these are not two different times of day.
    """
    hours = timing.hours_of(time_zone=time_zone, quiet_from=quiet_from, quiet_until=quiet_until)
    await choices.save_hours(tx, user_id=user_id, hours=hours)


async def bounce_of(tx: Tx, *, user_id: UserId) -> Bounce | None:
    """Return that mail to somebody's present address comes back; None when it does not, as far as is known."""
    email = (await accounts.account(tx, user_id=user_id)).email
    return await deliveries.find_bounce(tx, user_id=user_id, address_hash=address_hash(email))


async def try_address_again(tx: Tx, *, user_id: UserId) -> None:
    """Let mail be sent again to an address that it came back from."""
    await deliveries.drop_bounce(tx, user_id=user_id)

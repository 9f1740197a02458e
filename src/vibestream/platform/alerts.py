"""Telling operators that something is wrong, where they are: in the chats, pagers and mailboxes that a setting names.

What is wrong is looked at as a whole, again and again: a trouble is told when it is new, again every so often while it
stands, and once more when it is over. All that there is to tell at a time is one message. What arrived nowhere is told at the
next look; what was told before a crash could be told once more. Where it arrived at some receivers it counts as told: the
others are in the log and the metrics, and hear of it when it is told again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from vibestream.platform.alert_receivers import Message, addresses_of, send
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx

MOST_TOLD: Final = 20
"""Troubles that one message names; of the rest it says how many there are."""
_LONGEST: Final = 300
UNTOLD: Final = Counter("vibestream_alerts_untold", "Messages to operators that did not arrive.")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """Something that is wrong. `key` is stable while it stands, such as `invariant:ledger.balanced`; nothing personal."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What there is to tell: what is new or still stands, and the keys of what is over."""

    wrong: tuple[Trouble, ...]
    over: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.wrong or self.over)


def notice_of(troubles: Sequence[Trouble], *, told: Mapping[str, datetime], again: timedelta, now: datetime) -> Notice:
    """Return what there is to tell.

    Args:
        troubles: all that is wrong now.
        told: what was told and is not over, by key: when last.
        again: how long after it was told a trouble that stands is told again.
        now: the present instant.
    """
    wrong = tuple(sorted(one for one in set(troubles) if one.key not in told or told[one.key] + again <= now))
    standing = {one.key for one in troubles}
    return Notice(wrong, tuple(sorted(set(told) - standing)))


def message_of(notice: Notice, *, site: str) -> Message:
    """Return the message that says it, of bounded length whatever is wrong."""
    named, more = notice.wrong[:MOST_TOLD], len(notice.wrong) - MOST_TOLD
    lines = [f"WRONG {one.key}: {one.words[:_LONGEST]}" for one in named]
    lines += [f"... and {more} more" for _ in [0] if more > 0]
    lines += [f"OVER {key}" for key in notice.over[:MOST_TOLD]]
    return Message(f"VibeStream at {site}", "\n".join(lines), wrong=bool(notice.wrong))


async def tell_operators(
    database: Database, *, settings: Settings, troubles: Sequence[Trouble], now: datetime
) -> Notice:
    """Tell operators what is new, what still stands, and what is over, and return what was told; nothing without a setting.

    It never raises because of the receiver: an alert that does not arrive is counted, logged and tried at the next look.
    """
    nothing = Notice((), ())
    addresses = addresses_of(settings.alert_urls.get_secret_value()) if settings.alert_urls is not None else []
    if not addresses:
        return nothing
    told = await database.run(_told)
    again = timedelta(hours=settings.alert_again_h)
    notice = notice_of(troubles, told=told, again=again, now=now)
    if not notice or not await _arrived(addresses, message_of(notice, site=settings.base_url)):
        return nothing
    async with database.begin() as tx:
        await _note(tx, notice, now=now)
    return notice


async def _arrived(addresses: Sequence[str], message: Message) -> bool:
    """Send a message to every receiver, count where it did not arrive, and say whether it arrived anywhere.

    Receivers are named by their number: their addresses are secrets.
    """
    became = await send(addresses, message)
    for number, why in enumerate(became, start=1):
        if why != "sent":
            UNTOLD.inc()
            _log.error("alerts.untold", receiver=number, why=why)
    return "sent" in became


async def _told(tx: Tx) -> dict[str, datetime]:
    return dict(await tx.rows("SELECT key, told_at FROM platform.operator_alert"))


async def _note(tx: Tx, notice: Notice, *, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO platform.operator_alert (key, told_at) SELECT unnest(%s::text[]), %s"
        " ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at",
        [[one.key for one in notice.wrong], now],
    )
    await tx.execute("DELETE FROM platform.operator_alert WHERE key = ANY(%s)", [list(notice.over)])

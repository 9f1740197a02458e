"""A week is over: artists are told of their audience, of the listeners who agree to be counted, and never again.

listen_reward knows who listened and cuts the week; user knows who agreed, and by which clock they live. Each week is one transaction, and closed by it.
"""

from __future__ import annotations

from datetime import date, datetime

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.notifications import service as notifications
from vibestream.kernel.time import utc_now
from vibestream.platform.countries import country_of
from vibestream.platform.database import Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


async def publish_week(tx: Tx, *, week: date, now: datetime) -> int:
    """Tell artists of a week, and return to how many anything could be told; none when it was done before.

    Raises:
        ValueError: the week is not over, or does not begin on a Monday.
    """
    if not await audience.open_week(tx, week=week, now=now):
        return 0
    told = 0
    for artist_id in await audience.artists_heard(tx, week=week):
        heard = await audience.listened(tx, artist_id=artist_id, week=week)
        agreed = await consents.which_have(tx, user_ids={one.listener for one in heard}, purpose=Purpose.ANALYTICS)
        zones = await notifications.time_zones_of(tx, user_ids=agreed)
        countries = {user: country for user, zone in zones.items() if (country := country_of(zone))}
        told += await audience.publish(
            tx,
            artist_id=artist_id,
            week=week,
            heard=[one for one in heard if one.listener in agreed],
            countries=countries,
        )
    await audience.forget_surfaces(tx, week=week)
    return told


@periodic("listen_reward.publish_audience", every_s=1800)
async def publish_audience(runtime: Runtime) -> None:
    """Tell artists of every week that is over and was not told of, one transaction each."""
    async with runtime.database.begin(read_only=True) as tx:
        weeks = await audience.due_weeks(tx, now=utc_now())
    for week in weeks:
        async with runtime.database.begin() as tx:
            await publish_week(tx, week=week, now=utc_now())

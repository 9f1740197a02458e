"""What operators watch of rewards: how the pools burn, what is claimed, what is held, and what looks like an attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from fastapi import Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.claims.service import spending
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Epoch
from vibestream.contexts.listen_reward.scoring.service import cases, evaluations, figures
from vibestream.contexts.listen_reward.scoring.service.evaluations import Evaluated
from vibestream.contexts.listen_reward.scoring.service.figures import Clusters, Crowds, ReasonCount, Verdicts
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.access import holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.charts import BarChart, Figure, bar_chart
from vibestream.web.localization import Language
from vibestream.web.pages.listening_figures import spoken_day
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_DAYS: Final = 14
_WEEK: Final = timedelta(days=7)
_REASONS: Final = 12
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A day's pool: its budget, what was granted of it and how much that is, what of that is claimed by proofs, and was."""

    epoch: date
    budget: Money
    granted: Money
    burnt: int
    claimable: Money
    claimed: Money
    rate: int | None
    """Claimed of what is claimable, in percent; None: nothing is."""


@dataclass(frozen=True, slots=True)
class RewardsView:
    """The page."""

    today: PoolRow | None
    rows: tuple[PoolRow, ...]
    burn: BarChart
    held: BarChart
    verdicts: tuple[Verdicts, ...]
    waiting: int
    late: int
    reasons: tuple[ReasonCount, ...]
    crowds: Crowds
    clusters: Clusters
    evaluated: Evaluated
    means: Mapping[str, str]
    """In words, by what each means is called in the evaluation."""
    rate: int | None
    """Of all that is claimable in these days."""
    held_percent: int | None
    """Of what was proven in the last week; None: nothing was."""


@router.get("/operations/rewards", policy=_ADMIN)
async def show_rewards(request: Request, tx: TxDep, now: NowDep) -> Response:
    """Show the last two weeks of pools, claims and scoring."""
    return render(request, "pool_figures.html", await _view(tx, now, shell_of(request).language))


async def _view(tx: Tx, now: datetime, spoken: Language) -> RewardsView:
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=n) for n in reversed(range(_DAYS))]
    epochs = await pools.list_epochs(tx, epochs=days)
    claimable, claimed = await spending.granted_by_epoch(tx), await spending.claimed_by_epoch(tx)
    rows = tuple(_row(one, claimable, claimed) for one in epochs)
    verdicts = await figures.verdicts(tx, since=datetime.combine(days[0], time(), tzinfo=UTC))
    waiting, late = await cases.count_open(tx, now=now)
    return RewardsView(
        today=next((one for one in rows if one.epoch == today), None),
        rows=tuple(reversed(rows)),
        burn=_burn(days, rows, spoken),
        held=_held(days, verdicts, spoken),
        verdicts=tuple(reversed(verdicts)),
        waiting=waiting,
        late=late,
        reasons=tuple(await figures.reasons(tx, since=now - _WEEK, limit=_REASONS)),
        crowds=await figures.crowds(tx, since=now - _WEEK),
        clusters=await figures.new_clusters(tx, since=now - _WEEK, now=now),
        evaluated=evaluations.last_evaluation(),
        means=_means(spoken),
        rate=_percent(sum(one.claimed.minor for one in rows), sum(one.claimable.minor for one in rows)),
        held_percent=_held_percent([one for one in verdicts if one.day > today - _WEEK]),
    )


def _means(spoken: Language) -> dict[str, str]:
    return {
        "scripts in data centres": spoken.gettext("scripts in data centres"),
        "scripts through others' homes": spoken.gettext("scripts through others' homes"),
        "telephones at one's own address": spoken.gettext("telephones at one's own address"),
        "artists themselves, unpaid": spoken.gettext("artists themselves, unpaid"),
        "people paid by the hour": spoken.gettext("people paid by the hour"),
    }


def _row(one: Epoch, claimable: Mapping[date, Money], claimed: Mapping[date, Money]) -> PoolRow:
    nothing = Money.zero(VIBE)
    owed, taken = claimable.get(one.epoch, nothing), claimed.get(one.epoch, nothing)
    return PoolRow(
        epoch=one.epoch,
        budget=one.budget,
        granted=one.granted,
        burnt=_percent(one.granted.minor, one.budget.minor) or 0,
        claimable=owed,
        claimed=taken,
        rate=_percent(taken.minor, owed.minor),
    )


def _held_percent(verdicts: Sequence[Verdicts]) -> int | None:
    kept_back = sum(one.held + one.rejected for one in verdicts)
    return _percent(kept_back, kept_back + sum(one.accepted for one in verdicts))


def _percent(part: int, whole: int) -> int | None:
    """Return a share in whole percents, rounded down; None of nothing."""
    return _HUNDRED * part // whole if whole else None


def _burn(days: Sequence[date], rows: Sequence[PoolRow], spoken: Language) -> BarChart:
    burnt = {one.epoch: one.burnt for one in rows}
    points = [_point(day, n, burnt.get(day, 0), f"{burnt.get(day, 0)} %", spoken) for n, day in enumerate(days)]
    return bar_chart(
        name="burn",
        title=spoken.gettext("Granted of each day's budget"),
        says=spoken.gettext("In percent; the highest bar is the highest of these days, not all of a budget."),
        heads=(spoken.gettext("Day"), spoken.gettext("Granted")),
        figures=points,
    )


def _held(days: Sequence[date], verdicts: Sequence[Verdicts], spoken: Language) -> BarChart:
    kept_back = {one.day: one.held + one.rejected for one in verdicts}
    points = [
        _point(day, n, kept_back.get(day, 0), spoken.number(kept_back.get(day, 0)), spoken)
        for n, day in enumerate(days)
    ]
    return bar_chart(
        name="held",
        title=spoken.gettext("Listens that did not count at once"),
        says=spoken.gettext("Held for a person, or refused."),
        heads=(spoken.gettext("Day"), spoken.gettext("Listens")),
        figures=points,
    )


def _point(day: date, place: int, value: int, text: str, spoken: Language) -> Figure:
    return Figure(spoken.date(day), spoken_day(day, spoken) if place % 4 == 0 else "", value, text)

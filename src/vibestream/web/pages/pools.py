"""Policies of reward pools: which is in force, what one would have paid on a past day, proposing it, and the second pair of eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.contexts.listen_reward.allocation.service import LEAD, Policy, PoolPolicy, State
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Simulated
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.errors import InvalidInput, VibeStreamError
from vibestream.kernel.ids import ArtistId, PoolPolicyId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.access import holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.finance.asked import key_of, money_of, number_of
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_PATH: Final = "/operations/pools"
_BODY: Final = 16 * 1024
_DAYS: Final = 60
_POLICIES: Final = 50
_ARTISTS: Final = 10
_WEEK: Final = 7
_WARM_UP: Final = 3
"""Days that the first policy is proposed with: see decision 30."""
_SOURCES: Final = 40
_SHARES: Final = ("listener_cap_bp", "track_cap_bp", "artist_cap_bp", "decay_bp")
_MOST: Final = {
    **dict.fromkeys(_SHARES, 10_000),
    "boost_bp": 100_000,
    "most_seconds": 65_535,
    "new_artist_days": 3_650,
    "warm_up_days": 30,
}
Text = Annotated[str, Form(max_length=600)]
Asked = Annotated[str, Query(max_length=40)]


class DayMissing(InvalidInput):
    """The text is not a day of the calendar."""

    code: ClassVar[str] = "pools.day_missing"


@dataclass(frozen=True, slots=True)
class Figures:
    """A policy as it is typed, read."""

    budget: Money
    spread: Policy
    new_artist_days: int
    warm_up_days: int


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy, with who proposed and who decided."""

    policy: PoolPolicy
    proposed_by: str
    decided_by: str
    in_force: bool
    own: bool


@dataclass(frozen=True, slots=True)
class ArtistRow:
    """What listens of an artist's songs earn, in both ways."""

    name: str
    would: Money
    was: Money


@dataclass(frozen=True, slots=True)
class PoolsView:
    """The page of policies."""

    in_force: PoolPolicy | None
    flat: pools.Policy
    waiting: tuple[PolicyRow, ...]
    decided: tuple[PolicyRow, ...]
    days: tuple[date, ...]
    sources: tuple[tuple[str, Money], ...]
    """Named sources, and what each holds."""
    given: tuple[pools.Sourced, ...]
    """What sources gave the last days, the newest first."""
    form: Filled
    tried: Simulated | None
    tried_on: date | None
    artists: tuple[ArtistRow, ...]
    key: UUID
    earliest: date
    done: str


@router.get(_PATH, policy=_ADMIN)
async def show(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    epoch: Asked = "",
    budget: Asked = "",
    listener_cap_bp: Asked = "",
    track_cap_bp: Asked = "",
    artist_cap_bp: Asked = "",
    decay_bp: Asked = "",
    boost_bp: Asked = "",
    most_seconds: Asked = "",
    new_artist_days: Asked = "",
    warm_up_days: Asked = "",
    done: Asked = "",
) -> Response:
    """Show the policies, and when a day is asked for, what these figures would have paid on it. Nothing is written."""
    typed = {
        "epoch": epoch, "budget": budget, "listener_cap_bp": listener_cap_bp, "track_cap_bp": track_cap_bp,
        "artist_cap_bp": artist_cap_bp, "decay_bp": decay_bp, "boost_bp": boost_bp, "most_seconds": most_seconds,
        "new_artist_days": new_artist_days, "warm_up_days": warm_up_days,
    }  # fmt: skip
    form, tried = Filled({name: value for name, value in typed.items() if value}), None
    if epoch:
        try:
            tried = await _tried(tx, typed)
        except VibeStreamError as error:
            form = form.refused(sentence_of(request, error), field_name=_field_of(error, typed))
            view = await _view(tx, runtime, principal.user_id, now=now, form=form)
            raise answer_with(request, error, render(request, "pools.html", view)) from None
    view = await _view(tx, runtime, principal.user_id, now=now, form=form, tried=tried, done=done)
    return render(request, "pools.html", view)


@router.post(_PATH, policy=_ADMIN, max_body_bytes=_BODY)
async def propose(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    key: Text = "",
    epoch: Text = "",
    effective_from: Text = "",
    reason: Text = "",
    budget: Text = "",
    listener_cap_bp: Text = "",
    track_cap_bp: Text = "",
    artist_cap_bp: Text = "",
    decay_bp: Text = "",
    boost_bp: Text = "",
    most_seconds: Text = "",
    new_artist_days: Text = "",
    warm_up_days: Text = "",
    source: Annotated[list[str] | None, Form(max_length=_SOURCES)] = None,
    from_source: Annotated[list[str] | None, Form(max_length=_SOURCES)] = None,
) -> Response:
    """Propose a policy. Sent twice, it is proposed once."""
    typed = {
        "budget": budget, "listener_cap_bp": listener_cap_bp, "track_cap_bp": track_cap_bp,
        "artist_cap_bp": artist_cap_bp, "decay_bp": decay_bp, "boost_bp": boost_bp, "most_seconds": most_seconds,
        "new_artist_days": new_artist_days, "warm_up_days": warm_up_days, "effective_from": effective_from, "reason": reason,
        "epoch": epoch,
    }  # fmt: skip
    try:
        said = _figures(typed)
        named = await _named(tx, typed, source or [], from_source or [])
        await allocation.propose(
            tx,
            policy_id=PoolPolicyId(UUID(key_of(key))),
            effective_from=_day(effective_from),
            budget=said.budget,
            spread=said.spread,
            new_artist_days=said.new_artist_days,
            warm_up_days=said.warm_up_days,
            reason=reason,
            proposed_by=principal.user_id,
            now=now,
            named=named,
        )
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=_field_of(error, typed))
        tried = await _tried_again(tx, typed)
        view = await _view(tx, runtime, principal.user_id, now=now, form=form, tried=tried)
        raise answer_with(request, error, render(request, "pools.html", view)) from None
    return see_other(f"{_PATH}?done=proposed")


@router.post(f"{_PATH}/{{policy_id}}/approve", policy=_ADMIN, max_body_bytes=_BODY)
async def approve(
    *, request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep, policy_id: UUID
) -> Response:
    """Approve what a colleague proposed."""
    try:
        await allocation.approve(tx, policy_id=PoolPolicyId(policy_id), by=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        view = await _view(tx, runtime, principal.user_id, now=now, form=form)
        raise answer_with(request, error, render(request, "pools.html", view)) from None
    return see_other(f"{_PATH}?done=approved")


@router.post(f"{_PATH}/{{policy_id}}/withdraw", policy=_ADMIN, max_body_bytes=_BODY)
async def withdraw(tx: TxDep, principal: PrincipalDep, now: NowDep, policy_id: UUID) -> Response:
    """Take a proposal back."""
    await allocation.withdraw(tx, policy_id=PoolPolicyId(policy_id), by=principal.user_id, now=now)
    return see_other(f"{_PATH}?done=withdrawn")


async def _view(
    tx: Tx,
    runtime: Runtime,
    reader: UserId,
    *,
    now: datetime,
    form: Filled,
    tried: Simulated | None = None,
    done: str = "",
) -> PoolsView:
    in_force = await allocation.policy_at(tx, epoch=now.date())
    found = await allocation.policies(tx, limit=_POLICIES)
    people = {one.proposed_by for one in found} | {one.decided_by for one in found if one.decided_by}
    names = await profiles.names_of(tx, user_ids=people)
    rows = [_row(one, names, in_force, reader) for one in found]
    flat = pools.policy_of(runtime.settings)
    days = tuple(await pools.days(tx, limit=_DAYS))
    fresh = _typed(in_force, flat) | {"epoch": days[0].isoformat() if days else ""}
    return PoolsView(
        in_force=in_force,
        flat=flat,
        waiting=tuple(one for one in rows if one.policy.state is State.PROPOSED),
        decided=tuple(one for one in rows if one.policy.state is not State.PROPOSED),
        days=days,
        sources=tuple((await pool_sources.balances(tx)).items()),
        given=tuple(reversed(await pools.sourced(tx, epochs=[now.date() - timedelta(days=n) for n in range(_WEEK)]))),
        form=replace(form, values={**fresh, **form.values}),
        tried=tried,
        tried_on=_day(form.values["epoch"]) if tried else None,
        artists=await _artists(tx, tried) if tried else (),
        key=new_id(),
        earliest=now.date() + LEAD,
        done=done,
    )


async def _tried(tx: Tx, typed: Mapping[str, str]) -> Simulated:
    said = _figures(typed)
    return await pools.simulate(
        tx, epoch=_day(typed["epoch"]), budget=said.budget, spread=said.spread, new_artist_days=said.new_artist_days
    )


async def _tried_again(tx: Tx, typed: Mapping[str, str]) -> Simulated | None:
    """Return what stood above a form that is refused; None when that cannot be said, which is what it is refused for."""
    try:
        return await _tried(tx, typed)
    except InvalidInput:
        return None


async def _named(tx: Tx, typed: dict[str, str], names: list[str], amounts: list[str]) -> list[tuple[str, Money]]:
    """Return what known sources are to give; of what is typed, each is kept, so that a form that is refused shows it again."""
    known, named = await pool_sources.balances(tx), []
    for name, text in zip(names, amounts, strict=False):
        typed[f"from {name}"] = text
        if name in known and text.strip():
            named.append((name, money_of(text, VIBE)))
    return named


def _row(policy: PoolPolicy, names: Mapping[UserId, str], in_force: PoolPolicy | None, reader: UserId) -> PolicyRow:
    return PolicyRow(
        policy=policy,
        proposed_by=names.get(policy.proposed_by, "") or str(policy.proposed_by),
        decided_by=(names.get(policy.decided_by, "") or str(policy.decided_by)) if policy.decided_by else "",
        in_force=in_force is not None and in_force.policy_id == policy.policy_id,
        own=policy.proposed_by == reader,
    )


async def _artists(tx: Tx, tried: Simulated) -> tuple[ArtistRow, ...]:
    """Return the artists whose listens the two ways pay most, by what the policy would have."""
    most: dict[ArtistId, int] = {}
    for side in (tried.would, tried.was):
        for artist, amount in side.by_artist.items():
            most[artist] = max(most.get(artist, 0), amount.minor)
    chosen = sorted(most, key=lambda one: (-most[one], one))[:_ARTISTS]
    known = await profiles.artists(tx, artist_ids=chosen)
    rows = [
        ArtistRow(known[one].name if one in known else str(one), tried.would.by_artist[one], tried.was.by_artist[one])
        for one in chosen
    ]
    return tuple(sorted(rows, key=lambda row: -row.would.minor))


def _typed(policy: PoolPolicy | None, flat: pools.Policy) -> dict[str, str]:
    """Return the figures that a form begins with: those that are in force, or the product's."""
    spread = policy.spread if policy else Policy()
    budget = policy.budget if policy else flat.budget
    return {
        "budget": str(budget.minor // 10**VIBE.exponent),
        "listener_cap_bp": str(spread.listener_cap_bp),
        "track_cap_bp": str(spread.track_cap_bp),
        "artist_cap_bp": str(spread.artist_cap_bp),
        "decay_bp": str(spread.decay_bp),
        "boost_bp": str(spread.boost_bp),
        "most_seconds": str(spread.most_seconds),
        "new_artist_days": str(policy.new_artist_days if policy else 30),
        "warm_up_days": str(policy.warm_up_days if policy else _WARM_UP),
    }


def _figures(typed: Mapping[str, str]) -> Figures:
    read = {name: _number(typed[name], name=name, most=most) for name, most in _MOST.items()}
    days, warm_up = read.pop("new_artist_days"), read.pop("warm_up_days")
    budget = money_of(typed["budget"], VIBE)
    if budget.minor <= 0:
        raise allocation.UnusableAllocation("A budget is above nothing.")
    return Figures(budget, Policy(**read), days, warm_up)


def _number(text: str, *, name: str, most: int) -> int:
    try:
        return number_of(text, most=most)
    except VibeStreamError as error:
        error.add_note(name)
        raise


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise DayMissing("Choose a day of the calendar.") from None


def _field_of(error: VibeStreamError, typed: Mapping[str, str]) -> str:
    """Return the field that an error is about; empty: none alone."""
    noted = next((one for one in getattr(error, "__notes__", ()) if one in typed), "")
    day = "effective_from" if "effective_from" in typed else "epoch"
    by_code = {
        "finance.amount_unreadable": "budget",
        "text.invalid": "reason",
        "pools.day_missing": day,
        "allocation.policy_too_soon": "effective_from",
        "allocation.unusable_sources": "sources",
    }
    return noted or by_code.get(error.code, "")

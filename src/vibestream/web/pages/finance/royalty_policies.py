"""Royalty policies: what part of revenue is shared, by which engine, and what of artificial listening does not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from fastapi import Request
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import (
    EngineName,
    Idle,
    InvalidPolicy,
    NoPolicy,
    Policy,
    PolicyMade,
    Rules,
)
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.money import BASIS_POINTS
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken, number_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Person
from vibestream.web.pages.finance.words import GOOD, PLAIN, WARM, Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/royalties/policies"
_NOTE: Final = 500
_MOST: Final = {
    "pool_share_bp": BASIS_POINTS,
    "least_listens": 1_000_000,
    "most_per_track": 1_000_000,
    "most_per_listener": 10_000_000,
    "hold_days": 365,
    "after": 2**31 - 1,
}
"""What each number of the form may be at most."""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A version of the policy."""

    version: int
    effective_from: str
    engine: str
    pool_share: str
    rules: tuple[str, ...]
    """What does not count, and what becomes of a fee that nothing counted of, in sentences."""
    hold_days: int
    note: str
    made_by: Person | None
    made_at: datetime
    state: Chip


@dataclass(frozen=True, slots=True)
class PoliciesView:
    """Every policy, and the form for the next."""

    policies: tuple[PolicyRow, ...]
    engines: tuple[tuple[str, str], ...]
    idles: tuple[tuple[str, str], ...]
    form: Filled
    done: str


class _Reading:
    """A form being read, field by field, and the field at which it is: where an error belongs."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.at = ""

    def text(self, name: str) -> str:
        self.at = name
        return self.typed.get(name, "").strip()

    def number(self, name: str) -> int:
        return number_of(self.text(name), most=_MOST[name])

    def cap(self, name: str) -> int | None:
        wanted = self.number(name) if self.text(name) else None
        if wanted == 0:
            raise InvalidPolicy("A cap lets one listen count at least.")
        return wanted

    def one_of(self, name: str, choices: type[EngineName | Idle]) -> str:
        if self.text(name) not in set(choices):
            raise FormBroken("The form did not arrive whole.")
        return self.text(name)


@router.get(_PATH, policy=FINANCE)
async def list_policies(request: Request, tx: TxDep, now: NowDep, done: str = "") -> Response:
    """Show every policy there ever was, which counts now, and the form for the next, filled with the one that counts."""
    return render(request, "finance/royalty_policies.html", await _view(request, tx, now=now, done=done))


@router.post(_PATH, policy=FINANCE, max_body_bytes=BODY_BYTES)
async def set_policy(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Make a policy that counts from a month on. Sent twice, it is made once: the form names the version that it follows."""
    sent = await request.form()
    typed = {name: value for name, value in sent.items() if isinstance(value, str)}
    reading = _Reading(typed)
    try:
        policy, after = _policy(reading), reading.number("after")
        reading.at = ""
        await royalties.set_policy(tx, policy=policy, made_by=principal.user_id, after=after)
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=reading.at)
        view = await _view(request, tx, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/royalty_policies.html", view)) from None
    return see_other(f"{_PATH}?done=made")


def _policy(reading: _Reading) -> Policy:
    """Return the policy that a form describes; `reading.at` is the field that an error is about."""
    month = royalties.parse_month(reading.text("effective_from"))
    engine = EngineName(reading.one_of("engine", EngineName))
    share, hold = reading.number("pool_share_bp"), reading.number("hold_days")
    least, per_track, per_listener = (
        reading.number("least_listens"),
        reading.cap("most_per_track"),
        reading.cap("most_per_listener"),
    )
    rules = Rules(
        least_listens=least,
        most_per_track=per_track,
        most_per_listener=per_listener,
        subscribers_only=reading.text("subscribers_only") == "yes",
        idle=Idle(reading.one_of("idle", Idle)),
    )
    note = reading.text("note")
    if not 1 <= len(note) <= _NOTE:
        raise InvalidPolicy("A policy says why it is made.")
    return Policy(engine=engine, pool_share_bp=share, rules=rules, hold_days=hold, effective_from=month, note=note)


async def _view(request: Request, tx: Tx, *, now: datetime, form: Filled | None = None, done: str = "") -> PoliciesView:
    spoken = shell_of(request).language
    made = await royalties.policies_made(tx)
    names = await shown.names_of(tx, [one.made_by for one in made])
    this_month = royalties.month_of(now)
    try:
        counts = await royalties.policy_for(tx, month=this_month)
    except NoPolicy:
        counts = None
    fresh = _fresh(
        counts, after=made[0].policy.version if made else 0, month=royalties.label(royalties.next_month(this_month))
    )
    if form is not None:
        fresh = {**fresh, "subscribers_only": "", **form.values, "after": fresh["after"]}
    return PoliciesView(
        policies=tuple(
            PolicyRow(
                version=one.policy.version,
                effective_from=royalties.label(one.policy.effective_from),
                engine=words.word(words.ENGINES, one.policy.engine, spoken),
                pool_share=spoken.percent(Decimal(one.policy.pool_share_bp).scaleb(-4), exact=True),
                rules=_rules(one.policy.rules, spoken),
                hold_days=one.policy.hold_days,
                note=one.policy.note,
                made_by=shown.person(one.made_by, names) if one.made_by else None,
                made_at=one.made_at,
                state=_state(one, counts, now=now, spoken=spoken),
            )
            for one in made
        ),
        engines=tuple((one.value, spoken.gettext(words.ENGINES[one])) for one in EngineName),
        idles=tuple((one.value, spoken.gettext(words.IDLE_CHOICES[one])) for one in Idle),
        form=Filled(fresh, form.wrong if form else {}),
        done=done,
    )


def _fresh(counts: Policy | None, *, after: int, month: str) -> dict[str, str]:
    """Return the form as it is shown first: from next month on, as it is now."""
    base = counts or Policy(
        engine=EngineName.USER_CENTRIC, pool_share_bp=0, hold_days=0, effective_from=date(1, 1, 1), note=""
    )
    rules = base.rules
    return {
        "after": str(after),
        "effective_from": month,
        "engine": base.engine.value,
        "pool_share_bp": str(base.pool_share_bp),
        "least_listens": str(rules.least_listens),
        "most_per_track": str(rules.most_per_track or ""),
        "most_per_listener": str(rules.most_per_listener or ""),
        "subscribers_only": "yes" if rules.subscribers_only else "",
        "idle": rules.idle.value,
        "hold_days": str(base.hold_days),
        "note": "",
    }


def _state(one: PolicyMade, counts: Policy | None, *, now: datetime, spoken: Language) -> Chip:
    if counts is not None and one.policy.version == counts.version:
        return Chip(spoken.gettext("counts now"), GOOD)
    if one.policy.effective_from > now.date():
        return Chip(spoken.gettext("to come"), WARM)
    return Chip(spoken.gettext("past"), PLAIN)


def _rules(rules: Rules, spoken: Language) -> tuple[str, ...]:
    """Return what counts and what does not, in sentences."""
    said = []
    if rules.least_listens > 1:
        said.append(
            spoken.gettext("A song with fewer than {n} counted listens in the month earns nothing.").format(
                n=spoken.number(rules.least_listens)
            )
        )
    if rules.most_per_track is not None:
        said.append(
            spoken.gettext("Of one song by one listener, at most {n} listens count.").format(
                n=spoken.number(rules.most_per_track)
            )
        )
    if rules.most_per_listener is not None:
        said.append(
            spoken.gettext("All listens of one listener are scaled down to {n}.").format(
                n=spoken.number(rules.most_per_listener)
            )
        )
    said.append(
        spoken.gettext("Only listens that some subscriber's fee pays for count.")
        if rules.subscribers_only
        else spoken.gettext("Everybody's listens count.")
    )
    said.append(spoken.gettext(words.IDLES[rules.idle]))
    return tuple(said)

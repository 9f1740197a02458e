"""A statement as it is shown: the waterfall from what listeners paid to what is payable, the lines, the chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.payment.royalties.service import EngineName, Statement, StatementPart
from vibestream.kernel.money import Currency, Money
from vibestream.web.localization import Language
from vibestream.web.sentences import N_

ENGINES: Final = {EngineName.PRO_RATA: N_("Pro rata"), EngineName.USER_CENTRIC: N_("User-centric")}
_PER_CENT: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall."""

    words: str
    why: str
    amount: Money
    tone: str
    """`sub` for what is left so far, `less` for what is taken, else nothing."""


@dataclass(frozen=True, slots=True)
class TrackRow:
    """What one song earned in a month it was heard in."""

    title: str
    isrc: str
    heard: str
    listens: int
    counted: int
    whole: Money
    share: str
    pro_rata: Money
    user_centric: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class PartView:
    """A statement's part in one currency."""

    code: str
    run: int
    engine: str
    other_engine: str
    steps: tuple[Step, ...]
    rows: tuple[TrackRow, ...]
    pays: Money
    other: Money
    difference: Money
    """What the engine that pays gives more than the other; negative when it gives less."""
    transaction_id: UUID
    sealed: bool
    """The seal holds the transaction, so that there is a proof to fetch."""


def part_view(part: StatementPart, statement: Statement, spoken: Language, *, sealed: bool) -> PartView:
    """Return one currency of a statement in the reader's words."""
    currency, engine = part.run.currency, part.run.engine
    other = EngineName.USER_CENTRIC if engine is EngineName.PRO_RATA else EngineName.PRO_RATA
    gives = {EngineName.PRO_RATA: part.share.pro_rata, EngineName.USER_CENTRIC: part.share.user_centric}
    return PartView(
        code=currency.code,
        run=part.run.number,
        engine=spoken.gettext(ENGINES[engine]),
        other_engine=spoken.gettext(ENGINES[other]),
        steps=_steps(part, spoken),
        rows=tuple(_rows(part, statement, spoken)),
        pays=Money(gives[engine], currency),
        other=Money(gives[other], currency),
        difference=Money(gives[engine] - gives[other], currency),
        transaction_id=part.run.transaction_id,
        sealed=sealed,
    )


def chart_of(statements: Iterable[Statement], code: str, spoken: Language) -> dict[str, Any]:
    """Return what the chart of a currency draws: by month, the oldest first, what either engine gives; in whole units."""
    currency = Currency.of(code)
    scale = 10**currency.exponent
    months: list[str] = []
    series: dict[EngineName, list[list[int]]] = {engine: [] for engine in EngineName}
    for statement in sorted(statements, key=lambda one: one.month):
        for part in statement.parts:
            if part.run.currency == currency:
                months.append(spoken.month(statement.month))
                series[EngineName.PRO_RATA].append([part.share.pro_rata, scale])
                series[EngineName.USER_CENTRIC].append([part.share.user_centric, scale])
    return {
        "labels": months,
        "unit": code,
        "series": [{"name": spoken.gettext(ENGINES[engine]), "values": values} for engine, values in series.items()],
    }


def _steps(part: StatementPart, spoken: Language) -> tuple[Step, ...]:
    _, currency, pool, settled = spoken.gettext, part.run.currency, part.pool, part.share.settlement

    def money(minor: int) -> Money:
        return Money(minor, currency)

    share = _percent(pool.pool_share_bp)
    others = part.run.pool - settled.earned
    steps = [
        Step(_("Paid by all subscribers"), _("Gross, for this month"), money(pool.gross), ""),
        Step(_("Fees of payment services"), _("What it cost to take the payments"), money(-pool.fees), "less"),
        Step(
            _("Kept by the platform"),
            _("The pool is {share} of what is left").format(share=share),
            money(pool.pool - (pool.gross - pool.fees)),
            "less",
        ),
        Step(_("Pool shared by all artists"), "", money(pool.pool), "sub"),
        Step(
            _("Earned by others, or by nobody"),
            _("By what was heard, and by the splits of your songs"),
            money(-others),
            "less",
        ),
        Step(_("Your share"), _("Sum of the songs below"), money(settled.earned), "sub"),
        Step(_("Advance recouped"), _("Was paid to you before"), money(-settled.recouped), "less"),
        Step(_("Tax withheld"), _tax(settled.country, settled.rate_bp, spoken), money(-settled.withheld), "less"),
        Step(_("Debt repaid"), _("Was paid to you too much"), money(-settled.repaid), "less"),
        Step(_("Payable to you"), "", money(settled.payable), "sub"),
    ]
    return tuple(steps)


def _tax(country: str | None, rate_bp: int, spoken: Language) -> str:
    if country is None:
        return spoken.gettext("You have not said where you are taxed")
    return f"{country}, {_percent(rate_bp)}"


def _rows(part: StatementPart, statement: Statement, spoken: Language) -> Iterable[TrackRow]:
    currency = part.run.currency
    for line in part.lines:
        title, isrc = statement.titles.get(line.claim.track_id, (None, None))
        yield TrackRow(
            title=title or str(line.claim.track_id),
            isrc=isrc or "",
            heard=spoken.month(line.claim.heard_month),
            listens=line.listens,
            counted=line.counted,
            whole=Money(line.track_earned, currency),
            share=_percent(line.share_bp),
            pro_rata=Money(line.pro_rata, currency),
            user_centric=Money(line.user_centric, currency),
            paid=Money(line.by(part.run.engine), currency),
        )


def _percent(rate_bp: int) -> str:
    """Write basis points as a percentage, exactly."""
    whole, rest = divmod(rate_bp, _PER_CENT)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "\N{NO-BREAK SPACE}%"

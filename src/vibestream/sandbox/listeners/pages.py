"""The adversary report as a page of Markdown, with what it does not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.costs import BYTES_PER_S, MICRO
from vibestream.sandbox.listeners.people import POPULATIONS

_CENT: Final = 10_000
_GAINERS: Final = ("human_mimic", "collusion_ring", "slow_drip_farm", "farm_1000")


def page(
    report: Mapping[str, Any], *, title: str = "What the scoring of listens catches, and whom it holds wrongly"
) -> str:
    """Return the report as Markdown."""
    return "\n".join(
        [
            f"# {title}",
            "",
            *_said(report),
            *_people(report),
            *_adversaries(report),
            *_sizes(report),
            *_worth(report),
            *_defences(report),
            *_prices(report),
            "## The groups",
            "",
            *(f"- `{name}`: {make.__doc__}" for name, make in {**POPULATIONS, **STRATEGIES}.items()),
            "",
        ]
    )


def _said(report: Mapping[str, Any]) -> list[str]:
    honest, about = report["honest"], report["model_about"] or {}
    missed = [name.replace("_", " ") for name, well in report["reached"].items() if not well]
    return [
        f"Measured {report['made_at'][:10]} on simulated worlds of the test seeds {_listed(report['seeds'])}: nothing was learned",
        f"from them and nothing chosen by them. Policy {report['policy']}, model {str(report['model'])[:12]}, held from a",
        f"probability of {report['hold_from_ppm'] / 10_000:g} % on. The model learned from {about.get('learned_from', 'nothing')}, and was",
        f"calibrated on {about.get('calibrated_on', 'nothing')}. A seed's use follows from the hash of its number.",
        "",
        "The worlds, their people and their adversaries are assumptions. The figures say that every part works and what it is",
        "worth *there*; they say nothing of how much will be caught elsewhere, or of strategies that are not in the list.",
        "Intervals are of 95 % (Wilson) and take each listen or account as independent; those of one farm, office or circle are",
        "not, so beside them stand the least and the most of any one world.",
        "",
        f"**Honest listeners wrongly held: {honest['held_wrongly']} of {honest['listeners']:,}, or {honest['share']:.2%}**",
        f"({_between(honest['interval'])}; by world {_between(honest['worlds'])}). The aim is below 0.5 %.",
        "",
        f"Not reached: {'; '.join(missed)}." if missed else "Everything that was set out for is reached.",
        "",
    ]


def _people(report: Mapping[str, Any]) -> list[str]:
    return _table(
        "People",
        ("population", "accounts", "held wrongly", "interval", "listens", "held"),
        (
            (
                *(f"`{one['name']}`", f"{one['accounts']:,}", f"{one['accounts_held']} ({one['accounts_share']:.2%})"),
                *(_between(one["accounts_interval"]), f"{one['scored']:,}", f"{one['held']:,}"),
            )
            for one in report["groups"]
            if not one["artificial"]
        ),
    )


def _adversaries(report: Mapping[str, Any]) -> list[str]:
    return _table(
        "Adversaries",
        (
            *("strategy", "accounts", "held", "opened", "not even proven", "scored", "recall", "interval", "by world"),
            *("precision", "interval", "counted before the hold (median)"),
        ),
        (
            (
                *(f"`{one['name']}`", f"{one['accounts']:,}", f"{one['accounts_held']:,}", f"{one['opened']:,}"),
                *(f"{one['not_proven']:,}", f"{one['scored']:,}", f"{one['recall']:.3f}"),
                *(_between(one["recall_interval"]), _between(one["recall_worlds"]), f"{one['precision']:.3f}"),
                *(
                    _between(one["precision_interval"]),
                    "none held" if one["median_before"] < 0 else one["median_before"],
                ),
            )
            for one in report["groups"]
            if one["artificial"]
        ),
        "Recall is the share of listens that were held or rejected, those included that wait because the account's case is open. "
        "Precision is of all that would be held, were this strategy there alone among all those people.",
    )


def _sizes(report: Mapping[str, Any]) -> list[str]:
    return _table(
        "The farm by its size",
        (
            *("accounts", "recall", "interval", "precision", "earned", "cost", "gain", "if nothing were scored"),
            *("at usual prices", "with a warm-up of 3 days"),
        ),
        (
            (
                *(
                    f"{one['accounts']:,}",
                    f"{one['recall']:.3f}",
                    _between(one["recall_interval"]),
                    f"{one['precision']:.3f}",
                ),
                *(_dollars(one["money"]["scored"][key]) for key in ("earned", "cost", "gain")),
                _dollars(one["money"]["unscored"]["gain"]),
                *(_dollars(one[key]) for key in ("gain_at_usual_prices", "gain_by_what_is_adopted")),
            )
            for one in report["farm_by_size"]
        ),
        "In US dollars over 30 days, of all accounts together, at low prices unless another is said, in the world in which it did best; the smaller farms in the first three of the worlds.",
    )


def _worth(report: Mapping[str, Any]) -> list[str]:
    worth = report["worth"]
    return _table(
        "What it is worth",
        (
            "strategy",
            "means",
            "prices",
            "rewards",
            "royalties",
            "cost",
            "gain",
            "a reward at which nothing is left, cents",
        ),
        (
            (
                *(f"`{one['strategy']}`", one["means"], one["prices"]),
                *(_dollars(one[key]) for key in ("rewards", "royalties", "cost", "gain")),
                "-" if one["break_even_reward"] is None else f"{one['break_even_reward'] / _CENT:.2f}",
            )
            for one in report["ways"]
        ),
        f"In US dollars over {worth['horizon_days']} days, in the world in which it did best: whoever was not held goes on as on their "
        f"last day, whoever was stops paying. A rewarded listen is taken at {worth['reward'] / _CENT:g} cents, the royalty of a listen "
        f"of one's own artist at {worth['royalty'] / _CENT:g}.",
    )


def _defences(report: Mapping[str, Any]) -> list[str]:
    names = [one for one in _GAINERS if one in report["money_in_millionths_of_a_dollar"]]
    return _table(
        "Economic defences",
        ("defence", *(f"`{name}`" for name in names), "people keep", "of it waits", "people who lose", "who lose most"),
        (
            (
                *(one["name"], *(_dollars(one["gains"][name]) for name in names)),
                *(f"{one['kept_of_all']:.2%}", f"{one['waits_of_all']:.2%}"),
                *(f"{sum(one['accounts_that_lose'].values()):,}", _hardest(one)),
            )
            for one in report["defences"]
        ),
        "Gains in US dollars at the prices that favour the adversary, by the best means, in the world in which it did best. What people "
        "keep is their rewarded listens against those without the defence; of a warm-up, what waits is paid a little later.",
    )


def _prices(report: Mapping[str, Any]) -> list[str]:
    return _table(
        "Prices",
        ("price, dollars", "low", "usual", "high", "source"),
        (
            (one["unit"], *(f"{one[level] / MICRO:g}" for level in ("low", "usual", "high")), one["source"])
            for one in report["prices"].values()
        ),
        f"Audio is fetched at {BYTES_PER_S // 1000} kB a second. `low` favours the adversary, and is what gains are said by.",
    )


def _hardest(one: Mapping[str, Any]) -> str:
    group, kept = min(one["income_kept"].items(), key=lambda each: each[1])
    return "nobody" if kept >= 1 else f"`{group}` keeps {kept:.1%}"


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], says: str = "") -> list[str]:
    return [
        *(f"## {title}", ""),
        *([says, ""] if says else []),
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def _between(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.2%} to {bounds[1]:.2%}"


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _dollars(micro: int) -> str:
    return f"{'-' if micro < 0 else ''}{abs(micro) / MICRO:,.2f}"

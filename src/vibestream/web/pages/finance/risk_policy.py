"""The risk policy: what decides beside the model, as numbers; every version there was, what each changed, and who set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import PolicyVersion
from vibestream.kernel.errors import Missing
from vibestream.kernel.money import USD, Money
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.shown import FINANCE, Person
from vibestream.web.pages.finance.words import Chip
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/models/policy"
_VERSIONS: Final = 100
_PPM: Final = 1_000_000
Document = Mapping[str, Any]


class NoSuchVersion(Missing):
    """There is no version of the policy with this number."""

    code: ClassVar[str] = "finance.no_such_version"


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One number of the policy; `before` is what it was in the version before, empty when it is the same."""

    title: str
    value: str
    before: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Numbers that belong together."""

    title: str
    numbers: tuple[NumberRow, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule: all its conditions together call for its verdict."""

    code: str
    words: str
    kind: str
    conditions: tuple[str, ...]
    verdict: Chip
    new: bool
    """It was not there, or was another, in the version before."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in the history."""

    version: int
    set_at: datetime
    set_by: Person | None
    changes: tuple[str, ...]
    """What of it differs from the version before, by name."""
    first: bool


@dataclass(frozen=True, slots=True)
class RiskPolicyView:
    """One version of the policy, and all there were."""

    version: int
    in_force: bool
    set_at: datetime
    set_by: Person | None
    groups: tuple[GroupRow, ...]
    rules: tuple[RuleRow, ...]
    dropped: tuple[str, ...]
    """Rules that the version before had."""
    yardstick: tuple[tuple[str, str], ...]
    versions: tuple[VersionRow, ...]


@router.get(_PATH, policy=FINANCE)
async def show_policy(
    request: Request, tx: TxDep, now: NowDep, version: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> Response:
    """Show the policy in force, or one before it, beside what it changed."""
    spoken = shell_of(request).language
    current, _ = await fraud.policy_document(tx, now=now)
    known = await fraud.policy_versions(tx, limit=_VERSIONS)
    wanted = version or current
    pair = await fraud.policy_versions(tx, below=wanted + 1, limit=2) if wanted <= current else []
    if not pair or pair[0].version != wanted:
        raise NoSuchVersion("There is no version of the policy with this number.")
    chosen, before = pair[0], pair[1].document if len(pair) > 1 else pair[0].document
    names = await shown.names_of(tx, [one.set_by for one in [*known, chosen]])
    rules, earlier = _rules(chosen.document), _rules(before)
    view = RiskPolicyView(
        version=chosen.version,
        in_force=chosen.version == current,
        set_at=chosen.set_at,
        set_by=shown.person(chosen.set_by, names) if chosen.set_by else None,
        groups=tuple(_group(name, chosen.document, before, spoken) for name in words.POLICY_GROUPS),
        rules=tuple(_rule(rule, earlier, spoken) for rule in rules.values()),
        dropped=tuple(sorted(earlier.keys() - rules.keys())),
        yardstick=tuple(_worth(code, int(ppm)) for code, ppm in sorted(chosen.document.get("yardstick", {}).items())),
        versions=tuple(
            VersionRow(
                version=one.version,
                set_at=one.set_at,
                set_by=shown.person(one.set_by, names) if one.set_by else None,
                changes=_changes(one, known[number + 1] if number + 1 < len(known) else None, spoken),
                first=one.version == 1,
            )
            for number, one in enumerate(known)
        ),
    )
    return render(request, "finance/risk_policy.html", view)


def _group(name: str, document: Document, before: Document, spoken: Language) -> GroupRow:
    part, earlier = _part(document, name), _part(before, name)
    return GroupRow(
        title=spoken.gettext(words.POLICY_GROUPS[name]),
        numbers=tuple(
            NumberRow(
                title=words.word(words.POLICY_NUMBERS, f"{name}.{key}", spoken),
                value=_number(key, value, spoken),
                before=_number(key, earlier[key], spoken) if earlier.get(key, value) != value else "",
            )
            for key, value in sorted(part.items(), key=lambda one: _place(f"{name}.{one[0]}"))
        ),
    )


def _place(name: str) -> int:
    """Return where a number stands: in the order in which the words for them do, not in the database's; new ones at the end."""
    known = list(words.POLICY_NUMBERS)
    return known.index(name) if name in known else len(known)


def _number(key: str, value: Any, spoken: Language) -> str:
    """Return a number of the policy with its unit, which its name ends with."""
    if not isinstance(value, int):
        return words.chip(words.VERDICTS, str(value), spoken).word
    match key.rpartition("_")[2]:
        case "cents":
            return spoken.money(Money(value, USD))
        case "bp":
            return spoken.percent(Decimal(value).scaleb(-4), exact=True)
        case "h":
            return spoken.ngettext("%(num)s hour", "%(num)s hours", value) % {"num": spoken.number(value)}
        case _:
            return spoken.number(value)


def _rule(rule: Document, earlier: Mapping[str, Document], spoken: Language) -> RuleRow:
    code, kind = str(rule["code"]), words.RISK_KINDS[rule["kind"]]
    return RuleRow(
        code=code,
        words=_bare(fraud.words_of(f"rule.{code}", locale=spoken.code)),
        kind=spoken.gettext(kind),
        conditions=tuple(_condition(one) for one in rule["when"]),
        verdict=words.chip(words.VERDICTS, str(rule["verdict"]), spoken),
        new=earlier.get(code) != rule,
    )


def _bare(sentence: str) -> str:
    """Return a rule's words without that they are a rule's: the table says so."""
    _, colon, rest = sentence.partition(": ")
    return rest[:1].upper() + rest[1:] if colon else sentence


def _condition(one: Document) -> str:
    least, below = one.get("at_least"), one.get("below")
    bounds = [f"≥ {least}"] if least is not None else []
    bounds += [f"< {below}"] if below is not None else []
    return f"{one['feature']} {' '.join(bounds)}"


def _changes(one: PolicyVersion, before: PolicyVersion | None, spoken: Language) -> tuple[str, ...]:
    """Return the names of what a version changed; nothing for one whose version before is not at hand."""
    if before is None:
        return ()
    found = [
        words.word(words.POLICY_NUMBERS, f"{name}.{key}", spoken)
        for name in words.POLICY_GROUPS
        for key, value in _part(one.document, name).items()
        if _part(before.document, name).get(key) != value
    ]
    found += [spoken.gettext("rules")] if _rules(one.document) != _rules(before.document) else []
    rest = {"yardstick", "step_up_gateways"}
    found += [words.plain(name) for name in sorted(rest) if one.document.get(name) != before.document.get(name)]
    return tuple(found)


def _worth(code: str, ppm: int) -> tuple[str, str]:
    """Return a currency and what a minor unit of it is compared as, in reference cents."""
    whole, rest = divmod(ppm, _PPM)
    return code, f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _part(document: Document, name: str) -> Document:
    found: Document = document.get(name, {})
    return found


def _rules(document: Document) -> dict[str, Document]:
    return {str(rule["code"]): rule for rule in document.get("rules", ())}

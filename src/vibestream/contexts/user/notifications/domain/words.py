"""What each kind of notification says, in English and Spanish.

One source for the list, the mail's text and the mail's HTML. Nothing that a person typed is in it but the name of an artist
who is followed, which is looked up whenever it is said. The first sentence stands alone: it is what the list shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Facts, Kind
from vibestream.contexts.user.notifications.domain.sentences import SENTENCES
from vibestream.contexts.user.notifications.domain.sentences.names import (
    FORMS,
    LOCK_REASONS,
    METHODS,
    PAID_FOR,
    ROLES,
    SETTINGS,
    SOMEBODY,
    STOP,
)
from vibestream.contexts.user.notifications.domain.sentences.places import PLACES
from vibestream.kernel.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Said:
    """A notification in one language: a title, what happened, what to do about it, and where (a path of this site)."""

    title: str
    body: str
    more: tuple[str, ...]
    path: str


def say(kind: Kind, facts: Facts, *, count: int, locale: str, url: str) -> Said:
    """Return what a notification says.

    Args:
        kind: which one.
        facts: those of its kind.
        count: how many facts it tells together.
        locale: `en` or `es`.
        url: of this site, without a slash at its end.

    Raises:
        KeyError: a fact that the sentences name is missing, which is a defect of whoever told it.
    """
    place = PLACES[kind].format(**facts)
    values = {**facts, **_named(facts, locale), "n": count, "here": f"{url}{place}"}
    title, body, *more = (sentence.format(**values) for sentence in SENTENCES[kind][locale])
    return Said(title, body, tuple(more), place)


def closing(*, locale: str, url: str, stop: str | None) -> tuple[str, ...]:
    """Return the last lines of a mail: where it is chosen what comes, and how to stop this kind where it can be stopped."""
    lines = (SETTINGS[locale].format(url=url),)
    return lines if stop is None else (*lines, STOP[locale].format(stop=stop))


def _named(facts: Facts, locale: str) -> Mapping[str, str]:
    named: dict[str, str] = {}
    if "minor" in facts:
        named["amount"] = str(Money(int(facts["minor"]), Currency.of(str(facts["currency"]))))
    if "when" in facts:
        named["when"] = datetime.fromisoformat(str(facts["when"])).strftime("%Y-%m-%d %H:%M")
    if "what" in facts:
        what = str(facts["what"])
        named["what"] = PAID_FOR[locale].get(what) or what.capitalize()
    if "method" in facts:
        named["method"] = METHODS[str(facts["method"])]
    if "role" in facts:
        named["role"] = ROLES[locale][str(facts["role"])]
    if "reason" in facts:
        named["reason"] = LOCK_REASONS[locale][str(facts["reason"])]
    if "form" in facts:
        named["form"] = FORMS[locale][str(facts["form"])]
        named["artist"] = str(facts.get("artist", "")) or SOMEBODY[locale]
    if "device" in facts:
        named["device"] = str(facts["device"]) or _UNKNOWN[locale]
    return named


_UNKNOWN: Final = {"en": "an unknown browser", "es": "un navegador desconocido"}

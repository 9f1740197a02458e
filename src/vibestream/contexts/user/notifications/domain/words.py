"""What each kind of notification says, in English and Spanish.

One source for the list, the mail's text and the mail's HTML. Nothing that a person typed is in it but the name of an artist
who is followed, which is looked up whenever it is said. The first sentence stands alone: it is what the list shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Facts, Kind
from vibestream.contexts.user.notifications.domain.sentences import SENTENCES
from vibestream.contexts.user.notifications.domain.sentences.names import (
    DIGEST,
    FORMS,
    LOCK_REASONS,
    METHODS,
    PAID_FOR,
    PURPOSES,
    ROLES,
    SETTINGS,
    SOMEBODY,
    STOP,
    STOP_THESE,
)
from vibestream.contexts.user.notifications.domain.sentences.places import PLACES
from vibestream.kernel.money import Currency, Money

MOST_WHOLE: Final = 20
"""Notifications that one mail says in whole."""


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


def closing(*, locale: str, url: str, stop: str | None, kinds: int = 1) -> tuple[str, ...]:
    """Return the last lines of a mail: where it is chosen what comes, and how to stop its kinds where they can be stopped."""
    lines = (SETTINGS[locale].format(url=url),)
    return lines if stop is None else (*lines, (STOP if kinds == 1 else STOP_THESE)[locale].format(stop=stop))


def together(said: Sequence[Said], *, locale: str, url: str) -> tuple[str, list[str | Said]]:
    """Return the subject and the parts of one mail that says several notifications.

    Of more than `MOST_WHOLE` it says the first ones, and where the others are.
    """
    subject, intro, rest = DIGEST[locale]
    parts: list[str | Said] = [intro, *said[:MOST_WHOLE]]
    if len(said) > MOST_WHOLE:
        parts.append(rest.format(all=f"{url}/notifications"))
    return subject.format(title=said[0].title, n=len(said) - 1), parts


def _named(facts: Facts, locale: str) -> Mapping[str, str]:
    named = {fact: names[locale][str(facts[fact])] for fact, names in _NAMES.items() if fact in facts}
    if "minor" in facts:
        named["amount"] = str(Money(int(facts["minor"]), Currency.of(str(facts["currency"]))))
    if "when" in facts:
        named["when"] = datetime.fromisoformat(str(facts["when"])).strftime("%Y-%m-%d %H:%M")
    if "what" in facts:
        what = str(facts["what"])
        named["what"] = PAID_FOR[locale].get(what) or what.capitalize()
    if "method" in facts:
        named["method"] = METHODS[str(facts["method"])]
    if "artist_id" in facts:
        named["artist"] = str(facts.get("artist", "")) or SOMEBODY[locale]
    if "device" in facts:
        named["device"] = str(facts["device"]) or _UNKNOWN[locale]
    return named


_NAMES: Final = {"role": ROLES, "reason": LOCK_REASONS, "form": FORMS, "purpose": PURPOSES}
_UNKNOWN: Final = {"en": "an unknown browser", "es": "un navegador desconocido"}

"""Purposes, the version of the text that each is asked for with, and how a consent stands.

Source: GDPR, article 4 (11) and article 7: freely given, specific, informed, provable, withdrawn as easily as given.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict


class Purpose(enum.StrEnum):
    """What consent is asked for; each by itself."""

    ANALYTICS = "analytics"
    """Working out statistics about a person from what they do, for themselves and in figures of many."""
    PERSONALISATION = "personalisation"
    """Choosing by what they do what they are shown."""
    MARKETING_MAIL = "marketing_mail"
    """Writing to them of what is new and on offer."""


VERSIONS: Final[Mapping[Purpose, int]] = {
    Purpose.ANALYTICS: 2,
    Purpose.PERSONALISATION: 1,
    Purpose.MARKETING_MAIL: 1,
}
"""The version of each purpose's text. Whoever changes what a text means raises its number: consents to an earlier one end,
because nobody has agreed to what they have not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stands to one purpose."""

    purpose: Purpose
    given: bool
    """Whether it may be done now: consent was given, not withdrawn, and to the text as it is."""
    version: int
    """Of the text as it is."""
    since: datetime | None
    """When they last said anything about it; None: never."""
    outdated: bool
    """Whether they had consented to an earlier text."""


def standing_of(purpose: Purpose, *, given: bool, version: int, since: datetime | None) -> Standing:
    """Return how somebody stands whose last word on a purpose was `given`, to a `version` of its text."""
    current = VERSIONS[purpose]
    good = given and version == current
    return Standing(purpose=purpose, given=good, version=current, since=since, outdated=given and not good)


class TextChanged(Conflict):
    """Consent was given to another version of the text than the present one; `version` is that."""

    code: ClassVar[str] = "consent.text_changed"

    def __init__(self, *, version: int) -> None:
        super().__init__("The text has changed since you read it. Read it again, and say then.")
        self.version = version

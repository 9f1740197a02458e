"""Sources of reward pools: their names, what a pool takes of them, and what each gets back. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import VIBE, Money, allocate

ISSUANCE: Final = "issuance"
"""The source that always has cover: points that did not exist before. Not the name of an account of this capability."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


class SourceNameInvalid(InvalidInput):
    """A source has a short name of small letters, digits and hyphens, and is not issuance."""

    code: ClassVar[str] = "pool_sources.name_invalid"


class TopUpInvalid(InvalidInput):
    """A top-up is a positive amount of points."""

    code: ClassVar[str] = "pool_sources.top_up_invalid"


class TopUpUnknown(Missing):
    """There is no such top-up."""

    code: ClassVar[str] = "pool_sources.top_up_unknown"


class TopUpDecided(Conflict):
    """It was approved or withdrawn before."""

    code: ClassVar[str] = "pool_sources.top_up_decided"


class OwnTopUp(Forbidden):
    """Whoever proposed a top-up does not approve it."""

    code: ClassVar[str] = "pool_sources.own_top_up"


class State(enum.StrEnum):
    """Where a top-up stands. It is decided about once."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """Points for a source, that one person proposes and another approves."""

    top_up_id: UUID
    source: str
    amount: Money
    reason: str
    proposed_by: UserId
    proposed_at: datetime
    state: State = State.PROPOSED
    decided_by: UserId | None = None
    decided_at: datetime | None = None
    transaction_id: TransactionId | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a pool wanted of a source, and what there was."""

    source: str
    wanted: Money
    given: Money


def source_named(text: str) -> str:
    """Return the name of a source.

    Raises:
        SourceNameInvalid: it is none.
    """
    name = text.strip()
    if not _NAME.fullmatch(name) or name == ISSUANCE:
        raise SourceNameInvalid("A source's name is 3 to 40 small letters, digits and hyphens, such as spring-sponsor.")
    return name


def taken(wanted: Sequence[tuple[str, Money]], available: Mapping[str, Money]) -> list[Given]:
    """Return what each source gives of what is wanted of it: all, or as much as it has. Issuance gives all."""
    nothing = Money.zero(VIBE)
    return [
        Given(
            source, amount, amount if source == ISSUANCE else min(amount, max(available.get(source, nothing), nothing))
        )
        for source, amount in wanted
    ]


def returned(amount: Money, given: Mapping[str, Money]) -> dict[str, Money]:
    """Split what comes back over the sources in the proportion in which they gave, to the unit, by the largest remainder.

    No source gets back more than it gave, as long as no more comes back than was given.
    """
    sources = sorted(source for source, one in given.items() if one.minor > 0)
    parts = allocate(amount, [given[source].minor for source in sources])
    return {source: part for source, part in zip(sources, parts, strict=True) if part.minor > 0}

"""A published week told apart: by what listens were started from, by country and by quality, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vibestream.contexts.listen_reward.analytics.service import UNKNOWN, Kind, Piece
from vibestream.web.charts import shares
from vibestream.web.localization import Language


@dataclass(frozen=True, slots=True)
class PieceRow:
    """One piece: its name, its listens at least, and how long its bar is in percents of the longest."""

    name: str
    by: str
    figure: str
    share: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class SplitView:
    """A week by one of the ways, the largest piece first."""

    name: str
    title: str
    says: str
    rows: tuple[PieceRow, ...]


def splits_view(pieces: Sequence[Piece], spoken: Language) -> tuple[SplitView, ...]:
    """Return what was published of a week beside its parts; ways of which nothing could be told are left out."""
    found = []
    for kind, (title, says) in _words(spoken).items():
        own = [one for one in pieces if one.kind is kind]
        if own:
            bars = shares([one.listens for one in own])
            rows = tuple(_row(one, bar, spoken) for one, bar in zip(own, bars, strict=True))
            found.append(SplitView(kind.value, title, says, rows))
    return tuple(found)


def _words(spoken: Language) -> dict[Kind, tuple[str, str]]:
    return {
        Kind.SURFACE: (spoken.gettext("What they started from"), spoken.gettext("As the player on our pages says.")),
        Kind.COUNTRY: (
            spoken.gettext("Where they are"),
            spoken.gettext("By the time zone that a listener chose; no address is looked up."),
        ),
        Kind.QUALITY: (
            spoken.gettext("How well they listened"),
            spoken.gettext(
                "Good is 900 points or more of 1,000, fair 700: muted, hidden, skipped or repeated listens have fewer."
            ),
        ),
    }


def _row(piece: Piece, bar: int, spoken: Language) -> PieceRow:
    listeners = spoken.gettext("%(n)s listeners or more") % {"n": spoken.number(piece.listeners)}
    figure = spoken.gettext("%(n)s or more") % {"n": spoken.number(piece.listens)}
    return PieceRow(_name(piece, spoken), listeners, figure, bar)


def _name(piece: Piece, spoken: Language) -> str:
    if piece.name is None:
        return spoken.gettext("All others")
    if piece.name == UNKNOWN:
        return spoken.gettext("Not known")
    known = {
        "release": spoken.gettext("Release page"),
        "song": spoken.gettext("Song page"),
        "queue": spoken.gettext("Player queue"),
        "good": spoken.gettext("Good"),
        "fair": spoken.gettext("Fair"),
        "poor": spoken.gettext("Less"),
    }
    return known.get(piece.name) or str(spoken.locale.territories.get(piece.name, piece.name))

"""An attacker with the whole database, who joins every table with every other to learn who did what without a name.

Tables and columns come from the catalogue, so a new one is joined from the day it exists. Each cell is taken apart into values
that are written one way (a digest as bytes, as decimal or as text is one value), and every row has one value more: the
transaction that wrote it (`xmin`). A *join* goes from the rows that an act left, by a column of theirs, to the rows of any table
that hold the same value in any one column; and on from there. What is told apart is what such a chain ends at: a chain
*links* when it leads from acts to fewer than all people who could have done them, and to the one who did.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

Rows = frozenset[int]
State = tuple[str, tuple[Rows, ...], tuple[str, ...]]
"""A table, the rows of it that each act led to, and by which joins."""
_WORD: Final = re.compile(r"[0-9a-z]{6,}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LARGE: Final = 2**64
_SMALL_DIGITS: Final = 7
"""Numbers of fewer digits (counters, places, amounts) are alike by chance: rows that are met by one are looked at for whose they
are, and not joined on from, for such chains meet everybody."""
_MOST_HOPS: Final = 3
_ENOUGH: Final = 3
"""So many acts narrowed by one chain, each to a few with the right one among them, are no coincidence of small numbers."""


@dataclass(frozen=True)
class Place:
    """A column of a table, or a member of a JSON column."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass
class Everything:
    """Every row of every table, by the values in it."""

    cells: dict[str, list[dict[str, frozenset[str]]]] = field(default_factory=dict)
    """By table, each row's values by column."""
    places: dict[str, dict[Place, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """By value, the rows that hold it, by where."""

    def add(self, table: str, row: dict[str, frozenset[str]]) -> None:
        rows = self.cells.setdefault(table, [])
        rows.append(row)
        for column, values in row.items():
            for value in values:
                self.places[value][Place(table, column)].add(len(rows) - 1)

    def rows_with(self, words: frozenset[str]) -> dict[str, Rows]:
        """Return by table the rows that hold any of these values."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for word in words:
            for place, rows in self.places.get(word, {}).items():
                found[place.table] |= rows
        return {table: frozenset(rows) for table, rows in found.items()}


@dataclass(frozen=True)
class Linked:
    """A chain of joins that tells people apart, and how many acts it does that for."""

    chain: tuple[str, ...]
    narrowed: int


async def everything(owner: psycopg.AsyncConnection[Any]) -> Everything:
    """Return every row of every table that the catalogue knows, as the owner sees them."""
    found = Everything()
    tables = await owner.execute(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"
    )
    for (table,) in await tables.fetchall():
        found.cells[table] = []
        rows = await owner.execute(f"SELECT t.xmin::text, to_jsonb(t) FROM {table} t")  # noqa: S608 - of the catalogue
        for xmin, row in await rows.fetchall():
            found.add(table, _taken_apart(row) | {"xmin": frozenset({f"transaction {xmin}"})})
    return found


def links(
    found: Everything, *, acts: Sequence[frozenset[str]], people: Sequence[frozenset[str]], who: Sequence[int]
) -> list[Linked]:
    """Return the chains of joins that lead from two or more acts to who did them, and not to all alike.

    Args:
        found: the database.
        acts: of each act, the values that everybody knows of it.
        people: of each person, the values that say it is them.
        who: by act, the person who did it.
    """
    theirs = [found.rows_with(words) for words in people]
    begun = [found.rows_with(words) for words in acts]
    tables = {table for one in begun for table in one}
    waiting: list[State] = [
        (table, tuple(one.get(table, frozenset()) for one in begun), (table,)) for table in sorted(tables)
    ]
    seen = {(table, rows) for table, rows, _ in waiting}
    linked = _linked(waiting, theirs, who)
    for _ in range(_MOST_HOPS):
        by_chance = [step for state in waiting for step in _joined(found, *state, set(), small=True)]
        waiting = [step for state in waiting for step in _joined(found, *state, seen)]
        linked += _linked([*by_chance, *waiting], theirs, who)
    return linked


def _linked(states: Sequence[State], theirs: Sequence[Mapping[str, Rows]], who: Sequence[int]) -> list[Linked]:
    judged = [Linked(chain, _narrowed(table, rows, theirs, who)) for table, rows, chain in states]
    return [one for one in judged if one.narrowed]


def _narrowed(table: str, rows: Sequence[Rows], theirs: Sequence[Mapping[str, Rows]], who: Sequence[int]) -> int:
    """Return how many acts lead to some people only, their own among them; 0 when any leads to others alone, or too few do."""
    narrowed = 0
    for act, reached in enumerate(rows):
        met = {number for number, own in enumerate(theirs) if reached & own.get(table, frozenset())}
        if met and who[act] not in met:
            return 0
        narrowed += bool(met) and len(met) < len(theirs)
    return narrowed if narrowed >= _ENOUGH else 0


def _joined(
    found: Everything,
    table: str,
    rows: Sequence[Rows],
    chain: tuple[str, ...],
    seen: set[tuple[str, tuple[Rows, ...]]],
    *,
    small: bool = False,
) -> Iterator[State]:
    """Go on by each column of rows to every column of every table, by small numbers or by all else; what all acts have tells nothing apart."""
    cells = found.cells[table]
    columns = {column for reached in rows for at in reached for column in cells[at]}
    for column in sorted(columns):
        values = [
            {one for at in reached for one in cells[at].get(column, ()) if _is_small(one) is small} for reached in rows
        ]
        common = set.intersection(*values)
        targets: dict[Place, list[set[int]]] = {}
        for act, own in enumerate(values):
            for value in own - common:
                for place, hit in found.places[value].items():
                    targets.setdefault(place, [set() for _ in rows])[act] |= hit
        for place, sets in targets.items():
            state = (place.table, tuple(frozenset(one) for one in sets))
            if len(set(state[1])) > 1 and state not in seen:
                seen.add(state)
                yield place.table, state[1], (*chain, f"{column} = {place}")


def _is_small(value: str) -> bool:
    return len(value) < _SMALL_DIGITS and value.lstrip("-").isdigit()


def _taken_apart(row: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for column, value in _leaves("", row):
        taken[column] |= values_of(value)
    return {column: frozenset(values) for column, values in taken.items()}


def _leaves(column: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{column}.{name}".lstrip("."), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(column, inner)
    elif value is not None and not isinstance(value, bool):
        yield column, value


def values_of(value: Any) -> set[str]:
    """Return a cell as values that are written one way: itself, each identifier in it, each long word in it."""
    text = str(value).lower()
    if text.lstrip("-").isdigit():
        return {f"{int(text):064x}" if abs(int(text)) >= _LARGE else str(int(text))}
    identifiers = {one.replace("-", "") for one in _UUID.findall(text)}
    plain = text.removeprefix("\\x")
    return {plain.replace("-", "") if identifiers else plain, *identifiers, *_WORD.findall(_UUID.sub(" ", plain))}

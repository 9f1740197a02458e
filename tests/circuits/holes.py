"""Two searches for what a constraint system forgets to constrain.

`free_wires` is an argument about every witness: starting from the inputs it follows constraints whose two factors are known,
which are then linear in the rest, and counts a wire as known when those equations leave it one value. (Folding with --O2
leaves wires that are known only together; an equation per wire would not do.) Wires that are
constrained to be 0 or 1 count as known as they come. What is never reached may be chosen freely by whoever proves.
`loose_wires` is an experiment on one witness: it changes each wire alone, also the inputs, and returns the changes that
break no constraint.

Source for the first: Pailoor et al., "Automated Detection of Under-Constrained Circuits in Zero-Knowledge Proofs", PLDI 2023,
section 4: propagation of uniqueness, of whose rules these two are enough here.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.circuits.system import ONE, ORDER, Combination, Constraint, System, value


def free_wires(system: System) -> set[int]:
    """Return the wires that the inputs do not determine."""
    known = {ONE, *system.inputs} | {wire for one in system.constraints if (wire := _bit(one)) is not None}
    equations = _Equations(known)
    left = [*system.constraints]
    while True:
        waiting = [one for one in left if not equations.follow(one)]
        if len(waiting) == len(left):
            return set(range(system.wires)) - known
        left = waiting


class _Equations:
    """Linear equations over unknown wires, each solved for one of them, which stands in no other."""

    def __init__(self, known: set[int]) -> None:
        self._known = known
        self._rows: dict[int, dict[int, int]] = {}

    def follow(self, constraint: Constraint) -> bool:
        """Learn the equation that a constraint is when both its factors are known; return whether they are."""
        a, b, c = constraint
        if self._rest(a) or self._rest(b):
            return False
        self._learn(self._rest(c))
        return True

    def _rest(self, combination: Combination) -> dict[int, int]:
        """Return what is unknown of a combination: nothing, when the equations fix it though not each of its wires."""
        rest = {wire: factor for wire, factor in combination.items() if wire not in self._known}
        for wire in [wire for wire in rest if wire in self._rows]:
            _subtract(rest, self._rows[wire], rest[wire])
        return rest

    def _learn(self, row: dict[int, int]) -> None:
        if not row:
            return
        pivot = next(iter(row))
        inverse = pow(row[pivot], -1, ORDER)
        row = {wire: factor * inverse % ORDER for wire, factor in row.items()}
        for other in self._rows.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        self._rows[pivot] = row
        solved = [wire for wire, one in self._rows.items() if len(one) == 1]
        for wire in solved:
            del self._rows[wire]
        self._known.update(solved)


def _subtract(row: dict[int, int], other: dict[int, int], times: int) -> None:
    for wire, factor in other.items():
        left = (row.get(wire, 0) - factor * times) % ORDER
        if left:
            row[wire] = left
        else:
            row.pop(wire, None)


def _bit(constraint: Constraint) -> int | None:
    """Return the wire that a constraint makes 0 or 1: x * (x - 1) = 0, each side up to a factor."""
    a, b, c = constraint
    wires = (a.keys() | b.keys()) - {ONE}
    if any(c.values()) or len(wires) != 1:
        return None
    (wire,) = wires
    roots = {side.get(ONE, 0) * -pow(side[wire], -1, ORDER) % ORDER for side in (a, b) if side.get(wire)}
    return wire if roots == {0, 1} else None


def loose_wires(system: System, witness: Sequence[int]) -> set[tuple[int, int]]:
    """Return each wire with each other value, of several, that breaks no constraint of this witness."""
    sides = [tuple(value(side, witness) for side in one) for one in system.constraints]
    loose = set()
    for wire, numbers in enumerate(system.touching()):
        if wire == ONE:
            continue
        old = witness[wire]
        others = {0, 1, 2, old + 1, old - 1, ORDER - old, old ^ 1, old + (1 << 100)}
        for other in {one % ORDER for one in others} - {old}:
            if all(_still(system.constraints[number], sides[number], wire, other - old) for number in numbers):
                loose.add((wire, other))
    return loose


def _still(constraint: Constraint, sides: tuple[int, ...], wire: int, change: int) -> bool:
    a, b, c = (side + part.get(wire, 0) * change for side, part in zip(sides, constraint, strict=True))
    return (a * b - c) % ORDER == 0

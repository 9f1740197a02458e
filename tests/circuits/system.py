"""Constraint systems and witnesses as circom writes them, read and judged by code that shares nothing with snarkjs.

Source: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md; `.wtns` after snarkjs 0.7.6, `src/wtns_utils.js`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ORDER: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
WORD: Final = 32
ONE: Final = 0
"""The wire that is always 1."""

Combination = Mapping[int, int]
"""By wire, its coefficient."""
Constraint = tuple[Combination, Combination, Combination]
"""A, B, C: A * B = C."""


@dataclass(frozen=True)
class System:
    """The constraints over wires: the constant, the outputs, the public inputs, the private inputs, the rest."""

    wires: int
    outputs: int
    public_inputs: int
    private_inputs: int
    constraints: Sequence[Constraint]

    @property
    def inputs(self) -> range:
        """Public and private ones: the outputs come before them."""
        first = 1 + self.outputs
        return range(first, first + self.public_inputs + self.private_inputs)

    def touching(self) -> list[list[int]]:
        """By wire, the constraints that it is in."""
        found: list[list[int]] = [[] for _ in range(self.wires)]
        for number, constraint in enumerate(self.constraints):
            for wire in set().union(*constraint):
                found[wire].append(number)
        return found

    def violated(self, witness: Sequence[int]) -> list[int]:
        """Return the constraints that a whole witness breaks."""
        return [number for number, one in enumerate(self.constraints) if not _holds(one, witness)]


def _holds(constraint: Constraint, witness: Sequence[int]) -> bool:
    a, b, c = (value(one, witness) for one in constraint)
    return (a * b - c) % ORDER == 0


def value(combination: Combination, witness: Sequence[int]) -> int:
    return sum(factor * witness[wire] for wire, factor in combination.items()) % ORDER


def read_system(path: Path) -> System:
    data = path.read_bytes()
    sections = dict(_sections(data, magic=b"r1cs"))
    header = sections[1]
    assert struct.unpack_from("<I", header)[0] == WORD
    assert int.from_bytes(header[4 : 4 + WORD], "little") == ORDER
    wires, outputs, public, private, _, count = struct.unpack_from("<IIIIQI", header, 4 + WORD)
    constraints, place = [], 0
    for _ in range(count):
        parts = []
        for _ in range(3):
            part, place = _combination(sections[2], place)
            parts.append(part)
        constraints.append((parts[0], parts[1], parts[2]))
    assert place == len(sections[2])
    return System(wires, outputs, public, private, constraints)


def _combination(data: bytes, place: int) -> tuple[Combination, int]:
    (terms,) = struct.unpack_from("<I", data, place)
    place += 4
    found = {}
    for _ in range(terms):
        (wire,) = struct.unpack_from("<I", data, place)
        found[wire] = int.from_bytes(data[place + 4 : place + 4 + WORD], "little")
        place += 4 + WORD
    return found, place


def read_witness(path: Path) -> list[int]:
    data = dict(_sections(path.read_bytes(), magic=b"wtns"))[2]
    return [int.from_bytes(data[start : start + WORD], "little") for start in range(0, len(data), WORD)]


def write_witness(path: Path, witness: Sequence[int]) -> Path:
    header = struct.pack("<I", WORD) + ORDER.to_bytes(WORD, "little") + struct.pack("<I", len(witness))
    values = b"".join(one.to_bytes(WORD, "little") for one in witness)
    parts = b"".join(struct.pack("<IQ", kind, len(one)) + one for kind, one in ((1, header), (2, values)))
    path.write_bytes(b"wtns" + struct.pack("<II", 2, 2) + parts)
    return path


def read_names(path: Path) -> dict[str, int]:
    """Return the wire of every signal that a `.sym` names and that was not folded away."""
    rows = (line.split(",") for line in path.read_text().splitlines())
    return {name: int(wire) for _, wire, _, name in rows if int(wire) >= 0}


def _sections(data: bytes, *, magic: bytes) -> Iterator[tuple[int, bytes]]:
    assert data[:4] == magic
    place = 12
    for _ in range(struct.unpack_from("<I", data, 8)[0]):
        kind, size = struct.unpack_from("<IQ", data, place)
        place += 12
        yield kind, data[place : place + size]
        place += size

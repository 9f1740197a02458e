"""A Groth16 proof on BN254: three points, as snarkjs writes them and as 256 bytes.

That the points lie on their curves is for the verifier to say; here is only that each is written in its one way. Even so a
proof can be changed into another valid one by anybody (negate A and B): it identifies nothing, its nullifier does.

Source: snarkjs 0.7.6, `src/groth16_prove.js`; EIP-197 for the order of the parts of a point of G2 in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.claims.domain.reading import Malformed, items, members, numbers

MODULUS: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""The prime that coordinates are reduced by. Not the order of the scalars, though of the same length."""

SIZE: Final = 256
_WORD: Final = 32
_MEMBERS: Final = frozenset({"pi_a", "pi_b", "pi_c", "protocol", "curve"})

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Proof:
    """Points A and C by x and y; B by x and y, each a pair (c0, c1) that stands for c0 + c1 * u."""

    a: _Pair
    b: tuple[_Pair, _Pair]
    c: _Pair

    def document(self) -> dict[str, object]:
        """Return it as snarkjs writes `proof.json`: coordinates as text, each point with the 1 of projective ones."""
        return {
            "pi_a": [*map(str, self.a), "1"],
            "pi_b": [*([str(part) for part in pair] for pair in self.b), ["1", "0"]],
            "pi_c": [*map(str, self.c), "1"],
            "protocol": "groth16",
            "curve": "bn128",
        }

    def to_bytes(self) -> bytes:
        """Return A, B, C as eight words of 32 bytes, of B the second part of each pair first."""
        (x, y) = self.b
        words = (*self.a, x[1], x[0], y[1], y[0], *self.c)
        return b"".join(word.to_bytes(_WORD, "big") for word in words)


def read_proof(document: object) -> Proof:
    """Return the proof that a parsed `proof.json` holds.

    Raises:
        Malformed: members, counts or coordinates are other than those of a Groth16 proof on BN254.
    """
    found = members(document, names=_MEMBERS)
    if found["protocol"] != "groth16" or found["curve"] != "bn128":
        raise Malformed("The proof is not a Groth16 proof on bn128.")
    b = items(found["pi_b"], count=3)
    if b[2] != ["1", "0"]:
        raise Malformed("A point's last coordinate is one.")
    return Proof(_g1(found["pi_a"]), (_pair(b[0]), _pair(b[1])), _g1(found["pi_c"]))


def proof_from_bytes(data: bytes) -> Proof:
    """Return the proof that 256 bytes hold, as `to_bytes` writes it.

    Raises:
        Malformed: they are not 256, or a coordinate is not below the modulus.
    """
    if len(data) != SIZE:
        raise Malformed(f"A proof has {SIZE} bytes.")
    words = [int.from_bytes(data[start : start + _WORD], "big") for start in range(0, SIZE, _WORD)]
    if any(word >= MODULUS for word in words):
        raise Malformed("A coordinate is not below the modulus.")
    return Proof((words[0], words[1]), ((words[3], words[2]), (words[5], words[4])), (words[6], words[7]))


def _g1(document: object) -> _Pair:
    x, y, z = items(document, count=3)
    if z != "1":
        raise Malformed("A point's last coordinate is one.")
    return _pair([x, y])


def _pair(document: object) -> _Pair:
    first, second = numbers(document, count=2, below=MODULUS)
    return first, second

"""The numbers inside Poseidon, made by the generator that its authors published, so that none has to be believed.

Grain is a shift register of 80 bits that begins with the hash's own parameters. Of each two bits that it gives, the second
counts when the first is 1. The first numbers are the constants of the rounds, the next make the matrix.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems",
USENIX Security 2021, appendices E and F; `generate_params_poseidon.sage` of the authors' reference implementation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import ORDER

_FIELD_BITS: Final = ORDER.bit_length()
_REGISTER_BITS: Final = 80
_WARM_UP_BITS: Final = 160
_TAPS: Final = (0, 13, 23, 38, 51, 62)


def parameters(*, width: int, full_rounds: int, partial_rounds: int) -> tuple[list[int], list[list[int]]]:
    """Return the constants of all rounds, `width` for each, and the matrix that mixes a state of `width` elements."""
    numbers = _numbers(width, full_rounds, partial_rounds)
    constants = list(islice((number for number in numbers if number < ORDER), width * (full_rounds + partial_rounds)))
    return constants, _cauchy(numbers, width)


def _cauchy(numbers: Iterator[int], width: int) -> list[list[int]]:
    """Return 1 / (x_i + y_j): every square part of such a matrix has an inverse, when all x and y are different."""
    while True:
        drawn = [number % ORDER for number in islice(numbers, 2 * width)]
        sums = [[(x + y) % ORDER for y in drawn[width:]] for x in drawn[:width]]
        if len(set(drawn)) == len(drawn) and all(all(row) for row in sums):
            return [[pow(one, -1, ORDER) for one in row] for row in sums]


def _numbers(width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    bits = _bits(width, full_rounds, partial_rounds)
    while True:
        number = 0
        for bit in islice(_kept(bits), _FIELD_BITS):
            number = number << 1 | bit
        yield number


def _kept(bits: Iterator[int]) -> Iterator[int]:
    for first in bits:
        second = next(bits)
        if first:
            yield second


def _bits(width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    begun = f"{1:02b}{0:04b}{_FIELD_BITS:012b}{width:012b}{full_rounds:010b}{partial_rounds:010b}{'1' * 30}"
    return islice(_register(int(begun[::-1], 2)), _WARM_UP_BITS, None)


def _register(state: int) -> Iterator[int]:
    """Yield the bits that are shifted in, the oldest bit of the state being its lowest.

    A step reads bits up to 62 places ahead of the oldest of 80, so 18 steps do not depend on one another.
    """
    at_once = _REGISTER_BITS - _TAPS[-1]
    while True:
        fresh = 0
        for tap in _TAPS:
            fresh ^= state >> tap
        fresh &= (1 << at_once) - 1
        yield from (fresh >> place & 1 for place in range(at_once))
        state = state >> at_once | fresh << _REGISTER_BITS - at_once

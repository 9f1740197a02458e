"""Poseidon: the hash that is cheap to prove, with the parameters that circomlib uses on BN254.

Source: the paper named in `grain.py`; the rounds per width are circomlib's (`circuits/poseidon.circom`, version 2.0.5), of
which the tests' vectors are as well. Inputs are hashed one count at a time: hashes of two and of three inputs are unrelated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import mul
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.grain import parameters

MOST_INPUTS: Final = 16
_FULL_ROUNDS: Final = 8
_PARTIAL_ROUNDS: Final = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""By the count of inputs, from one."""

_Round = tuple[list[int], bool]


def poseidon(*inputs: Field) -> Field:
    """Return the hash of one to sixteen elements.

    Raises:
        ValueError: there are none, or more.
    """
    rounds, matrix = _schedule(len(inputs))
    state: list[int] = [0, *inputs]
    for constants, is_full in rounds:
        # Sums stay unreduced until the product that needs them: reducing is most of the time that this takes.
        state = [word + constant for word, constant in zip(state, constants, strict=True)]
        if is_full:
            state = [_fifth_power(word) for word in state]
        else:
            state[0] = _fifth_power(state[0])
        state = [sum(map(mul, row, state)) % ORDER for row in matrix]
    return Field(state[0])


def _fifth_power(word: int) -> int:
    square = word * word % ORDER
    return square * square * word % ORDER


@cache
def _schedule(inputs: int) -> tuple[Sequence[_Round], list[list[int]]]:
    """Return each round's constants with whether it is a full one, and the matrix. Made once, in some hundredths of a second."""
    if not 1 <= inputs <= MOST_INPUTS:
        raise ValueError(f"Poseidon takes 1 to {MOST_INPUTS} inputs, not {inputs}.")
    partial, width = _PARTIAL_ROUNDS[inputs - 1], inputs + 1
    constants, matrix = parameters(width=width, full_rounds=_FULL_ROUNDS, partial_rounds=partial)
    half = _FULL_ROUNDS // 2
    rounds = [
        (constants[number * width : (number + 1) * width], not half <= number < half + partial)
        for number in range(_FULL_ROUNDS + partial)
    ]
    return rounds, matrix

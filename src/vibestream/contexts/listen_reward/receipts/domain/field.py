"""The field that receipts and proofs are computed in: the scalars of the curve BN254.

Source: EIP-197, https://eips.ethereum.org/EIPS/eip-197, where the order is the curve's `N`.
"""

from __future__ import annotations

from typing import Final, NewType

from vibestream.kernel.errors import InvalidInput

ORDER: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""The prime that everything is reduced by, between 2^253 and 2^254."""

SIZE: Final = 32
"""Bytes of an element, big-endian."""

Field = NewType("Field", int)
"""An element: a whole number, 0 <= x < ORDER. Two numbers that differ by ORDER are one element, so only this one is taken."""


class NotAFieldElement(InvalidInput):
    """A number is negative or not below the field's order."""

    code = "receipts.not_a_field_element"

    def __init__(self) -> None:
        super().__init__("Give a whole number that is at least zero and below the order of BN254's scalar field.")


def field(number: int) -> Field:
    """Return the number as an element of the field; it is never reduced into it.

    Raises:
        NotAFieldElement: it is below zero, or not below the order.
    """
    if not 0 <= number < ORDER:
        raise NotAFieldElement
    return Field(number)


def to_bytes(element: Field) -> bytes:
    """Return the 32 bytes that an element is stored as: big-endian, one way to write each."""
    return element.to_bytes(SIZE, "big")


def from_bytes(data: bytes) -> Field:
    """Return the element that 32 bytes stand for.

    Raises:
        NotAFieldElement: they are not 32, or stand for a number that is not below the order.
    """
    if len(data) != SIZE:
        raise NotAFieldElement
    return field(int.from_bytes(data, "big"))

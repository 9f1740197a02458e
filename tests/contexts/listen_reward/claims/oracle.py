"""Groth16 verification by its equation over py-ecc: slow, by other people, and sharing no code with what it judges.

Source: Groth, "On the Size of Pairing-based Non-interactive Arguments", EUROCRYPT 2016, section 3.2.
"""

from __future__ import annotations

import json
from typing import Any

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_curve import add, curve_order, multiply, neg
from py_ecc.optimized_bn128.optimized_pairing import pairing


def _g1(point: list[str]) -> Any:
    return FQ(int(point[0])), FQ(int(point[1])), FQ(1)


def _g2(point: list[list[str]]) -> Any:
    return FQ2([int(one) for one in point[0]]), FQ2([int(one) for one in point[1]]), FQ2.one()


def holds(verifying_key: str, proof: dict[str, Any], signals: list[str]) -> bool:
    """Return whether e(A, B) = e(alpha, beta) e(sum of signals, gamma) e(C, delta)."""
    key = json.loads(verifying_key)
    numbers = [int(one) for one in signals]
    assert all(0 <= one < curve_order for one in numbers)
    said = _g1(key["IC"][0])
    for point, number in zip(key["IC"][1:], numbers, strict=True):
        said = add(said, multiply(_g1(point), number))
    product = pairing(_g2(proof["pi_b"]), neg(_g1(proof["pi_a"])))
    product *= pairing(_g2(key["vk_beta_2"]), _g1(key["vk_alpha_1"]))
    product *= pairing(_g2(key["vk_gamma_2"]), said)
    product *= pairing(_g2(key["vk_delta_2"]), _g1(proof["pi_c"]))
    return bool(product == FQ12.one())

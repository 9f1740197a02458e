"""Verification: what is true is accepted, whatever else anybody sends is invalid, and nothing raises."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import b2, is_inf, is_on_curve, multiply

from tests.contexts.listen_reward.claims import oracle
from vibestream.contexts.listen_reward.claims.domain.proof import MODULUS, proof_from_bytes, read_proof
from vibestream.contexts.listen_reward.claims.domain.reading import Malformed
from vibestream.contexts.listen_reward.claims.service import Invalid, Keys, PublicSignals, Verifier, verify_claim
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER

HERE = Path(__file__).parent
PROOF: dict[str, Any] = json.loads((HERE / "proof.json").read_text())
SIGNALS: list[str] = json.loads((HERE / "public.json").read_text())
Change = Callable[[dict[str, Any]], object]


def test_a_true_claim_says_its_six_signals_in_the_circuits_order(verifier: Verifier):
    said = verify_claim(verifier=verifier, proof=PROOF, signals=SIGNALS)

    assert isinstance(said, PublicSignals)
    assert said.document() == SIGNALS
    # By circomlibjs 0.1.7, as in test_receipt.py: the nullifier of secret 12345 and this receipt.
    assert said.nullifier == 20478008107852133742479954900686684670446389893193388853204627771031135248538
    assert (said.epoch, said.min_seconds, said.song_disclosure, said.payout) == (20781, 60, 0, 4242)


def test_an_independent_implementation_of_the_equation_agrees(keys: Keys):
    assert oracle.holds(keys.verifying_key, PROOF, SIGNALS)
    assert not oracle.holds(keys.verifying_key, PROOF, [*SIGNALS[:5], "4243"])


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("change", [1, -1, 2**200])
def test_no_signal_can_be_another(verifier: Verifier, place: int, change: int):
    changed = [*SIGNALS]
    changed[place] = str((int(changed[place]) + change) % ORDER)

    assert verify_claim(verifier=verifier, proof=PROOF, signals=changed) is Invalid.NOT_PROVED


@pytest.mark.parametrize("place", range(6))
def test_a_signal_plus_the_order_is_refused_before_any_arithmetic(verifier: Verifier, place: int):
    changed = [*SIGNALS]
    changed[place] = str(int(changed[place]) + ORDER)

    assert verify_claim(verifier=verifier, proof=PROOF, signals=changed) is Invalid.MALFORMED


def test_the_library_below_refuses_it_as_well(verifier: Verifier):
    numbers = [int(one) for one in SIGNALS]
    proof = read_proof(PROOF)

    assert verifier.accepts(proof, numbers)
    for wrong in (
        [numbers[0] + ORDER, *numbers[1:]],
        [-1, *numbers[1:]],
        [2**256, *numbers[1:]],
        numbers[:5],
        [*numbers, 0],
    ):
        assert not verifier.accepts(proof, wrong)


def test_a_proof_can_be_changed_into_another_and_its_nullifier_stays(verifier: Verifier):
    # (-A, -B, C): whoever keys claims by their proofs pays twice.
    changed = copy.deepcopy(PROOF)
    changed["pi_a"][1] = str(MODULUS - int(PROOF["pi_a"][1]))
    changed["pi_b"][1] = [str(MODULUS - int(one)) for one in PROOF["pi_b"][1]]
    said = verify_claim(verifier=verifier, proof=changed, signals=SIGNALS)

    assert changed != PROOF
    assert isinstance(said, PublicSignals)
    assert str(said.nullifier) == SIGNALS[0]


ON_THE_CURVE_ONLY = (
    (1, 0),
    (
        18278151005453108793778860132295291098363647455926340152056652516292830556603,
        5912654199736721486680175016176231956195085055698687135131307249486702594212,
    ),
)
"""A point of the twist that is not in its group of prime order, as almost none is."""


def test_a_point_outside_the_prime_order_group_is_refused(verifier: Verifier):
    x, y = ON_THE_CURVE_ONLY
    point = FQ2(x), FQ2(y), FQ2.one()
    assert is_on_curve(point, b2)
    assert not is_inf(multiply(point, ORDER))

    document = [[str(part) for part in x], [str(part) for part in y], ["1", "0"]]
    assert verify_claim(verifier=verifier, proof={**PROOF, "pi_b": document}, signals=SIGNALS) is Invalid.NOT_PROVED


@pytest.mark.parametrize(
    ("point", "value"),
    [
        ("pi_a", ["1", "1", "1"]),
        ("pi_c", ["1", "3", "1"]),
        ("pi_a", ["0", "0", "1"]),
        ("pi_b", [["1", "2"], ["3", "4"], ["1", "0"]]),
        ("pi_b", [["0", "0"], ["0", "0"], ["1", "0"]]),
        ("pi_a", ["1", "2", "1"]),
        ("pi_c", PROOF["pi_a"]),
    ],
)
def test_points_off_the_curve_at_infinity_or_merely_wrong_prove_nothing(
    verifier: Verifier, point: str, value: list[Any]
):
    assert verify_claim(verifier=verifier, proof={**PROOF, point: value}, signals=SIGNALS) is Invalid.NOT_PROVED


def _plus_modulus(proof: dict[str, Any]) -> None:
    proof["pi_a"][0] = str(int(proof["pi_a"][0]) + MODULUS)


MALFORMED: dict[str, Change] = {
    "no points": lambda one: one.clear(),
    "a point missing": lambda one: one.pop("pi_c"),
    "a member more": lambda one: one.update(extra="1"),
    "another protocol": lambda one: one.update(protocol="plonk"),
    "another curve": lambda one: one.update(curve="bls12381"),
    "a coordinate missing": lambda one: one["pi_a"].pop(),
    "a coordinate more": lambda one: one["pi_a"].append("1"),
    "a coordinate as a number": lambda one: one["pi_a"].__setitem__(0, 5),
    "a coordinate as a float": lambda one: one["pi_a"].__setitem__(0, 5.0),
    "a coordinate in hexadecimal": lambda one: one["pi_a"].__setitem__(0, "0x5"),
    "a negative coordinate": lambda one: one["pi_a"].__setitem__(0, "-5"),
    "a coordinate plus the modulus": _plus_modulus,
    "a leading zero": lambda one: one["pi_a"].__setitem__(0, "0" + one["pi_a"][0]),
    "digits of another script": lambda one: one["pi_a"].__setitem__(0, "٣"),
    "a space": lambda one: one["pi_a"].__setitem__(0, " 5"),
    "an underscore": lambda one: one["pi_a"].__setitem__(0, "1_0"),
    "an empty text": lambda one: one["pi_a"].__setitem__(0, ""),
    "ten million digits": lambda one: one["pi_a"].__setitem__(0, "9" * 10_000_000),
    "infinity by z": lambda one: one["pi_a"].__setitem__(2, "0"),
    "infinity by z in G2": lambda one: one["pi_b"].__setitem__(2, ["0", "0"]),
    "a point of G2 as of G1": lambda one: one.update(pi_b=one["pi_a"]),
    "points as text": lambda one: one.update(pi_a="123"),
    "points as objects": lambda one: one.update(pi_a={"0": "1", "1": "2", "2": "1"}),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=list(MALFORMED))
def test_what_is_not_written_as_a_proof_is_malformed(verifier: Verifier, change: Change):
    changed = copy.deepcopy(PROOF)
    change(changed)

    assert changed != PROOF
    assert verify_claim(verifier=verifier, proof=changed, signals=SIGNALS) is Invalid.MALFORMED


@pytest.mark.parametrize(
    "signals",
    [None, [], SIGNALS[:5], [*SIGNALS, "0"], dict(enumerate(SIGNALS)), "".join(SIGNALS), [*SIGNALS[:5], 4242]]
    + [
        [*SIGNALS[:5], wrong]
        for wrong in (4242.0, "4242.0", "-1", "04242", "4_242", "\u0664\u0662", None, True, ["4242"])
    ],
    ids=repr,
)
def test_what_is_not_written_as_six_signals_is_malformed(verifier: Verifier, signals: object):
    assert verify_claim(verifier=verifier, proof=PROOF, signals=signals) is Invalid.MALFORMED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*PROOF, "x"]), inner, max_size=5),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON)
def test_nothing_that_json_can_say_raises(verifier: Verifier, proof: object, signals: object):
    assert verify_claim(verifier=verifier, proof=proof, signals=signals) is Invalid.MALFORMED


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_random_coordinates_prove_nothing(verifier: Verifier, data: st.DataObject):
    coordinate = st.integers(0, MODULUS - 1).map(str)
    pair = st.tuples(coordinate, coordinate).map(list)
    changed = {
        **PROOF,
        "pi_a": [*data.draw(pair), "1"],
        "pi_b": [data.draw(pair), data.draw(pair), ["1", "0"]],
    }

    assert verify_claim(verifier=verifier, proof=changed, signals=SIGNALS) is Invalid.NOT_PROVED


def test_a_proof_is_the_same_in_both_writings():
    proof = read_proof(PROOF)

    assert proof_from_bytes(proof.to_bytes()) == proof
    assert proof.document() == PROOF
    for wrong in (b"", proof.to_bytes()[:-1], proof.to_bytes() + b"\0", b"\xff" * 256):
        with pytest.raises(Malformed):
            proof_from_bytes(wrong)

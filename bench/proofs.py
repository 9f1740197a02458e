"""Proofs of claims in Python: proving, verifying, the tree of an epoch, the size of the circuit.

`proof_python_s` is the wall time of one proof, verified before it is returned, with the prover made already; its reference is
the second that it may take. `verify_ms` is processor time of `verify_claim` from parsed JSON; its reference is groth16py alone
on bytes, and more than 3 ms fails. `receipts_tree_100k_s` is the processor time, in one thread of pure Python, of the tree over
100,000 leaves and its root; its reference is the 30 s that it may take. `circuit_constraints` is counted in the compiled circuit, against the 5,736 that are known.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tools import build_circuits
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.proof import read_proof
from vibestream.contexts.listen_reward.claims.service import Holding, Prover, PublicSignals, Verifier
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.tree import ReceiptTree

LEAVES: Final = 100_000
PROOFS: Final = 7
VERIFICATIONS: Final = 200
_INPUT: Final = Path(__file__).parents[1] / "tests" / "contexts" / "listen_reward" / "claims" / "input.json"


def run() -> list[dict[str, Any]]:
    """Measure with the DEV keys and return the four records."""
    keys = claims.claim_keys(is_production=False)
    prover, verifier = claims.open_prover(keys=keys), claims.open_verifier(keys=keys)
    holding = claims.holding(document=json.loads(_INPUT.read_text()))
    return [_proving(prover, verifier, holding), _verifying(prover, verifier, holding), _tree(), _circuit()]


def _proving(prover: Prover, verifier: Verifier, holding: Holding) -> dict[str, Any]:
    seconds = []
    for _ in range(PROOFS):
        began = time.perf_counter()
        claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
        seconds.append(time.perf_counter() - began)
    return _record("proof_python_s", statistics.median(seconds), 1.0)


def _verifying(prover: Prover, verifier: Verifier, holding: Holding) -> dict[str, Any]:
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    proof, signals = proven.proof.document(), proven.signals.document()
    parsed, numbers = read_proof(proof), proven.signals.numbers()
    ours, bare = [], []
    for _ in range(VERIFICATIONS):
        began = time.process_time()
        said = claims.verify_claim(verifier=verifier, proof=proof, signals=signals)
        ours.append(time.process_time() - began)
        began = time.process_time()
        accepted = verifier.accepts(parsed, numbers)
        bare.append(time.process_time() - began)
        if not (accepted and isinstance(said, PublicSignals)):
            raise RuntimeError("a true claim was refused")
    return _record("verify_ms", statistics.median(ours) * 1000, statistics.median(bare) * 1000, reach=3.0)


def _tree() -> dict[str, Any]:
    leaves = [Field(pow(7, number + 1, ORDER)) for number in range(LEAVES)]
    began = time.process_time()
    tree = ReceiptTree(leaves)
    tree.root()
    return _record("receipts_tree_100k_s", time.process_time() - began, 30.0)


def _circuit() -> dict[str, Any]:
    build_circuits.install()
    with tempfile.TemporaryDirectory(prefix="vibestream-bench-") as name:
        r1cs = build_circuits.compile_circuit(build_circuits.CIRCUITS / "src" / "claim.circom", Path(name))
        counted = build_circuits.count_constraints(r1cs)
    return _record("circuit_constraints", counted, build_circuits.CONSTRAINTS)


def _record(name: str, ours: float, reference: float, *, reach: float | None = None) -> dict[str, Any]:
    limit = reference if reach is None else reach
    return {"name": name, "ours": ours, "reference": reference, "ratio": ours / reference, "reach": f"<= {limit:g}"}

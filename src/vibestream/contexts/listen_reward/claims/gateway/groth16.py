"""The one place that knows which library proves and verifies: groth16py, which is arkworks in Rust.

Its verifier refuses numbers that are not reduced, points off their curve, outside their group or at infinity. It raises for
some of them and returns False for others; here both are False. Its prover does *not* refuse inputs that break the circuit's
constraints: it returns 256 bytes that verify as nothing. Whoever proves verifies afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import groth16py

from vibestream.contexts.listen_reward.claims.domain.proof import Proof, proof_from_bytes
from vibestream.kernel.errors import Unavailable


class CircuitRefused(Unavailable):
    """The prover and its key do not go with the circuit or with the inputs' names: a defect of the installation."""

    code = "claims.circuit_refused"


class Verifier:
    """Verifies proofs under one key. Holds no state between calls; may be used by several threads at once."""

    def __init__(self, verifying_key: str) -> None:
        self._verifier = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(verifying_key))

    def accepts(self, proof: Proof, signals: Sequence[int]) -> bool:
        """Return whether the proof proves these signals, whatever either is."""
        try:
            return self._verifier.verify(proof.to_bytes(), list(signals))
        except (groth16py.EncodingError, groth16py.VerificationError, OverflowError, ValueError):
            return False


class Prover:
    """Makes proofs with one key; its circuit is compiled when it is made, in about two seconds and 600 MB."""

    def __init__(self, *, proving_key: Path, circuit: Path) -> None:
        libraries = [groth16py.circomlib_path(2)]
        try:
            with _nothing_on_standard_output():
                self._key, _ = groth16py.import_zkey(str(proving_key), str(circuit), libraries)
        except (groth16py.SetupError, groth16py.EncodingError, OSError, ValueError) as error:
            raise CircuitRefused(f"{proving_key.name} cannot be used with {circuit.name}: {error}") from None

    def prove(self, inputs: Mapping[str, int | list[int]]) -> Proof:
        """Return a proof of the inputs; one that verifies if, and only if, they fulfil the circuit.

        Raises:
            CircuitRefused: inputs are missing, or the circuit has none of that name.
        """
        try:
            return proof_from_bytes(groth16py.prove(self._key, dict(inputs)))
        except groth16py.WitnessError as error:
            raise CircuitRefused(f"The circuit takes other inputs: {error}") from None


@contextmanager
def _nothing_on_standard_output() -> Iterator[None]:
    """Send what the compiler prints, from below Python, to standard error: a command's output is its answer alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)

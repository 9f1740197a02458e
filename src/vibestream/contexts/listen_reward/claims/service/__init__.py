"""Claims: proving and verifying. The public interface of this capability."""

from vibestream.contexts.listen_reward.claims.domain.holding import Holding, Obstacle
from vibestream.contexts.listen_reward.claims.domain.proof import Proof
from vibestream.contexts.listen_reward.claims.domain.signals import (
    TIERS_S,
    Payout,
    PublicSignals,
    bound_element,
    payout_element,
)
from vibestream.contexts.listen_reward.claims.gateway.groth16 import CircuitRefused, Prover, Verifier
from vibestream.contexts.listen_reward.claims.gateway.keys import (
    DevelopmentKeys,
    Keys,
    KeysDamaged,
    Origin,
    circuits_folder,
)
from vibestream.contexts.listen_reward.claims.service.keys import claim_keys, compiled_circuit
from vibestream.contexts.listen_reward.claims.service.proving import (
    CannotBeProved,
    NotAHolding,
    Proven,
    holding,
    open_prover,
    prove_claim,
    refuse_untrue,
)
from vibestream.contexts.listen_reward.claims.service.verification import Invalid, open_verifier, verify_claim

__all__ = [
    "TIERS_S",
    "CannotBeProved",
    "CircuitRefused",
    "DevelopmentKeys",
    "Holding",
    "Invalid",
    "Keys",
    "KeysDamaged",
    "NotAHolding",
    "Obstacle",
    "Origin",
    "Payout",
    "Proof",
    "Proven",
    "Prover",
    "PublicSignals",
    "Verifier",
    "bound_element",
    "circuits_folder",
    "claim_keys",
    "compiled_circuit",
    "holding",
    "open_prover",
    "open_verifier",
    "payout_element",
    "prove_claim",
    "refuse_untrue",
    "verify_claim",
]

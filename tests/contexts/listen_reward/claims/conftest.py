"""The DEV keys, a verifier and a prover, as all tests of claims have them."""

from tests.factories.claim_tools import keys, prover, verifier

__all__ = ["keys", "prover", "verifier"]

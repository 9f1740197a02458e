"""Fixtures that whoever tests claims imports into a conftest: the DEV keys, a verifier, and one prover, which takes two seconds."""

from __future__ import annotations

import sys

import py_ecc  # noqa: F401 - see below
import pytest

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Keys, Prover, Verifier

# py-ecc, which the oracle uses and py-evm as well, raises the limit of the whole process to 100,000, far beyond what the C
# stack bears: JSON that is nested too deep would then end the process instead of being refused. Both work with Python's own.
sys.setrecursionlimit(1_000)


@pytest.fixture(scope="session")
def keys() -> Keys:
    return claims.claim_keys(is_production=False)


@pytest.fixture(scope="session")
def verifier(keys: Keys) -> Verifier:
    return claims.open_verifier(keys=keys)


@pytest.fixture(scope="session")
def prover(keys: Keys) -> Prover:
    return claims.open_prover(keys=keys)

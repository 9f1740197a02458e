"""Fixtures that whoever tests claims imports into a conftest: the DEV keys, a verifier, and one prover, which takes two seconds."""

from __future__ import annotations

import pytest

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Keys, Prover, Verifier


@pytest.fixture(scope="session")
def keys() -> Keys:
    return claims.claim_keys(is_production=False)


@pytest.fixture(scope="session")
def verifier(keys: Keys) -> Verifier:
    return claims.open_verifier(keys=keys)


@pytest.fixture(scope="session")
def prover(keys: Keys) -> Prover:
    return claims.open_prover(keys=keys)

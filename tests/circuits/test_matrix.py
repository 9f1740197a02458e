"""Show 2: three who prove (the browser, Node, Python) and three who judge (Python, snarkjs, the chain) agree, proof by proof and signal by signal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.circuits import browser
from tests.circuits.chain import Verify, deployed, points
from tests.circuits.peer import ask
from tests.factories import claims as factory
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.proof import read_proof
from vibestream.contexts.listen_reward.claims.service import Keys, Prover, PublicSignals, Verifier
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

Claim = tuple[dict[str, Any], list[str]]
HOLDING: Final = factory.holding(before=range(1, 12), after=range(20, 31), song_disclosure=77)
SIGNALS: Final = ("nullifier", "root", "epoch", "minSeconds", "songDisclosure", "payout")
MAKERS: Final = ("browser", "node", "python")


@pytest.fixture(scope="module")
def made(keys: Keys, prover: Prover, verifier: Verifier, compiled: Path) -> dict[str, Claim]:
    """One claim, proved by each."""
    in_browser = browser.prove(keys, HOLDING.document())
    (by_node,) = ask(
        {"task": "prove", "input": HOLDING.document(), "wasm": compiled.with_suffix(".wasm"), "zkey": keys.proving_key}
    )
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=HOLDING)
    return {
        "browser": (in_browser["proof"], in_browser["publicSignals"]),
        "node": (by_node["proof"], by_node["publicSignals"]),
        "python": (proven.proof.document(), proven.signals.document()),
    }


@pytest.fixture(scope="module")
def on_chain(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Verify:
    return deployed(keys, tmp_path_factory.mktemp("matrix"))


def judged(keys: Keys, verifier: Verifier, on_chain: Verify, sent: list[Claim]) -> dict[str, list[bool]]:
    """What each of the three says of each."""
    tasks = [
        {"task": "verify", "key": json.loads(keys.verifying_key), "proof": proof, "publicSignals": signals}
        for proof, signals in sent
    ]
    return {
        "python": [
            isinstance(claims.verify_claim(verifier=verifier, proof=one, signals=of), PublicSignals) for one, of in sent
        ],
        "snarkjs": ask(*tasks),
        "chain": [on_chain(points(read_proof(one)), [int(number) for number in of]) for one, of in sent],
    }


def test_each_who_judges_accepts_the_proof_of_each_who_proves(
    keys: Keys, verifier: Verifier, on_chain: Verify, made: dict[str, Claim]
):
    expected = HOLDING.signals().document()
    assert {maker: signals for maker, (_, signals) in made.items()} == dict.fromkeys(MAKERS, expected)
    assert len({json.dumps(proof) for proof, _ in made.values()}) == 3  # each by chance of its own

    said = judged(keys, verifier, on_chain, [made[maker] for maker in MAKERS])

    assert said == {"python": [True] * 3, "snarkjs": [True] * 3, "chain": [True] * 3}


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_who_judges_refuses_the_proof_of_each_with_another(
    keys: Keys, verifier: Verifier, on_chain: Verify, made: dict[str, Claim], signal: str
):
    """One more, one less, its negative, nothing, a large other, and the same number plus the order of the field."""
    place = SIGNALS.index(signal)
    sent = []
    for maker in MAKERS:
        proof, signals = made[maker]
        true = int(signals[place])
        others = {(true + 1) % ORDER, (true - 1) % ORDER, (ORDER - true) % ORDER, 0, ORDER // 2, true + ORDER} - {true}
        sent += [(proof, [*signals[:place], str(other), *signals[place + 1 :]]) for other in sorted(others)]
    assert len(sent) == 3 * 6

    said = judged(keys, verifier, on_chain, sent)

    assert said == {"python": [False] * 18, "snarkjs": [False] * 18, "chain": [False] * 18}

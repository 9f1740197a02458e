"""The contract that snarkjs writes for a key, compiled by solc and run by py-evm: what a chain would say of a proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eth_abi.abi import decode, encode
from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from tools import build_circuits
from vibestream.contexts.listen_reward.claims.service import Keys, Proof

TYPES = ("uint256[2]", "uint256[2][2]", "uint256[2]", "uint256[6]")
GAS = 3_000_000
Verify = Callable[[Sequence[int], Sequence[int]], bool]


def deployed(keys: Keys, folder: Path) -> Verify:
    """Return what calls the contract with a proof's eight numbers and six signals."""
    source = build_circuits.export_verifier(keys.proving_key, folder)
    chain = EthereumTester(PyEVMBackend())
    sender = chain.get_accounts()[0]
    bytecode = "0x" + source.with_suffix(".bin").read_text()
    sent = chain.send_transaction({"from": sender, "gas": GAS, "data": bytecode})
    contract = chain.get_transaction_receipt(sent)["contract_address"]
    selector = keccak(text=f"verifyProof({','.join(TYPES)})")[:4]

    def call(points: Sequence[int], signals: Sequence[int]) -> bool:
        a, b, c = points[:2], (points[2:4], points[4:6]), points[6:]
        data = "0x" + (selector + encode(TYPES, [a, b, c, signals])).hex()
        answer = chain.call({"from": sender, "to": contract, "gas": GAS, "data": data})
        (accepted,) = decode(["bool"], bytes.fromhex(answer[2:]))
        return bool(accepted)

    return call


def points(proof: Proof) -> list[int]:
    data = proof.to_bytes()
    return [int.from_bytes(data[start : start + 32], "big") for start in range(0, len(data), 32)]

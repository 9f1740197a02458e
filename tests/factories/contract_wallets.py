"""Wallets that are contracts, on a chain of their own: compiled by solc, run by py-evm, asked over HTTP as a node is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address

from tools import build_circuits

SOURCE: Final = """// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.0;
contract Owned {  // takes what the key of its owner has signed, as ERC-1271 shows it
    address immutable owner;
    constructor(address whose) { owner = whose; }
    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4) {
        bytes32 r; bytes32 s; uint8 v;
        require(signature.length == 65, "length");
        assembly { r := mload(add(signature, 32)) s := mload(add(signature, 64)) v := byte(0, mload(add(signature, 96))) }
        return ecrecover(hash, v, r, s) == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}
contract Refusing { fallback() external { revert("no"); } }
contract Silent { fallback() external {} }
contract Endless { fallback() external { while (true) {} } }
contract Truthful { fallback() external { assembly { mstore(0, 1) return(0, 32) } } }  // true is not the magic
contract Wordy {  // the magic, and a word too many
    fallback() external { assembly { mstore(0, shl(224, 0x1626ba7e)) mstore(32, 1) return(0, 64) } }
}
contract Short { fallback() external { assembly { mstore(0, shl(224, 0x1626ba7e)) return(0, 4) } } }
contract Dirty {  // the magic in front, and something behind it
    fallback() external { assembly { mstore(0, or(shl(224, 0x1626ba7e), 1)) return(0, 32) } }
}
"""
KINDS: Final = ("Refusing", "Silent", "Endless", "Truthful", "Wordy", "Short", "Dirty")
GAS: Final = 3_000_000
CHAIN_ID: Final = 1


def compiled(folder: Path) -> dict[str, str]:
    """The contracts' code, by name."""
    build_circuits.install()
    (folder / "wallets.sol").write_text(SOURCE)
    build_circuits.node(build_circuits._SOLIDITY, "--bin", "--optimize", "wallets.sol", folder=folder)
    return {path.stem.removeprefix("wallets_sol_"): path.read_text() for path in folder.glob("*.bin")}


@dataclass
class Node:
    """A node of the chain. `lies` stand in the place of its answers, by method; `waits_s` before each."""

    code: Mapping[str, str]
    lies: dict[str, Any] = field(default_factory=dict)
    waits_s: float = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.chain = EthereumTester(PyEVMBackend())

    def deployed(self, name: str, *, owner: str = "") -> str:
        """Put a contract on the chain, and return its address."""
        argument = bytes(12).hex() + owner[2:].lower() if owner else ""
        sent = self.chain.send_transaction(
            {"from": self.chain.get_accounts()[0], "gas": GAS, "data": "0x" + self.code[name] + argument}
        )
        return str(to_checksum_address(self.chain.get_transaction_receipt(sent)["contract_address"]))

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        method = body["method"]
        if method in self.lies:
            return {"jsonrpc": "2.0", "id": body["id"], **self.lies[method]}
        if method == "eth_chainId":
            return {"jsonrpc": "2.0", "id": body["id"], "result": hex(CHAIN_ID)}
        call = body["params"][0]
        try:
            result = self.chain.call(
                {
                    "from": self.chain.get_accounts()[0],
                    "to": call["to"],
                    "data": call["data"],
                    "gas": int(call["gas"], 16),
                }
            )
        except (TransactionFailed, Exception) as error:  # noqa: BLE001 - a node tells of whatever its EVM ended with
            return {"jsonrpc": "2.0", "id": body["id"], "error": {"code": 3, "message": type(error).__name__}}
        return {"jsonrpc": "2.0", "id": body["id"], "result": result}


@asynccontextmanager
async def serving(node: Node) -> AsyncIterator[Node]:
    """Answer over HTTP on a loopback port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                body = json.loads(await reader.readexactly(length))
                await asyncio.sleep(node.waits_s)
                said = json.dumps(node.answer(body)).encode()
                told = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(said)
                writer.write(told + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    node.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a-key"
    async with server:
        yield node

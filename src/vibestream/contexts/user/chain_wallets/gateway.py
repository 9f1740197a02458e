"""Asking a node of the chain whether a contract takes a signature as its own.

Whatever is not the very answer that the standard asks for is a no: no code at the address, a revert, a word too many, another
chain, a node that does not answer in time. A contract that is not there yet (ERC-6492) is not asked: to believe it, one would
have to run code of whoever asks.

Source: ERC-1271, `isValidSignature(bytes32,bytes)` returns 0x1626ba7e; ERC-6492, detection by its last 32 bytes; EIP-1474.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import structlog

from vibestream.contexts.user.chain_wallets.domain.errors import ChainUnavailable
from vibestream.platform.config import Environment, Settings
from vibestream.platform.egress import open_client, read_json

_MAGIC: Final = "0x1626ba7e" + "0" * 56
_SELECTOR: Final = bytes.fromhex("1626ba7e")
_NOT_THERE_YET: Final = bytes.fromhex("6492" * 16)
_GAS: Final = 1_000_000
"""What a contract may spend on saying so: a multisignature of a dozen keys needs less."""
_BUDGET_S: Final = 5.0
_WORD: Final = 32
_OK: Final = 200
_log = structlog.get_logger()


async def contract_takes(settings: Settings, *, address: str, chain_id: int, digest: bytes, signature: bytes) -> bool:
    """Say whether the contract at an address of a chain takes a signature of a message's hash as its own.

    Never to be called within a transaction.

    Raises:
        ChainUnavailable: the node does not answer in five seconds, or is one of another chain.
    """
    url = settings.wallet_rpc_url
    if url is None or signature.endswith(_NOT_THERE_YET):
        return False
    asked = {"to": address, "data": _call(digest, signature), "gas": hex(_GAS)}
    try:
        async with (
            asyncio.timeout(_BUDGET_S),
            open_client(production=settings.environment is Environment.PRODUCTION, timeout_s=_BUDGET_S) as client,
        ):
            chain = await _ask(client, url.get_secret_value(), "eth_chainId", [])
            said = await _ask(client, url.get_secret_value(), "eth_call", [asked, "latest"])
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        _log.warning("user.chain_wallet.node_failed", reason=type(error).__name__)  # never the address: it holds a key
        raise ChainUnavailable from None
    if chain != hex(chain_id):
        _log.error("user.chain_wallet.other_chain", chain=str(chain)[:40], wanted=chain_id)
        raise ChainUnavailable
    return bool(said == _MAGIC)


async def _ask(client: httpx.AsyncClient, url: str, method: str, parameters: list[Any]) -> object:
    """Return a node's result; None where it says that there is none, such as for a call that reverts."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    status, answer = await read_json(client, client.build_request("POST", url, json=body))
    if status != _OK or not isinstance(answer, dict):
        raise httpx.DecodingError("no answer of a node")
    return answer.get("result") if "error" not in answer else None


def _call(digest: bytes, signature: bytes) -> str:
    padded = signature + bytes(-len(signature) % _WORD)
    parts = (_SELECTOR, digest, (2 * _WORD).to_bytes(_WORD), len(signature).to_bytes(_WORD), padded)
    return "0x" + b"".join(parts).hex()

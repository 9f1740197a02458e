"""Wallets with real keys, signing as `personal_sign` does by eth-account, which our own code does not use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eth_account import Account
from eth_account.messages import encode_defunct

ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet of one key."""

    key: str

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)

    def sign(self, message: str) -> str:
        signed = Account.sign_message(encode_defunct(text=message), self.key)
        return "0x" + bytes(signed.signature).hex()


def wallet(number: int = 1) -> Wallet:
    """Return one of many wallets, always the same."""
    return Wallet(f"0x{number:064x}")


def other_form(signature: str) -> str:
    """Return the other signature that is mathematically as right: s in the upper half, v turned."""
    raw = bytes.fromhex(signature[2:])
    s, v = ORDER - int.from_bytes(raw[32:64]), 55 - raw[64]
    return "0x" + (raw[:32] + s.to_bytes(32) + bytes([v])).hex()

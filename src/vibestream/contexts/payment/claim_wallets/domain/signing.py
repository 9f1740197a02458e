"""Whether the key of a wallet without a name signed a text: an Ed25519 key, or that of an address of an EVM chain. Pure.

A key of a chain signs as wallets do it (`personal_sign`), so that it shows the text to its owner. No chain is asked and none is told.
The text's first lines are what it is for and the deployment, which is all that can be spent from: no chain id is in it.

Source: RFC 8032 (Ed25519); EIP-191, version 0x45; EIP-2 (the lower half of s); SEC 2, 2.4.1 (the order of secp256k1).
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature

ED25519: Final = "ed25519:"
EVM: Final = "evm:0x"
"""What an address begins with: after it stands a public key, or the last twenty bytes of a hash of one."""

_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_LENGTH: Final = 65
_RECOVERY: Final = {27: 0, 28: 1}


def is_signed_by(wallet: str, *, text: bytes, signature: bytes) -> bool:
    """Return whether the key of a wallet signed a text, in the one way in which it can be written."""
    if wallet.startswith(ED25519):
        return _by_ed25519(wallet.removeprefix(ED25519), text, signature)
    return wallet.startswith(EVM) and _address_that_signed(text, signature) == wallet.removeprefix(EVM)


def _by_ed25519(public: str, text: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, text)
    except (ValueError, InvalidSignature):
        return False
    return True


def _address_that_signed(text: bytes, signature: bytes) -> str | None:
    """Return the address, forty small digits. Of the two signatures that are alike only the one with the smaller s is one."""
    if len(signature) != _LENGTH:
        return None
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    recovery = _RECOVERY.get(signature[64])
    if recovery is None or not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        return None
    digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
    try:
        public = Signature(vrs=(recovery, r, s)).recover_public_key_from_msg_hash(digest)
    except BadSignature:
        return None
    return public.to_canonical_address().hex()

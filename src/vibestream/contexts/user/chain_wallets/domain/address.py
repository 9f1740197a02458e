"""Addresses of wallets, and whose a signature is.

Source: ERC-1271 (signatures of contracts); EIP-55 (capitals as a checksum); EIP-191, version 0x45 (what `personal_sign` signs); EIP-2 (the lower half of s).
"""

from __future__ import annotations

import re
from typing import Final

from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature

from vibestream.contexts.user.chain_wallets.domain.errors import AddressMalformed, SignatureRefused

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_SIGNATURE: Final = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)
_OCTETS: Final = re.compile(r"0x(?:[0-9a-fA-F]{2}){1,4096}", re.ASCII)
_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Of the group of secp256k1. Source: SEC 2, 2.4.1."""
_RECOVERY: Final = {0: 0, 1: 1, 27: 0, 28: 1}
"""What wallets write as the last byte. Source: Yellow Paper, appendix F; hardware wallets leave the 27 out."""
_EIGHT: Final = 8


def checked(text: str) -> str:
    """Return an address with the capitals of its checksum. All small or all capital letters are taken as they come.

    Raises:
        AddressMalformed: it is none, or its capitals belong to another.
    """
    if _ADDRESS.fullmatch(text) is None:
        raise AddressMalformed
    digits = text[2:]
    proper = _capitals(digits.lower())
    if digits not in {digits.lower(), digits.upper(), proper}:
        raise AddressMalformed
    return f"0x{proper}"


def octets_of(signature: str) -> bytes:
    """Return a signature as octets: of a contract it has any length up to 4 KiB.

    Raises:
        SignatureRefused: it is not hexadecimal, or longer.
    """
    if _OCTETS.fullmatch(signature) is None:
        raise SignatureRefused
    return bytes.fromhex(signature[2:])


def hash_of(message: str) -> bytes:
    """Return what `personal_sign` signs of a message, which is also what a contract is asked about."""
    return _hash(message)


def signer_of(message: str, *, signature: str) -> str:
    """Return the address whose key signed a message by `personal_sign`.

    Of the two signatures that are mathematically the same only the one that wallets make is taken, so that nobody can make
    another out of it.

    Raises:
        SignatureRefused: it is none, or the other one.
    """
    if _SIGNATURE.fullmatch(signature) is None:
        raise SignatureRefused
    raw = bytes.fromhex(signature[2:])
    r, s, recovery = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), _RECOVERY.get(raw[64])
    if recovery is None or not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        raise SignatureRefused
    try:
        made = Signature(vrs=(recovery, r, s))
        return checked(made.recover_public_key_from_msg_hash(_hash(message)).to_address())
    except BadSignature:
        raise SignatureRefused from None


def _hash(message: str) -> bytes:
    data = message.encode()
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)


def _capitals(digits: str) -> str:
    bits = keccak(digits.encode()).hex()
    return "".join(digit.upper() if int(bit, 16) >= _EIGHT else digit for digit, bit in zip(digits, bits, strict=False))

"""An authenticator in software: it makes keys and signs as a phone does, and lies when a test wants it to.

phone = Authenticator()                               # synchronised: does not count. Authenticator(counts=True): a security key
made = phone.create(options, origin="https://testserver")   # what `toJSON` gives after navigator.credentials.create
shown = phone.get(options, origin="https://testserver")     # the same after navigator.credentials.get

Source: W3C Web Authentication Level 3, 6.1 (authenticator data), 6.5 (attestation objects), 5.8.1 (client data).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

ORIGIN: Final = "https://testserver"
_UP, _UV, _BE, _BS, _AT = 0x01, 0x04, 0x08, 0x10, 0x40
_ES256, _EDDSA = -7, -8


def b64(octets: bytes) -> str:
    """Return octets as Web Authentication writes them in JSON."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(text: str) -> bytes:
    """Return what `b64` wrote."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Authenticator:
    """One discoverable key. What it says of itself can be changed between two uses."""

    counts: bool = False
    verifies: bool = True
    present: bool = True
    synchronised: bool = True
    edwards: bool = False
    rp_id: str | None = None
    """In the place of what it was asked for."""
    count: int = 0
    handle: bytes | None = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: Any = None

    def __post_init__(self) -> None:
        if self.key is None:
            edwards, elliptic = ed25519.Ed25519PrivateKey.generate, ec.generate_private_key
            self.key = edwards() if self.edwards else elliptic(ec.SECP256R1())

    def create(self, options: dict[str, Any], *, origin: str = ORIGIN, **client_data: Any) -> dict[str, Any]:
        """Make the key known, with no attestation."""
        self.handle = octets(options["user"]["id"])
        about = b"\0" * 16 + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(self._cose())
        data = self._data(options["rp"]["id"], more=about)
        told = {"type": "webauthn.create", "challenge": options["challenge"], "origin": origin, **client_data}
        return self._answer(
            clientDataJSON=b64(json.dumps(told).encode()),
            attestationObject=b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            transports=["hybrid", "internal", "carrier-pigeon"],
        )

    def get(self, options: dict[str, Any], *, origin: str = ORIGIN, **client_data: Any) -> dict[str, Any]:
        """Sign a challenge."""
        self.count += 1 if self.counts else 0
        data = self._data(options["rpId"])
        told = {"type": "webauthn.get", "challenge": options["challenge"], "origin": origin, **client_data}
        client = json.dumps(told).encode()
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed) if self.edwards else self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        handle = {} if self.handle is None else {"userHandle": b64(self.handle)}
        return self._answer(clientDataJSON=b64(client), authenticatorData=b64(data), signature=b64(signature), **handle)

    def _answer(self, **response: Any) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }

    def _data(self, rp_id: str, *, more: bytes = b"") -> bytes:
        flags = _UP * self.present | _UV * self.verifies | (_BE | _BS) * self.synchronised | _AT * bool(more)
        return hashlib.sha256((self.rp_id or rp_id).encode()).digest() + bytes([flags]) + self.count.to_bytes(4) + more

    def _cose(self) -> dict[int, Any]:
        public = self.key.public_key()
        if self.edwards:
            return {1: 1, 3: _EDDSA, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        return {1: 2, 3: _ES256, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}

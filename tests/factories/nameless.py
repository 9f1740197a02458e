"""Wallets without a name: one with a real key that a claim paid, and orders that its key signs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_keys.datatypes import PrivateKey

from tests.factories.receipts import TODAY, claim_body, closed, listened, listener, own_receipts
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database


@dataclass
class Nameless:
    """A key, and what it signs. The text is written out here as the documentation has it, not by the code that is tested."""

    deployment: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def address(self) -> str:
        return f"ed25519:{self.key.public_key().public_bytes_raw().hex()}"

    @property
    def path(self) -> str:
        return f"/api/v1/claim-wallets/{self.address}/orders"

    def signature(self, text: bytes) -> bytes:
        return self.key.sign(text)

    def order(
        self, to: str, identifier: UUID, minor: int, *, expires_at: datetime | None = None, nonce: str | None = None
    ) -> dict[str, Any]:
        until = (expires_at or utc_now() + timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        nonce = nonce or secrets.token_hex(16)
        said = ("vibestream-wallet-order-v1", self.deployment, self.address, f"{to}:{identifier}", minor, nonce, until)
        text = "".join(f"{line}\n" for line in said)
        return {
            "deployment": self.deployment, "to": to, "identifier": str(identifier), "amount_vibe_minor": minor,
            "nonce": nonce, "expires_at": until, "signature": self.signature(text.encode()).hex(),
        }  # fmt: skip


@dataclass
class OnChain(Nameless):
    """The key of an address of a chain, which signs as wallets do: by `personal_sign`."""

    private: PrivateKey = field(default_factory=lambda: PrivateKey(secrets.token_bytes(32)))

    @property
    def address(self) -> str:
        return f"evm:{self.private.public_key.to_address()}"

    def signature(self, text: bytes) -> bytes:
        prefixed = b"\x19Ethereum Signed Message:\n%d%s" % (len(text), text)
        made = self.private.sign_msg(prefixed)
        return bytes(made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([27 + made.v]))


async def paid(
    client: Any,
    database: Database,
    *,
    secret: int = 0x5EC12E7,
    times: int = 1,
    kind: type[Nameless] = Nameless,
) -> Nameless:
    """Have somebody listen and claim the summary of most units into a new wallet, which holds 10,000 for each of them."""
    fan = await listener(database, secret=secret)
    await listened(database, fan, times=times)
    published = await closed(database, epoch=TODAY)
    made = kind(published.key_id)
    own = await own_receipts(database, fan)
    place = max(range(len(own.leaves)), key=lambda at: (own.leaves[at].is_summary, own.leaves[at].receipt.seconds))
    answer = await client.post("/api/v1/claims", json=claim_body(own, secret=secret, place=place, wallet=made.address))
    assert answer.status_code == 200, answer.text
    return made

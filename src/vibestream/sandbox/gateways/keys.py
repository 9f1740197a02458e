"""The keys that VibeStream and the stand-ins share: made once per data folder, readable by its owner alone.

They are as secret as a sandbox needs: whoever has them can pretend to be a gateway to this one machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from vibestream.sandbox.gateways.store import random_ref

_FILE: Final = "keys.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a merchant has from each provider. `repr` shows none of the secrets."""

    stripe_secret_key: str = field(repr=False)
    stripe_webhook_secret: str = field(repr=False)
    stripe_connect_webhook_secret: str = field(repr=False)
    paypal_client_id: str
    paypal_client_secret: str = field(repr=False)
    paypal_webhook_id: str
    paypal_ca_key: str = field(repr=False)
    """PEM of the private key of the stand-in's own certificate authority."""
    paypal_webhook_ca: str
    """PEM of that authority's certificate: what VibeStream is told to trust."""
    coinbase_api_key_id: str
    coinbase_api_private_key: str = field(repr=False)
    """PEM, EC P-256: VibeStream signs with it, the stand-in checks with its public half."""
    coinbase_webhook_secret: str = field(repr=False)

    def environment(self, address: str) -> dict[str, str]:
        """Return the variables by which VibeStream finds the stand-ins that serve at an address."""
        given = {
            "STRIPE_SECRET_KEY": self.stripe_secret_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret,
            "STRIPE_CONNECT_WEBHOOK_SECRET": self.stripe_connect_webhook_secret,
            "STRIPE_API_BASE": f"{address}/stripe",
            "PAYPAL_CLIENT_ID": self.paypal_client_id,
            "PAYPAL_CLIENT_SECRET": self.paypal_client_secret,
            "PAYPAL_WEBHOOK_ID": self.paypal_webhook_id,
            "PAYPAL_WEBHOOK_CA": self.paypal_webhook_ca,
            "PAYPAL_API_BASE": f"{address}/paypal",
            "COINBASE_API_KEY_ID": self.coinbase_api_key_id,
            "COINBASE_API_PRIVATE_KEY": self.coinbase_api_private_key,
            "COINBASE_WEBHOOK_SECRET": self.coinbase_webhook_secret,
            "COINBASE_API_BASE": f"{address}/coinbase",
        }
        return {f"VIBESTREAM_{name}": value for name, value in given.items()}


def folder_of(data_dir: Path) -> Path:
    """Return the folder of this machine's stand-ins."""
    return data_dir / "sandbox" / "gateways"


def load_or_make(folder: Path) -> Keys:
    """Return the folder's keys, made on first use; of several processes that come first at once, one makes them."""
    kept = folder / _FILE
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f"{_FILE}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(make())))
        with contextlib.suppress(FileExistsError):
            os.link(draft, kept)
        draft.unlink()
    return Keys(**json.loads(kept.read_text()))


def make() -> Keys:
    """Return new keys in the providers' own forms."""
    from vibestream.sandbox.gateways.certificates import make_authority, make_signing_key

    ca_key, ca_certificate = make_authority()
    organisation, key = secrets.token_hex(16), secrets.token_hex(16)
    return Keys(
        stripe_secret_key=random_ref("sk_test_", length=48),
        stripe_webhook_secret=random_ref("whsec_", length=32),
        stripe_connect_webhook_secret=random_ref("whsec_", length=32),
        paypal_client_id=random_ref("A", length=79),
        paypal_client_secret=random_ref("E", length=79),
        paypal_webhook_id=random_ref(length=17, alphabet="0123456789ABCDEFGHJKLMNPRSTUVWXY"),
        paypal_ca_key=ca_key,
        paypal_webhook_ca=ca_certificate,
        coinbase_api_key_id=f"organizations/{organisation}/apiKeys/{key}",
        coinbase_api_private_key=make_signing_key(),
        coinbase_webhook_secret=secrets.token_hex(32),
    )

"""What `vibestream up` decides before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from vibestream.cli import up
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.sandbox.gateways.keys import folder_of

PRODUCTION = {
    "environment": Environment.PRODUCTION,
    "secret_key": "k" * 32,
    "ledger_seal_key": "A" * 43,
    "database_url": "postgresql://app@db/vibestream",
    "database_owner_url": "postgresql://owner@db/vibestream",
    "public_url": "https://vibestream.example",
    "smtp_host": "mail.example.org",
    "mail_from": "VibeStream <no-reply@vibestream.example>",
}
REAL = [
    {"stripe_secret_key": "sk_live_x", "stripe_webhook_secret": "whsec_x"},
    {"paypal_client_id": "A", "paypal_client_secret": "E", "paypal_webhook_id": "W"},
    {"coinbase_api_key_id": "k", "coinbase_api_private_key": "p", "coinbase_webhook_secret": "s"},
]


def settings_of(tmp_path: Path, **given: Any) -> Settings:
    return load_settings(data_dir=tmp_path, **given)


def test_stand_ins_of_the_gateways_have_keys_and_a_port_that_stay(tmp_path: Path):
    first, second = (up.gateways_of(settings_of(tmp_path)) for _ in range(2))

    assert first is not None
    assert first == second
    assert first.environment["VIBESTREAM_STRIPE_API_BASE"] == f"{first.address}/stripe"
    assert first.address == f"http://127.0.0.1:{first.environment['VIBESTREAM_SANDBOX_GATEWAYS_PORT']}"
    assert "sk_test_" not in repr(first)
    whole = {name.removeprefix("VIBESTREAM_").lower(): value for name, value in first.environment.items()}
    assert settings_of(tmp_path, **whole).stripe_secret_key is not None


def test_a_port_that_is_taken_is_left_for_another(tmp_path: Path):
    first = up.gateways_of(settings_of(tmp_path))
    assert first is not None
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(first.address.rpartition(":")[2])))
        other.listen()

        second = up.gateways_of(settings_of(tmp_path))

    assert second is not None
    assert second.address != first.address


@pytest.mark.parametrize("given", [PRODUCTION, *REAL])
def test_there_are_none_in_production_or_beside_a_real_gateway(tmp_path: Path, given: dict[str, Any]):
    assert up.gateways_of(settings_of(tmp_path, **given)) is None
    assert not folder_of(tmp_path).exists()

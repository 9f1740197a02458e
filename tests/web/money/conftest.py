"""A server on which people can pay: by card and by PayPal, whose keys it has and which no test of a page asks anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> Settings:
    """Settings with keys of two gateways."""
    return load_settings(
        environment=Environment.TEST,
        data_dir=tmp_path / "data",
        public_url="https://testserver",
        database_url=database.dsn,
        stripe_secret_key="sk_test_of_no_account",
        stripe_webhook_secret="whsec_of_no_account",
        paypal_client_id="client-of-no-account",
        paypal_client_secret="secret-of-no-account",
        paypal_webhook_id="WH-1",
    )

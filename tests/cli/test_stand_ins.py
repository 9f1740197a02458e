"""Commands beside `vibestream up` know the stand-ins that it runs, and nothing of them where there are real keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from vibestream.cli.stand_ins import beside_stand_ins
from vibestream.contexts.payment.gateways.service import GatewayName, open_gateways
from vibestream.platform.config import Settings, load_settings
from vibestream.sandbox.gateways.keys import folder_of


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIBESTREAM_DATA_DIR", str(tmp_path))
    return load_settings()


def test_without_a_start_of_any_there_is_none(settings: Settings, tmp_path: Path):
    assert beside_stand_ins(settings) is settings
    assert not folder_of(tmp_path).exists()


async def test_those_that_were_started_last_are_configured_at_their_address(settings: Settings, tmp_path: Path):
    folder_of(tmp_path).mkdir(parents=True)
    (folder_of(tmp_path) / "port").write_text("41234")
    found = beside_stand_ins(settings)
    gateways = open_gateways(found)

    assert gateways.configured == frozenset(GatewayName)
    assert str(found.stripe_api_base).startswith("http://127.0.0.1:41234/stripe")
    assert found.data_dir == settings.data_dir
    await gateways.close()


def test_a_real_gateways_keys_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder_of(tmp_path).mkdir(parents=True)
    (folder_of(tmp_path) / "port").write_text("41234")
    monkeypatch.setenv("VIBESTREAM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("VIBESTREAM_STRIPE_SECRET_KEY", "sk_test_real")
    monkeypatch.setenv("VIBESTREAM_STRIPE_WEBHOOK_SECRET", "whsec_real")
    settings = load_settings()

    assert beside_stand_ins(settings) is settings

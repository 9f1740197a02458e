"""Settings are validated as a whole, and say what is wrong by the variable's name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationError

from vibestream.platform.config import Environment, Settings, SettingsInvalid, load_settings, variable_name

PRODUCTION: dict[str, object] = {
    "environment": "production",
    "secret_key": SecretStr("k" * 32),
    "ledger_seal_key": SecretStr("A" * 43),
    "database_url": "postgresql://app@db/vibestream",
    "database_owner_url": "postgresql://owner@db/vibestream",
    "public_url": "https://music.example",
    "smtp_host": "smtp.example",
    "mail_from": "Music <no-reply@music.example>",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("VIBESTREAM_") or name in {"DATABASE_URL", "DATABASE_OWNER_URL", "BUS_URL"}:
            monkeypatch.delenv(name)


def test_a_laptop_needs_no_setting_at_all():
    settings = load_settings()

    assert (settings.environment, settings.app_dsn, settings.base_url) == (
        Environment.DEVELOPMENT, None, "http://localhost:8000",
    )  # fmt: skip
    assert settings.sandboxed


def test_production_names_every_variable_that_is_missing():
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(environment="production")

    for variable in ("SECRET_KEY", "LEDGER_SEAL_KEY", "PUBLIC_URL", "SMTP_HOST", "MAIL_FROM"):
        assert f"- VIBESTREAM_{variable}: production needs" in str(refused.value)
    assert "- DATABASE_URL: production needs" in str(refused.value)


def test_production_is_content_with_what_it_needs_and_loads_no_sandbox():
    assert not load_settings(**PRODUCTION).sandboxed


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("secret_key", SecretStr("k" * 31), "VIBESTREAM_SECRET_KEY: at least 32 characters"),
        ("database_owner_url", PRODUCTION["database_url"], "DATABASE_OWNER_URL: production needs another login"),
        ("public_url", "http://music.example", "VIBESTREAM_PUBLIC_URL: production needs an https address"),
        ("object_store", "s3", "VIBESTREAM_S3_BUCKET: the s3 object store needs a bucket"),
        ("port", 0, "VIBESTREAM_PORT: Input should be greater than or equal to 1"),
        ("log_level", "loud", "VIBESTREAM_LOG_LEVEL: String should match pattern"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: object, said: str):
    with pytest.raises(SettingsInvalid, match=said):
        load_settings(**(PRODUCTION | {name: value}))


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIBESTREAM_PORT", "9000")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")

    settings = load_settings()

    assert (settings.port, settings.database_url) == (9000, "postgresql://u@h/d")
    assert (variable_name("port"), variable_name("database_url")) == ("VIBESTREAM_PORT", "DATABASE_URL")


def test_one_login_works_as_the_applications_role_and_two_are_left_as_they_are():
    alone = load_settings(database_url="postgresql://u@h/d")
    two = load_settings(database_url="postgresql://app@h/d", database_owner_url="postgresql://u@h/d")

    assert conninfo_to_dict(alone.app_dsn or "")["options"] == "-c role=vibestream_app"
    assert two.app_dsn == "postgresql://app@h/d"
    assert (alone.owner_dsn, two.owner_dsn) == ("postgresql://u@h/d", "postgresql://u@h/d")


def test_the_signing_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    first = load_settings(data_dir=tmp_path / "new").signing_key()

    assert len(first) >= 32
    assert load_settings(data_dir=tmp_path / "new").signing_key() == first
    kept = tmp_path / "new" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]
    assert load_settings(secret_key=SecretStr("s" * 40)).signing_key() == b"s" * 40


def test_new_accounts_wait_in_production_unless_told_otherwise():
    assert load_settings(**PRODUCTION).warm_up_days == 3
    assert load_settings(**PRODUCTION, reward_warm_up_days=0).warm_up_days == 0
    assert load_settings().warm_up_days == 0
    assert load_settings(reward_warm_up_days=2).warm_up_days == 2


def test_the_sealing_key_is_made_once_outside_production(tmp_path: Path):
    first = load_settings(data_dir=tmp_path).sealing_key()

    assert first is not None
    assert len(first) == 43
    assert load_settings(data_dir=tmp_path).sealing_key() == first
    assert stat.S_IMODE((tmp_path / "ledger_seal_key").stat().st_mode) == 0o600
    assert load_settings(ledger_seal_key=SecretStr("B" * 43)).sealing_key() == "B" * 43


def test_a_web_server_in_production_can_do_with_the_public_keys():
    settings = load_settings(**{**PRODUCTION, "ledger_seal_key": None, "ledger_seal_public_keys": f" {'C' * 43}, "})

    assert settings.sealing_key() is None
    assert settings.seal_public_keys == ("C" * 43,)


@pytest.mark.parametrize("key", ["short", "A" * 42, "A" * 44, "*" * 43])
def test_a_sealing_key_has_a_form(key: str):
    with pytest.raises(SettingsInvalid, match="VIBESTREAM_LEDGER_SEAL_KEY: a key is 32 bytes in base64url"):
        load_settings(ledger_seal_key=SecretStr(key))
    with pytest.raises(SettingsInvalid, match="VIBESTREAM_LEDGER_SEAL_PUBLIC_KEYS: a key is 32 bytes"):
        load_settings(ledger_seal_public_keys=key)


def test_settings_are_frozen_and_never_show_a_secret():
    settings = load_settings(secret_key=SecretStr("very-secret-very-secret-very-secret"))

    assert "very-secret" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_every_field_has_a_description():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("gateway", ["stripe", "paypal", "coinbase"])
@pytest.mark.parametrize(
    "base",
    [
        "http://api.example.com",
        "https://127.0.0.1:9000/stripe",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://localhost/",
        "https://localhost./",
        "https://sandbox.localhost/",
        "https://gateway/",
    ],
)
def test_production_speaks_to_gateways_by_https_and_never_to_this_machine(gateway: str, base: str):
    with pytest.raises(
        SettingsInvalid, match=f"VIBESTREAM_{gateway.upper()}_API_BASE: production needs the https address"
    ):
        load_settings(**(PRODUCTION | {f"{gateway}_api_base": base}))


def test_production_believes_no_stand_in_for_paypal():
    with pytest.raises(SettingsInvalid, match="VIBESTREAM_PAYPAL_WEBHOOK_CA"):
        load_settings(**(PRODUCTION | {"paypal_webhook_ca": "-----BEGIN CERTIFICATE-----"}))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"stripe_secret_key": SecretStr("sk_test_1")}, ["STRIPE_WEBHOOK_SECRET"]),
        (
            {"stripe_secret_key": SecretStr("sk_test_1"), "stripe_webhook_secret": SecretStr("")},
            ["STRIPE_WEBHOOK_SECRET"],
        ),
        ({"paypal_client_id": "A"}, ["PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"]),
        ({"coinbase_webhook_secret": SecretStr("s")}, ["COINBASE_API_KEY_ID", "COINBASE_API_PRIVATE_KEY"]),
    ],
)
def test_half_a_gateway_is_refused_anywhere(given: dict[str, object], missing: list[str]):
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(**given)

    assert [line.partition(":")[0] for line in str(refused.value).splitlines()[1:]] == [
        f"- VIBESTREAM_{name}" for name in missing
    ]

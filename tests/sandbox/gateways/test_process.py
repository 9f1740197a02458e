"""The sandbox as a program: refuses production, keeps its keys to itself, and remembers everything after kill -9."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.factories.gateways import free_port, running_sandbox
from tests.sandbox.gateways.stripe_client import Stripe
from vibestream.platform.config import Environment, load_settings
from vibestream.sandbox.gateways.keys import folder_of, load_or_make
from vibestream.sandbox.gateways.server import serving
from vibestream.sandbox.guard import SandboxRefused

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


async def test_it_does_not_load_in_production(tmp_path: Path):
    settings = load_settings(**(PRODUCTION | {"data_dir": tmp_path}))

    with pytest.raises(SandboxRefused):
        async with serving(settings, port=free_port()):
            pass
    assert list(tmp_path.iterdir()) == []


def test_without_a_port_it_says_what_is_missing(tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIBESTREAM_")}
    ran = subprocess.run(
        [sys.executable, "-m", "vibestream.sandbox.gateways"],
        env=environment | {"VIBESTREAM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode != 0
    assert "VIBESTREAM_SANDBOX_GATEWAYS_PORT" in ran.stderr


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path):
    folder = folder_of(tmp_path)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(load_or_make, [folder, folder])

    assert first == second == load_or_make(folder)
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["keys.json"]
    secrets = [value for name, value in first.environment("http://127.0.0.1:1").items() if "SECRET" in name]
    assert len(secrets) == 5
    assert not [
        value for value in [*secrets, first.coinbase_api_private_key, first.paypal_ca_key] if value in repr(first)
    ]


def test_the_settings_that_it_gives_are_whole(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        settings = sandbox.settings()

        assert str(settings.stripe_api_base) == f"{sandbox.address}/stripe"
        assert settings.stripe_secret_key is not None
        assert settings.paypal_webhook_ca == sandbox.keys.paypal_webhook_ca


def test_everything_is_there_after_a_kill(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        client = Stripe(sandbox)
        paid = client.intent(1000, key="before").json()
        open_page = client.session(500).json()["url"]
        sandbox.fault("stripe", "html", on="refund")
        sandbox.control("clock", {"offset_s": 100})
        sandbox.kill()
        sandbox.start()

        replayed = client.intent(1000, key="before")

        assert (replayed.json()["id"], replayed.headers["idempotent-replayed"]) == (paid["id"], "true")
        assert sandbox.pay_by_card(open_page) == "http://localhost:1/back"
        assert [line["amount"] for line in sandbox.book("stripe")] == [500, 1000]
        assert sandbox.faults_left("stripe") == [{"kind": "html", "on": "refund", "times": 1}]
        assert sandbox.control("clock", method="GET")["offset_s"] == 100
        assert stat.S_IMODE((folder_of(tmp_path) / "books.sqlite").stat().st_mode) == 0o600
        client.close()


def test_it_listens_on_loopback_only(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        wanted = f"{sandbox.port:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        listening = [row[1].rpartition(":")[0] for row in rows if row[1].endswith(f":{wanted}") and row[3] == "0A"]

    assert listening == ["0100007F"]


def test_it_ends_at_once_also_while_an_answer_is_held_back(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox, ThreadPoolExecutor(1) as pool:
        client = Stripe(sandbox)
        sandbox.fault("stripe", "timeout_after_effect", on="create", seconds=60)
        held = pool.submit(client.intent, 1000)
        while sandbox.faults_left("stripe"):
            time.sleep(0.02)

        began = time.monotonic()
        process = sandbox.process
        sandbox.stop()

        assert process is not None
        assert (process.returncode, time.monotonic() - began < 10) == (0, True)
        assert isinstance(held.exception(timeout=10), httpx.TransportError)
        client.close()

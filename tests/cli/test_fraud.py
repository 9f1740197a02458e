"""`vibestream fraud`, from an empty registry to a champion with a report, against a real database and object store."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from tests.platform.test_config import PRODUCTION
from vibestream.cli.fraud import FileDiffers, command
from vibestream.contexts.payment.fraud.service.registry import NoSuchModel
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.config import variable_name
from vibestream.platform.database import Database

SMALL = ("--people", "1500")


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_model_is_trained_measured_promoted_and_reported(database: Database, owner_dsn: str, tmp_path: Path):
    del database

    async def run(*arguments: str) -> str:
        runner = CliRunner(
            env={"DATABASE_URL": owner_dsn, "VIBESTREAM_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200"}
        )
        ended = await asyncio.to_thread(runner.invoke, command, arguments)
        if isinstance(ended.exception, VibeStreamError):
            raise ended.exception
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert "rules decide alone" in await run()
    with pytest.raises(NoSuchModel):
        await run("promote", "champion")
    trained = await run("train", *SMALL, "--days", "60", "--seed", "3")
    assert "candidate" in trained
    found = re.search(r"promote ([0-9a-f]{12})", trained)
    assert found
    model = found[1]

    assert "challenger" in await run("promote", model, "--as", "challenger")
    assert "champion" in await run("promote", "challenger")
    measured = await run("evaluate", "champion", *SMALL)
    assert float(re.search(r"average_precision +([0-9.]+)", measured)[1]) > 0.3  # type: ignore[index]
    out = tmp_path / "report"
    said = await run("report", "champion", *SMALL, "--out", str(out))
    assert said.count("object store: fraud/reports/") == 3
    assert {path.name for path in out.iterdir()} == {"report.html", "report.json", "curves.csv"}
    numbers = json.loads((out / "report.json").read_text())
    assert set(numbers["ways"]) == {"allow everything", "rules alone", "model and rules"}
    assert numbers["about"]["role"] == "champion"

    (kept,) = (tmp_path / "data").rglob("fraud/models/*.json")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == kept.stem
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes() + b" ")
    with pytest.raises(FileDiffers):
        await run("evaluate", "champion", *SMALL)


async def test_with_no_history_there_is_nothing_to_learn(database: Database, owner_dsn: str, tmp_path: Path):
    del database
    runner = CliRunner(env={"DATABASE_URL": owner_dsn, "VIBESTREAM_DATA_DIR": str(tmp_path)})
    ended = await asyncio.to_thread(runner.invoke, command, ["train", "--own"])
    assert (ended.exit_code, "too few" in str(ended.exception)) == (1, True)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_in_a_sandbox_a_small_model_is_trained_reported_and_decides_by_one_command(
    database: Database, owner_dsn: str, tmp_path: Path
):
    del database
    runner = CliRunner(
        env={
            "DATABASE_URL": owner_dsn,
            "VIBESTREAM_DATA_DIR": str(tmp_path),
            "VIBESTREAM_PORT": "8123",
            "COLUMNS": "200",
        }
    )
    ended = await asyncio.to_thread(runner.invoke, command, ["train", "--quick", "--promote"])
    assert ended.exit_code == 0, ended.output
    assert re.search(r"^[0-9a-f]{12} +champion", ended.output, re.MULTILINE)
    assert "http://localhost:8123/finance/models" in ended.output
    (report,) = tmp_path.rglob("report.json")
    ways = json.loads(report.read_text())["ways"]
    assert ways["model and rules"]["cost_cents"] < ways["rules alone"]["cost_cents"]


def test_two_worlds_at_once_are_refused(tmp_path: Path):
    ended = CliRunner(env={"VIBESTREAM_DATA_DIR": str(tmp_path)}).invoke(command, ["train", "--quick", "--own"])

    assert (ended.exit_code, "say one" in " ".join(ended.output.split())) == (2, True)


def test_in_production_no_model_decides_that_nobody_has_looked_at(tmp_path: Path):
    plain = {name: one.get_secret_value() if isinstance(one, SecretStr) else one for name, one in PRODUCTION.items()}
    given = {variable_name(name): str(value) for name, value in plain.items()}
    runner = CliRunner(env={"VIBESTREAM_DATA_DIR": str(tmp_path), **given})
    ended = runner.invoke(command, ["train", "--quick", "--promote"])

    assert (ended.exit_code, "Outside a sandbox" in " ".join(ended.output.split())) == (2, True)

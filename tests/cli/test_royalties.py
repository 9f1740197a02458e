"""`vibestream royalties`. That of `verify-statement` is beside the proofs, on a server where seals are not held up."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

from click.testing import CliRunner
from pydantic import SecretStr

from tests.factories.royalties import close, defer_revenue, make_artist, make_listens, pays, person
from tests.platform.test_config import PRODUCTION
from vibestream.cli.royalties import OnlyInSandbox
from vibestream.cli.royalties import command as royalties
from vibestream.platform.database import Database


async def invoke(dsn: str, *arguments: str) -> tuple[int, str]:
    runner = CliRunner(env={"DATABASE_URL": dsn})
    ended = await asyncio.to_thread(runner.invoke, royalties, arguments)
    return ended.exit_code, str(ended.exception) if ended.exit_code == 1 else ended.output


async def test_runs_a_month_once_and_shows_it(database: Database, owner_dsn: str, tmp_path: Path):
    assert (await invoke(owner_dsn, "show")) == (0, "No month has been closed yet.\n")
    async with database.begin() as tx:
        fan, song = person(), await make_artist(tx)
        await make_listens(tx, fan, song, 3)
        await close(tx, pays(fan, 1_000, 40))
    assert "not run" in (await invoke(owner_dsn, "show"))[1]

    bots = tmp_path / "bots.json"
    bots.write_text(json.dumps([{"listener": str(person()), "reason": "a bot"}]))
    code, said = await invoke(owner_dsn, "run", "2026-11", "--exclusions", str(bots))
    assert code == 0, said
    assert "2026-11 USD, run 1" in said
    assert "6.72" in said
    assert await invoke(owner_dsn, "run", "2026-11") == (0, said)
    code, shown = await invoke(owner_dsn, "show", "2026-11")
    assert code == 0
    assert shown.count("6.72") == 3
    assert "stands" in (await invoke(owner_dsn, "show"))[1]


async def test_says_what_is_wrong(owner_dsn: str, tmp_path: Path):
    assert await invoke(owner_dsn, "run", "2026-10") == (0, "Nobody paid anything for 2026-10.\n")
    assert await invoke(owner_dsn, "run", "October") == (1, "A month is written as 2026-11.")
    wrong = tmp_path / "wrong.json"
    for text in ("{}}", '{"a": 1}', '[{"listener": "x", "reason": "y"}]', "[1]", "7"):
        wrong.write_text(text)
        code, said = await invoke(owner_dsn, "run", "2026-10", "--exclusions", str(wrong))
        assert (code, "is not a list" in said) == (1, True), text


async def test_a_month_is_closed_early_in_the_sandbox_only(database: Database, owner_dsn: str, monkeypatch):
    async with database.begin() as tx:
        await defer_revenue(tx, pays(person(), 1_000), month=date(2126, 1, 1))
    code, said = await invoke(owner_dsn, "run", "2126-01")
    assert (code, said) == (1, "The month is not over.")
    code, said = await invoke(owner_dsn, "run", "2126-01", "--early")
    # That nobody's subscription explains the money is found, and nothing is closed by guessing.
    assert (code, said) == (1, "Subscriptions say 0 minor units, the ledger holds 1000 for the month.")

    for name, value in PRODUCTION.items():
        variable = name.upper() if name.startswith("database") else f"VIBESTREAM_{name.upper()}"
        monkeypatch.setenv(variable, value.get_secret_value() if isinstance(value, SecretStr) else str(value))
    ended = await asyncio.to_thread(CliRunner().invoke, royalties, ["run", "2126-01", "--early"])
    assert isinstance(ended.exception, OnlyInSandbox)

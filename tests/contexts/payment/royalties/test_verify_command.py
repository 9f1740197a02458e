"""`vibestream verify-statement`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.factories.royalties import MONTH, close, make_artist, make_listens, pays, person, run_month
from tests.factories.seal import KEY, make_key, seal_all
from vibestream.cli.verify_statement import command as verify_statement
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import StatementInvalid
from vibestream.contexts.payment.seal.service import KeyUnknown
from vibestream.kernel.money import USD
from vibestream.platform.database import Database


@pytest.fixture
async def proof(lone_database: Database, tmp_path: Path) -> Path:
    async with lone_database.begin() as tx:
        fan, song = person(), await make_artist(tx)
        await make_listens(tx, fan, song, 3)
        await close(tx, pays(fan, 1_000))
        await run_month(tx)
    await seal_all(lone_database)
    async with lone_database.begin() as tx:
        document = await service.prove_statement(
            tx, payee_id=song.user_id, month=MONTH, currency=USD, keys=[KEY.public]
        )
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(document, indent=2))
    return file


def keys_file(folder: Path, number: int) -> str:
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": [make_key(number).public.jwk()]}))
    return str(file)


def test_a_statement_is_verified_without_a_database(proof: Path, tmp_path: Path):
    runner = CliRunner(env={"DATABASE_URL": "postgresql://nowhere.invalid/none"})
    ended = runner.invoke(verify_statement, [str(proof), "--keys", keys_file(tmp_path, 1)])
    assert ended.exit_code == 0, ended.output
    assert "7.00 USD" in ended.output
    assert "came with the file" not in ended.output
    assert "came with the file" in runner.invoke(verify_statement, [str(proof)]).output


def test_a_changed_digit_and_a_strange_key_are_refused(proof: Path, tmp_path: Path):
    runner = CliRunner()
    strange = runner.invoke(verify_statement, [str(proof), "--keys", keys_file(tmp_path, 2)])
    assert (strange.exit_code, type(strange.exception)) == (1, KeyUnknown)
    text = proof.read_text()
    assert text.count('"payable": "700"') == 1
    proof.write_text(text.replace('"payable": "700"', '"payable": "701"'))
    changed = runner.invoke(verify_statement, [str(proof), "--keys", keys_file(tmp_path, 1)])
    assert (changed.exit_code, type(changed.exception)) == (1, StatementInvalid)
    proof.write_text("{" * 100_000)
    assert "is not JSON" in str(runner.invoke(verify_statement, [str(proof)]).exception)

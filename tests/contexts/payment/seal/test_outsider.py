"""The program in the documentation verifies a real proof with no part of VibeStream, and refuses a changed one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.payment import make_liquidity, make_posting, make_wallet
from tests.factories.seal import KEY, make_key, seal_all
from vibestream.contexts.payment.ledger.service import post
from vibestream.contexts.payment.seal.service import prove_entries
from vibestream.platform.database import Database

PAGE = Path(__file__).parents[4] / "docs" / "explanation" / "the-ledger.md"


@pytest.fixture
async def proof(lone_database: Database) -> dict[str, object]:
    async with lone_database.begin() as tx:
        source, ana = await make_liquidity(tx), await make_wallet(tx)
        for _ in range(20):
            await post(
                tx, posting=make_posting((source, -9), (ana.account_id, 4), ((await make_wallet(tx)).account_id, 5))
            )
        posted = await post(tx, posting=make_posting((source, -7), (ana.account_id, 7), kind="royalty_run"))
    await seal_all(lone_database)
    async with lone_database.begin() as tx:
        (found,) = await prove_entries(tx, transaction_ids=[posted.transaction_id], account_ids=[ana.account_id])
    return found.to_json()


def verified(folder: Path, proof: dict[str, object], *, keys: object = None) -> subprocess.CompletedProcess[str]:
    (program,) = re.findall(r"```python\n(import base64.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (folder / "verify.py").write_text(program)
    (folder / "proof.json").write_text(json.dumps(proof))
    (folder / "keys.json").write_text(json.dumps({"keys": keys or [make_key(2).public.jwk(), KEY.public.jwk()]}))
    command = [sys.executable, "-I", "verify.py", "proof.json", "keys.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


async def test_the_program_says_what_was_proved(proof: dict[str, object], tmp_path: Path):
    answer = verified(tmp_path, proof)
    assert answer.stderr == ""
    assert answer.stdout.startswith("7 VIBE on wallet by ")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('\\"amount\\":\\"7\\"', '\\"amount\\":\\"8\\"'), ("royalty_run", "royalty_ran"), ('"size": 21', '"size": 22')],
    ids=["amount", "kind", "size"],
)
async def test_the_program_refuses_what_was_changed(proof: dict[str, object], tmp_path: Path, was: str, becomes: str):
    text = json.dumps(proof)
    assert text.count(was) == 1
    assert verified(tmp_path, json.loads(text.replace(was, becomes))).returncode != 0


async def test_the_program_refuses_a_strangers_key(proof: dict[str, object], tmp_path: Path):
    assert verified(tmp_path, proof, keys=[make_key(2).public.jwk()]).returncode != 0
    forged = {**make_key(2).public.jwk(), "kid": KEY.public.key_id}
    assert verified(tmp_path, proof, keys=[forged]).returncode != 0

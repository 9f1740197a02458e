"""`vibestream prove` and `vibestream verify-proof`, run as programs: what one prints the other accepts, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLAIMS = Path(__file__).parents[1] / "contexts" / "listen_reward" / "claims"
INPUT: dict[str, Any] = json.loads((CLAIMS / "input.json").read_text())
SAVED: dict[str, Any] = {
    "proof": json.loads((CLAIMS / "proof.json").read_text()),
    "publicSignals": json.loads((CLAIMS / "public.json").read_text()),
}


def ran(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vibestream.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def written(folder: Path, document: object) -> Path:
    file = folder / "document.json"
    file.write_text(json.dumps(document))
    return file


def test_what_is_proved_is_one_document_of_json_and_verifies(tmp_path: Path):
    proved = ran("prove", CLAIMS / "input.json")
    document = json.loads(proved.stdout)
    verified = ran("verify-proof", written(tmp_path, document))

    assert (proved.returncode, verified.returncode) == (0, 0), proved.stderr + verified.stderr
    assert document["publicSignals"] == SAVED["publicSignals"]
    assert INPUT["secret"] not in proved.stdout.replace(",", " ").replace('"', " ").split()
    assert "DEV keys" in proved.stderr
    assert "The proof is valid." in verified.stdout
    assert f"nullifier   {SAVED['publicSignals'][0]}" in verified.stdout
    assert "DEV" in verified.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minSeconds": "181"}, "choose a smaller tier"),
        ({"root": "5"}, "does not stand under this root"),
        ({"songDisclosure": "78"}, "another song"),
        ({"seconds": 180}, "decimal digits"),
    ],
)
def test_what_cannot_be_proved_is_one_line(tmp_path: Path, change: dict[str, object], sentence: str):
    refused = ran("prove", written(tmp_path, {**INPUT, **change}))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({**SAVED, "publicSignals": [*SAVED["publicSignals"][:5], "4243"]}, "does not prove these signals"),
        ({"proof": SAVED["proof"]}, "not written as a proof"),
        ([], "not written as a proof"),
        ("9" * 70_000, "larger than any claim"),
    ],
    ids=["another payout", "no signals", "a list", "too large"],
)
def test_what_proves_nothing_is_one_line_and_a_status(tmp_path: Path, document: object, sentence: str):
    refused = ran("verify-proof", written(tmp_path, document))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_that_is_no_json_is_refused(tmp_path: Path):
    file = tmp_path / "document.json"
    file.write_text("[" * 60_000)

    for command in ("prove", "verify-proof"):
        refused = ran(command, file)
        assert refused.returncode == 1
        assert "is not JSON" in refused.stderr


def test_other_keys_refuse_it_and_damaged_ones_are_named(tmp_path: Path):
    copied = shutil.copytree(Path(__file__).parents[2] / "circuits" / "keys" / "dev", tmp_path / "keys")
    (copied / "claim.zkey").write_bytes(b"another key")
    refused = ran("verify-proof", "--keys", copied, written(tmp_path, SAVED))

    assert refused.returncode == 1
    assert "claim.zkey is not the file that keys.json names" in refused.stderr

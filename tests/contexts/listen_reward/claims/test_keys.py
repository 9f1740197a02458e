"""Keys are read against their digests, and production takes none of which somebody may know how they were drawn."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.gateway.keys import KNOWN_DEVELOPMENT_KEYS, circuits_folder
from vibestream.contexts.listen_reward.claims.service import DevelopmentKeys, Keys, KeysDamaged, Origin

SOURCES = circuits_folder() / "src"


@pytest.fixture
def copied(keys: Keys, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keys.folder, tmp_path / "keys"))


def relabel(folder: Path) -> None:
    manifest = json.loads((folder / "keys.json").read_text())
    (folder / "keys.json").write_text(json.dumps({**manifest, "origin": "ceremony"}))


def test_the_committed_keys_say_that_they_are_dev_keys_and_are_known_as_such(keys: Keys):
    assert keys.origin is Origin.DEV
    assert keys.digest in KNOWN_DEVELOPMENT_KEYS
    assert "forge" in json.loads((keys.folder / "keys.json").read_text())["about"]


def test_production_refuses_dev_keys():
    with pytest.raises(DevelopmentKeys, match="ceremony"):
        claims.claim_keys(is_production=True)


def test_production_refuses_them_under_another_label(copied: Path):
    relabel(copied)

    assert claims.claim_keys(folder=copied, is_production=False).origin is Origin.CEREMONY
    with pytest.raises(DevelopmentKeys):
        claims.claim_keys(folder=copied, is_production=True)


def test_production_takes_keys_of_a_ceremony(copied: Path):
    relabel(copied)
    other = (copied / "verification_key.json").read_text() + "\n"
    (copied / "verification_key.json").write_text(other)
    manifest = json.loads((copied / "keys.json").read_text())
    manifest["files"]["verification_key.json"] = hashlib.sha256(other.encode()).hexdigest()
    (copied / "keys.json").write_text(json.dumps(manifest))

    assert claims.claim_keys(folder=copied, is_production=True).verifying_key == other


@pytest.mark.parametrize("name", ["claim.zkey", "verification_key.json"])
def test_a_file_with_one_bit_changed_is_refused(copied: Path, name: str):
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)

    with pytest.raises(KeysDamaged, match=name):
        claims.claim_keys(folder=copied, is_production=False)


@pytest.mark.parametrize("name", ["claim.zkey", "verification_key.json", "keys.json"])
def test_a_missing_file_is_refused(copied: Path, name: str):
    (copied / name).unlink()

    with pytest.raises(KeysDamaged):
        claims.claim_keys(folder=copied, is_production=False)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"origin": "DEV"}', '{"origin": "real", "files": {}}'])
def test_a_manifest_that_says_nothing_is_refused(copied: Path, text: str):
    (copied / "keys.json").write_text(text)

    with pytest.raises(KeysDamaged):
        claims.claim_keys(folder=copied, is_production=False)


def test_the_keys_are_of_the_sources_that_are_committed(keys: Keys):
    # `python -m tools.build_circuits --dev-keys` after a change of a source; tests/circuits compile and compare the rest.
    digests = json.loads((keys.folder / "keys.json").read_text())["files"]
    sources = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SOURCES.glob("*.circom")}

    assert len(sources) == 3
    assert sources == {name: digests[name] for name in digests if name.endswith(".circom")}

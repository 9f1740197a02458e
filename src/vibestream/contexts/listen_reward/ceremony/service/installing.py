"""From a finished ceremony to a folder of keys that production believes."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

from vibestream.contexts.listen_reward.ceremony.gateway.folder import Folder
from vibestream.contexts.listen_reward.ceremony.gateway.snarkjs import Snarkjs
from vibestream.contexts.listen_reward.ceremony.service.conducting import Tell, Transcript
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Keys, Origin
from vibestream.kernel.errors import Conflict

_FILES: Final = ("claim.zkey", "verification_key.json", "claim.wasm.gz")


class NotFinished(Conflict):
    """A ceremony is not far enough for its keys to be believed."""

    code = "ceremony.not_finished"


class SomethingThere(Conflict):
    """Keys would be written over something."""

    code = "ceremony.something_there"


def install(snarkjs: Snarkjs, *, folder: Folder, transcript: Transcript, into: Path, tell: Tell) -> Keys:
    """Write a verified ceremony's keys into a new folder, whole or not at all, and return them as production reads them.

    Args:
        snarkjs: what exports the verifying key.
        folder: the ceremony's.
        transcript: what `verify` returned of it just now.
        into: the folder to make; give it as VIBESTREAM_CLAIM_KEYS.
        tell: called with what is being done.

    Raises:
        NotFinished: it has too few contributors, or a half has no beacon.
        SomethingThere: the folder exists.
        CircuitRefused: the key cannot be read.
    """
    if transcript.lacks:
        raise NotFinished(" ".join(transcript.lacks))
    if into.exists():
        raise SomethingThere(f"{into} exists: name a new folder.")
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".keys-", dir=into.parent) as name:
        draft = Path(name, "keys")
        draft.mkdir()
        exported = snarkjs.run("verifying_key", files={"key": folder.key}, tell=tell).value
        draft.joinpath("verification_key.json").write_text(json.dumps(exported, indent=1))
        shutil.copy(folder.key, draft.joinpath("claim.zkey"))
        draft.joinpath("claim.wasm.gz").write_bytes(gzip.compress(folder.wasm.read_bytes(), mtime=0))
        draft.joinpath("keys.json").write_text(_manifest(draft, folder, transcript))
        keys = claims.claim_keys(folder=draft, is_production=True)
        claims.open_verifier(keys=keys)
        claims.open_prover(keys=keys)
        _persist(draft)
        draft.rename(into)
    return claims.claim_keys(folder=into, is_production=True)


def _manifest(draft: Path, folder: Folder, transcript: Transcript) -> str:
    compiled = {path.name: _digest(path) for path in (folder.r1cs, folder.wasm)}
    document = {
        "origin": Origin.CEREMONY.value,
        "about": "Keys from a ceremony: one contributor who kept nothing is enough for nobody to forge claims.",
        "contributions": [asdict(one) for one in (*transcript.powers, *transcript.key)],
        "files": compiled | {one: _digest(draft.joinpath(one)) for one in _FILES},
    }
    return json.dumps(document, indent=2) + "\n"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _persist(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

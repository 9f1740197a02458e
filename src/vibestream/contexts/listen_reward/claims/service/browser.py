"""What a browser proves with: the circuit's program, its proving key and its verifying key, each with its digest."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from vibestream.contexts.listen_reward.claims.gateway.keys import PROVING_KEY, VERIFYING_KEY, Keys, development_keys

PROGRAM: Final = "claim.wasm"
"""The circuit's. It is of the circuit and not of its keys, so that keys of a ceremony are used with the same."""


@dataclass(frozen=True, slots=True)
class ProvingFile:
    """A file that a browser fetches, compressed already or not, with the SHA-256 of what it is uncompressed."""

    name: str
    path: Path
    is_compressed: bool
    sha256: str


def proving_files(*, keys: Keys) -> tuple[ProvingFile, ProvingFile, ProvingFile]:
    """Return the program, the proving key and the verifying key, read once for each folder of keys."""
    return _files(keys.folder)


@cache
def _files(folder: Path) -> tuple[ProvingFile, ProvingFile, ProvingFile]:
    program = development_keys().joinpath(f"{PROGRAM}.gz")
    proving, verifying = folder.joinpath(PROVING_KEY), folder.joinpath(VERIFYING_KEY)
    return (
        ProvingFile(PROGRAM, program, is_compressed=True, sha256=_digest(gzip.decompress(program.read_bytes()))),
        ProvingFile(proving.name, proving, is_compressed=False, sha256=_digest(proving.read_bytes())),
        ProvingFile(verifying.name, verifying, is_compressed=False, sha256=_digest(verifying.read_bytes())),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

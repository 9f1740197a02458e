"""Which keys claims are proved and verified with."""

from __future__ import annotations

import json
from pathlib import Path

from vibestream.contexts.listen_reward.claims.gateway.keys import (
    MANIFEST,
    Keys,
    circuits_folder,
    development_keys,
    load_keys,
    refuse_development_keys,
)


def compiled_circuit() -> tuple[Path, dict[str, str]]:
    """Return the folder that `make circuits` compiles the circuit into, and the SHA-256 that its files must have."""
    digests = json.loads(development_keys().joinpath(MANIFEST).read_bytes())["files"]
    return circuits_folder().joinpath("build"), {name: digests[name] for name in ("claim.r1cs", "claim.wasm")}


def claim_keys(*, folder: Path | None = None, is_production: bool) -> Keys:
    """Return the keys in a folder, or the DEV keys that come with the code; each file is read against its digest.

    Raises:
        KeysDamaged: a file is missing or another one.
        DevelopmentKeys: it is production, and the keys did not come out of a ceremony.
    """
    keys = load_keys(development_keys() if folder is None else folder)
    if is_production:
        refuse_development_keys(keys)
    return keys

"""The keys of the claim circuit: where they lie, that they are whole, and whether they may be believed with money.

A folder of keys holds `keys.json`, which says where they come from and what each file's SHA-256 is. The keys in
`circuits/keys/dev` were made on one machine by one person's commands: whoever kept what was drawn there can prove anything.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vibestream.kernel.errors import Unavailable

PROVING_KEY: Final = "claim.zkey"
VERIFYING_KEY: Final = "verification_key.json"
MANIFEST: Final = "keys.json"

KNOWN_DEVELOPMENT_KEYS: Final = frozenset({"b716ff8b0e54e02cd5fc659d8ed03fc90667e3db179fbe0e1dc622fe81d1f474"})
"""SHA-256 of every verifying key that was ever committed as a DEV key: such a key stays one whatever its folder says."""


class Origin(enum.StrEnum):
    """Where keys come from."""

    DEV = "DEV"
    """One machine: for development and tests."""
    CEREMONY = "ceremony"
    """Several people, of whom one who kept nothing is enough."""


class KeysDamaged(Unavailable):
    """A folder of keys is not there, or a file in it is not the one that its `keys.json` names."""

    code = "claims.keys_damaged"


class DevelopmentKeys(Unavailable):
    """Production was given keys that somebody may know how to forge with."""

    code = "claims.development_keys"


@dataclass(frozen=True, slots=True)
class Keys:
    """A circuit's pair of keys, checked against their digests when they were loaded."""

    folder: Path
    origin: Origin
    verifying_key: str
    """The text of snarkjs's `verification_key.json`."""

    @property
    def proving_key(self) -> Path:
        """The snarkjs `.zkey`."""
        return self.folder / PROVING_KEY

    @property
    def digest(self) -> str:
        """SHA-256 of the verifying key, hexadecimal: what names this pair."""
        return hashlib.sha256(self.verifying_key.encode()).hexdigest()


def circuits_folder() -> Path:
    """Return the folder of the circuits' sources and keys: the wheel's copy, or the checkout's."""
    package = Path(__file__).parents[4]
    installed = package / "_circuits"
    return installed if installed.is_dir() else package.parents[1] / "circuits"


def claim_circuit() -> Path:
    """Return the source of the claim circuit."""
    return circuits_folder() / "src" / "claim.circom"


def development_keys() -> Path:
    """Return the folder of the DEV keys that come with the code."""
    return circuits_folder() / "keys" / "dev"


def load_keys(folder: Path) -> Keys:
    """Return the keys in a folder, after reading each of their files against its digest.

    Raises:
        KeysDamaged: a file is missing or another one, or `keys.json` says nothing that can be understood.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        origin = Origin(manifest["origin"])
        digests = {name: manifest["files"][name] for name in (PROVING_KEY, VERIFYING_KEY)}
        contents = {name: (folder / name).read_bytes() for name in digests}
    except (OSError, ValueError, KeyError, TypeError):
        raise KeysDamaged(f"{folder} holds no whole set of keys: install it again.") from None
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != digests[name]:
            raise KeysDamaged(f"{folder / name} is not the file that {MANIFEST} names: install the keys again.")
    return Keys(folder, origin, contents[VERIFYING_KEY].decode())


def refuse_development_keys(keys: Keys) -> None:
    """Refuse keys that did not come out of a ceremony; called wherever real money may depend on them.

    Raises:
        DevelopmentKeys: they say so themselves, or are known to be such whatever they say.
    """
    if keys.origin is not Origin.CEREMONY or keys.digest in KNOWN_DEVELOPMENT_KEYS:
        raise DevelopmentKeys(
            f"The claim keys in {keys.folder} are DEV keys, which whoever made them can forge claims with: "
            "production needs keys from a ceremony."
        )

"""What the commands about claims share: reading a file of JSON, and which keys to take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, Final

import click

from vibestream.kernel.errors import InvalidInput

KEYS_OPTION: Final = click.option(
    "--keys",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with keys.json and the keys of a ceremony; the DEV keys that come with the code otherwise.",
)
_LARGEST: Final = 64 * 1024
"""A claim's input is two kilobytes, a proof one."""


class NotAClaimFile(InvalidInput):
    """The file is not JSON, or larger than any claim."""

    code: ClassVar[str] = "claims.not_a_claim_file"


def read_json(file: Path, *, most_bytes: int = _LARGEST) -> object:
    """Return what a small file of JSON says.

    Raises:
        NotAClaimFile: it is not JSON, or larger than any claim.
    """
    if file.stat().st_size > most_bytes:
        raise NotAClaimFile(f"{file} is larger than any claim.")
    try:
        document: object = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise NotAClaimFile(f"{file} is not JSON.") from None
    return document

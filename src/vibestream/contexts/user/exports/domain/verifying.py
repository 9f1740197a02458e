"""Checking an export, offline: that it is exactly what was signed, whole, and by whom.

Nothing in the file is believed before it was checked: not how large it says it is, not what its entries are called.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Final

from vibestream.contexts.user.exports.domain.archive import (
    FORMAT,
    MANIFEST,
    SEAL,
    SEAL_HEX,
    SIGNATURE,
    digest_before_seal,
)
from vibestream.contexts.user.exports.domain.signing import has_sealed, has_signed_contents
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.signing import SIGNATURE_BYTES, KeyMalformed, PublicKey, from_base64url

_MOST_FILES: Final = 1_000
_LARGEST_LIST: Final = 1024 * 1024
_SEAL: Final = re.compile(rb"[0-9a-f]{%d}" % SEAL_HEX)
_CHUNK: Final = 256 * 1024
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError),
    *(ValueError, TypeError, KeyError),
)
"""What reading a damaged zip, or a list that is not made as ours, can end with."""


class ExportInvalid(InvalidInput):
    """The file is not an export, or something in it is not what was signed; the message says what."""

    code: ClassVar[str] = "export.invalid"


class SignerUnknown(InvalidInput):
    """It was signed by a key that is not among those trusted."""

    code: ClassVar[str] = "export.signer_unknown"

    def __init__(self, *, key_id: str) -> None:
        super().__init__(f"No key {key_id} is trusted here.")
        self.key_id = key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a good export says of itself."""

    export_id: str
    user_id: str
    made_at: str
    key_id: str
    files: int
    size: int
    """Bytes of its files, unpacked."""


def verify(file: BinaryIO, *, trusted: Collection[PublicKey] | None = None) -> Verified:
    """Check a whole export. With `trusted` None the key that came with it is used, which proves only that it is whole.

    Raises:
        ExportInvalid: it is not exactly what was signed.
        SignerUnknown: it was signed by another key than those trusted.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            found, key = _verified(archive, trusted)
        _check_seal(file, key)
    except _BROKEN as error:
        raise ExportInvalid(f"This is not a whole export: {type(error).__name__}.") from None
    return found


def _verified(archive: zipfile.ZipFile, trusted: Collection[PublicKey] | None) -> tuple[Verified, PublicKey]:
    entries = {info.filename: info for info in archive.infolist()}
    if len(entries) != len(archive.infolist()) or len(entries) > _MOST_FILES:
        raise ExportInvalid("The list of its files is not one that an export has.")
    raw = _small(archive, entries, MANIFEST)
    key = _key_of(_read(_small(archive, entries, SIGNATURE)), raw, trusted)
    manifest = _read(raw)
    listed = manifest.get("files")
    if manifest.get("format") != FORMAT or manifest.get("key_id") != key.key_id or not isinstance(listed, list):
        raise ExportInvalid("What was signed is not the list of an export.")
    named = {str(one["name"]): one for one in listed}
    if set(entries) != {*named, MANIFEST, SIGNATURE}:
        raise ExportInvalid("Files are missing, or were added.")
    for name, one in named.items():
        _check(archive, entries[name], size=int(one["size"]), digest=str(one["sha256"]))
    verified = Verified(
        export_id=str(manifest.get("export_id")),
        user_id=str(manifest.get("user_id")),
        made_at=str(manifest.get("made_at")),
        key_id=key.key_id,
        files=len(named),
        size=sum(int(one["size"]) for one in listed),
    )
    return verified, key


def _check_seal(file: BinaryIO, key: PublicKey) -> None:
    """Check that not a byte of the file is another one, also of those that nothing is unpacked from."""
    digest = digest_before_seal(file)
    seal = file.read(SEAL_HEX + 1)
    file.seek(-SEAL_HEX - len(SEAL), io.SEEK_END)
    is_hex = _SEAL.fullmatch(seal) and file.read(len(SEAL)) == SEAL
    if not is_hex or not has_sealed(key, digest, bytes.fromhex(seal.decode())):
        raise ExportInvalid("Its seal is broken: something was changed that no file in it shows.")


def _key_of(signature: dict[str, Any], signed: bytes, trusted: Collection[PublicKey] | None) -> PublicKey:
    try:
        key = PublicKey.parse(str(signature.get("public_key")))
        proof = from_base64url(str(signature.get("signature")), length=SIGNATURE_BYTES)
    except KeyMalformed:
        raise ExportInvalid("Its signature cannot be read.") from None
    if trusted is not None and key not in trusted:
        raise SignerUnknown(key_id=key.key_id)
    if (
        signature.get("format") != FORMAT
        or signature.get("key_id") != key.key_id
        or not has_signed_contents(key, signed, proof)
    ):
        raise ExportInvalid("The signature is wrong: it was changed after it was signed.")
    return key


def _check(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, size: int, digest: str) -> None:
    """Read no more than what was signed: an entry that unpacks to more is refused when it does."""
    found, read = hashlib.sha256(), 0
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            if read > size:
                break
            found.update(chunk)
    if read != size or found.hexdigest() != digest:
        raise ExportInvalid(f"{entry.filename!r} is not what was signed.")


def _small(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], name: str) -> bytes:
    if name not in entries:
        raise ExportInvalid(f"It has no {name}.")
    with archive.open(entries[name]) as file:
        content = file.read(_LARGEST_LIST + 1)
    if len(content) > _LARGEST_LIST:
        raise ExportInvalid(f"{name} is larger than that of any export.")
    return content


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ExportInvalid("Its list or signature is not JSON.")
    return found

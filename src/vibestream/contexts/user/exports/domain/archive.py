"""The file of an export: one zip, as it is written.

    README.txt          what this is, in its owner's language
    data/<part>.json    what one capability holds: a list of records
    data/<part>.csv     the same as a table; what is nested stands in it as JSON
    originals.json      masters that they uploaded: name, size, SHA-256
    pictures/...        pictures of their profiles, as they are shown
    MANIFEST.json       whose it is, of when, and every file above with its size and SHA-256
    SIGNATURE           Ed25519 over MANIFEST.json, with the public key and its id
    the zip's comment   the seal: Ed25519 over every byte before it

Parts are written one after the other: no more than one of them is in memory at a time.

Source: zip, PKWARE APPNOTE 6.3; CSV, RFC 4180.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, Final, Self
from uuid import UUID

from vibestream.contexts.user.exports.domain import signing
from vibestream.kernel.signing import SIGNATURE_BYTES, SigningKey, to_base64url

FORMAT: Final = "vibestream-export-v1"
README: Final = "README.txt"
MANIFEST: Final = "MANIFEST.json"
SIGNATURE: Final = "SIGNATURE"
ORIGINALS: Final = "originals.json"
SEAL: Final = b"vibestream-export-seal-v1 "
"""How the comment begins; the signature follows, in hexadecimal, and ends the file."""
SEAL_HEX: Final = 2 * SIGNATURE_BYTES
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)
_CHUNK: Final = 256 * 1024
Record = Mapping[str, object]


class Archive:
    """A zip that is being written to an empty file opened for writing and reading; `close` signs, ends and seals it."""

    def __init__(self, file: BinaryIO, *, export_id: UUID, user_id: UUID, made_at: datetime) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._about = {
            "format": FORMAT,
            "export_id": str(export_id),
            "user_id": str(user_id),
            "made_at": made_at.astimezone(UTC).isoformat(timespec="seconds"),
        }
        self._files: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, whole or not: an archive that is given up does not write to it when it is collected."""
        self._zip.close()

    def add_text(self, name: str, text: str) -> None:
        """Add one file of text."""
        self._add(name, text.encode())

    def add_records(self, name: str, records: Sequence[Record]) -> None:
        """Add what one part holds, as JSON and as a table."""
        self._add(f"data/{name}.json", json_of(records))
        self._add(f"data/{name}.csv", csv_of(records).encode())

    def add_originals(self, originals: Sequence[Record]) -> None:
        """Add the list of masters."""
        self._add(ORIGINALS, json_of(originals))

    def add_picture(self, name: str, content: bytes) -> None:
        """Add one picture; its name has slashes only between what it lies under."""
        self._add(name, content)

    def close(self, key: SigningKey) -> None:
        """Write the list of contents and its signature, end the zip, and seal the whole of it."""
        manifest = json_of({**self._about, "key_id": key.public.key_id, "files": self._files})
        signature = {
            "format": FORMAT,
            "key_id": key.public.key_id,
            "public_key": key.public.text,
            "signature": to_base64url(signing.sign_contents(key, manifest)),
        }
        self._write(MANIFEST, manifest)
        self._write(SIGNATURE, json_of(signature))
        self._zip.comment = SEAL + b"0" * SEAL_HEX
        self._zip.close()
        digest = digest_before_seal(self._file)
        self._file.write(signing.seal(key, digest).hex().encode())  # where reading stopped: in the place of the zeros
        self._file.flush()

    def _add(self, name: str, content: bytes) -> None:
        self._files.append({"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
        self._write(name, content)

    def _write(self, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = 0o600 << 16
        self._zip.writestr(info, content, zipfile.ZIP_DEFLATED)


def digest_before_seal(file: BinaryIO) -> bytes:
    """Return the SHA-256 of a file but for the seal's signature at its end, before which it is left to be read or written."""
    left = file.seek(0, io.SEEK_END) - SEAL_HEX
    file.seek(0)
    found = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        found.update(chunk)
        left -= len(chunk)
    return found.digest()


def json_of(value: object) -> bytes:
    """Return a value as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str).encode() + b"\n"


def csv_of(records: Sequence[Record]) -> str:
    """Return records as a table with a line of names: every name that any record has, in the order of their appearance.

    Text that a spreadsheet would take for a formula is set behind an apostrophe: others may have had a hand in it.
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in names])
    for record in records:
        writer.writerow([_cell(record.get(name)) for name in names])
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case bool() | dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)

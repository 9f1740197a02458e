"""The headers of tus 1.0, read strictly and written.

Source: tus resumable upload protocol, version 1.0.0: core, creation, creation-with-upload, expiration, checksum,
termination. Not offered: creation-defer-length (a master's length is known before it is sent), concatenation,
checksum-trailer.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import ClassVar, Final

from vibestream.contexts.music.uploads.domain.names import UNTITLED, shown_file_name
from vibestream.kernel.errors import Conflict, InvalidInput, Unsupported

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS: Final[Mapping[str, int]] = {"sha1": 20, "sha256": 32}
"""Checksum algorithms, and the bytes of their digests."""
PATCH_TYPE: Final = "application/offset+octet-stream"
MAX_METADATA_BYTES: Final = 4096

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_METADATA_KEY: Final = re.compile(r"[!-+\--~]{1,64}")
_FILE_NAME_KEYS: Final = ("filename", "name")


class MalformedHeader(InvalidInput):
    """A header of the protocol is missing, or cannot be read."""

    code: ClassVar[str] = "upload.malformed_header"
    http_status: ClassVar[int] = 400

    def __init__(self, message: str, *, header: str) -> None:
        super().__init__(message)
        self.header = header


class VersionUnsupported(Conflict):
    """The client speaks another version of the protocol."""

    code: ClassVar[str] = "upload.version_unsupported"
    http_status: ClassVar[int] = 412


class NotOffsetStream(Unsupported):
    """The bytes of a master travel as application/offset+octet-stream, without a content encoding."""

    code: ClassVar[str] = "upload.not_offset_stream"


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says its bytes hash to."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the client says about its file; nothing of it is believed."""

    header: str
    """As it is given back by HEAD."""
    file_name: str


def read_version(header: str | None) -> None:
    """Return when the client speaks our version.

    Raises:
        VersionUnsupported: it speaks another, or none.
    """
    if header != VERSION:
        raise VersionUnsupported(f"Send Tus-Resumable: {VERSION}.")


def read_number(header: str | None, *, name: str) -> int:
    """Return the whole number from 0 that a header holds.

    Raises:
        MalformedHeader: it is missing, or is anything else: a sign, a point, an exponent, spaces, digits of other
            scripts, more digits than any file has bytes.
    """
    if header is None or not _NUMBER.fullmatch(header):
        raise MalformedHeader(f"Send {name} as a whole number of bytes.", header=name)
    return int(header)


def read_metadata(header: str) -> Metadata:
    """Return what an `Upload-Metadata` header holds; an empty one is a file without a name.

    Raises:
        MalformedHeader: it is too long, or not pairs of an unrepeated key and base64, or the file's name is not UTF-8.
    """
    if len(header) > MAX_METADATA_BYTES:
        raise MalformedHeader(f"At most {MAX_METADATA_BYTES} bytes of metadata are kept.", header="Upload-Metadata")
    pairs: dict[str, bytes] = {}
    for pair in filter(None, (part.strip(" ") for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if not _METADATA_KEY.fullmatch(key) or key in pairs:
            raise MalformedHeader("A metadata key is 1 to 64 ASCII characters, used once.", header="Upload-Metadata")
        pairs[key] = _base64(value, name="Upload-Metadata")
    written = ",".join(f"{key} {base64.b64encode(value).decode()}".strip(" ") for key, value in pairs.items())
    return Metadata(written, _file_name(pairs))


def read_checksum(header: str | None) -> Checksum | None:
    """Return what an `Upload-Checksum` header holds, None when it was not sent.

    Raises:
        MalformedHeader: it cannot be read, or its algorithm is not one of ours.
    """
    if header is None:
        return None
    algorithm, _, encoded = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise MalformedHeader(f"Checksums are {' or '.join(ALGORITHMS)} here.", header="Upload-Checksum")
    digest = _base64(encoded, name="Upload-Checksum")
    if len(digest) != ALGORITHMS[algorithm]:
        raise MalformedHeader(f"That is no {algorithm} digest.", header="Upload-Checksum")
    return Checksum(algorithm, digest)


def read_body_type(content_type: str | None, content_encoding: str | None) -> None:
    """Return when a body holds bytes of a master.

    Raises:
        NotOffsetStream: its type or encoding is another.
    """
    plain = (content_encoding or "identity").strip().lower() == "identity"
    if not plain or (content_type or "").partition(";")[0].strip().lower() != PATCH_TYPE:
        raise NotOffsetStream(f"Send the bytes as {PATCH_TYPE}, without a content encoding.")


def write_instant(instant: datetime) -> str:
    """Return an instant as HTTP writes it. Source: RFC 9110, section 5.6.7, IMF-fixdate."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def _base64(text: str, *, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        raise MalformedHeader(f"{name} holds something that is not base64.", header=name) from None


def _file_name(pairs: Mapping[str, bytes]) -> str:
    for key in _FILE_NAME_KEYS:
        if key in pairs:
            try:
                return shown_file_name(pairs[key].decode())
            except UnicodeDecodeError:
                raise MalformedHeader("The file's name is not UTF-8.", header="Upload-Metadata") from None
    return UNTITLED

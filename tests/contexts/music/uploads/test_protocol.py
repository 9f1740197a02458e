"""The headers of tus, read strictly."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.uploads.domain.protocol import (
    Checksum,
    MalformedHeader,
    Metadata,
    NotOffsetStream,
    VersionUnsupported,
    read_body_type,
    read_checksum,
    read_metadata,
    read_number,
    read_version,
    write_instant,
)


@pytest.mark.parametrize(
    ("header", "number"), [("0", 0), ("007", 7), ("5368709120", 5_368_709_120), ("9" * 18, 10**18 - 1)]
)
def test_reads_whole_numbers(header: str, number: int):
    assert read_number(header, name="Upload-Length") == number


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "NaN",
        "Infinity",
        "0x10",
        " 1",
        "1 ",
        "1,1",
        "١٢",
        "½",
        "9" * 19,
        "1" * 5000,
        "1\n",
    ],
)
def test_refuses_every_other_number(header: str | None):
    with pytest.raises(MalformedHeader) as caught:
        read_number(header, name="Upload-Length")
    assert caught.value.facts() == {"header": "Upload-Length"}


def test_reads_metadata_and_the_name_of_the_file():
    # The example of the protocol's own text, and tuspy's empty header.
    assert read_metadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential") == Metadata(
        "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential", "world_domination_plan.pdf"
    )
    assert read_metadata("") == Metadata("", "untitled")
    assert read_metadata("name w4RybWVsLmZsYWM= , filetype YXVkaW8vZmxhYw==").file_name == "Ärmel.flac"
    assert read_metadata("name YQ==,filename Yg==").file_name == "b"


@pytest.mark.parametrize(
    "header",
    [
        "filename not-base64!",
        "filename d29ybG",  # no padding
        "filename d29y bGQ=",
        "filename ä",
        "filename d29ybGQ=,filename d29ybGQ=",
        "file\tname d29ybGQ=",
        "fïlename d29ybGQ=",
        "k" * 65 + " d29ybGQ=",
        "filename /w==",  # not UTF-8
        "filename 7aCA",  # half a surrogate pair
        "a " + "A" * 4096,
        ",".join(f"k{n} QQ==" for n in range(1000)),
    ],
)
def test_refuses_metadata_that_cannot_be_read(header: str):
    with pytest.raises(MalformedHeader):
        read_metadata(header)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.binary(max_size=30), max_size=8))
def test_gives_back_the_metadata_that_it_read(pairs: dict[str, bytes]):
    pairs.pop("filename", None)
    pairs.pop("name", None)
    header = ",".join(f"{key} {base64.b64encode(value).decode()}".strip() for key, value in pairs.items())
    assert read_metadata(header).header == header
    assert read_metadata(read_metadata(header).header) == read_metadata(header)


@given(st.text())
def test_metadata_is_read_or_refused_whatever_it_is(header: str):
    try:
        read = read_metadata(header)
    except MalformedHeader:
        return
    assert read.header.isascii()
    assert 1 <= len(read.file_name) <= 255


def test_reads_checksums():
    # The example of the protocol's own text.
    assert read_checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=") == Checksum(
        "sha1", bytes.fromhex("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed")
    )
    assert read_checksum(None) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha1",
        "sha1 ",
        "md5 1B2M2Y8AsgTpgAmY7PhCfg==",
        "sha1 AAAA",
        "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "SHA1 x",
        "sha1 ä",
    ],
)
def test_refuses_checksums_that_cannot_be_read(header: str):
    with pytest.raises(MalformedHeader):
        read_checksum(header)


def test_speaks_one_version():
    read_version("1.0.0")
    for other in (None, "", "1.0", "0.2.2", "1.0.0,0.2.2"):
        with pytest.raises(VersionUnsupported):
            read_version(other)


def test_takes_bytes_of_a_master_as_what_they_are():
    read_body_type("application/offset+octet-stream", None)
    read_body_type("Application/Offset+Octet-Stream; charset=binary", "identity")
    for content_type, encoding in [
        (None, None),
        ("application/octet-stream", None),
        ("audio/flac", None),
        ("multipart/form-data", None),
        ("application/offset+octet-stream", "gzip"),
    ]:
        with pytest.raises(NotOffsetStream):
            read_body_type(content_type, encoding)


def test_writes_instants_as_http_does():
    # The example of RFC 9110, 5.6.7.
    assert write_instant(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == "Sun, 06 Nov 1994 08:49:37 GMT"
    madrid = datetime(1994, 11, 6, 9, 49, 37, tzinfo=ZoneInfo("Europe/Madrid"))
    assert write_instant(madrid) == "Sun, 06 Nov 1994 08:49:37 GMT"

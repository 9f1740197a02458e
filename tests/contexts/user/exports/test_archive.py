"""The file of an export: what is written can be checked anywhere, and nothing that was changed passes."""

from __future__ import annotations

import csv
import gc
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from vibestream.contexts.user.exports.domain.archive import Archive, csv_of
from vibestream.contexts.user.exports.domain.verifying import ExportInvalid, SignerUnknown, verify
from vibestream.kernel.signing import SigningKey

KEY = SigningKey.parse("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
"""The private key of RFC 8037, appendix A.1."""
OTHER = SigningKey.parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
EXPORT = UUID("0199f0a0-0000-7000-8000-000000000001")
PERSON = UUID("0199f0a0-0000-7000-8000-000000000002")
MADE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def made(key: SigningKey = KEY) -> bytes:
    file = io.BytesIO()
    archive = Archive(file, export_id=EXPORT, user_id=PERSON, made_at=MADE)
    archive.add_text("README.txt", "Hola, ñandú")
    archive.add_records("payment.tips", [{"amount": 500, "message": "=HYPERLINK(1)"}, {"amount": -3, "to": [1, "ü"]}])
    archive.add_originals([{"file_name": "a.flac", "sha256": "00" * 32}])
    archive.close(key)
    return file.getvalue()


def again(whole: bytes, change: dict[str, bytes | None], *, more: dict[str, bytes] | None = None) -> io.BytesIO:
    """The same zip with some entries replaced, left out, or added: whole as a zip, and not what was signed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return io.BytesIO(out.getvalue())


def test_the_key_is_that_of_the_standard():
    assert KEY.public.text == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert KEY.public.key_id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_whole_export_is_accepted_and_says_what_it_is():
    found = verify(io.BytesIO(made()), trusted=[OTHER.public, KEY.public])
    assert (found.export_id, found.user_id, found.made_at) == (str(EXPORT), str(PERSON), "2026-11-24T12:00:00+00:00")
    assert (found.files, found.key_id) == (4, KEY.public.key_id)


def test_what_stands_in_it_is_json_and_the_same_as_a_table():
    with zipfile.ZipFile(io.BytesIO(made())) as archive:
        assert archive.read("README.txt").decode() == "Hola, ñandú"
        assert json.loads(archive.read("data/payment.tips.json"))[0] == {"amount": 500, "message": "=HYPERLINK(1)"}
        rows = list(csv.reader(io.StringIO(archive.read("data/payment.tips.csv").decode(), newline="")))
    assert rows == [["amount", "message", "to"], ["500", "'=HYPERLINK(1)", ""], ["-3", "", '[1, "ü"]']]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_spreadsheet_runs_what_somebody_wrote(start: str):
    rows = list(csv.reader(io.StringIO(csv_of([{"name": f"{start}cmd", f"{start}x": 1}]), newline="")))
    assert rows == [["name", f"'{start}x"], [f"'{start}cmd", "1"]]


def test_a_table_of_nothing_is_empty():
    assert csv_of([]) == "\r\n"


@pytest.mark.parametrize(
    "name", ["README.txt", "data/payment.tips.json", "originals.json", "MANIFEST.json", "SIGNATURE"]
)
def test_nothing_that_was_changed_or_left_out_passes(name: str):
    whole = made()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        content = archive.read(name)
    for changed in (content[:-2] + b"}\n", content + b" ", b"", None):
        if changed != content:
            with pytest.raises(ExportInvalid):
                verify(again(whole, {name: changed}), trusted=[KEY.public])


def test_no_byte_can_be_another_one():
    """Also none of those that nothing is unpacked from: headers that are there twice, times, attributes."""
    whole = made()
    passed = []
    for place in range(len(whole)):
        for bit in (1, 0x20, 0x80):
            changed = bytearray(whole)
            changed[place] ^= bit
            try:
                verify(io.BytesIO(bytes(changed)), trusted=[KEY.public])
            except (ExportInvalid, SignerUnknown):
                continue
            passed.append((place, bit))
    assert passed == []


@pytest.mark.parametrize("more", [b"\n", b"0", b"PK\x05\x06" + bytes(18)])
def test_nothing_can_stand_before_or_behind_it(more: bytes):
    for sent in (made() + more, more + made()):
        with pytest.raises(ExportInvalid):
            verify(io.BytesIO(sent), trusted=[KEY.public])


def test_the_same_files_in_another_zip_are_not_what_was_sealed():
    with pytest.raises(ExportInvalid, match="seal"):
        verify(again(made(), {}), trusted=[KEY.public])


def test_one_that_is_given_up_leaves_nothing_that_is_accepted_and_does_not_write_afterwards(tmp_path: Path):
    with (tmp_path / "given-up").open("w+b") as file:
        with (
            pytest.raises(RuntimeError, match="no more"),
            Archive(file, export_id=EXPORT, user_id=PERSON, made_at=MADE) as archive,
        ):
            archive.add_text("README.txt", "Hola")
            raise RuntimeError("no more")
        file.seek(0)
        with pytest.raises(ExportInvalid):
            verify(file, trusted=None)
    del archive
    gc.collect()


def test_nothing_can_be_added():
    with pytest.raises(ExportInvalid, match="added"):
        verify(again(made(), {}, more={"data/more.json": b"[]"}), trusted=[KEY.public])


def test_an_entry_cannot_stand_in_it_twice():
    whole = io.BytesIO(made())
    with zipfile.ZipFile(whole, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("README.txt", "other")
    with pytest.raises(ExportInvalid):
        verify(whole, trusted=[KEY.public])


def test_an_entry_that_unpacks_to_more_than_was_signed_is_not_unpacked():
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made())) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"0" * 50_000_000 if name == "README.txt" else old.read(name))
    with pytest.raises(ExportInvalid, match=r"README\.txt"):
        verify(bomb, trusted=[KEY.public])


def test_another_key_is_not_believed_and_neither_is_its_claim_to_be_ours():
    theirs = made(OTHER)
    with pytest.raises(SignerUnknown):
        verify(io.BytesIO(theirs), trusted=[KEY.public])
    with zipfile.ZipFile(io.BytesIO(theirs)) as archive:
        signature = json.loads(archive.read("SIGNATURE"))
    signature |= {"public_key": KEY.public.text, "key_id": KEY.public.key_id}
    with pytest.raises(ExportInvalid, match="signature"):
        verify(again(theirs, {"SIGNATURE": json.dumps(signature).encode()}), trusted=[KEY.public])


@pytest.mark.parametrize("cut", [1, 10, 100, 400, 900])
def test_half_a_file_is_refused(cut: int):
    with pytest.raises(ExportInvalid):
        verify(io.BytesIO(made()[:-cut]), trusted=None)


@pytest.mark.parametrize("sent", [b"", b"PK\x03\x04", b"{}", b"\x00" * 5_000, b"%PDF-1.7"])
def test_what_is_no_zip_is_refused(sent: bytes):
    with pytest.raises(ExportInvalid):
        verify(io.BytesIO(sent), trusted=None)

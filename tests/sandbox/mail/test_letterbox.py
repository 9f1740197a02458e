"""What the folder of arrived messages keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vibestream.sandbox.mail import letterbox

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def message(subject: str) -> bytes:
    return f"From: a@example.org\r\nTo: b@example.org\r\nSubject: {subject}\r\n\r\nText\r\n".encode()


def test_lists_the_newest_first_and_by_recipient(tmp_path: Path):
    for minute, to in ((2, "bob@example.org"), (1, "ana@example.org"), (3, "ana@example.org")):
        letterbox.keep(tmp_path, content=message(str(minute)), to=to, arrived_at=NOON + timedelta(minutes=minute))
    assert [one.subject for one in letterbox.arrived(tmp_path)] == ["3", "2", "1"]
    assert [one.subject for one in letterbox.arrived(tmp_path, to="ANA@example.org")] == ["3", "1"]
    assert [one.subject for one in letterbox.arrived(tmp_path, most=1)] == ["3"]
    newest = letterbox.arrived(tmp_path)[0]
    assert (newest.arrived_at, newest.to, newest.text) == (NOON + timedelta(minutes=3), "ana@example.org", "Text\n")


def test_an_empty_or_missing_folder_holds_nothing(tmp_path: Path):
    assert letterbox.arrived(tmp_path) == []
    assert letterbox.arrived(tmp_path / "missing") == []


def test_keeps_the_newest_and_drops_the_oldest(tmp_path: Path):
    for second in range(5):
        at = NOON + timedelta(seconds=second)
        letterbox.keep(tmp_path, content=message(str(second)), to="a@b.org", arrived_at=at, most=3)
    assert [one.subject for one in letterbox.arrived(tmp_path)] == ["4", "3", "2"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    "message_id", ["", "..", "../secret", "/etc/passwd", "a" * 33, "%2e%2e", "0" * 16 + "-" + "0" * 16]
)
def test_finds_nothing_by_what_is_no_id(tmp_path: Path, message_id: str):
    (tmp_path / "secret.eml").write_text("Subject: secret\r\n\r\n")
    (tmp_path / ".1.draft").write_text("half")
    assert letterbox.find(tmp_path, message_id=message_id) is None
    assert letterbox.arrived(tmp_path) == []


def test_a_message_that_is_no_message_is_shown_as_it_is(tmp_path: Path):
    letterbox.keep(tmp_path, content=b"\x00\xff garbage \r\n\r\n\xfe", to="a@b.org", arrived_at=NOON)
    (found,) = letterbox.arrived(tmp_path)
    assert found.to == "a@b.org"
    assert "garbage" in found.source

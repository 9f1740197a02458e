"""The folder of messages that arrived: one `.eml` file each, named so that names sort by arrival."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from vibestream.platform.config import Settings

KEPT: Final = 1_000
"""Messages that are kept; older ones are dropped."""
_NAME: Final = re.compile(r"(?P<us>\d{16})-[0-9a-f]{16}")
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it arrived. `to` is the envelope's recipient, which is whom a real server would deliver to."""

    message_id: str
    arrived_at: datetime
    to: str
    sender: str
    subject: str
    text: str
    html: str
    source: str


def folder_of(settings: Settings) -> Path:
    """Return the folder of this machine's messages."""
    return settings.data_dir / "sandbox" / "mail"


def keep(folder: Path, *, content: bytes, to: str, arrived_at: datetime, most: int = KEPT) -> str:
    """Store a message, whole or not at all, and return its id; drop the oldest when there are more than `most`."""
    folder.mkdir(parents=True, exist_ok=True)
    message_id = f"{int(arrived_at.timestamp() * _SECOND_US):016d}-{secrets.token_hex(8)}"
    draft = folder / f".{message_id}.draft"
    draft.write_bytes(b"X-Sandbox-Recipient: " + to.encode() + b"\r\n" + content)
    draft.rename(folder / f"{message_id}.eml")
    for old in sorted(_ids(folder))[:-most]:
        (folder / f"{old}.eml").unlink(missing_ok=True)
    return message_id


def arrived(folder: Path, *, to: str | None = None, most: int = 100) -> list[Arrived]:
    """Return the messages that arrived, the newest first, at most `most`; of one recipient if asked."""
    found: list[Arrived] = []
    for message_id in sorted(_ids(folder), reverse=True):
        message = find(folder, message_id=message_id)
        if message is not None and (to is None or message.to.lower() == to.lower()):
            found.append(message)
        if len(found) >= most:
            break
    return found


def find(folder: Path, *, message_id: str) -> Arrived | None:
    """Return one message; None when there is none by this id, or it was dropped."""
    name = _NAME.fullmatch(message_id)
    if name is None:
        return None
    try:
        content = (folder / f"{message_id}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, policy=policy.default)
    return Arrived(
        message_id=message_id,
        arrived_at=datetime.fromtimestamp(int(name["us"]) / _SECOND_US, UTC),
        to=str(message["X-Sandbox-Recipient"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=content.decode("utf-8", "replace"),
    )


def _ids(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)]


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")

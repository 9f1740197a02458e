"""The page of mail that was delivered to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.guard import SandboxRefused, refuse_in_production
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.server import serve

PRODUCTION = {
    "environment": Environment.PRODUCTION,
    "secret_key": "k" * 32,
    "ledger_seal_key": "A" * 43,
    "database_url": "postgresql://app@db/vibestream",
    "database_owner_url": "postgresql://owner@db/vibestream",
    "public_url": "https://vibestream.example",
    "smtp_host": "mail.example.org",
    "mail_from": "VibeStream <no-reply@vibestream.example>",
}
HOSTILE = "<script>alert(1)</script>"


def arrive(runtime: Runtime, *, to: str = "ana@example.org", subject: str = "Hello", text: str = "1234 5678") -> str:
    content = f"From: v@example.org\r\nSubject: {subject}\r\nX-Evil: {HOSTILE}\r\n\r\n{text}\r\n".encode()
    return letterbox.keep(letterbox.folder_of(runtime.settings), content=content, to=to, arrived_at=utc_now())


async def test_lists_and_shows_what_arrived(client: Any, runtime: Runtime):
    assert (await client.get("/sandbox/mail/messages")).json() == {"messages": []}
    first, second = arrive(runtime, subject="First"), arrive(runtime, to="bob@example.org", subject="Second")
    page = (await client.get("/sandbox/mail")).text
    assert page.index("Second") < page.index("First")
    assert "sandbox" in page.lower()
    shown = await client.get(f"/sandbox/mail/{first}")
    assert shown.status_code == 200
    assert "1234 5678" in shown.text
    listed = await client.get("/sandbox/mail/messages", params={"to": "bob@example.org"})
    (message,) = listed.json()["messages"]
    assert (message["message_id"], message["subject"], message["text"]) == (second, "Second", "1234 5678\n")


async def test_whatever_a_message_holds_is_shown_and_never_run(client: Any, runtime: Runtime):
    hostile = arrive(runtime, subject=HOSTILE, text=HOSTILE, to=f'"{HOSTILE}"@example.org')
    for path in ("/sandbox/mail", f"/sandbox/mail/{hostile}"):
        answer = await client.get(path)
        assert HOSTILE not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
        assert "script-src 'nonce-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("message_id", ["1", "..%2f..%2fetc%2fpasswd", "0" * 16 + "-" + "0" * 16, HOSTILE])
async def test_what_did_not_arrive_is_not_found(client: Any, message_id: str):
    assert (await client.get(f"/sandbox/mail/{message_id}")).status_code == 404


async def test_nothing_of_it_loads_in_production():
    settings = load_settings(**PRODUCTION)
    with pytest.raises(SandboxRefused):
        refuse_in_production(settings, part="mail server")
    with pytest.raises(SandboxRefused):
        async with serve(settings):
            pass

"""Sending mail over real sockets: what arrives, and what happens when the server will not."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections import deque
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from vibestream.platform.config import Environment, Settings, SettingsInvalid, load_settings
from vibestream.platform.mail import Mail, Mailer, MailMalformed, MailRefused, MailUnavailable
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.server import Fault, MailServer, serve

ID = UUID("019ab000-0000-7000-8000-000000000001")


def mail(**changed: Any) -> Mail:
    given = {
        "mail_id": ID,
        "to": "ana@example.org",
        "subject": "Hello",
        "text": "Plain.\n",
        "html": "<p>Plain.</p>",
    }
    return Mail(**{**given, **changed})


def settings_for(folder: Path, **changed: Any) -> Settings:
    return load_settings(environment=Environment.TEST, data_dir=folder, **changed)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with serve(settings_for(tmp_path)) as running:
        yield running


@pytest.fixture
def mailer(tmp_path: Path, server: MailServer) -> Mailer:
    return Mailer(settings_for(tmp_path, smtp_host=server.host, smtp_port=server.port, smtp_tls="none"))


async def test_a_message_arrives_with_both_its_parts_and_the_headers_of_a_machine(server: MailServer, mailer: Mailer):
    await mailer.send(mail(subject="Tu código ñ €", text="Hola, ñandú.\n.\nFin\n", html="<p>Hola, ñandú.</p>"))
    (arrived,) = letterbox.arrived(server.folder)
    assert (arrived.to, arrived.subject) == ("ana@example.org", "Tu código ñ €")
    assert arrived.text == "Hola, ñandú.\n.\nFin\n"
    assert arrived.html == "<p>Hola, ñandú.</p>\n"
    message = message_from_bytes(arrived.source.encode(), policy=policy.default)
    assert message["From"] == "VibeStream <no-reply@vibestream.localhost>"
    assert message["To"] == "ana@example.org"
    assert message["Message-ID"] == f"<{ID}@vibestream.localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message.get_content_type() == "multipart/alternative"


async def test_an_address_beyond_ascii_is_written_as_itself(server: MailServer, mailer: Mailer):
    await mailer.send(mail(to="ñame@example.org"))
    (arrived,) = letterbox.arrived(server.folder, to="ñame@example.org")
    assert "To: ñame@example.org" in arrived.source


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "ana@example.org\r\nBcc: all@example.org"},
        {"to": "ana@example.org\nBcc: all@example.org"},
        {"to": "ana@example.org, all@example.org"},
        {"to": "Ana <ana@example.org>"},
        {"to": "ana"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: all@example.org"},
        {"subject": "Hello\nBcc: all@example.org"},
        {"subject": "Hello\r\n\r\n<script>"},
        {"headers": {"List-Unsubscribe": "<https://a.example>\r\nBcc: all@example.org"}},
        {"headers": {"X-A\r\nBcc": "all@example.org"}},
        {"text": "\ud800"},
    ],
)
async def test_a_line_break_in_a_header_or_an_address_that_is_none_sends_nothing(
    server: MailServer, mailer: Mailer, changed: dict[str, Any]
):
    with pytest.raises(MailMalformed):
        await mailer.send(mail(**changed))
    assert letterbox.arrived(server.folder) == []


async def test_line_breaks_in_the_body_stay_in_the_body(server: MailServer, mailer: Mailer):
    await mailer.send(mail(text="Bcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<x@example.org>\r\n"))
    (arrived,) = letterbox.arrived(server.folder)
    assert arrived.to == "ana@example.org"
    assert "MAIL FROM:<x@example.org>" in arrived.text


@pytest.mark.parametrize(
    ("fault", "error", "kept"),
    [(Fault.BUSY, MailUnavailable, 0), (Fault.REFUSED, MailRefused, 0), (Fault.LOST_ANSWER, MailUnavailable, 1)],
)
async def test_tells_not_now_from_never(
    server: MailServer, mailer: Mailer, fault: Fault, error: type[Exception], kept: int
):
    server.faults = deque([fault])
    with pytest.raises(error):
        await mailer.send(mail())
    assert len(letterbox.arrived(server.folder)) == kept
    await mailer.send(mail())
    arrived = letterbox.arrived(server.folder)
    assert len(arrived) == kept + 1
    assert {f"<{ID}@" in message.source for message in arrived} == {True}  # the same Message-ID both times


async def test_no_server_is_not_now(tmp_path: Path, server: MailServer):
    async with serve(settings_for(tmp_path)) as gone:
        port = gone.port
    for settings in (
        settings_for(tmp_path, smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none"),
        settings_for(tmp_path),
    ):
        with pytest.raises(MailUnavailable):
            await Mailer(settings).send(mail())


async def test_starttls_is_demanded_not_hoped_for(tmp_path: Path, server: MailServer):
    settings = settings_for(tmp_path, smtp_host=server.host, smtp_port=server.port, smtp_tls="starttls")
    with pytest.raises(MailUnavailable):
        await Mailer(settings).send(mail())
    assert letterbox.arrived(server.folder) == []


def test_a_password_does_not_travel_in_the_clear(tmp_path: Path):
    secret = {"smtp_user": "u", "smtp_password": "p", "smtp_tls": "none"}
    with pytest.raises(SettingsInvalid):
        Mailer(settings_for(tmp_path, smtp_host="mail.example.org", **secret))
    Mailer(settings_for(tmp_path, smtp_host="127.0.0.1", **secret))


class TestOverTls:
    """A server with a certificate of its own, which demands a password."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> tuple[Path, Path]:
        certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost"),
            ],
            check=True,
            capture_output=True,
        )
        return certificate, key

    @pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the socket itself is encrypted
    @pytest.mark.parametrize("kind", ["starttls", "tls"])
    async def test_sends_only_to_a_server_that_it_trusts(self, tmp_path: Path, certificate: Any, kind: str):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        handler = MailServer(tmp_path / "kept", "127.0.0.1", 0)
        given: list[Any] = []

        def authenticate(*arguments: Any) -> AuthResult:
            given.append(arguments[-1])
            return AuthResult(success=arguments[-1] == LoginPassword(b"u", b"p"))

        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            implicit = kind == "tls"
            return SMTP(
                handler,
                loop=loop,
                tls_context=None if implicit else context,
                require_starttls=not implicit,
                auth_required=True,
                auth_require_tls=not implicit,
                authenticator=authenticate,
            )

        listening = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if kind == "tls" else None)
        settings = settings_for(
            tmp_path,
            smtp_host="localhost",
            smtp_port=listening.sockets[0].getsockname()[1],
            smtp_tls=kind,
            smtp_user="u",
            smtp_password="p",
        )
        async with listening:
            with pytest.raises(MailUnavailable):  # a certificate that nobody vouches for
                await Mailer(settings).send(mail())
            assert given == []
            await Mailer(settings, tls=ssl.create_default_context(cafile=certificate[0])).send(mail())
        assert given == [LoginPassword(b"u", b"p")]
        assert len(letterbox.arrived(handler.folder)) == 1

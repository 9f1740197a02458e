"""The sandbox's mail server as a program, as the supervisor runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from vibestream.platform.config import Environment, load_settings
from vibestream.platform.mail import Mail, Mailer, MailUnavailable
from vibestream.sandbox.mail import letterbox

PATIENCE_S = 60


async def test_serves_where_the_settings_say_and_ends_when_told(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = load_settings(
        environment=Environment.TEST, data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none"
    )
    variables = {
        "VIBESTREAM_DATA_DIR": str(tmp_path),
        "VIBESTREAM_SMTP_HOST": "127.0.0.1",
        "VIBESTREAM_SMTP_PORT": str(port),
    }
    server = subprocess.Popen([sys.executable, "-m", "vibestream.sandbox.mail"], env={**os.environ, **variables})
    try:
        mail = Mail(mail_id=UUID(int=1), to="ana@example.org", subject="Hello", text="Text\n", html="<p>Text</p>")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                await Mailer(settings).send(mail)
                break
            except MailUnavailable:
                assert time.monotonic() < deadline
                assert server.poll() is None
                time.sleep(0.1)
        assert [one.to for one in letterbox.arrived(letterbox.folder_of(settings))] == ["ana@example.org"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_S) == 0
    finally:
        server.kill()
        server.wait()

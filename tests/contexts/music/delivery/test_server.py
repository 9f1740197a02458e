"""Media through the real server: files sent by the server itself, paths exactly as they were written, S3, nginx."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.contexts.music.uploads.server import WebServer, free_port
from tests.factories.listen_reward import listen_of
from tests.factories.music import Music, folder, make_music, masters
from tests.factories.music_assets import SEGMENT, put_objects
from tests.factories.users import make_user, signed_in
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.storage.local import LocalObjectStore

ETAG = f'"{hashlib.sha256(SEGMENT).hexdigest()}"'


@pytest.fixture
def server(owner_dsn: str, tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(as_app_role(owner_dsn), tmp_path / "data") as running:
        yield running


async def stored(database: Database, data_dir: Path, *, publish: bool = True) -> Music:
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=12_000, rungs=("aac-160",), publish=publish)
    await put_objects(LocalObjectStore(data_dir / "objects"), music.asset)
    return music


def raw(server: WebServer, request: str) -> bytes:
    """Send bytes as they are, and return all that is answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(request.encode("latin-1"))
        wire.settimeout(10)
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
    return answer


async def test_the_server_sends_the_file_itself_with_our_headers(server: WebServer, database: Database):
    music = await stored(database, server.data_dir)
    async with httpx2.AsyncClient(base_url=server.url) as client:
        root = folder((await masters(client, music.track_id))[0])
        url = f"{root}/aac-160/s00001.m4s"

        whole, head = await client.get(url), await client.head(url)
        part = await client.get(url, headers={"Range": "bytes=256-511"})
        kept = await client.get(url, headers={"If-None-Match": ETAG})
        playlist = await client.get(f"{root}/aac-160/index.m3u8")

    assert (whole.status_code, whole.content) == (200, SEGMENT)
    assert whole.headers["etag"] == head.headers["etag"] == ETAG
    assert whole.headers["content-length"] == head.headers["content-length"] == str(len(SEGMENT))
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (head.status_code, head.content) == (200, b"")
    assert (part.status_code, part.content) == (206, SEGMENT[256:512])
    assert (kept.status_code, kept.content) == (304, b"")
    assert playlist.text.endswith("#EXT-X-ENDLIST\n")


async def test_paths_on_the_wire_lead_nowhere_else(server: WebServer, database: Database):
    music = await stored(database, server.data_dir)
    (server.data_dir / "objects" / "secret").write_bytes(b"THE SECRET")
    async with httpx2.AsyncClient(base_url=server.url) as client:
        root = folder((await masters(client, music.track_id))[0])

    for path in (
        f"{root}/../../secret",
        f"{root}/%2e%2e/%2e%2e/secret",
        f"{root}/..%2f..%2fsecret",
        f"{root}/%252e%252e%252fsecret",
        f"{root}/..\\..\\secret",
        f"{root}/..%5c..%5csecret",
        f"{root}/aac-160/s00001.m4s%00",
        f"{root}//aac-160/s00001.m4s",
        f"{root}/aac-160/./s00001.m4s",
        f"{root}/aac-160/s00001.m4s/../../../secret",
        f"/{root}/aac-160/s00001.m4s",
        f"/media/{'A' * 5000}",
        "/media/\xff\xfe",
    ):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"THE SECRET" not in answer, path
        assert answer.split(b" ", 2)[1] in {b"400", b"404", b"422"}, (path, answer[:80])


async def test_evidence_reaches_the_table_within_seconds(server: WebServer, database: Database):
    music = await stored(database, server.data_dir)
    async with database.begin() as tx:
        token = await signed_in(tx, await make_user(tx))
    async with httpx2.AsyncClient(base_url=server.url, cookies={"vs_session": token}) as client:
        listen_id = await listen_of(database, client)
        root = folder((await masters(client, music.track_id, listen_id=str(listen_id)))[0])
        for number in (1, 2, 3):
            assert (await client.get(f"{root}/aac-160/s{number:05d}.m4s")).status_code == 200

    deadline = time.monotonic() + 20
    while True:
        async with database.begin() as tx:
            sent = await tx.value(
                """
                SELECT count(DISTINCT number) FROM music.served, generate_series(first_segment, last_segment) AS number
                WHERE listen_id = %s
                """,
                [listen_id],
            )
        if sent == 3:
            break
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_a_draft_is_heard_over_a_real_session_only(server: WebServer, database: Database):
    music = await stored(database, server.data_dir, publish=False)
    async with database.begin() as tx:
        token = await signed_in(tx, music.artist)
    async with httpx2.AsyncClient(base_url=server.url) as anybody:
        async with httpx2.AsyncClient(base_url=server.url, cookies={"vs_session": token}) as artist:
            url = folder((await masters(artist, music.track_id))[0]) + "/aac-160/s00001.m4s"
            mine = await artist.get(url)
        theirs = await anybody.get(url)

    assert (mine.status_code, mine.content, mine.headers["cache-control"]) == (200, SEGMENT, "private, no-store")
    assert theirs.status_code == 403


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
        location /objects/ {{
            internal;
            alias {objects}/;
            max_ranges 1;
            etag off;
            add_header ETag $upstream_http_etag;
            add_header Content-Security-Policy $upstream_http_content_security_policy;
            add_header X-Content-Type-Options nosniff;
        }}
    }}
}}
"""


async def test_nginx_sends_the_file_when_the_settings_say_so(owner_dsn: str, database: Database, tmp_path: Path):
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="vibestream-nginx-") as data,
        WebServer(as_app_role(owner_dsn), Path(data), {"VIBESTREAM_MEDIA_ACCEL": "/objects/"}) as server,
    ):
        music = await stored(database, server.data_dir)
        server.data_dir.chmod(0o755)  # nginx's workers are another user
        objects = server.data_dir / "objects"
        config = tmp_path / "nginx.conf"
        config.write_text(NGINX.format(folder=tmp_path, port=port, upstream=server.port, objects=objects))
        with subprocess.Popen(["nginx", "-c", str(config), "-e", str(tmp_path / "error.log")]) as nginx:
            try:
                await _until_listening(port)
                async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                    url = folder((await masters(client, music.track_id))[0]) + "/aac-160/s00001.m4s"
                    whole = await client.get(url)
                    part = await client.get(url, headers={"Range": "bytes=5-9"})
                    kept = await client.get(url, headers={"If-None-Match": ETAG})
                    forged = await client.get(url.replace("/a/", "/a/f"))
                    direct = await client.get(f"/objects/{urlsplit(url).path.split('/', 3)[3]}")
            finally:
                nginx.terminate()

    assert (whole.status_code, whole.content) == (200, SEGMENT)
    assert (whole.headers["etag"], whole.headers["server"].split("/")[0]) == (ETAG, "nginx")
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["content-type"] == "video/iso.segment"
    assert "x-accel-redirect" not in whole.headers
    assert (part.status_code, part.content) == (206, SEGMENT[5:10])
    assert kept.status_code == 304
    assert (forged.status_code, direct.status_code) == (404, 404)


async def _until_listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("nginx did not start")

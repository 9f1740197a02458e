"""Any tus client works: the two most used ones upload through a wire that is cut twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tusclient.client import TusClient

from tests.contexts.music.uploads.conftest import TUS
from tests.contexts.music.uploads.server import CutWire, WebServer
from tests.factories.users import make_artist, signed_in
from tools.build_web import ROOT, Web, node_folder
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.storage.local import LocalObjectStore

SIZE = 12_000_000
CUTS = [3_000_000, 4_000_000]
JS_CLIENT = Path(__file__).with_name("upload.mjs")


@pytest.fixture(scope="module")
def server(clone_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with WebServer(clone_database(), tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
async def cookie(server: WebServer) -> str:
    """The session of an artist of one's own."""
    async with Database(as_app_role(server.database_url)) as database, database.begin() as tx:
        return f"vs_session={await signed_in(tx, await make_artist(tx))}"


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A file that no test before sent: what is stored already would not be stored again."""
    path = tmp_path / "Río y mar.flac"
    path.write_bytes(random.Random(str(tmp_path)).randbytes(SIZE))
    return path


async def assert_arrived(server: WebServer, cookie: str, master: Path, *, file_name: str) -> None:
    sha256 = hashlib.sha256(master.read_bytes()).hexdigest()
    async with httpx2.AsyncClient(base_url=server.url, headers={"Cookie": cookie}) as client:
        (shown,) = (await client.get("/api/v1/uploads")).json()["items"]
    assert shown["sha256"] == sha256
    assert (shown["size_bytes"], shown["received_bytes"]) == (SIZE, SIZE)
    assert shown["file_name"] == file_name
    store = LocalObjectStore(server.data_dir / "objects")
    assert hashlib.sha256(await store.get_bytes(f"originals/{sha256}")).hexdigest() == sha256
    # Of this upload nothing is left. A client whose first answer was lost in the cut begins anew, and what it began
    # before waits to expire.
    assert [path for path in (server.data_dir / "uploads").iterdir() if path.name.startswith(shown["upload_id"])] == []


@pytest.mark.parametrize(
    ("chunk_size", "with_checksums"),
    [(SIZE, False), (2_500_000, True)],
    ids=["in one request", "in chunks with checksums"],
)
async def test_tuspy_uploads_through_a_wire_that_is_cut_twice(
    server: WebServer, cookie: str, master: Path, chunk_size: int, with_checksums: bool
):
    async with CutWire(server.port, cuts=CUTS) as wire:
        client = TusClient(wire.url + TUS, headers={"Cookie": cookie})
        with master.open("rb") as stream:  # given a path, tuspy leaves files open
            uploader = client.uploader(
                file_stream=stream,
                chunk_size=chunk_size,
                metadata={"filename": master.name},
                retries=5,
                retry_delay=0,
                upload_checksum=with_checksums,
            )
            await asyncio.to_thread(uploader.upload)
        assert wire.made == 2
    assert uploader.offset == SIZE
    await assert_arrived(server, cookie, master, file_name="Río y mar.flac")


async def test_tuspy_without_a_word_about_its_file(server: WebServer, cookie: str, master: Path):
    with master.open("rb") as stream:
        uploader = TusClient(server.url + TUS, headers={"Cookie": cookie}).uploader(file_stream=stream)
        await asyncio.to_thread(uploader.upload)
    await assert_arrived(server, cookie, master, file_name="untitled")


async def tus_js_client(told: dict[str, Any]) -> dict[str, Any]:
    """Run `upload.mjs` with the Node and the tus-js-client that the web bundle is built with."""
    web = Web(ROOT)
    await asyncio.to_thread(web.install, packages="--omit=dev")
    command = [str(node_folder() / "bin" / "node"), str(JS_CLIENT), json.dumps(told)]
    done = await asyncio.to_thread(
        lambda: subprocess.run(command, cwd=web.frontend, capture_output=True, text=True, timeout=60, check=False)
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.mark.parametrize(
    "options",
    [{}, {"chunkSize": 2_500_000}, {"uploadDataDuringCreation": True}, {"overridePatchMethod": True}],
    ids=["in one request", "in chunks", "beginning with bytes", "by POST alone"],
)
async def test_tus_js_client_uploads_through_a_wire_that_is_cut_twice(
    server: WebServer, cookie: str, master: Path, options: dict[str, object]
):
    async with CutWire(server.port, cuts=CUTS) as wire:
        told = {"endpoint": wire.url + TUS, "cookie": cookie, "file": str(master), "options": options}
        outcome = await tus_js_client(told)
        assert wire.made == 2
    assert outcome["sent"] == SIZE
    await assert_arrived(server, cookie, master, file_name="Río y mar.flac")


async def test_tus_js_client_resumes_in_another_process_what_one_left(server: WebServer, cookie: str, master: Path):
    told = {"endpoint": server.url + TUS, "cookie": cookie, "file": str(master), "options": {"chunkSize": 1_000_000}}
    left = await tus_js_client({**told, "stopAfter": 5_000_000})
    assert 5_000_000 <= left["sent"] < SIZE
    resumed = await tus_js_client({**told, "url": left["url"]})
    assert resumed["url"] == left["url"]
    await assert_arrived(server, cookie, master, file_name="Río y mar.flac")

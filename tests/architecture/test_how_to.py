"""What the how-tos of the API tell people to type is typed: by a shell, with curl, to a server in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.factories.labels import make_label
from tests.factories.users import PASSWORD, make_artist, make_user
from vibestream.platform.database import Database

PAGES = Path(__file__).parents[2] / "docs/how-to"
PERSON, LABEL = PAGES / "use-the-api-as-a-person.md", PAGES / "have-a-label-work-for-an-artist.md"
WITHIN_S = 60
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the pages are about curl")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def address(owner_dsn: str, tmp_path: Path) -> AsyncIterator[str]:
    """A server's address, over the fresh database."""
    port = free_port()
    variables = {
        **os.environ,
        "DATABASE_URL": owner_dsn,
        "VIBESTREAM_PORT": str(port),
        "VIBESTREAM_METRICS_PORT": str(free_port()),
        "VIBESTREAM_DATA_DIR": str(tmp_path / "data"),
        "VIBESTREAM_ENVIRONMENT": "test",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "vibestream.cli", "web", env=variables)
    try:
        async with asyncio.timeout(WITHIN_S), httpx.AsyncClient() as probe:
            while True:
                assert process.returncode is None
                try:
                    if (await probe.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def typed(page: Path) -> str:
    """Every line of shell on a page, in its order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))


async def answers_of(page: Path, tmp_path: Path, **given: str) -> list[dict[str, Any]]:
    """What a page's lines of shell print, all of which must succeed."""
    run = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", typed(page)],
        cwd=tmp_path,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines() if line]


@needs_curl
async def test_every_line_of_the_page_works_as_it_stands(address: str, database: Database, tmp_path: Path):
    async with database.begin() as tx:
        me, artist = await make_user(tx, email="kito@example.org"), await make_artist(tx)
    answers = await answers_of(PERSON, tmp_path, VS=address, EMAIL=me.email, PASSWORD=PASSWORD, ARTIST=artist.handle)
    assert len(answers) == typed(PERSON).count("\napi ") + 2  # the report is sent twice from one line
    entered, saved, seen, handle, followed, list_, unfollowed, blocks, first, again, *rest = answers
    assert (entered["user_id"], saved["handle"], seen["own"]) == (str(me.user_id), "kito-dub", True)
    assert (handle["person"]["handle"], handle["artist"]) == ("kito-dub", None)
    assert (followed["following"], [one["handle"] for one in list_["items"]]) == (True, [artist.handle])
    assert (unfollowed["following"], blocks["items"], first) == (False, [], again)
    figures, consents, exports, proved, mailed = rest
    assert (figures["agreed"], exports["exports"]) == (False, [])
    assert {one["purpose"] for one in consents["consents"]} >= {"analytics"}
    assert set(proved) == {"fresh_until"}
    assert set(mailed) == {"code_expires_at"}


@needs_curl
async def test_every_line_of_the_page_of_labels_works_as_it_stands(address: str, database: Database, tmp_path: Path):
    async with database.begin() as tx:
        label, artist = await make_label(tx, name="Casa Sur"), await make_artist(tx)
    answers = await answers_of(
        LABEL,
        tmp_path,
        VS=address,
        LABEL=label.handle,
        LABEL_EMAIL=label.user.email,
        OWNER_EMAIL=artist.user.email,
        PASSWORD=PASSWORD,
        ARTIST=artist.handle,
        ARTIST_ID=str(artist.artist_id),
    )
    # accepting and ending answer with nothing
    entered, owner, asked, waiting, proved, roster, asked_back, agreed = answers
    assert (entered["user_id"], owner["user_id"]) == (str(label.user_id), str(artist.user_id))
    assert [one["relation_id"] for one in waiting["items"]] == [asked["relation_id"]]
    assert (waiting["items"][0]["since"], set(proved)) == (None, {"fresh_until"})
    [first], [second] = roster["items"], agreed["items"]
    assert (first["artist_handle"], first["role"], first["asked_by"]) == (artist.handle, "analyst", "label")
    assert first["since"] is not None
    assert (second["label_name"], second["role"], second["asked_by"]) == ("Casa Sur", "editor", "artist")
    assert (second["relation_id"], second["since"] is None) == (asked_back["relation_id"], False)
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.label_artist") == 0

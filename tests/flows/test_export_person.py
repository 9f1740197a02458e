"""A copy of one's data: whole, signed, nobody else's, fetched by its owner alone, and gone when it has to be."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sys
import zipfile
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.exports.retention import RULES
from vibestream.contexts.user.exports.service import Export, State
from vibestream.flows import export_person
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.signing import PublicKey
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.retention import keep_to
from vibestream.platform.runtime import Runtime

PARTS = sorted(held.name for held in PERSONAL_DATA)


async def somebody(database: Database, **made: Any) -> User:
    async with database.begin() as tx:
        return await make_user(tx, **made)


async def asked_by(runtime: Runtime, user: User) -> Export:
    async with runtime.database.begin() as tx:
        export = await export_person.ask(tx, runtime=runtime, user_id=user.user_id, now=utc_now())
    assert export is not None
    return export


async def standing(database: Database, export: Export) -> Export | None:
    async with database.begin() as tx:
        return await exports.export(tx, export_id=export.export_id)


async def copy_of(runtime: Runtime, user: User) -> zipfile.ZipFile:
    export = await asked_by(runtime, user)
    await export_person.make_export(runtime, export_id=str(export.export_id))
    return zipfile.ZipFile(io.BytesIO(await runtime.objects.get_bytes(export.key)))


async def test_it_has_every_part_twice_and_is_signed_by_the_published_key(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    user = await somebody(database, display_name="Quillfeather", locale="es")
    archive = await copy_of(runtime, user)
    data = {name for name in archive.namelist() if name.startswith("data/")}
    assert data == {f"data/{part}.{kind}" for part in PARTS for kind in ("json", "csv")}
    assert {*archive.namelist()} - data == {"README.txt", "originals.json", "MANIFEST.json", "SIGNATURE"}
    assert archive.read("README.txt").decode().startswith("Tus datos en VibeStream")
    assert json.loads(archive.read("data/user.accounts.json"))[0]["email"] == user.email
    listed = (await (await client_for(user)).get("/.well-known/vibestream-export-keys.json")).json()["keys"]
    keys = [PublicKey.parse(key["x"]) for key in listed]
    assert archive.fp is not None
    found = exports.verify(archive.fp, trusted=keys)  # type: ignore[arg-type]  # a binary file
    assert found.user_id == str(user.user_id)


async def test_it_says_how_far_it_is_and_is_told_once_ready(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    user = await somebody(database)
    client = await client_for(user)
    asked = await client.post("/api/v1/me/exports")
    assert asked.status_code == 202, asked.text
    assert (asked.json()["state"], asked.json()["total"]) == ("waiting", len(PERSONAL_DATA))
    assert (await client.post("/api/v1/me/exports")).json()["export_id"] == asked.json()["export_id"], "one at a time"
    await export_person.make_export(runtime, export_id=asked.json()["export_id"])
    listed = (await client.get("/api/v1/me/exports")).json()["exports"]
    assert [(one["state"], one["done"]) for one in listed] == [("ready", len(PERSONAL_DATA))]
    before = await runtime.objects.stat(f"exports/{asked.json()['export_id']}.zip")
    assert before is not None
    assert (before.size, before.etag) == (listed[0]["size"], listed[0]["sha256"])
    await export_person.make_export(runtime, export_id=asked.json()["export_id"])
    assert await runtime.objects.stat(before.key) == before, "a job that runs again leaves it alone"


async def test_only_its_owner_fetches_it_by_an_address_that_is_good_for_minutes(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    user, stranger = await somebody(database), await somebody(database)
    export = await asked_by(runtime, user)
    client, other = await client_for(user), await client_for(stranger)
    link = f"/api/v1/me/exports/{export.export_id}/link"
    assert (await client.post(link)).status_code == 404, "it is not ready"
    await export_person.make_export(runtime, export_id=str(export.export_id))
    assert (await other.post(link)).status_code == 404
    path = str((await client.post(link)).json()["url"]).removeprefix(runtime.settings.base_url)
    fetched = await client.get(path)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/zip")
    assert fetched.headers["cache-control"] == "private, no-store"
    assert fetched.headers["content-disposition"].startswith('attachment; filename="vibestream-export-20')
    assert fetched.content == await runtime.objects.get_bytes(export.key)
    assert (await other.get(path)).status_code == 404
    assert (await client.get(path.replace("signature=", "signature=x"))).status_code == 403
    assert (await client.get(path.split("?")[0])).status_code == 403
    until = int(path.split("until=")[1].split("&")[0])
    assert (await client.get(path.replace(str(until), str(until + 3600)))).status_code == 403
    with pytest.raises(exports.LinkInvalid):
        async with database.begin() as tx:
            await exports.fetch(
                tx, settings=runtime.settings, user_id=user.user_id, export_id=export.export_id, until=until,
                signature=path.split("signature=")[1], now=utc_now() + timedelta(minutes=5, seconds=1),
            )  # fmt: skip


async def test_asking_and_fetching_stand_in_the_security_log_with_where_from_and_twice_asked_is_once(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    user = await somebody(database)
    client = await client_for(user)
    _, asked = [await client.post("/api/v1/me/exports") for _ in range(2)]
    await export_person.make_export(runtime, export_id=asked.json()["export_id"])
    assert (await client.post(f"/api/v1/me/exports/{asked.json()['export_id']}/link")).status_code == 200
    async with database.begin() as tx:
        logged = await audit_log.entries_of(tx, user_id=user.user_id)
    assert [
        (one.action.value, one.actor_id, one.network) for one in logged if one.action.value.startswith("export")
    ] == [
        ("export.fetched", user.user_id, "127.0.0.0/24"),
        ("export.asked", user.user_id, "127.0.0.0/24"),
    ]


async def test_asking_and_fetching_want_a_fresh_proof(
    client_for: ClientFor, runtime: Runtime, database: Database, owner_dsn: str
):
    user = await somebody(database)
    client = await client_for(user)
    export = await asked_by(runtime, user)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = NULL")
    for path in ("/api/v1/me/exports", f"/api/v1/me/exports/{export.export_id}/link"):
        refused = await client.post(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")


@pytest.mark.parametrize("where", ["parts", "signed", "stored", "ready"])
async def test_killed_on_the_way_it_is_made_again_and_nothing_is_left_behind(
    runtime: Runtime, database: Database, where: str
):
    user = await somebody(database)
    export = await asked_by(runtime, user)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.factories.export_process", where, str(export.export_id), database.dsn),
        str(runtime.settings.data_dir),
    )
    assert await process.wait() == -signal.SIGKILL
    found = await standing(database, export)
    assert found is not None
    assert found.state is (State.READY if where == "ready" else State.WAITING)
    stored = [key async for key in runtime.objects.list_keys("exports")]
    assert stored == ([export.key] if where in {"stored", "ready"} else [])
    await export_person.make_export(runtime, export_id=str(export.export_id))
    found = await standing(database, export)
    assert found is not None
    assert found.state is State.READY
    exports.verify(
        io.BytesIO(await runtime.objects.get_bytes(export.key)), trusted=exports.trusted_keys(runtime.settings)
    )
    left = {
        path.name for path in runtime.settings.data_dir.rglob("*") if path.is_file() and "objects" not in path.parts
    }
    assert left == {"export_key"} | ({"secret_key"} & left)


async def test_erased_while_it_is_made_nobody_finds_it(runtime: Runtime, database: Database):
    user = await somebody(database)
    export = await asked_by(runtime, user)
    await runtime.objects.put_bytes(export.key, b"half", content_type="application/zip", immutable=False)
    async with database.begin() as tx:
        await exports.forget(tx, user_id=user.user_id)
        await exports.forget(tx, user_id=user.user_id)
        dropped = await tx.values(
            "SELECT args ->> 'export_id' FROM jobs.procrastinate_jobs WHERE task_name = 'user.drop_export'"
        )
    assert dropped == [str(export.export_id)]
    await export_person.make_export(runtime, export_id=str(export.export_id))
    await exports.tidy(runtime, now=utc_now())
    assert [key async for key in runtime.objects.list_keys("exports")] == []


async def test_after_its_days_the_file_is_gone_and_one_that_never_was_ready_has_failed(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    kept, late = await somebody(database), await somebody(database)
    export = await asked_by(runtime, kept)
    await export_person.make_export(runtime, export_id=str(export.export_id))
    stuck = await asked_by(runtime, late)
    week = timedelta(days=runtime.settings.export_keep_days)
    for early in (week - timedelta(minutes=1), week + timedelta(minutes=1)):
        assert await runtime.objects.stat(export.key) is not None
        await keep_to(database, rules=RULES, now=utc_now() + early)
        await exports.tidy(runtime, now=utc_now() + early)
    assert await runtime.objects.stat(export.key) is None
    states = [found.state for one in (export, stuck) if (found := await standing(database, one))]
    assert states == [State.EXPIRED, State.FAILED]
    link = await (await client_for(kept)).post(f"/api/v1/me/exports/{export.export_id}/link")
    assert (link.status_code, link.json()["code"]) == (404, "export.not_found")
    assert (await asked_by(runtime, late)).export_id != stuck.export_id, "they may ask again"

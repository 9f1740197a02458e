"""Asking for a master to be packaged, and asking how far it is."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories.sounds import tone
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.packaging.jobs import package_asset
from vibestream.contexts.music.packaging.service import NoSuchAsset, Reason, State
from vibestream.kernel.ids import AssetId, UploadId, UserId, new_id
from vibestream.platform.config import SandboxRule, load_settings
from vibestream.platform.database import Tx
from vibestream.platform.media import sandbox as sandboxes
from vibestream.platform.media.programs import ProgramMissing
from vibestream.platform.media.sandbox import SandboxMissing

SHA = "ab" * 32


async def jobs(tx: Tx) -> list[tuple[str, str, str]]:
    return await tx.all(
        lambda **row: (row["task_name"], row["queue_name"], row["lock"]),
        "SELECT task_name, queue_name, lock FROM jobs.procrastinate_jobs ORDER BY id",
    )


async def request(
    tx: Tx, *, upload_id: UploadId | None = None, user_id: UserId | None = None, sha256: str = SHA
) -> AssetId:
    return await packaging.request_packaging(
        tx,
        upload_id=upload_id or UploadId(new_id()),
        user_id=user_id or UserId(new_id()),
        sha256=sha256,
        file_name="song.flac",
    )


async def test_a_master_waits_with_a_job_of_its_own(tx: Tx):
    asset_id = await request(tx)

    asset = await packaging.load_asset(tx, asset_id=asset_id)
    assert (asset.sha256, asset.state, asset.percent, asset.source, asset.waveform) == (
        SHA,
        State.WAITING,
        0,
        None,
        b"",
    )
    assert await jobs(tx) == [("music.package_asset", "packaging", str(asset_id))]
    assert await packaging.renditions(tx, asset_id=asset_id) == ()


async def test_asking_twice_for_one_upload_is_asking_once(tx: Tx):
    upload_id, user_id = UploadId(new_id()), UserId(new_id())

    first = await request(tx, upload_id=upload_id, user_id=user_id)
    second = await request(tx, upload_id=upload_id, user_id=user_id)

    assert first == second
    assert list(await packaging.list_assets_of_uploads(tx, upload_ids=[upload_id], user_id=user_id)) == [upload_id]


async def test_the_same_bytes_are_one_asset_whoever_brings_them(tx: Tx):
    ana, ben, eve = (UserId(new_id()) for _ in range(3))
    uploads = [UploadId(new_id()) for _ in range(2)]
    assets = {
        await request(tx, upload_id=upload, user_id=user) for upload, user in zip(uploads, (ana, ben), strict=True)
    }

    (asset_id,) = assets
    owners = [await packaging.owns_asset(tx, asset_id=asset_id, user_id=user) for user in (ana, ben, eve)]
    assert owners == [True, True, False]
    assert list(await packaging.list_assets_of_uploads(tx, upload_ids=uploads, user_id=ana)) == [uploads[0]]
    assert await packaging.list_assets_of_uploads(tx, upload_ids=uploads, user_id=eve) == {}


async def test_a_finished_master_is_not_packaged_again(studio, tmp_path):
    song = tone(tmp_path / "song.flac", seconds=2)
    asset = await studio.package(song)
    before = await studio.events()

    again = await studio.hand_in(song)

    assert again == asset.asset_id
    assert await studio.asset(again) == asset
    async with studio.runtime.database.begin() as tx:
        assert len(await jobs(tx)) == 1
    await package_asset(studio.runtime, asset_id=str(again))
    assert await studio.asset(again) == asset
    assert await studio.events() == before


async def test_a_refused_master_stays_refused_and_says_why_again(studio, tmp_path):
    empty = tmp_path / "empty.flac"
    empty.touch()
    asset = await studio.package(empty)

    assert await studio.hand_in(empty) == asset.asset_id
    assert (await studio.asset(asset.asset_id)).reason is Reason.EMPTY
    async with studio.runtime.database.begin() as tx:
        assert len(await jobs(tx)) == 1


async def test_what_a_killed_run_left_of_a_refused_master_is_swept_up_by_the_next(studio, tmp_path):
    empty = tmp_path / "empty.flac"
    empty.touch()
    asset = await studio.package(empty)
    await studio.runtime.objects.put_bytes(
        packaging.object_prefix(asset) + "aac-160/s00001.m4s", b"x", content_type="a/b"
    )

    await package_asset(studio.runtime, asset_id=str(asset.asset_id))

    assert await studio.keys(asset) == set()


async def test_only_who_uploaded_it_may_ask_again_and_only_after_a_failure(tx: Tx):
    owner = UserId(new_id())
    asset_id = await request(tx, user_id=owner)

    await packaging.retry_packaging(tx, asset_id=asset_id, user_id=owner)
    assert len(await jobs(tx)) == 1
    with pytest.raises(NoSuchAsset):
        await packaging.retry_packaging(tx, asset_id=asset_id, user_id=UserId(new_id()))
    with pytest.raises(NoSuchAsset):
        await packaging.retry_packaging(tx, asset_id=AssetId(new_id()), user_id=owner)

    await tx.execute("UPDATE music.asset SET state = 'failed'")
    await packaging.retry_packaging(tx, asset_id=asset_id, user_id=owner)
    assert len(await jobs(tx)) == 2
    assert (await packaging.load_asset(tx, asset_id=asset_id)).state is State.WAITING


async def test_an_asset_that_is_not_there_is_missing(tx: Tx):
    nowhere = AssetId(new_id())
    with pytest.raises(NoSuchAsset):
        await packaging.load_asset(tx, asset_id=nowhere)
    with pytest.raises(NoSuchAsset):
        await packaging.renditions(tx, asset_id=nowhere)
    assert await packaging.list_assets(tx, asset_ids=[nowhere]) == {}


async def test_a_job_for_an_asset_that_is_not_there_does_nothing(runtime):
    await package_asset(runtime, asset_id=str(new_id()))

    async with runtime.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM music.asset") == 0


async def test_progress_is_told_to_everybody_who_uploaded_the_master(studio, tmp_path):
    heard = []
    song = tone(tmp_path / "song.flac", seconds=4)
    async with studio.runtime.database.dedicated() as connection:
        await connection.execute("LISTEN vibestream_live")
        asset = await studio.package(song)
        async for notification in connection.notifies(timeout=1):
            topic, kind, data = json.loads(notification.payload)
            heard.append((topic, kind, json.loads(data)))

    assert {(topic, kind) for topic, kind, _ in heard} == {(f"user:{studio.user_id}", "packaging.progress")}
    assert {data["asset_id"] for _, _, data in heard} == {str(asset.asset_id)}
    states = [data["state"] for _, _, data in heard]
    assert list(dict.fromkeys(states)) == ["waiting", "packaging", "playable", "ready"]
    percents = [data["percent"] for _, _, data in heard]
    assert percents == sorted(percents)
    assert percents[-1] == 100


def test_where_bubblewrap_is_required_and_missing_nothing_is_taken(monkeypatch, tmp_path):
    settings = load_settings(media_sandbox=SandboxRule.REQUIRE, data_dir=tmp_path)
    packaging.require_packaging(settings)

    monkeypatch.setenv("PATH", str(tmp_path))
    sandboxes._found.cache_clear()
    try:
        with pytest.raises(SandboxMissing):
            packaging.require_packaging(settings)
    finally:
        sandboxes._found.cache_clear()
    monkeypatch.undo()
    with pytest.raises(ProgramMissing):
        packaging.require_packaging(load_settings(ffmpeg=tmp_path / "none", data_dir=tmp_path))


@pytest.mark.parametrize("ffmpeg", ["/usr/bin/ffmpeg", None], ids=["debian", "wheel"])
async def test_without_bubblewrap_it_works_all_the_same(studio, tmp_path, monkeypatch, ffmpeg):
    monkeypatch.setattr(sandboxes, "_look", lambda: (sandboxes.without_bubblewrap(), "not installed"))
    sandboxes._found.cache_clear()
    settings = load_settings(**{**studio.runtime.settings.model_dump(), "ffmpeg": ffmpeg})
    try:
        asset = await studio.package(
            tone(tmp_path / "song.flac", seconds=5), runtime=replace(studio.runtime, settings=settings)
        )
    finally:
        sandboxes._found.cache_clear()

    assert asset.state is State.READY
    assert set(await studio.renditions(asset.asset_id)) == {"aac-96", "aac-160", "aac-320", "flac"}
    assert asset.loudness is not None
    assert asset.loudness.integrated_lufs is not None


async def test_an_original_that_only_we_may_read_is_copied_for_the_child_and_the_copy_is_gone_afterwards(
    studio, tmp_path
):
    song = tone(tmp_path / "song.flac", seconds=2)
    asset_id = await studio.hand_in(song)
    asset = await studio.asset(asset_id)
    stored = Path(studio.runtime.objects.local_path(packaging.original_key(asset.sha256))).resolve()
    stored.chmod(0o600)

    await package_asset(studio.runtime, asset_id=str(asset_id))

    assert (await studio.asset(asset_id)).state is State.READY
    assert list((studio.runtime.settings.data_dir / "packaging").iterdir()) == []
    assert stored.stat().st_uid == os.geteuid()

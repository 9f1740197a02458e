"""What only the S3 store can get wrong, seen with another client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform.storage.conftest import ACCESS, SECRET, Bucket
from vibestream.platform.config import load_settings
from vibestream.platform.storage import ObjectDiffers, ObjectStoreUnavailable, open_store
from vibestream.platform.storage.s3 import S3ObjectStore


async def test_another_client_sees_the_content_its_type_and_how_long_to_keep_it(bucket: Bucket):
    store = bucket.store()
    await store.put_bytes("seg", b"abc", content_type="audio/mp4")
    await store.put_bytes("list", b"abc", content_type="text/plain", immutable=False)
    seg = bucket.client.get_object(Bucket=bucket.name, Key="seg")
    assert seg["Body"].read() == b"abc"
    assert (seg["ContentType"], seg["CacheControl"]) == ("audio/mp4", "public, max-age=31536000, immutable")
    assert bucket.client.head_object(Bucket=bucket.name, Key="list")["CacheControl"] == "no-cache"


async def test_a_large_immutable_object_is_not_replaced_either(bucket: Bucket, tmp_path: Path):
    store = bucket.store()
    source = tmp_path / "source"
    source.write_bytes(b"a" * (9 * 1024 * 1024))
    await store.put_file("x", source, content_type="audio/flac")
    source.write_bytes(b"b" * (9 * 1024 * 1024))
    with pytest.raises(ObjectDiffers):
        await store.put_file("x", source, content_type="audio/flac")


async def test_a_large_mutable_object_is_replaced(bucket: Bucket, tmp_path: Path):
    store = bucket.store()
    source = tmp_path / "source"
    source.write_bytes(b"a" * (9 * 1024 * 1024))
    await store.put_file("x", source, content_type="audio/flac", immutable=False)
    await store.put_bytes("x", b"abc", content_type="audio/flac", immutable=False)
    assert await store.get_bytes("x") == b"abc"


async def test_an_object_that_somebody_else_put_there_is_not_taken_for_ours(bucket: Bucket):
    bucket.client.put_object(Bucket=bucket.name, Key="x", Body=b"abc")
    with pytest.raises(ObjectStoreUnavailable, match="not written by VibeStream"):
        await bucket.store().stat("x")


async def test_a_server_that_does_not_answer_is_unavailable():
    store = S3ObjectStore(
        bucket="b",
        region="us-east-1",
        endpoint="http://127.0.0.1:9",
        access_key_id="a",
        secret_access_key="s",
        give_up_after_s=1,
    )
    with pytest.raises(ObjectStoreUnavailable):
        await store.stat("x")
    with pytest.raises(ObjectStoreUnavailable):
        await store.put_bytes("x", b"abc", content_type="text/plain")


async def test_a_missing_bucket_is_not_a_missing_object_when_writing(bucket: Bucket):
    store = bucket.store(give_up_after_s=1)
    bucket.client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(ObjectStoreUnavailable, match="bucket"):
        await store.put_bytes("x", b"abc", content_type="text/plain", immutable=False)


async def test_the_settings_choose_the_bucket(bucket: Bucket, tmp_path: Path):
    store = open_store(
        load_settings(
            object_store="s3",
            s3_bucket=bucket.name,
            s3_endpoint=bucket.endpoint,
            s3_access_key_id=ACCESS,
            s3_secret_access_key=SECRET,
            data_dir=tmp_path,
        )
    )
    await store.put_bytes("x", b"abc", content_type="text/plain")
    assert await bucket.store().get_bytes("x") == b"abc"
    assert list(tmp_path.iterdir()) == []

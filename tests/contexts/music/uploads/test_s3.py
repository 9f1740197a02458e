"""Originals in a bucket: the same journey, where no blocks can be shared."""

from __future__ import annotations

import dataclasses
import hashlib
import random

from tests.contexts.music.uploads.conftest import Kept, TusFor, checksum
from tests.platform.storage.conftest import Bucket, s3_endpoint  # noqa: F401 - a fixture
from vibestream.contexts.music.uploads.invariants import invariants_of
from vibestream.platform.invariants import check_all

DATA = random.Random(17).randbytes(9_000_000)


async def test_a_master_ends_in_the_bucket(tus_for: TusFor, serve_uploads, runtime, kept: Kept, s3_endpoint: str):  # noqa: F811
    bucket = Bucket(s3_endpoint)
    store = bucket.store()
    tus = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, objects=store)))
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:4_000_000])
    assert [key async for key in store.list_keys()] == []
    last = await tus.patch(url, 4_000_000, DATA[4_000_000:], Upload_Checksum=checksum("sha256", DATA[4_000_000:]))
    assert last.status_code == 204
    sha256 = hashlib.sha256(DATA).hexdigest()
    found = bucket.client.get_object(Bucket=bucket.name, Key=f"originals/{sha256}")
    assert found["Body"].read() == DATA
    assert kept.files() == []
    (audited,) = await check_all(runtime.database, invariants_of(store))
    assert (audited.finding.ok, audited.finding.figure) == (True, "1 originals, all read again, 0 faults")
    bucket.client.delete_object(Bucket=bucket.name, Key=f"originals/{sha256}")
    (audited,) = await check_all(runtime.database, invariants_of(store))
    assert not audited.finding.ok

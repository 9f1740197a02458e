"""tus 1.0 as a client meets it: core, creation, creation-with-upload, checksum, expiration, termination."""

from __future__ import annotations

import hashlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.contexts.music.uploads.conftest import OFFSET_STREAM, TUS, Kept, Tus, checksum, metadata
from tests.http_client import open_client

DATA = random.Random(7).randbytes(300_000)


async def test_options_tell_what_is_spoken_to_anybody(uploads_app):
    async with open_client(uploads_app) as nobody:
        for address in (TUS, f"{TUS}/0198f000-0000-7000-8000-000000000000"):
            response = await nobody.options(address)
            assert response.status_code == 204
            assert response.content == b""
            assert response.headers["Tus-Resumable"] == "1.0.0"
            assert response.headers["Tus-Version"] == "1.0.0"
            assert response.headers["Tus-Max-Size"] == "2147483648"
            assert response.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
            assert set(response.headers["Tus-Extension"].split(",")) == {
                *("creation", "creation-with-upload", "checksum", "expiration", "termination"),
            }


async def test_a_master_arrives_in_pieces_and_is_stored_once_it_is_whole(tus: Tus, kept: Kept):
    before = datetime.now(UTC)
    created = await tus.create(len(DATA), Upload_Metadata=metadata(filename="01 Nebula.flac"))
    after = datetime.now(UTC)
    assert (created.status_code, created.content) == (201, b"")
    assert created.headers["Tus-Resumable"] == "1.0.0"
    assert created.headers["Upload-Offset"] == "0"
    url = created.headers["Location"]
    assert url.startswith(f"{TUS}/")
    expires = parsedate_to_datetime(created.headers["Upload-Expires"])
    begun = expires - timedelta(hours=24)
    assert before - timedelta(seconds=1) < begun <= after  # a date of HTTP has no parts of a second

    for offset in (0, 100_000, 200_000):
        assert await tus.offset(url) == offset
        assert (await tus.view(url))["state"] == "receiving"
        answer = await tus.patch(url, offset, DATA[offset : offset + 100_000])
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Upload-Offset"] == str(offset + 100_000)
        assert ("Upload-Expires" in answer.headers) == (offset < 200_000)

    assert await kept.original(DATA) == DATA
    assert await kept.row(url) == (300_000, "stored")
    assert kept.files() == []
    (event,) = await kept.events()
    assert event["upload_id"] == url.rsplit("/", 1)[1]
    assert event["user_id"] == str(tus.principal.user_id)
    assert event["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert (event["size_bytes"], event["file_name"]) == (300_000, "01 Nebula.flac")
    assert await tus.offset(url) == 300_000


async def test_head_gives_back_length_and_metadata_and_may_not_be_cached(tus: Tus):
    told = metadata(filename="Río.flac", filetype="audio/flac") + ",confidential"
    url = await tus.begin(10, Upload_Metadata=told)
    await tus.patch(url, 0, b"abc")
    answer = await tus.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Offset"] == "3"
    assert answer.headers["Upload-Length"] == "10"
    assert answer.headers["Upload-Metadata"] == told
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Metadata" not in (await tus.head(await tus.begin(10))).headers


async def test_the_first_bytes_may_come_with_the_creation(tus: Tus, kept: Kept):
    part = await tus.create(len(DATA), content=DATA[:1000], Content_Type=OFFSET_STREAM)
    assert (part.status_code, part.headers["Upload-Offset"]) == (201, "1000")
    assert await tus.offset(part.headers["Location"]) == 1000
    whole = await tus.create(
        len(DATA), content=DATA, Content_Type=OFFSET_STREAM, Upload_Checksum=checksum("sha256", DATA)
    )
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, "300000")
    assert "Upload-Expires" not in whole.headers
    assert await kept.original(DATA) == DATA


async def test_first_bytes_that_are_refused_leave_no_upload_behind(tus: Tus, kept: Kept):
    wrong = await tus.create(10, content=b"abc", Content_Type=OFFSET_STREAM, Upload_Checksum=checksum("sha1", b"abd"))
    assert wrong.status_code == 460
    typed = await tus.create(10, content=b"abc", Content_Type="audio/flac")
    assert typed.status_code == 415
    more = await tus.create(2, content=b"abc", Content_Type=OFFSET_STREAM)
    assert more.status_code == 413
    assert kept.files() == []
    assert (await tus.client.get("/api/v1/uploads")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_verified_bytes_count_and_others_are_dropped_whole(tus: Tus, kept: Kept, algorithm: str):
    url = await tus.begin(len(DATA))
    first = await tus.patch(url, 0, DATA[:1000], Upload_Checksum=checksum(algorithm, DATA[:1000]))
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")

    wrong = await tus.patch(url, 1000, DATA[1000:], Upload_Checksum=checksum(algorithm, DATA))
    assert wrong.status_code == 460
    assert wrong.headers["Content-Type"] == "application/problem+json"
    assert (wrong.json()["code"], wrong.json()["status"]) == ("upload.checksum_mismatch", 460)
    assert wrong.headers["Tus-Resumable"] == "1.0.0"
    assert await tus.offset(url) == 1000
    assert kept.part(url).read_bytes() == DATA[:1000]
    assert await kept.originals() == []

    right = await tus.patch(url, 1000, DATA[1000:], Upload_Checksum=checksum(algorithm, DATA[1000:]))
    assert (right.status_code, right.headers["Upload-Offset"]) == (204, "300000")
    assert await kept.original(DATA) == DATA


async def test_a_checksum_that_cannot_be_read_is_refused_before_anything_is_kept(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    for header in ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 not-base64", "sha1", "crc32c AAAA"):
        answer = await tus.patch(url, 0, DATA, Upload_Checksum=header)
        assert (answer.status_code, answer.json()["facts"]) == (400, {"header": "Upload-Checksum"})
    assert kept.files() == []


async def test_an_unfinished_upload_can_be_ended(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])
    assert kept.part(url).exists()
    ended = await tus.delete(url)
    assert (ended.status_code, ended.content, ended.headers["Tus-Resumable"]) == (204, b"", "1.0.0")
    assert kept.files() == []
    for answer in (await tus.head(url), await tus.patch(url, 1000, DATA[1000:]), await tus.delete(url)):
        assert answer.status_code == 410
        assert "Upload-Offset" not in answer.headers
    assert kept.files() == []


async def test_an_accepted_upload_cannot_be_ended(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA)
    refused = await tus.delete(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "upload.already_stored")
    assert await kept.original(DATA) == DATA


async def test_an_accepted_upload_answers_a_repetition_without_doing_it_again(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA)
    late = await tus.patch(url, 0, DATA)
    assert (late.status_code, late.json()["facts"]) == (409, {"offset": 300_000})
    empty = await tus.patch(url, 300_000, b"")
    assert (empty.status_code, empty.headers["Upload-Offset"]) == (204, "300000")
    more = await tus.patch(url, 300_000, b"x")
    assert more.status_code == 413
    assert len(await kept.events()) == 1
    assert kept.files() == []


async def test_the_same_master_twice_is_two_uploads_and_one_original(tus: Tus, kept: Kept):
    for _ in range(2):
        await tus.patch(await tus.begin(len(DATA)), 0, DATA)
    assert len(await kept.originals()) == 1
    assert len(await kept.events()) == 2


async def test_a_patch_without_bytes_changes_nothing(tus: Tus):
    url = await tus.begin(10)
    await tus.patch(url, 0, b"abc")
    answer = await tus.patch(url, 3, b"")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "3")


async def test_a_body_of_unannounced_length_is_taken(tus: Tus, kept: Kept):
    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(DATA), 7_001):
            yield DATA[begin : begin + 7_001]

    url = await tus.begin(len(DATA))
    answer = await tus.patch(url, 0, pieces())
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "300000")
    assert await kept.original(DATA) == DATA
    created = await tus.create(len(DATA), content=pieces(), Content_Type=OFFSET_STREAM)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "300000")


async def test_methods_that_a_client_cannot_send_may_be_named_in_a_post(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    base = {**tus.defaults, "Upload-Offset": "0", "Content-Type": OFFSET_STREAM}
    patched = await tus.client.post(url, headers={**base, "X-HTTP-Method-Override": "PATCH"}, content=b"abc")
    assert (patched.status_code, patched.headers["Upload-Offset"]) == (204, "3")
    head = await tus.client.post(url, headers={**tus.defaults, "X-HTTP-Method-Override": "head"})
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "3")
    for header in ({}, {"X-HTTP-Method-Override": "GET"}, {"X-HTTP-Method-Override": "PUT"}):
        refused = await tus.client.post(url, headers={**tus.defaults, **header})
        assert (refused.status_code, refused.json()["facts"]) == (400, {"header": "X-HTTP-Method-Override"})
    ended = await tus.client.post(url, headers={**tus.defaults, "X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204
    assert kept.files() == []


async def test_a_method_named_in_a_get_is_not_obeyed(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    await tus.patch(url, 0, b"abc")
    await tus.client.get(url, headers={**tus.defaults, "X-HTTP-Method-Override": "DELETE"})
    assert await kept.row(url) == (3, "receiving")

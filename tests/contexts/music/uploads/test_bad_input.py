"""What must be refused, as problem+json, and leave nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.contexts.music.uploads.conftest import OFFSET_STREAM, TUS, Kept, Tus, TusFor, metadata
from tests.http_client import open_client


def problem(response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]
    return response.status_code, response.json()["code"]


async def test_another_version_of_tus_is_refused_before_anything_is_done(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    for version in ({}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "1.0.0, 1.0.0"}):
        tus.defaults = version
        answers = [
            await tus.create(10),
            await tus.patch(url, 0, b"abc"),
            await tus.delete(url),
            await tus.head(url),
            await tus.client.post(url, headers={**version, "X-HTTP-Method-Override": "DELETE"}),
        ]
        for answer in answers:
            assert answer.status_code == 412
            assert (answer.headers["Tus-Version"], answer.headers["Tus-Resumable"]) == ("1.0.0", "1.0.0")
    assert await kept.row(url) == (0, "receiving")
    assert kept.files() == []


@pytest.mark.parametrize("length", ["-1", "NaN", "1.5", "1e9", "Infinity", "0x10", "", "\xbd", "9" * 30, "12,12"])
async def test_a_length_that_is_no_number_of_bytes_is_refused(tus: Tus, length: str):
    response = await tus.create(content=b"", Upload_Length=length.encode("latin-1"))
    assert problem(response) == (400, "upload.malformed_header")


async def test_a_length_must_be_told_at_once(tus: Tus):
    assert problem(await tus.create()) == (400, "upload.malformed_header")
    assert problem(await tus.create(Upload_Defer_Length="1")) == (400, "upload.malformed_header")


async def test_concatenation_is_refused(tus: Tus):
    assert problem(await tus.create(10, Upload_Concat="partial")) == (400, "upload.malformed_header")
    assert problem(await tus.create(Upload_Concat="final;/a /b")) == (400, "upload.malformed_header")


async def test_an_empty_file_is_no_master(tus: Tus):
    assert problem(await tus.create(0)) == (422, "upload.empty")


async def test_a_master_over_the_limit_is_refused_before_it_is_sent(tus: Tus):
    for size in (2 * 1024**3 + 1, 10**17):
        response = await tus.create(size)
        assert problem(response) == (413, "upload.too_large")
        assert response.json()["facts"] == {"limit_bytes": 2_147_483_648}


@pytest.mark.parametrize(
    "header", ["filename !!!", "filename YQ==,filename YQ==", "filename /w==", "x " + "A" * 10_240, "a b c"]
)
async def test_metadata_that_cannot_be_read_is_refused(tus: Tus, header: str):
    assert problem(await tus.create(10, Upload_Metadata=header)) == (400, "upload.malformed_header")


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "-i;$(touch /tmp/x).mp3", "a\x00b.mp3", "\u202e3pm.exe", "x" * 2000, "'; DROP TABLE--"],
)
async def test_a_hostile_name_is_text_and_no_file_is_called_by_it(tus: Tus, kept: Kept, name: str):
    url = await tus.begin(3, Upload_Metadata=metadata(filename=name))
    await tus.patch(url, 0, b"ab")
    assert kept.files() == [kept.part(url).name]
    await tus.patch(url, 2, b"c")
    (key,) = await kept.originals()
    assert key == "originals/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    shown = (await tus.view(url))["file_name"]
    assert len(shown) <= 255
    assert not {"/", "\\", "\x00", "\u202e"} & set(shown)


async def test_bytes_at_the_wrong_place_are_refused_with_the_right_one(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    await tus.patch(url, 0, b"abcd")
    for offset in (0, 3, 5, 10, 10**15):
        response = await tus.patch(url, offset, b"e")
        assert problem(response) == (409, "upload.wrong_offset")
        assert response.json()["facts"] == {"offset": 4}
    for text in ("-1", "NaN", "", "4.0", "1" * 40):
        assert problem(await tus.patch(url, text, b"e")) == (400, "upload.malformed_header")
    assert kept.part(url).read_bytes() == b"abcd"


async def test_more_bytes_than_the_upload_has_are_refused(tus: Tus, kept: Kept):
    async def unannounced() -> AsyncIterator[bytes]:
        yield b"e" * 6
        yield b"f"

    url = await tus.begin(10)
    await tus.patch(url, 0, b"abcd")
    assert problem(await tus.patch(url, 4, b"e" * 7)) == (413, "upload.beyond_end")
    assert await kept.row(url) == (4, "receiving")
    assert problem(await tus.patch(url, 4, unannounced())) == (413, "upload.beyond_end")
    assert (await kept.row(url))[1] == "receiving"
    assert await kept.originals() == []
    offset = await tus.offset(url)
    assert (await tus.patch(url, offset, b"e" * (10 - offset))).status_code == 204
    assert await kept.original(b"abcdeeeeee") == b"abcdeeeeee"


async def test_bytes_travel_as_offset_stream_only(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    for content_type in ("application/octet-stream", "audio/flac", "multipart/form-data; boundary=x", "text/plain"):
        refused = await tus.patch(url, 0, b"abc", Content_Type=content_type)
        assert problem(refused) == (415, "upload.not_offset_stream")
    refused = await tus.patch(url, 0, b"abc", Content_Encoding="gzip")
    assert problem(refused) == (415, "upload.not_offset_stream")
    assert kept.files() == []


@pytest.mark.parametrize(
    "name", ["0198f000-0000-7000-8000-000000000000", "nonsense", "..%2f..%2fplace", "%00", "0" * 3000, "place"]
)
async def test_what_is_not_there_is_missing(tus: Tus, kept: Kept, name: str):
    url = f"{TUS}/{name}"
    expected = {404, 422} if name == "%00" else {404}
    assert (await tus.patch(url, 0, b"abc")).status_code in expected
    assert (await tus.delete(url)).status_code in expected
    head = await tus.head(url)
    assert head.status_code in expected
    assert "Upload-Offset" not in head.headers
    assert (await tus.client.get(f"/api/v1/uploads/{name}")).status_code in expected


async def test_another_artists_upload_is_not_there(tus_for: TusFor, kept: Kept):
    mine, other = await tus_for(), await tus_for()
    url = await mine.begin(10)
    await mine.patch(url, 0, b"abc")
    for answer in (await other.head(url), await other.patch(url, 3, b"d"), await other.delete(url)):
        assert answer.status_code == 404
    assert (await other.client.get(url.replace("tus", "uploads"))).status_code == 404
    assert (await other.client.get("/api/v1/uploads")).json()["items"] == []
    assert await kept.row(url) == (3, "receiving")
    admin = await tus_for("admin")
    assert (await admin.delete(url)).status_code == 404


async def test_only_who_has_a_part_in_an_artist_uploads_and_nothing_of_others_is_there(tus_for: TusFor, uploads_app):
    fan = await tus_for("fan")
    url = f"{TUS}/0198f000-0000-7000-8000-000000000000"
    async with open_client(uploads_app) as nobody:
        for client, expected in ((fan.client, [403, 404, 404, 404, 400, 200, 404]), (nobody, [401] * 7)):
            headers = {
                "Tus-Resumable": "1.0.0",
                "Upload-Length": "3",
                "Upload-Offset": "0",
                "Content-Type": OFFSET_STREAM,
            }
            answers = [
                await client.post(TUS, headers=headers),
                await client.patch(url, headers=headers, content=b"abc"),
                await client.head(url, headers=headers),
                await client.delete(url, headers=headers),
                await client.post(url, headers=headers),
                await client.get("/api/v1/uploads"),
                await client.get(url.replace("tus", "uploads")),
            ]
            assert [answer.status_code for answer in answers] == expected
            assert client is nobody or answers[5].json()["items"] == []


async def test_a_page_of_another_site_cannot_upload(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        tus.defaults = {"Tus-Resumable": "1.0.0", **header}
        assert (await tus.create(10)).status_code == 403
        assert (await tus.patch(url, 0, b"abc")).status_code == 403
        assert (await tus.delete(url)).status_code == 403
    assert await kept.row(url) == (0, "receiving")


async def test_an_artist_has_a_bounded_number_of_unfinished_uploads(tus_for: TusFor, runtime):
    object.__setattr__(runtime.settings, "max_unfinished_uploads", 3)
    tus, other = await tus_for(), await tus_for()
    answers = await asyncio.gather(*(tus.create(10) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 429, 429, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert problem(refused) == (429, "upload.too_many_unfinished")
    assert refused.headers["Retry-After"] == "60"
    assert (await other.create(10)).status_code == 201
    url = next(answer for answer in answers if answer.status_code == 201).headers["Location"]
    await tus.patch(url, 0, b"0123456789")
    assert (await tus.create(10)).status_code == 201

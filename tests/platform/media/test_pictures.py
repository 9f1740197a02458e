"""Pictures of strangers: what is made of each is pixels alone, and what cannot be made of them is refused by its reason."""

from __future__ import annotations

import io
from pathlib import Path

import PIL.Image
import pytest

from tests.factories import pictures as made
from vibestream.platform.config import SandboxRule
from vibestream.platform.media.pictures import Cut, Picture, PictureRefused, Refusal, read_picture
from vibestream.platform.media.sandbox import Sandbox, open_sandbox

SQUARE = Cut(ratio=(1, 1), edges=(512, 128))
WIDE = Cut(ratio=(3, 1), edges=(1_500, 750), least=(750, 250), too_small=Refusal.TOO_SMALL_FOR_BANNER)
WHOLE = Cut(ratio=None, edges=(1_200, 640, 160))
RED, LIME, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)


@pytest.fixture
def sandbox() -> Sandbox:
    return open_sandbox(SandboxRule.REQUIRE)


async def read(sandbox: Sandbox, folder: Path, data: bytes, cut: Cut = SQUARE) -> tuple[Picture, ...]:
    folder.chmod(0o711)
    path = folder / "picture"
    path.write_bytes(data)
    sandbox.give(path)
    return await read_picture(sandbox, path, cut=cut)


def opened(picture: Picture) -> PIL.Image.Image:
    image = PIL.Image.open(io.BytesIO(picture.data), formats=["WEBP"])
    image.load()
    return image


def near(seen: object, wanted: tuple[int, int, int], *, by: int = 24) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(one - other) <= by for one, other in zip(seen, wanted, strict=True))


def four(picture: Picture) -> list[object]:
    """The colours in the middle of the four corners: above, then below, from the left."""
    image = opened(picture).convert("RGB")
    width, height = image.size
    return [image.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]


async def test_of_a_telephones_photo_nothing_is_left_but_its_pixels(sandbox: Sandbox, tmp_path: Path):
    photo = made.photo()
    assert made.MAKER.encode() in photo
    assert made.COMMENT.encode() in photo
    assert PIL.Image.open(io.BytesIO(photo)).getexif().get_ifd(0x8825)[2] == made.PLACE

    sizes = await read(sandbox, tmp_path, photo)

    assert [(one.width, one.height) for one in sizes] == [(512, 512), (128, 128)]
    for one in sizes:
        image = opened(one)
        assert image.size == (one.width, one.height)
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"loop", "background", "timestamp", "duration"}
        for chunk in (b"EXIF", b"XMP ", b"ICCP", b"ANIM", b"Exif", made.MAKER.encode(), made.COMMENT.encode()):
            assert chunk not in one.data


async def test_the_middle_is_kept_and_nothing_is_made_larger(sandbox: Sandbox, tmp_path: Path):
    striped = PIL.Image.new("RGB", (900, 300), "blue")
    striped.paste((255, 0, 0), (300, 0, 600, 300))

    square = await read(sandbox, tmp_path, made.encoded(striped))
    wide = await read(sandbox, tmp_path, made.encoded(striped), WIDE)
    whole = await read(sandbox, tmp_path, made.encoded(striped), WHOLE)

    assert [(one.width, one.height) for one in square] == [(300, 300), (128, 128)]
    assert all(near(colour, RED) for colour in four(square[0]))
    assert [(one.width, one.height) for one in wide] == [(900, 300), (750, 250)]
    assert [(one.width, one.height) for one in whole] == [(900, 300), (640, 213), (160, 53)]


@pytest.mark.parametrize(
    ("orientation", "seen"),
    [
        (1, (RED, LIME, BLUE, YELLOW)),
        (2, (LIME, RED, YELLOW, BLUE)),
        (3, (YELLOW, BLUE, LIME, RED)),
        (4, (BLUE, YELLOW, RED, LIME)),
        (5, (RED, BLUE, LIME, YELLOW)),
        (6, (BLUE, RED, YELLOW, LIME)),
        (7, (YELLOW, LIME, BLUE, RED)),
        (8, (LIME, YELLOW, RED, BLUE)),
    ],
)
async def test_a_picture_stands_as_the_camera_was_held(
    sandbox: Sandbox, tmp_path: Path, orientation: int, seen: tuple[tuple[int, int, int], ...]
):
    drawn = PIL.Image.open(io.BytesIO(made.corners()))

    sizes = await read(sandbox, tmp_path, made.photo(image=drawn, orientation=orientation))

    assert all(near(one, other) for one, other in zip(four(sizes[0]), seen, strict=True)), four(sizes[0])


async def test_a_banner_is_measured_as_it_stands_upright(sandbox: Sandbox, tmp_path: Path):
    lying = made.photo(size=(300, 900), orientation=6)  # 900 wide once it is turned
    standing = made.photo(size=(900, 300), orientation=6)

    assert [(one.width, one.height) for one in await read(sandbox, tmp_path, lying, WIDE)] == [(900, 300), (750, 250)]
    with pytest.raises(PictureRefused) as refused:
        await read(sandbox, tmp_path, standing, WIDE)

    assert refused.value.reason == "too_small_for_banner"


HARMLESS = {
    "cmyk": made.corners("JPEG", mode="CMYK", quality=95),
    "palette": made.corners("PNG", mode="P"),
    "webp": made.corners("WEBP", lossless=True),
    "progressive": made.corners("JPEG", progressive=True, quality=95),
    "with a script behind it": made.corners("JPEG", quality=95) + b"<script>alert(1)</script>PK\x03\x04",
    "with a script before its end": made.corners("JPEG", quality=95, comment=b"<svg onload=alert(1)>"),
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=list(HARMLESS))
async def test_unusual_pictures_keep_their_colours_and_lose_what_else_they_are(
    sandbox: Sandbox, tmp_path: Path, data: bytes
):
    sizes = await read(sandbox, tmp_path, data)

    assert all(near(one, other, by=60) for one, other in zip(four(sizes[0]), (RED, LIME, BLUE, YELLOW), strict=True))
    for one in sizes:
        assert opened(one).mode == "RGB"
        assert not any(word in one.data for word in (b"script", b"onload", b"PK\x03\x04"))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_of_what_moves_the_first_picture_is_kept(sandbox: Sandbox, tmp_path: Path, kind: str):
    moving = made.animated(kind)
    assert PIL.Image.open(io.BytesIO(moving)).n_frames == 2  # type: ignore[attr-defined]

    sizes = await read(sandbox, tmp_path, moving)

    assert all(near(colour, RED) for colour in four(sizes[0]))
    assert not getattr(opened(sizes[0]), "is_animated", False)


async def test_sixteen_bits_of_grey_are_not_bleached(sandbox: Sandbox, tmp_path: Path):
    grey = made.encoded(PIL.Image.new("I;16", (400, 400), 0x4000))

    sizes = await read(sandbox, tmp_path, grey)

    assert all(near(colour, (0x40, 0x40, 0x40), by=4) for colour in four(sizes[0]))


async def test_what_lies_hidden_under_a_transparent_picture_stays_hidden(sandbox: Sandbox, tmp_path: Path):
    seen = made.encoded(PIL.Image.new("RGBA", (400, 400), (200, 30, 30, 0)))

    sizes = await read(sandbox, tmp_path, seen)

    assert all(near(colour, (255, 255, 255), by=2) for colour in four(sizes[0]))


async def test_a_large_picture_that_is_not_opaque_still_fits_into_the_readers_memory(sandbox: Sandbox, tmp_path: Path):
    large = made.encoded(PIL.Image.new("RGBA", (7_000, 7_000), (10, 20, 200, 255)), compress_level=1)

    sizes = await read(sandbox, tmp_path, large)

    assert [(one.width, one.height) for one in sizes] == [(512, 512), (128, 128)]


UNFIT = {
    "nothing": (b"", "not_a_picture"),
    "gif": (made.encoded(PIL.Image.new("P", (400, 400)), "GIF"), "not_a_picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not_a_picture"),
    "tiff": (made.encoded(PIL.Image.new("RGB", (400, 400)), "TIFF"), "not_a_picture"),
    "page": (b"<!doctype html><img src=x onerror=alert(1)>", "not_a_picture"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n", "not_a_picture"),
    "picture behind a page": (b"<script></script>" + made.corners("JPEG"), "not_a_picture"),
    "cut jpeg": (made.photo()[:20_000], "damaged"),
    "cut png": (made.corners("PNG")[:900], "damaged"),
    "cut webp": (made.corners("WEBP", lossless=True)[:-40], "damaged"),
    "one pixel": (made.corners(size=1), "too_small"),
    "a line": (made.encoded(PIL.Image.new("RGB", (20_000, 1))), "too_small"),
    "bomb": (made.png_that_claims(60_000, 60_000), "too_many_pixels"),
    "large by a little": (made.png_that_claims(8_000, 6_251), "too_many_pixels"),
    "promise without pixels": (made.png_that_claims(5_000, 5_000), "damaged"),
}


@pytest.mark.parametrize(("data", "reason"), UNFIT.values(), ids=list(UNFIT))
async def test_what_is_no_picture_or_no_fit_one_is_refused_by_its_reason(
    sandbox: Sandbox, tmp_path: Path, data: bytes, reason: str
):
    with pytest.raises(PictureRefused) as refused:
        await read(sandbox, tmp_path, data)

    assert refused.value.reason == reason


async def test_the_same_picture_has_the_same_name_and_another_has_another(sandbox: Sandbox, tmp_path: Path):
    once, again = [await read(sandbox, tmp_path, made.corners()) for _ in range(2)]
    other = await read(sandbox, tmp_path, made.corners(mode="L"))

    assert [one.name for one in once] == [one.name for one in again]
    assert once[0].name.endswith("-512.webp")
    assert other[0].name != once[0].name

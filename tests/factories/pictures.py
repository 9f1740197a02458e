"""Pictures as people upload them, and as nobody should: all drawn here, none is anybody's photograph.

photo()                     a JPEG as a camera writes it: a place, a maker, a thumbnail, a comment, a colour profile
corners(kind, mode)         a square of four colours, by which one sees what was cut, turned or bleached
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any, Final

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter

PLACE: Final = (41.0, 23.0, 30.25)
"""Degrees, minutes and seconds, of the north and of the east alike."""
MAKER: Final = "Brontide Optical Works"
COMMENT: Final = "taken beside the Thistlemere hives"
_GPS: Final = 0x8825
_ORIENTATION: Final = 0x0112


def scene(width: int = 1600, height: int = 1200, *, seed: int = 7) -> PIL.Image.Image:
    """A picture with soft light, edges and grain, so that it compresses as a photograph does."""
    chance = random.Random(seed)
    small = PIL.Image.new("RGB", (64, 48))
    draw = PIL.ImageDraw.Draw(small)
    for row in range(48):
        draw.line((0, row, 64, row), fill=(40 + 3 * row, 60 + row, 150 - 2 * row))
    draw.ellipse((38, 6, 50, 18), fill=(250, 220, 150))
    for _ in range(26):
        at, size = chance.randrange(64), chance.randrange(3, 12)
        tone = chance.randrange(20, 80)
        draw.polygon([(at - size, 48), (at, 48 - 2 * size), (at + size, 48)], fill=(tone, tone + 25, tone // 2))
    large = small.resize((width, height), PIL.Image.Resampling.BICUBIC).filter(PIL.ImageFilter.GaussianBlur(2))
    grain = PIL.Image.effect_noise((width, height), 18).convert("RGB")
    return PIL.Image.blend(large, grain, 0.12)


def photo(
    *, size: tuple[int, int] = (1600, 1200), orientation: int = 1, seed: int = 7, image: PIL.Image.Image | None = None
) -> bytes:
    """A JPEG as a telephone writes it, with the place where it was taken."""
    image = image or scene(*size, seed=seed)
    exif = PIL.Image.Exif()
    exif[0x010F] = MAKER
    exif[_ORIENTATION] = orientation
    exif[_GPS] = {1: "N", 2: PLACE, 3: "E", 4: PLACE}
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif, comment=COMMENT.encode())
    return out.getvalue()


def corners(kind: str = "PNG", *, mode: str = "RGB", size: int = 600, **saved: Any) -> bytes:
    """A picture of four squares: red and green above, blue and yellow below."""
    image = PIL.Image.new("RGB", (size, size))
    draw = PIL.ImageDraw.Draw(image)
    half = size // 2
    for colour, corner in (("red", (0, 0)), ("lime", (half, 0)), ("blue", (0, half)), ("yellow", (half, half))):
        draw.rectangle((*corner, corner[0] + half, corner[1] + half), fill=colour)
    return encoded(image.convert(mode), kind, **saved)


def encoded(image: PIL.Image.Image, kind: str = "PNG", **saved: Any) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def animated(kind: str) -> bytes:
    """Two frames, the first of one colour and the second of another."""
    frames = [PIL.Image.new("RGB", (400, 400), colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes whose header promises so many pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    )

"""Decode a picture and encode it anew in sizes: executed as a script in the sandbox, never imported.

    python -I -S picture_reader.py FOLDERS UID CUT FILE

    CUT     how it is cut, as JSON: `{"ratio": [1, 1] or null, "edges": [1200, 640], "least": [200, 200], "formats": ["JPEG"]}`

Nothing of VibeStream is visible here. The answer goes to file descriptor 3 as one JSON object, whose reader believes
none of it: `{"images": [...]}` or `{"refused": REASON}`.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import warnings
from typing import Any

MOST_PIXELS = 50_000_000
ANSWER = 3
ORIENTATION = 274
"""The tag that says how the camera was held. Source: Exif 2.32, 4.6.4 A."""
LYING = (5, 6, 7, 8)
"""Its values for a picture whose height is its width."""
GROUND = (255, 255, 255)
"""What shows through a picture that is not opaque: what lies hidden under it is not to come to light."""


def main(arguments: list[str]) -> None:
    """Read the picture that the arguments name."""
    folders, uid, cut, name = arguments
    sys.path += folders.split(":")
    import PIL.Image

    PIL.Image.preinit()
    PIL.Image.init()
    if uid != "-":  # our own environment may be closed to the user who may do nothing: load first, then become it
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    with open(name, "rb") as file, os.fdopen(ANSWER, "wb") as answer:  # noqa: PTH123 - pathlib costs milliseconds
        answer.write(json.dumps(read(file.read(), json.loads(cut))).encode())


def read(raw: bytes, cut: dict[str, Any]) -> dict[str, Any]:
    """Return the picture in its sizes, largest first, or why it is refused.

    The new pictures hold pixels and nothing else: no EXIF with the place where it was taken, no profile, no animation,
    nothing that another program would read in the same bytes.
    """
    import PIL.Image
    from PIL import ImageOps

    warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
    PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with PIL.Image.open(io.BytesIO(raw), formats=cut["formats"]) as image:
            if _is_smaller(image, cut["least"]):
                return {"refused": "too_small"}
            image.draft("RGB", (max(cut["edges"]),) * 2)  # a JPEG is decoded no larger than is of use
            ImageOps.exif_transpose(image, in_place=True)
            opaque = _opaque(image)
    except PIL.UnidentifiedImageError:
        return {"refused": "not_a_picture"}
    except (PIL.Image.DecompressionBombWarning, PIL.Image.DecompressionBombError):
        return {"refused": "too_many_pixels"}
    except ImportError:
        raise  # our own defect: something was not loaded in time
    except Exception:  # lint: allow(broad-except-in-platform) - decoders raise all sorts: the picture is at fault
        return {"refused": "damaged"}
    whole = opaque if cut["ratio"] is None else _centre(opaque, *cut["ratio"])
    return {"images": [_size(whole, edge) for edge in _edges(cut["edges"], max(whole.size))]}


def _is_smaller(image: Any, least: list[int]) -> bool:
    width, height = image.size
    if image.getexif().get(ORIENTATION, 1) in LYING:
        width, height = height, width
    return bool(width < least[0] or height < least[1])


def _opaque(image: Any) -> Any:
    """Return the picture in red, green and blue of eight bits each, on the ground where it is not opaque."""
    import PIL.Image

    if image.mode.startswith("I"):  # sixteen bits of grey, which a mere conversion would cut off at 255
        return image.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = PIL.Image.new("RGB", seen.size, GROUND)
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _centre(whole: Any, across: int, down: int) -> Any:
    """Return the largest part of this shape around the middle."""
    width, height = whole.size
    cut_width = min(width, max(1, height * across // down))
    cut_height = min(height, max(1, width * down // across))
    left, top = (width - cut_width) // 2, (height - cut_height) // 2
    return whole.crop((left, top, left + cut_width, top + cut_height))


def _edges(wanted: list[int], largest: int) -> list[int]:
    return [min(wanted[0], largest), *(edge for edge in wanted[1:] if edge < largest)]


def _size(whole: Any, edge: int) -> dict[str, Any]:
    import PIL.Image
    from PIL import ImageOps

    smaller = ImageOps.contain(whole, (edge, edge))
    fresh = PIL.Image.new("RGB", smaller.size)
    fresh.paste(smaller)
    out = io.BytesIO()
    fresh.save(out, "WEBP", quality=86, method=4)
    width, height = fresh.size
    return {"width": width, "height": height, "data": base64.b64encode(out.getvalue()).decode()}


if __name__ == "__main__":
    main(sys.argv[1:])

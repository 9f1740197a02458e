"""Decode a picture and encode it anew in sizes: executed as a script in the sandbox, never imported.

    python -I -S reader.py FOLDERS UID FILE

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

EDGES = (1_200, 640, 160)
MOST_PIXELS = 50_000_000
LEAST_EDGE = 200
FORMATS = ("JPEG", "PNG", "WEBP")
ANSWER = 3


def main(arguments: list[str]) -> None:
    """Read the picture that the arguments name."""
    folders, uid, name = arguments
    sys.path += folders.split(":")
    import PIL.Image

    PIL.Image.preinit()
    PIL.Image.init()
    if uid != "-":  # our own environment may be closed to the user who may do nothing: load first, then become it
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    with open(name, "rb") as file, os.fdopen(ANSWER, "wb") as answer:  # noqa: PTH123 - pathlib costs milliseconds
        answer.write(json.dumps(read(file.read())).encode())


def read(raw: bytes) -> dict[str, Any]:
    """Return the picture in its sizes, largest first, or why it is refused.

    The new pictures hold pixels and nothing else: no EXIF with the place where it was taken, no profile, no animation.
    """
    import PIL.Image
    from PIL import ImageOps

    warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
    PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with PIL.Image.open(io.BytesIO(raw), formats=FORMATS) as image:
            if min(image.size) < LEAST_EDGE:
                return {"refused": "too_small"}
            image.draft("RGB", (EDGES[0], EDGES[0]))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except PIL.UnidentifiedImageError:
        return {"refused": "not_a_picture"}
    except (PIL.Image.DecompressionBombWarning, PIL.Image.DecompressionBombError):
        return {"refused": "too_many_pixels"}
    except ImportError:
        raise  # our own defect: something was not loaded in time
    except Exception:  # noqa: BLE001  # lint: allow(broad-except-in-platform) - decoders raise all sorts: the picture is at fault
        return {"refused": "damaged"}
    return {"images": [_size(upright, edge) for edge in _edges(max(upright.size))]}


def _edges(largest: int) -> list[int]:
    return [min(EDGES[0], largest), *(edge for edge in EDGES[1:] if edge < largest)]


def _size(upright: Any, edge: int) -> dict[str, Any]:
    import PIL.Image
    from PIL import ImageOps

    smaller = ImageOps.contain(upright, (edge, edge))
    fresh = PIL.Image.new("RGB", smaller.size)
    fresh.paste(smaller)
    out = io.BytesIO()
    fresh.save(out, "WEBP", quality=86, method=4)
    width, height = fresh.size
    return {"width": width, "height": height, "data": base64.b64encode(out.getvalue()).decode()}


if __name__ == "__main__":
    main(sys.argv[1:])

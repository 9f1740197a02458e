"""Pictures that strangers upload: read in the sandbox, and made anew in sizes from their pixels alone.

`picture_from` is the one way in for every context: a cover, a portrait and a banner differ by their `Cut` and by what is
done with the sizes. The reader is `picture_reader.py`; what it answers is believed only as far as it fits.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field

from vibestream.kernel.errors import InvalidInput, Unavailable
from vibestream.platform.media.child import OutputTooLarge, read_all, running
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import Limits, Sandbox, open_sandbox
from vibestream.platform.runtime import Runtime

MAX_PICTURE_BYTES: Final = 20_000_000
PICTURE_TYPE: Final = "image/webp"
"""What every picture that we made is."""
_READER: Final = Path(__file__).with_name("picture_reader.py")
_LIMITS: Final = Limits(cpu_s=20, wall_s=60, memory_bytes=1024**3)
_MOST_ANSWER_BYTES: Final = 16 * 1024**2
_WEBP: Final = b"WEBP"
_log = structlog.get_logger()


class Refusal(enum.StrEnum):
    """Why a picture is not taken."""

    NOT_A_PICTURE = "not_a_picture"
    DAMAGED = "damaged"
    TOO_SMALL = "too_small"
    TOO_SMALL_FOR_BANNER = "too_small_for_banner"
    TOO_MANY_PIXELS = "too_many_pixels"


_SENTENCES: Final = {
    Refusal.NOT_A_PICTURE: "This is not a picture that we take. Upload JPEG, PNG or WebP.",
    Refusal.DAMAGED: "The picture cannot be read to its end. Export it again.",
    Refusal.TOO_SMALL: "The picture is too small: at least 200 pixels on each side.",
    Refusal.TOO_SMALL_FOR_BANNER: "The picture is too small: at least 750 pixels wide and 250 high.",
    Refusal.TOO_MANY_PIXELS: "The picture has too many pixels: 50 million are enough for anything shown here.",
}


class PictureRefused(InvalidInput):
    """The picture cannot be shown; `reason` says why."""

    code: ClassVar[str] = "media.picture_refused"

    def __init__(self, reason: Refusal) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason.value


class PicturesUnreadable(Unavailable):
    """The program that reads pictures could not run on this machine."""

    code: ClassVar[str] = "media.pictures_unreadable"

    def __init__(self) -> None:
        super().__init__("Pictures cannot be read on this server now. Try again later.")


@dataclass(frozen=True, slots=True)
class Cut:
    """How a picture is cut, and in which sizes it is wanted."""

    ratio: tuple[int, int] | None
    """Width to height of what is kept around the middle; None: all of it is."""
    edges: tuple[int, ...]
    """Pixels at the longer side of each size, the largest first; at most three, and none is made larger than the picture."""
    least: tuple[int, int] = (200, 200)
    """Width and height that it must have as it stands upright."""
    too_small: Refusal = Refusal.TOO_SMALL
    """Why it is refused when it has not."""
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
    """What it may be, by Pillow's names."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One size of a picture: WebP, made by us from pixels alone."""

    width: int
    height: int
    data: bytes

    @property
    def sha256(self) -> str:
        """The hash of its bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def edge_px(self) -> int:
        """Its longer side."""
        return max(self.width, self.height)

    @property
    def name(self) -> str:
        """What it is called as an object: its content's checksum, and its longer side."""
        return f"{self.sha256}-{self.edge_px}.webp"


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Image(_Model):
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    data: str


class _Answer(_Model):
    images: Annotated[list[_Image], Field(max_length=3)] = []
    refused: str | None = None


async def picture_from(runtime: Runtime, pieces: AsyncIterator[bytes], *, cut: Cut) -> tuple[Picture, ...]:
    """Return a picture that arrives in pieces in its sizes, largest first. It takes seconds: no transaction may wait for it.

    Raises:
        PictureRefused: it is none, is damaged, or is too small or too large.
        SandboxMissing, PicturesUnreadable: pictures cannot be read on this machine now.
    """
    sandbox = open_sandbox(runtime.settings.media_sandbox)
    data = b"".join([piece async for piece in pieces])
    with tempfile.TemporaryDirectory(prefix="vibestream-picture-") as folder:
        path = await runtime.cpu.run(laid_out, sandbox, Path(folder), data)
        return await read_picture(sandbox, path, cut=cut)


async def read_picture(sandbox: Sandbox, path: Path, *, cut: Cut) -> tuple[Picture, ...]:
    """Return a picture in its sizes, largest first.

    Args:
        sandbox: how media programs are run here.
        path: the file; the sandbox's user can read it.
        cut: how it is cut.

    Raises:
        PictureRefused: it is none, is damaged, or is too small or too large.
        PicturesUnreadable: the reader could not run.
    """
    program, arguments = python(_READER, packages=("PIL",), beside=("pillow.libs",))
    wanted = json.dumps({"ratio": cut.ratio, "edges": cut.edges, "least": cut.least, "formats": cut.formats})
    arguments += ["-" if sandbox.uid is None else str(sandbox.uid), wanted, str(path)]
    async with running(sandbox, program, arguments, reads=[path], pipes=1, limits=_LIMITS) as child:
        try:
            answer = await read_all(child.pipes[0], limit_bytes=_MOST_ANSWER_BYTES)
        except OutputTooLarge:
            raise PictureRefused(Refusal.DAMAGED) from None
        ending = await child.ended()
    if "Traceback" in ending.complaints:
        _log.error("media.picture_reader.failed", complaints=ending.complaints[-500:])
        raise PicturesUnreadable
    if ending.late:
        raise PicturesUnreadable
    if not ending.well:  # over a limit, or its decoder crashed
        raise PictureRefused(Refusal.DAMAGED)
    return _pictures(answer, cut)


def laid_out(sandbox: Sandbox, folder: Path, data: bytes) -> Path:
    """Write a picture to a folder that was made for it alone, so that the sandbox can read it, and return where. It blocks."""
    folder.chmod(0o711)  # without bubblewrap the reader is another user, who must get through
    path = folder / "picture"
    path.write_bytes(data)
    sandbox.give(path)
    return path


def _pictures(answer: bytes, cut: Cut) -> tuple[Picture, ...]:
    try:
        read = _Answer.model_validate_json(answer)
        pictures = tuple(
            Picture(image.width, image.height, base64.b64decode(image.data, validate=True)) for image in read.images
        )
        reason = None if read.refused is None else Refusal(read.refused)
    except ValueError:  # pydantic's error is one as well
        raise PictureRefused(Refusal.DAMAGED) from None
    if reason is not None:
        raise PictureRefused(cut.too_small if reason is Refusal.TOO_SMALL else reason)
    if not pictures or not all(_fits(picture, cut) for picture in pictures):
        raise PictureRefused(Refusal.DAMAGED)
    return pictures


def _fits(picture: Picture, cut: Cut) -> bool:
    return picture.data[8:12] == _WEBP and max(picture.width, picture.height) <= cut.edges[0]

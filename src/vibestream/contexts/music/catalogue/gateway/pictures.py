"""Asking the reader for a picture's sizes: runs `reader.py` in the sandbox and believes it only as far as it fits."""

from __future__ import annotations

import base64
import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field

from vibestream.kernel.errors import InvalidInput, Unavailable
from vibestream.platform.media.child import OutputTooLarge, read_all, running
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import Limits, Sandbox

MAX_PICTURE_BYTES: Final = 20_000_000
_READER: Final = Path(__file__).with_name("reader.py")
_LIMITS: Final = Limits(cpu_s=20, wall_s=60, memory_bytes=1024**3)
_MOST_ANSWER_BYTES: Final = 16 * 1024**2
_WEBP: Final = b"WEBP"
_log = structlog.get_logger()


class Refusal(enum.StrEnum):
    """Why a picture is not taken."""

    NOT_A_PICTURE = "not_a_picture"
    DAMAGED = "damaged"
    TOO_SMALL = "too_small"
    TOO_MANY_PIXELS = "too_many_pixels"


_SENTENCES: Final = {
    Refusal.NOT_A_PICTURE: "This is not a picture that we take. Upload JPEG, PNG or WebP.",
    Refusal.DAMAGED: "The picture cannot be read to its end. Export it again.",
    Refusal.TOO_SMALL: "The picture is too small: at least 200 pixels on each side.",
    Refusal.TOO_MANY_PIXELS: "The picture has too many pixels: 50 million are enough for any cover.",
}


class PictureRefused(InvalidInput):
    """The picture cannot become a cover; `reason` says why."""

    code: ClassVar[str] = "catalogue.picture_refused"

    def __init__(self, reason: Refusal) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason.value


class PicturesUnreadable(Unavailable):
    """The program that reads pictures could not run on this machine."""

    code: ClassVar[str] = "catalogue.pictures_unreadable"

    def __init__(self) -> None:
        super().__init__("Pictures cannot be read on this server now. Try again later.")


@dataclass(frozen=True, slots=True)
class Picture:
    """One size of a cover: WebP, made by us from pixels alone."""

    width: int
    height: int
    data: bytes

    @property
    def key(self) -> str:
        """Where it is kept: its content decides the name."""
        return f"covers/{hashlib.sha256(self.data).hexdigest()}-{max(self.width, self.height)}.webp"


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Image(_Model):
    width: Annotated[int, Field(ge=1, le=1_200)]
    height: Annotated[int, Field(ge=1, le=1_200)]
    data: str


class _Answer(_Model):
    images: Annotated[list[_Image], Field(max_length=3)] = []
    refused: str | None = None


async def read_picture(sandbox: Sandbox, path: Path) -> tuple[Picture, ...]:
    """Return a picture in its sizes, largest first: at most 1200, 640 and 160 pixels at the longer side.

    Args:
        sandbox: how media programs are run here.
        path: the file; the sandbox's user can read it.

    Raises:
        PictureRefused: it is none, is damaged, or is too small or too large.
        PicturesUnreadable: the reader could not run.
    """
    program, arguments = python(_READER, packages=("PIL",), beside=("pillow.libs",))
    arguments += ["-" if sandbox.uid is None else str(sandbox.uid), str(path)]
    async with running(sandbox, program, arguments, reads=[path], pipes=1, limits=_LIMITS) as child:
        try:
            answer = await read_all(child.pipes[0], limit_bytes=_MOST_ANSWER_BYTES)
        except OutputTooLarge:
            raise PictureRefused(Refusal.DAMAGED) from None
        ending = await child.ended()
    if "Traceback" in ending.complaints:
        _log.error("catalogue.picture_reader.failed", complaints=ending.complaints[-500:])
        raise PicturesUnreadable
    if not ending.well:  # over a limit, or its decoder crashed
        raise PictureRefused(Refusal.DAMAGED)
    return _pictures(answer)


def _pictures(answer: bytes) -> tuple[Picture, ...]:
    try:
        read = _Answer.model_validate_json(answer)
        pictures = tuple(
            Picture(image.width, image.height, base64.b64decode(image.data, validate=True)) for image in read.images
        )
        reason = None if read.refused is None else Refusal(read.refused)
    except ValueError:  # pydantic's error is one as well
        raise PictureRefused(Refusal.DAMAGED) from None
    if reason is not None or not pictures or any(picture.data[8:12] != _WEBP for picture in pictures):
        raise PictureRefused(reason or Refusal.DAMAGED)
    return pictures

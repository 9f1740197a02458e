"""Asking the reader what a master is: runs `reader.py` in the sandbox and believes what it says only as far as it fits.

An embedded cover is only taken out of the master by it; what decodes the picture is the reader of all pictures.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.domain.tags import Tags, tags_of
from vibestream.contexts.music.packaging.gateway.faults import MachineFault, check_ending
from vibestream.platform.media.child import OutputTooLarge, read_all, running
from vibestream.platform.media.pictures import (
    MAX_PICTURE_BYTES,
    Cut,
    Picture,
    PictureRefused,
    PicturesUnreadable,
    laid_out,
    read_picture,
)
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import Limits, Sandbox

_READER: Final = Path(__file__).with_name("reader.py")
_LIMITS: Final = Limits(cpu_s=20, wall_s=120, memory_bytes=1024**3)
_MOST_BYTES: Final = 16 * 1024**2
_MOST_COVER_BYTES: Final = MAX_PICTURE_BYTES * 4 // 3 + 1_024
_COVER: Final = Cut(ratio=None, edges=(1_200, 640, 160), least=(10, 10), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
"""As it is in what people have had for years: small ones too, and in formats that nobody uploads any more."""
_UNREADABLE: Final = 65
"""`reader.UNREADABLE`, which cannot be imported: the module is a script."""
_MOST_SECONDS: Final = 10**9
M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Refusal(_Model):
    refused: str


class _Facts(_Model):
    container: str
    codec: str
    sample_rate: Annotated[int, Field(ge=0, le=2**31)]
    channels: Annotated[int, Field(ge=0, le=2**16)]
    bits: Annotated[int, Field(ge=0, le=64)] | None
    seconds: Annotated[float, Field(ge=0, le=_MOST_SECONDS)]
    exact: bool
    bitrate: Annotated[int, Field(ge=0, le=2**40)]
    tags: dict[str, Annotated[str, Field(max_length=4_000)]]
    pictured: bool


class _Cover(_Model):
    picture: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a master says about itself."""

    source: Source
    tags: Tags
    pictured: bool
    """Whether a picture is embedded, which `read_cover` may find unfit."""


async def read_facts(sandbox: Sandbox, path: Path) -> Reading:
    """Return what a master says it is, and its tags.

    Raises:
        Refused: it is not a sound file that is taken.
        MachineFault: the reader could not run.
    """
    answer = await _ask(sandbox, "facts", path, most=_MOST_BYTES)
    facts = _parsed(_Facts, answer)
    try:
        source = Source(
            container=Container(facts.container),
            codec=Codec(facts.codec),
            sample_rate=facts.sample_rate,
            channels=facts.channels,
            bits=facts.bits,
            declared_ms=round(facts.seconds * 1000) if facts.seconds else None,
            exact=facts.exact and facts.seconds > 0,
            bitrate_bps=facts.bitrate,
        )
    except ValueError:
        raise Refused(Reason.UNREADABLE) from None
    return Reading(source, tags_of(facts.tags), facts.pictured)


async def read_cover(sandbox: Sandbox, path: Path) -> tuple[Picture, ...]:
    """Return the embedded cover in its sizes, largest first; empty when there is none, or none that is safe to decode.

    Raises:
        MachineFault: the reader could not run.
    """
    try:
        found = _parsed(_Cover, await _ask(sandbox, "cover", path, most=_MOST_COVER_BYTES))
        data = base64.b64decode(found.picture, validate=True)
        return await _decoded(sandbox, data) if data else ()
    except (Refused, PictureRefused, ValueError):
        return ()  # the sound was read already, so only the picture is at fault
    except PicturesUnreadable:
        raise MachineFault(why="pictures cannot be read") from None


async def _decoded(sandbox: Sandbox, data: bytes) -> tuple[Picture, ...]:
    with tempfile.TemporaryDirectory(prefix="vibestream-cover-") as folder:
        path = await asyncio.to_thread(laid_out, sandbox, Path(folder), data)
        return await read_picture(sandbox, path, cut=_COVER)


async def _ask(sandbox: Sandbox, task: str, path: Path, *, most: int) -> bytes:
    program, arguments = python(_READER, packages=("mutagen",))
    user = "-" if sandbox.uid is None else str(sandbox.uid)
    arguments += [user, task, str(path)]
    async with running(sandbox, program, arguments, reads=[path], pipes=1, limits=_LIMITS) as child:
        try:
            answer = await read_all(child.pipes[0], limit_bytes=most)
        except OutputTooLarge:
            raise Refused(Reason.UNREADABLE) from None
        ending = await child.ended()
    if ending.code == _UNREADABLE:
        raise Refused(Reason.UNREADABLE)
    if ending.code:
        raise MachineFault(why=ending.complaints[-500:])  # it did not come to the file
    try:
        check_ending(ending)
    except Refused as refused:
        raise Refused(Reason.UNREADABLE) from refused
    return answer


def _parsed(model: type[M], answer: bytes) -> M:
    try:
        return model.model_validate_json(answer)
    except ValidationError:
        raise _refusal(answer) from None


def _refusal(answer: bytes) -> Refused:
    try:
        return Refused(Reason(_Refusal.model_validate_json(answer).refused))
    except ValueError:  # pydantic's error is one as well
        return Refused(Reason.UNREADABLE)

"""Asking the reader what a master is: runs `reader.py` in the sandbox and believes what it says only as far as it fits."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.domain.tags import Tags, tags_of
from vibestream.contexts.music.packaging.gateway.faults import MachineFault, check_ending
from vibestream.platform.media.child import OutputTooLarge, read_all, running
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import Limits, Sandbox

_READER: Final = Path(__file__).with_name("reader.py")
_LIMITS: Final = Limits(cpu_s=20, wall_s=120, memory_bytes=1024**3)
_MOST_BYTES: Final = 16 * 1024**2
_UNREADABLE: Final = 65
"""`reader.UNREADABLE`, which cannot be imported: the module is a script."""
_MOST_SECONDS: Final = 10**9
_WEBP: Final = b"WEBP"
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


class _Size(_Model):
    edge: Annotated[int, Field(ge=1, le=1_200)]
    width: Annotated[int, Field(ge=1, le=1_200)]
    height: Annotated[int, Field(ge=1, le=1_200)]
    data: str


class _Cover(_Model):
    sizes: Annotated[list[_Size], Field(max_length=4)]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a master says about itself."""

    source: Source
    tags: Tags
    pictured: bool
    """Whether a picture is embedded, which `read_cover` may find unfit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One size of a cover, as it is to be stored."""

    edge_px: int
    width: int
    height: int
    data: bytes
    """WebP, made by us from pixels alone."""

    @property
    def sha256(self) -> str:
        """Return the hash of its bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


async def read_facts(sandbox: Sandbox, path: Path) -> Reading:
    """Return what a master says it is, and its tags.

    Raises:
        Refused: it is not a sound file that is taken.
        MachineFault: the reader could not run.
    """
    answer = await _ask(sandbox, "facts", path)
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
        answer = await _ask(sandbox, "cover", path)
        cover = _parsed(_Cover, answer)
    except Refused:
        return ()  # the sound was read already, so only the picture is at fault
    pictures = [Picture(size.edge, size.width, size.height, base64.b64decode(size.data)) for size in cover.sizes]
    return tuple(picture for picture in pictures if picture.data[8:12] == _WEBP)


async def _ask(sandbox: Sandbox, task: str, path: Path) -> bytes:
    program, arguments = python(_READER, packages=("mutagen", "PIL"), beside=("pillow.libs",))
    user = "-" if sandbox.uid is None else str(sandbox.uid)
    arguments += [user, task, str(path)]
    async with running(sandbox, program, arguments, reads=[path], pipes=1, limits=_LIMITS) as child:
        try:
            answer = await read_all(child.pipes[0], limit_bytes=_MOST_BYTES)
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

"""Answering for one file: may it be had, what is it, how long may it be kept."""

from __future__ import annotations

import enum
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery.domain.files import AssetFile, CoverFile, FileKind
from vibestream.contexts.music.delivery.domain.links import Grant, Keyring, ToListen, ToOwner, verify
from vibestream.contexts.music.delivery.domain.quality import opens, without_better
from vibestream.contexts.music.delivery.domain.served import Served
from vibestream.contexts.music.delivery.service.withdrawals import Withdrawals
from vibestream.contexts.music.delivery.service.witness import Witness
from vibestream.contexts.music.packaging.domain.layout import PLAYLIST_TYPE
from vibestream.kernel.errors import Forbidden, Gone, Missing
from vibestream.kernel.ids import UserId
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import ObjectInfo, ObjectMissing, ObjectStore

_REMEMBERED: Final = 16_384
"""Immutable objects whose facts a process remembers, some 10 MB: with S3 each saves a request."""
_ENDED: Final = b"#EXT-X-ENDLIST"


class FileMissing(Missing):
    """There is no such file to be had."""

    code: ClassVar[str] = "delivery.file_missing"

    def __init__(self) -> None:
        super().__init__("There is no such file.")


class QualityNotIncluded(Forbidden):
    """The address opens this music, in a lesser quality."""

    code: ClassVar[str] = "delivery.quality_not_included"

    def __init__(self) -> None:
        super().__init__("This quality is not part of your plan.")


class AssetWithdrawn(Gone):
    """The music was taken down."""

    code: ClassVar[str] = "delivery.withdrawn"

    def __init__(self) -> None:
        super().__init__("This music was taken down.")


class NotTheOwner(Forbidden):
    """The address is for the artist's own ears, and somebody else used it, or nobody who is signed in."""

    code: ClassVar[str] = "delivery.not_the_owner"

    def __init__(self) -> None:
        super().__init__("Only its artist can listen to this.")


class Keeping(enum.Enum):
    """For how long an answer may be kept, and by whom."""

    FOR_EVER = "public, max-age=31536000, immutable"
    ASK_EACH_TIME = "public, no-cache"
    NEVER = "no-store"
    NEVER_BY_OTHERS = "private, no-store"


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that may be had."""

    info: ObjectInfo
    keeping: Keeping
    content: bytes | None
    """A playlist's text, read because what it says decides how long it may be kept; None for what is only sent."""

    @property
    def etag(self) -> str:
        """Its strong entity tag, in quotes: the checksum of its content, the same on every machine."""
        return f'"{self.info.etag}"'


class Delivery:
    """What one web process serves media by: its keys, what is withdrawn, what it knows of objects, what it witnessed."""

    def __init__(self, runtime: Runtime) -> None:
        self.objects: ObjectStore = runtime.objects
        self.keyring = keyring_of(runtime.settings)
        self.accel = runtime.settings.media_accel
        self.withdrawals = Withdrawals(runtime.database)
        self.witness = Witness(runtime.database)
        self._facts: OrderedDict[str, ObjectInfo] = OrderedDict()

    def admit(self, file: AssetFile, *, now_s: int) -> Grant:
        """Return what the token of a request for an asset's file grants.

        Raises:
            LinkForged, LinkExpired: it opens nothing, or not this.
            AssetWithdrawn: the asset is not public any more; its owner's own addresses go on working.
            QualityNotIncluded: the token is for lesser renditions.
        """
        grant = verify(self.keyring, file.token, prefix=file.prefix, now_s=now_s)
        if not isinstance(grant, ToOwner) and file.address in self.withdrawals:
            raise AssetWithdrawn
        if not isinstance(grant, ToOwner) and not opens(file, most_kbps=grant.most_kbps):
            raise QualityNotIncluded
        return grant

    async def offer(self, file: AssetFile, *, grant: Grant) -> Offer:
        """Return a file of an asset.

        Raises:
            FileMissing: there is none (yet).
        """
        if file.kind in {FileKind.MASTER, FileKind.PLAYLIST}:
            offer = await self._playlist(file, most_kbps=None if isinstance(grant, ToOwner) else grant.most_kbps)
        else:
            offer = Offer(await self._immutable(file.key), Keeping.FOR_EVER, None)
        if isinstance(grant, ToOwner):
            return Offer(offer.info, Keeping.NEVER_BY_OTHERS, offer.content)
        return offer

    async def offer_cover(self, file: CoverFile) -> Offer:
        """Return a cover.

        Raises:
            FileMissing: there is none.
        """
        return Offer(await self._immutable(file.key), Keeping.FOR_EVER, None)

    def served(self, file: AssetFile, *, grant: Grant, at_ms: int) -> None:
        """Remember that a file was sent whole, when it is a segment that was sent for a listen."""
        if file.kind is FileKind.SEGMENT and isinstance(grant, ToListen):
            self.witness.note(Served(grant.listen_id, grant.track_id, file.rung, file.segment, at_ms))

    def forget(self, key: str) -> None:
        """Forget the facts of an object that turned out not to be there."""
        self._facts.pop(key, None)

    async def _playlist(self, file: AssetFile, *, most_kbps: int | None) -> Offer:
        try:
            content = await self.objects.get_bytes(file.key)
        except ObjectMissing:
            raise FileMissing from None
        if file.kind is FileKind.MASTER and most_kbps is not None:
            content = without_better(content.decode(), most_kbps=most_kbps).encode()
        # The tag is that of the very bytes that are sent: the object may have grown since any other question.
        info = ObjectInfo(file.key, len(content), hashlib.sha256(content).hexdigest(), PLAYLIST_TYPE)
        if file.kind is FileKind.MASTER:
            return Offer(info, Keeping.ASK_EACH_TIME, content)
        return Offer(info, Keeping.FOR_EVER if _ENDED in content else Keeping.NEVER, content)

    async def _immutable(self, key: str) -> ObjectInfo:
        known = self._facts.get(key)
        if known is not None:
            self._facts.move_to_end(key)
            return known
        info = await self.objects.stat(key)
        if info is None:
            raise FileMissing
        self._facts[key] = info
        if len(self._facts) > _REMEMBERED:
            self._facts.popitem(last=False)
        return info


def keyring_of(settings: Settings) -> Keyring:
    """Return the keys that this deployment signs and believes delivery addresses with."""
    return Keyring.of(settings.signing_key(), *settings.further_secrets)


async def require_part(tx: Tx, *, grant: ToOwner, user_id: UserId | None) -> None:
    """Return when a grant is this account's, and it still has a part in the music that it opens.

    Raises:
        NotTheOwner: it is another's, nobody is signed in, or they work for the artist no more.
    """
    if grant.user_id != user_id or await catalogue.part_in_track(tx, track_id=grant.track_id, user_id=user_id) is None:
        raise NotTheOwner

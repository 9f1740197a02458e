"""Labels, and what they and artists ask of one another.

label = await make_label(tx)                                # an account that acts for a label, with an open page
relation_id = await asked_by_label(tx, label, artist)
relation_id = await asked_by_artist(tx, artist, label)
await agreed(tx, label, artist, LabelRole.EDITOR)            # asked by the label, accepted by the owner
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tests.factories.users import Artist, User, make_user
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import Switches
from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import LabelRole, Side
from vibestream.flows import work_for_artists
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """An account that acts for a label."""

    user: User
    handle: str

    @property
    def user_id(self) -> UserId:
        return self.user.user_id


async def make_label(tx: Tx, *, user: User | None = None, name: str = "Casa Sur") -> Label:
    owner = user or await make_user(tx, display_name=name)
    await access.grant_role(tx, user_id=owner.user_id, role=access.Role.LABEL, granted_by=None, now=utc_now())
    handle = f"label-{next(_numbers)}-{owner.user_id.hex[-6:]}"
    switches = Switches(open=True, shows_taste=False, shows_follows=False, shows_badges=False)
    await fans.save_page(tx, user_id=owner.user_id, handle=handle, about="", taste="", switches=switches, now=utc_now())
    return Label(user=owner, handle=handle)


async def asked_by_label(
    tx: Tx, label: Label, artist: Artist, role: LabelRole = LabelRole.ANALYST, *, now: datetime | None = None
) -> UUID:
    key = new_id()
    await labels.ask_artist(tx, label=label.user_id, handle=artist.handle, role=role, key=key, now=now or utc_now())
    return key


async def asked_by_artist(tx: Tx, artist: Artist, label: Label, role: LabelRole = LabelRole.ANALYST) -> UUID:
    key = new_id()
    await labels.ask_label(
        tx,
        owner=artist.user_id,
        artist_id=artist.artist_id,
        handle=label.handle,
        role=role,
        key=key,
        now=utc_now(),
    )
    return key


async def agreed(tx: Tx, label: Label, artist: Artist, role: LabelRole = LabelRole.ANALYST) -> UUID:
    key = await asked_by_label(tx, label, artist, role)
    await work_for_artists.accept(tx, relation_id=key, side=Side.ARTIST, by=artist.user_id, now=utc_now())
    return key

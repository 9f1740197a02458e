"""HTTP: a player says what a listen was started from. It is kept of those alone who consent to be counted.

The address stands here because it is of two contexts: listen_reward keeps it, user knows who agreed.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.service import Surface
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose
from vibestream.kernel.ids import ListenId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["listening"])

_BODY: Final = 256


class StartedFrom(BaseModel):
    """What a listen was started from."""

    model_config = ConfigDict(extra="forbid")

    surface: Surface = Field(
        description="The page of a release, that of a song, or the player's own queue: the next song, or one chosen in it."
    )


@router.put(
    "/api/v1/listens/{listen_id}/surface",
    policy=SIGNED_IN.for_apps("listen"),
    status_code=204,
    max_body_bytes=_BODY,
)
async def say_surface(listen_id: UUID, body: StartedFrom, tx: TxDep, principal: PrincipalDep) -> Response:
    """Say what a listen was started from: artists are told of it in sums of ten listeners or more.

    Kept while its listener consents to be counted, until its week was told of; otherwise it is not written down. The first word counts.
    """
    listen = await listening.load_listen(tx, listen_id=ListenId(listen_id), user_id=principal.user_id)
    await analytics.begin(
        tx, user_id=principal.user_id
    )  # before asking: who withdraws meanwhile waits for it, or it for them
    if await consents.has(tx, user_id=principal.user_id, purpose=Purpose.ANALYTICS):
        await audience.note_surface(tx, listen_id=listen.listen_id, user_id=principal.user_id, surface=body.surface)
    return Response(status_code=204)

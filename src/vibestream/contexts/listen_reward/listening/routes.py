"""HTTP for players: open a listen, send heartbeats, leave."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.listen_reward.listening import service
from vibestream.contexts.listen_reward.listening.service import Beat, Beats, Listen, Origin, Playing
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.kernel.ids import ListenId, TrackId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.group_commit import SharedGroupCommit
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["listening"])

_LISTENS: Final = SIGNED_IN.for_apps("listen")
HEARTBEAT_EVERY_S: Final = 10
_MOST_BEATS: Final = 600
_DAY_MS: Final = 86_400_000
_ORIGIN_BYTES: Final = 12


async def _record(tx: Tx, sent: Sequence[Beats]) -> Sequence[Listen | service.ListenNotFound]:
    return await service.record_beats(tx, sent=sent)


_beats: Final = SharedGroupCommit(_record)


class OpenListen(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    track_id: UUID
    player_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    """Chosen by the player and kept while it lives, so that two tabs are two players."""


class Heartbeat(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seq: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    at_client_ms: Annotated[int, Field(strict=True, ge=0, le=_DAY_MS)]
    """The player's clock since the listen was opened."""
    position_ms: Annotated[int, Field(strict=True, ge=0, le=_DAY_MS)]
    state: Playing
    muted: Annotated[bool, Field(strict=True)] = False
    visible: Annotated[bool, Field(strict=True)] = True


class Heartbeats(BaseModel):
    model_config = ConfigDict(extra="forbid")

    beats: Annotated[list[Heartbeat], Field(min_length=1, max_length=_MOST_BEATS)]


class ListenState(BaseModel):
    listen_id: UUID
    track_id: UUID
    opened_at: datetime
    state: str
    live: bool
    reason: str | None
    accepted_through_seq: int
    """Heartbeats up to this one were taken; send the next ones from here."""
    heard_ms: int
    needed_ms: int
    """Distinct audio that makes the listen count."""
    heartbeat_every_s: int = HEARTBEAT_EVERY_S


@router.post("/api/v1/listens", policy=_LISTENS, status_code=201)
async def open_listen(
    *, request: Request, body: OpenListen, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> ListenState:
    """Open a listen of a track; the account's listen that is live now ends."""
    listen = await service.open_listen(
        tx,
        user_id=principal.user_id,
        track_id=TrackId(body.track_id),
        player_id=body.player_id,
        policy=pools.policy_of(runtime.settings),
        now=now,
        origin=_origin(request, runtime.settings.signing_key()),
        session_id=principal.session_id,
    )
    return _state(listen)


@router.get("/api/v1/listens/{listen_id}", policy=_LISTENS)
async def show_listen(listen_id: UUID, tx: TxDep, principal: PrincipalDep) -> ListenState:
    """Show where a listen of one's own stands."""
    return _state(await service.load_listen(tx, listen_id=ListenId(listen_id), user_id=principal.user_id))


@router.post("/api/v1/listens/{listen_id}/heartbeats", policy=_LISTENS)
async def send_heartbeats(
    listen_id: UUID, body: Heartbeats, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> ListenState:
    """Take heartbeats, in sequence; those taken before are passed over, so sending again is safe.

    Answered once they are durable. Heartbeats of many players share one transaction.
    """
    beats = tuple(
        Beat(one.seq, one.at_client_ms, one.position_ms, one.state, one.muted, one.visible) for one in body.beats
    )
    sent = Beats(ListenId(listen_id), principal.user_id, beats, received_at=now)
    answer = await _beats.of(runtime.database).submit(sent)
    if isinstance(answer, service.ListenNotFound):
        raise answer
    return _state(answer)


@router.post("/api/v1/listens/{listen_id}/close", policy=_LISTENS)
async def close_listen(listen_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> ListenState:
    """Leave a listen; late heartbeats are still taken for a minute."""
    return _state(await service.close_listen(tx, listen_id=ListenId(listen_id), user_id=principal.user_id, now=now))


def _origin(request: Request, key: bytes) -> Origin:
    """Return where a request comes from, as hashes that say whether two came from one place, and not from which.

    A device is a kind of browser at an address: all that can be known of one without marking it.
    """
    host = "" if request.client is None else request.client.host
    said = (request.headers.get("user-agent", ""), request.headers.get("accept-language", ""))
    network = hmac.digest(key, b"listen network v1\0" + _network_of(host).encode(), hashlib.sha256)[:_ORIGIN_BYTES]
    device = hmac.digest(key, "\0".join(("listen device v1", host, *said)).encode(), hashlib.sha256)[:_ORIGIN_BYTES]
    return Origin(network, device)


def _network_of(host: str) -> str:
    """Return the network of an address: /24, or /48 of version 6, which one who rents addresses has many of."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 48  # noqa: PLR2004 - the version of the protocol
    return str(ipaddress.ip_network((address, bits), strict=False))


def _state(listen: Listen) -> ListenState:
    return ListenState(
        listen_id=listen.listen_id,
        track_id=listen.track.track_id,
        opened_at=listen.opened_at,
        state=listen.state.value,
        live=listen.live,
        reason=None if listen.reason is None else listen.reason.value,
        accepted_through_seq=listen.last_seq,
        heard_ms=listen.heard_ms,
        needed_ms=service.enough_ms(listen.track.duration_ms),
    )

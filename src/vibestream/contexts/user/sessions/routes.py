"""HTTP for sessions: sign out, and see and end one's own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from vibestream.contexts.user.sessions import service
from vibestream.kernel.ids import SessionId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["sessions"])


class SessionView(BaseModel):
    session_id: UUID
    current: bool
    kind: str
    """`browser`, `passkey` (a browser, entered by one) or `app`."""
    app: str
    """The name of the app that somebody let in; empty for a browser."""
    device: str
    """A few words such as `Firefox on Linux`; empty when the browser is unknown, and for an app."""
    network: str
    """The coarse network that it was opened from."""
    created_at: datetime
    last_seen_at: datetime
    """Exact to a minute, for an app to an hour."""
    expires_at: datetime
    entered_by: str
    """`password` (with the second factor, if there is one), `passkey`, or `app`."""


class SessionList(BaseModel):
    sessions: list[SessionView]


class SessionsEnded(BaseModel):
    ended: int


@router.delete("/api/v1/sessions/current", policy=SIGNED_IN, status_code=204)
async def sign_out(response: Response, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> None:
    """Sign out: the session ends, and the browser forgets it."""
    await service.sign_out(tx, principal=principal, now=now)
    SessionCookie.of(runtime.settings).clear(response)


@router.get("/api/v1/me/sessions", policy=SIGNED_IN)
async def list_sessions(tx: TxDep, principal: PrincipalDep, now: NowDep) -> SessionList:
    """List one's open sessions: those of browsers, then those of apps, the newest first."""
    found = await service.sessions_of(tx, user_id=principal.user_id, now=now)
    return SessionList(sessions=[_view(session, current=principal.session_id) for session in found])


@router.delete("/api/v1/me/sessions", policy=SIGNED_IN)
async def end_other_sessions(tx: TxDep, principal: PrincipalDep, now: NowDep) -> SessionsEnded:
    """End all of one's sessions but this one, with every app's access and every personal access token."""
    ended = await service.end_all(tx, user_id=principal.user_id, but=principal.session_id, now=now)
    return SessionsEnded(ended=ended)


@router.delete("/api/v1/me/sessions/{session_id}", policy=SIGNED_IN, status_code=204)
async def end_session(session_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """End one of one's sessions, a browser's or an app's."""
    await service.end(tx, user_id=principal.user_id, session_id=SessionId(session_id), now=now)


def _view(session: service.Session, *, current: SessionId) -> SessionView:
    return SessionView(
        session_id=session.session_id,
        current=session.session_id == current,
        kind=session.kind.value,
        app=session.app,
        device=session.device.label,
        network=session.device.network,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        entered_by="app" if session.app else session.entered_by.value,
    )

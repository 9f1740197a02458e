"""HTTP of exports: asking for a copy of one's data, how far it is, fetching it, and the keys that it is signed with.

The addresses stand here and not in a context because an export is of all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.exports.service import Export, NoSuchExport, State
from vibestream.contexts.user.sessions.service import device_of
from vibestream.flows import export_person
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh
from vibestream.platform.storage import ObjectMissing

router = Router(tags=["exports"])

_LATEST: Final = 2**40
"""Seconds; far beyond any address of ours."""


class ExportBody(BaseModel):
    """One copy of one's data."""

    export_id: UUID
    state: State
    done: int = Field(description="Parts that are told.")
    total: int = Field(description="Parts in all.")
    asked_at: datetime
    expires_at: datetime | None = Field(description="Until then it can be fetched.")
    size: int | None = Field(description="Bytes.")
    sha256: str | None = Field(description="Of the file, in hexadecimal.")


class ExportsBody(BaseModel):
    """The last copies that one asked for, newest first."""

    exports: list[ExportBody]


class LinkBody(BaseModel):
    """Where a copy is fetched, by whoever it is of, signed in."""

    url: str
    expires_at: datetime


class ExportKeyBody(BaseModel):
    """A public key as JSON Web Key (RFC 8037)."""

    kty: str
    crv: str
    alg: str
    use: str
    kid: str = Field(description="The key's thumbprint (RFC 7638), which copies name it by.")
    x: str


class ExportKeysBody(BaseModel):
    """The public keys that copies of data are signed with: the present one first, then the earlier ones."""

    keys: list[ExportKeyBody]


@router.get("/api/v1/me/exports", policy=SIGNED_IN)
async def list_exports(tx: TxDep, principal: PrincipalDep) -> ExportsBody:
    """Show the last copies that one asked for, and how far they are."""
    found = await exports.exports_of(tx, user_id=principal.user_id)
    return ExportsBody(exports=[_body(one) for one in found])


@router.post(
    "/api/v1/me/exports",
    policy=SIGNED_IN,
    status_code=202,
    dependencies=[Depends(rate_limit("export", "5/hour")), Depends(fresh(5))],
)
async def ask_export(
    request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> ExportBody:
    """Have a copy of one's data made; while one is being made it is that one."""
    asked = await export_person.ask(
        tx, runtime=runtime, user_id=principal.user_id, now=now, network=network_of(request)
    )
    return _body(asked or (await exports.exports_of(tx, user_id=principal.user_id))[0])


@router.post(
    "/api/v1/me/exports/{export_id}/link",
    policy=SIGNED_IN,
    dependencies=[Depends(rate_limit("export_link", "30/hour")), Depends(fresh(5))],
)
async def make_link(
    *, request: Request, export_id: UUID, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> LinkBody:
    """Make an address by which a copy can be fetched for five minutes, by its owner alone."""
    settings = runtime.settings
    made = await exports.link(
        tx,
        settings=settings,
        user_id=principal.user_id,
        export_id=export_id,
        now=now,
        network=network_of(request),
    )
    return LinkBody(url=f"{settings.base_url}{made.path}", expires_at=made.expires_at)


@router.get("/api/v1/me/exports/{export_id}/archive", policy=SIGNED_IN, response_class=Response)
async def fetch_archive(
    *,
    export_id: UUID,
    until: Annotated[int, Query(ge=0, le=_LATEST)] = 0,
    signature: Annotated[str, Query(max_length=100)] = "",
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
) -> Response:
    """Fetch a copy, by an address that was made for the person who is signed in."""
    async with runtime.database.begin(read_only=True) as tx:  # of its own: none is open while the file is read
        found = await exports.fetch(
            tx,
            settings=runtime.settings,
            user_id=principal.user_id,
            export_id=export_id,
            until=until,
            signature=signature,
            now=now,
        )
    pieces = runtime.objects.open_range(found.key)
    try:
        first = await anext(pieces)  # before the status: a file that is gone is 404, not half an answer
    except (ObjectMissing, StopAsyncIteration):
        raise NoSuchExport from None
    headers = {
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
        "Content-Length": str(found.size),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_whole(first, pieces), media_type="application/zip", headers=headers)


@router.get("/.well-known/vibestream-export-keys.json", policy=ANYONE)
async def show_export_keys(runtime: RuntimeDep) -> ExportKeysBody:
    """Show the public keys that copies of data are signed with, for whoever checks one."""
    return ExportKeysBody(keys=[ExportKeyBody(**key.jwk()) for key in exports.trusted_keys(runtime.settings)])


def network_of(request: Request) -> str:
    """Return the coarse network that a request comes from, as the security log has it."""
    address = request.client.host if request.client else None
    return device_of(user_agent=None, address=address).network


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _body(export: Export) -> ExportBody:
    return ExportBody(
        export_id=export.export_id,
        state=export.state,
        done=export.done,
        total=export.total,
        asked_at=export.asked_at,
        expires_at=export.expires_at,
        size=export.size,
        sha256=None if export.sha256 is None else export.sha256.hex(),
    )

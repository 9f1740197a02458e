"""tus 1.0 under `/api/v1/tus`, for any tus client; and what somebody's uploads have become, under `/api/v1/uploads`.

tus fixes statuses and headers; the errors carry theirs (`http_status`), and everything else is as on every other route.
A tus address answers its protocol alone: reading an upload as JSON has an address of its own.

Whoever is signed in may call: that they are an artist, or an editor of one, is decided where an upload is begun and by
each statement that reads or writes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import Headers

from vibestream.contexts.music.uploads import service
from vibestream.contexts.music.uploads.domain import protocol
from vibestream.contexts.music.uploads.domain.upload import State, Upload
from vibestream.kernel.ids import AssetId, UploadId
from vibestream.kernel.time import utc_now
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http import exchange
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.intake import Intake
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

TUS: Final = "/api/v1/tus"
_ONE: Final = TUS + "/{upload_id}"
_UNBOUNDED: Final = 2**62
"""The route's own bound on bodies; what an upload may hold is bounded by what it was begun with."""

router = Router(tags=["uploads"])


async def speak_tus(request: Request) -> None:
    """Answer in tus, to who speaks our version of it.

    Raises:
        VersionUnsupported: the client speaks another.
    """
    headers = exchange.current(request).response_headers
    headers["Tus-Resumable"] = protocol.VERSION
    headers["Cache-Control"] = "no-store"
    try:
        protocol.read_version(request.headers.get("tus-resumable"))
    except protocol.VersionUnsupported:
        headers["Tus-Version"] = protocol.VERSION
        raise


async def upload_id_of(upload_id: str) -> UploadId:
    """Return the id in a tus address.

    Raises:
        NoSuchUpload: it is none.
    """
    try:
        return UploadId(UUID(upload_id))
    except ValueError:
        raise service.NoSuchUpload("There is no such upload.") from None


TusDep = Depends(speak_tus)
UploadIdDep = Annotated[UploadId, Depends(upload_id_of)]


@router.options(TUS, policy=ANYONE, status_code=204)
@router.options(_ONE, policy=ANYONE, status_code=204)
async def describe_tus(runtime: RuntimeDep) -> Response:
    """Say what of tus this server speaks."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": protocol.VERSION,
            "Tus-Version": protocol.VERSION,
            "Tus-Extension": protocol.EXTENSIONS,
            "Tus-Max-Size": str(runtime.settings.max_upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(protocol.ALGORITHMS),
        },
    )


@router.post(TUS, policy=SIGNED_IN, max_body_bytes=_UNBOUNDED, status_code=201, dependencies=[TusDep])
async def create_upload(request: Request, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Begin an upload; a body that comes along is its first bytes."""
    headers = request.headers
    for refused in ("upload-defer-length", "upload-concat"):
        if refused in headers:
            raise protocol.MalformedHeader("This extension of tus is not offered here.", header=refused)
    size = protocol.read_number(headers.get("upload-length"), name="Upload-Length")
    metadata = protocol.read_metadata(",".join(headers.getlist("upload-metadata")))
    checksum = protocol.read_checksum(headers.get("upload-checksum"))
    brings_bytes = _has_body(headers)
    if brings_bytes:
        protocol.read_body_type(headers.get("content-type"), headers.get("content-encoding"))
    upload = await service.begin_upload(
        runtime,
        user_id=principal.user_id,
        size_bytes=size,
        metadata=metadata,
        as_editor=not principal.holds("artist"),
        now=now,
    )
    if brings_bytes:
        async with Intake(request) as intake:
            upload = await service.receive_first_bytes(
                runtime, upload=upload, checksum=checksum, intake=intake, clock=utc_now
            )
    return Response(status_code=201, headers={"Location": f"{TUS}/{upload.upload_id}", **_standing(upload)})


@router.head(_ONE, policy=SIGNED_IN, dependencies=[TusDep])
async def show_offset(runtime: RuntimeDep, upload_id: UploadIdDep, principal: PrincipalDep) -> Response:
    """Say where an upload stands."""
    upload = await service.settled_upload(runtime, upload_id=upload_id, user_id=principal.user_id, clock=utc_now)
    described = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
    length = {"Upload-Length": str(upload.size_bytes)}
    return Response(status_code=200, headers={**_standing(upload), **length, **described})


@router.patch(_ONE, policy=SIGNED_IN, max_body_bytes=_UNBOUNDED, status_code=204, dependencies=[TusDep])
async def append_bytes(
    request: Request, runtime: RuntimeDep, upload_id: UploadIdDep, principal: PrincipalDep
) -> Response:
    """Take the next bytes of an upload."""
    headers = request.headers
    protocol.read_body_type(headers.get("content-type"), headers.get("content-encoding"))
    offset = protocol.read_number(headers.get("upload-offset"), name="Upload-Offset")
    checksum = protocol.read_checksum(headers.get("upload-checksum"))
    async with Intake(request) as intake:
        upload = await service.receive_bytes(
            runtime,
            upload_id=upload_id,
            user_id=principal.user_id,
            offset=offset,
            checksum=checksum,
            intake=intake,
            clock=utc_now,
        )
    return Response(status_code=204, headers=_standing(upload))


@router.delete(_ONE, policy=SIGNED_IN, status_code=204, dependencies=[TusDep])
async def end_upload(runtime: RuntimeDep, upload_id: UploadIdDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End an unfinished upload and drop what arrived of it."""
    await service.terminate_upload(runtime, upload_id=upload_id, user_id=principal.user_id, now=now)
    return Response(status_code=204)


@router.post(_ONE, policy=SIGNED_IN, max_body_bytes=_UNBOUNDED, dependencies=[TusDep])
async def override_method(
    request: Request, runtime: RuntimeDep, upload_id: UploadIdDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Answer clients that can send GET and POST only: `X-HTTP-Method-Override` names what they mean."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await append_bytes(request, runtime, upload_id, principal)
        case "DELETE":
            return await end_upload(runtime, upload_id, principal, now)
        case "HEAD":
            return await show_offset(runtime, upload_id, principal)
        case _:
            raise protocol.MalformedHeader(
                "Name PATCH, DELETE or HEAD, or send that method itself.", header="X-HTTP-Method-Override"
            )


class UploadOut(BaseModel):
    """An upload and what became of it."""

    upload_id: UploadId
    file_name: str = Field(description="As the artist's file was called; text only.")
    size_bytes: int
    received_bytes: int = Field(description="As many as are safely stored.")
    state: service.Stage
    percent: int = Field(description="Of the bytes while they arrive, of packaging afterwards.")
    reason: str | None = Field(description="Stable code of why it was refused.")
    explanation: str | None = Field(description="Why it was refused or failed, and what to do about it.")
    asset_id: AssetId | None = Field(description="What it is packaged as.")
    sha256: str | None = Field(description="Of the whole original, in hexadecimal, once it is stored.")
    tus_url: str | None = Field(description="Where it is continued, while it is being received.")
    created_at: datetime
    expires_at: datetime | None = Field(description="When it is dropped unless more of it arrives.")

    @classmethod
    def of(cls, view: service.UploadView) -> UploadOut:
        """Return a view as it is sent."""
        upload, receiving = view.upload, view.stage is service.Stage.RECEIVING
        return cls(
            upload_id=upload.upload_id,
            file_name=upload.file_name,
            size_bytes=upload.size_bytes,
            received_bytes=upload.received_bytes,
            state=view.stage,
            percent=view.percent,
            reason=view.reason,
            explanation=view.explanation,
            asset_id=view.asset_id,
            sha256=upload.sha256,
            tus_url=f"{TUS}/{upload.upload_id}" if receiving else None,
            created_at=upload.created_at,
            expires_at=upload.expires_at if receiving else None,
        )


@router.get("/api/v1/uploads", policy=SIGNED_IN)
async def list_uploads(tx: TxDep, principal: PrincipalDep, paging: PagingDep, now: NowDep) -> Page[UploadOut]:
    """List one's own uploads, newest first."""
    before = paging.after_values(UUID)
    views = await service.list_uploads(
        tx,
        user_id=principal.user_id,
        before=None if before is None else UploadId(before[0]),
        limit=paging.fetch,
        now=now,
    )
    return paging.page(views, item=UploadOut.of, position=lambda view: (view.upload.upload_id,))


@router.get("/api/v1/uploads/{upload_id}", policy=SIGNED_IN)
async def show_upload(tx: TxDep, upload_id: UploadIdDep, principal: PrincipalDep, now: NowDep) -> UploadOut:
    """Show what became of one of one's own uploads."""
    return UploadOut.of(await service.get_upload(tx, upload_id=upload_id, user_id=principal.user_id, now=now))


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _standing(upload: Upload) -> dict[str, str]:
    """Return the headers that say how far an upload is, and until when it waits for the rest."""
    headers = {"Upload-Offset": str(upload.received_bytes)}
    if upload.state is State.RECEIVING:
        headers["Upload-Expires"] = protocol.write_instant(upload.expires_at)
    return headers

"""The bundle's files, and artwork for releases that have none."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from vibestream.platform.access import ANYONE
from vibestream.platform.http.routing import Router
from vibestream.platform.http.security_headers import PROVER_CSP
from vibestream.web import artwork
from vibestream.web.assets import FOLDER

router = Router(include_in_schema=False)

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_HASHED: Final = re.compile(r"[A-Za-z0-9._-]+-[A-Z0-9]{8}\.(?:js|css|svg|woff2)(?:\.map|\.LEGAL\.txt)?")
_PROVER: Final = "prover-"
"""The script of the prover's thread, which alone may compile WebAssembly and start helpers of its own."""
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


@router.get("/static/dist/{name}", policy=ANYONE)
async def show_asset(name: str, request: Request) -> Response:
    """Send a file of the bundle, compressed where it was; its name changes with its content: keep it for ever."""
    path = FOLDER / "dist" / name
    if not _HASHED.fullmatch(name) or not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND)
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if name.startswith(_PROVER):
        headers["Content-Security-Policy"] = PROVER_CSP
    compressed = path.with_name(f"{name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and compressed.exists():
        path, headers["Content-Encoding"] = compressed, "gzip"
    return FileResponse(path, media_type=_TYPES[Path(name).suffix], headers=headers)


@router.get("/service-worker.js", policy=ANYONE)
async def show_service_worker() -> Response:
    """Send the service worker, at the root because it may only care for addresses below its own."""
    path = FOLDER / "dist" / "service-worker.js"
    if not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(path, media_type=_TYPES[".js"], headers={"Cache-Control": "no-cache"})


@router.get("/artwork/{seed}.svg", policy=ANYONE)
async def show_artwork(seed: UUID) -> Response:
    """Draw the artwork of a release that has none yet."""
    return Response(artwork.draw(seed.bytes), media_type="image/svg+xml", headers={"Cache-Control": _FOR_EVER})

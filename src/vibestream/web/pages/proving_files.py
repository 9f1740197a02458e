"""The files that a browser proves with, by names that their content decides."""

from __future__ import annotations

import gzip
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service.browser import ProvingFile, proving_files
from vibestream.platform.access import ANYONE
from vibestream.platform.config import Environment, Settings
from vibestream.platform.http.dependencies import RuntimeDep
from vibestream.platform.http.routing import Router

router = Router(include_in_schema=False)

FOLDER: Final = "/static/proving"
_DIGITS: Final = 16
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".wasm": "application/wasm", ".json": "application/json", ".zkey": "application/octet-stream"}


def files_of(settings: Settings) -> tuple[ProvingFile, ProvingFile, ProvingFile]:
    """Return the files that this deployment's claims are proved with.

    Raises:
        DevelopmentKeys, KeysDamaged: it has no keys that claims may be believed with.
    """
    return _files_of(settings.claim_keys, settings.environment is Environment.PRODUCTION)


def address_of(file: ProvingFile) -> str:
    """Return where a file is served."""
    return f"{FOLDER}/{file.sha256[:_DIGITS]}/{file.name}"


@router.get(FOLDER + "/{digest}/{name}", policy=ANYONE)
async def show_file(digest: str, name: str, request: Request, runtime: RuntimeDep) -> Response:
    """Send one of them, compressed as it is kept: its address changes with its content, so keep it for ever."""
    asked = f"{FOLDER}/{digest}/{name}"
    found = next((one for one in files_of(runtime.settings) if address_of(one) == asked), None)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    kind = _TYPES[f".{name.rsplit('.', 1)[-1]}"]
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if not found.is_compressed:
        return FileResponse(found.path, media_type=kind, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return FileResponse(found.path, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(found.path.read_bytes()), media_type=kind, headers=headers)


@cache
def _files_of(
    folder: Path | None,
    is_production: bool,  # noqa: FBT001 - a key of the cache
) -> tuple[ProvingFile, ProvingFile, ProvingFile]:
    return proving_files(keys=claims.claim_keys(folder=folder, is_production=is_production))

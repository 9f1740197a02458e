"""What every kind of answer allows a browser to do."""

from __future__ import annotations

import re

import pytest
from fastapi import Request, Response
from starlette.responses import HTMLResponse, JSONResponse

from vibestream.platform.access import ANYONE
from vibestream.platform.http.routing import Router
from vibestream.platform.http.security_headers import MEDIA_CSP, NOTHING_CSP, PROVER_CSP, WORKER_CSP, csp_nonce

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


@pytest.fixture
async def client(serve):
    router = Router()

    @router.get("/page", policy=ANYONE)
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(f"<script nonce={csp_nonce(request)}></script>")

    @router.get("/json", policy=ANYONE)
    async def json() -> JSONResponse:
        return JSONResponse({})

    @router.get("/static/app.js", policy=ANYONE)
    async def script() -> Response:
        return Response(
            b"", media_type="text/javascript", headers={"Cache-Control": "public, max-age=31536000, immutable"}
        )

    @router.get("/media/segment", policy=ANYONE)
    async def media() -> Response:
        return Response(b"", media_type="text/html")

    @router.get("/prover", policy=ANYONE)
    async def prover() -> Response:
        return Response(b"", media_type="text/javascript", headers={"Content-Security-Policy": PROVER_CSP})

    @router.get("/own", policy=ANYONE)
    async def own() -> Response:
        return Response(headers={"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "cross-origin"})

    return await serve(router)


@pytest.mark.parametrize("address", ["/page", "/json", "/static/app.js", "/media/segment", "/prover", "/nowhere"])
async def test_every_answer_says_what_always_holds(client, address):
    headers = (await client.get(address)).headers
    assert ALWAYS.items() <= dict(headers).items()
    assert "camera=()" in headers["permissions-policy"]
    for name in {
        *ALWAYS,
        "content-security-policy",
        "permissions-policy",
        "cross-origin-resource-policy",
        "cache-control",
    }:
        assert len(headers.get_list(name)) == 1, name


async def test_a_page_runs_its_own_scripts_alone(client):
    answer = await client.get("/page")
    [nonce] = re.findall("nonce=([A-Za-z0-9_-]{22})>", answer.text)
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx default"
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_a_nonce_is_good_for_one_answer(client):
    nonces = {(await client.get("/page")).text for _ in range(20)}
    assert len(nonces) == 20


async def test_what_is_no_page_may_do_nothing(client):
    for address in ("/json", "/nowhere"):
        assert (await client.get(address)).headers["content-security-policy"] == NOTHING_CSP


async def test_a_worker_may_run_and_reach_what_is_ours(client):
    headers = (await client.get("/static/app.js")).headers
    assert headers["content-security-policy"] == WORKER_CSP
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_people_uploaded_is_in_a_sandbox_whatever_it_claims_to_be(client):
    headers = (await client.get("/media/segment")).headers
    assert headers["content-security-policy"] == MEDIA_CSP
    assert headers["cross-origin-resource-policy"] == "same-site"


async def test_a_route_that_knows_better_is_left_alone(client):
    assert (await client.get("/prover")).headers["content-security-policy"] == PROVER_CSP
    headers = (await client.get("/own")).headers
    assert (headers["referrer-policy"], headers["cross-origin-resource-policy"]) == ("no-referrer", "cross-origin")


async def test_nothing_is_promised_about_https_over_plain_http(edge_runtime, directory):
    from dataclasses import replace

    from tests.http_client import open_client
    from vibestream.platform.http.application import build
    from vibestream.platform.http.edge import Edge

    plain = replace(edge_runtime, settings=edge_runtime.settings.model_copy(update={"public_url": None}))
    app = build(Edge.of(plain, authenticate=directory), routers=[])
    async with open_client(app, base_url="http://localhost:8000") as client:
        headers = (await client.get("/nowhere")).headers
    assert "strict-transport-security" not in headers
    assert headers["x-content-type-options"] == "nosniff"

"""Pages for what went wrong: nothing here, not for you, not now; and the way to sign in, where that is all it takes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import Request
from markupsafe import escape
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from vibestream.platform.access import ANYONE
from vibestream.platform.http.problems import Problem
from vibestream.platform.http.request_ids import request_id
from vibestream.platform.http.routing import Router
from vibestream.platform.http.security_headers import csp_nonce
from vibestream.web.assets import BundleMissing
from vibestream.web.localization import TranslationsMissing
from vibestream.web.pages.forms import see_other
from vibestream.web.rendering import prepared_answer, render, shell_of
from vibestream.web.sentences import say

router = Router(include_in_schema=False)

_PASSING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class _PageConvertor(StringConvertor):
    """Any path that is a page's: not a program's interface, a file's or a machine's."""

    regex = r"(?!(?:api|media|static|metrics|livez|readyz|startupz|events)(?:/|$)).+"


register_url_convertor("page", _PageConvertor())


@router.get("/offline", policy=ANYONE)
async def show_offline(request: Request) -> Response:
    """Show what a browser keeps, by its service worker, for when it cannot reach us."""
    return render(request, "offline.html")


@router.get("/{anything:page}", policy=ANYONE)
async def nothing_here(anything: str) -> Response:
    """Answer for every page that does not exist, as a route: so that the shell knows who asks."""
    raise HTTPException(HTTPStatus.NOT_FOUND, detail=anything)


def problem_page(request: Request, problem: Problem) -> Response:
    """Show a problem to a person: the form they sent, the way to sign in, or a page of its own."""
    try:
        prepared = prepared_answer(request)
        if prepared is not None:
            prepared.status_code = problem.status
            prepared.headers["HX-Push-Url"] = "false"  # the address of what was refused is none to come back to
            return prepared
        if problem.status == HTTPStatus.UNAUTHORIZED:
            return _to_sign_in(request)
        return _page(request, problem)
    except (BundleMissing, TranslationsMissing) as error:
        return _without_bundle(request, str(error))


def _to_sign_in(request: Request) -> Response:
    came_from = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return see_other(f"/sign-in?next={quote(came_from, safe='/')}" if request.method == "GET" else "/sign-in")


def _page(request: Request, problem: Problem) -> Response:
    kind = {
        HTTPStatus.NOT_FOUND: "missing",
        HTTPStatus.GONE: "missing",
        HTTPStatus.FORBIDDEN: "forbidden",
    }.get(HTTPStatus(problem.status), _kind_of_others(problem.status))
    foreseen = kind != "failed"
    sentence = say(problem.code, problem.detail, problem.facts, shell_of(request).language) if foreseen else ""
    return render(
        request,
        "error.html",
        status=problem.status,
        kind=kind,
        sentence=sentence if not problem.code.startswith("http.not_found") else "",
        request_id=request_id(request),
    )


def _kind_of_others(status: int) -> str:
    """Return whether something passes, was refused with a reason, or broke on our side."""
    if status in _PASSING:
        return "passing"
    return "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"


def _without_bundle(request: Request, sentence: str) -> Response:
    """Return a page that needs nothing of the bundle, since the bundle is what is missing."""
    return HTMLResponse(
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>VibeStream: not built</title>"
        f"<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style nonce='{csp_nonce(request)}'>:root{{color-scheme:light dark}}"
        f"body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}}"
        f"code{{background:light-dark(#eee,#333);padding:.1em .4em;border-radius:4px}}</style>"
        f"<h1>The web bundle is missing</h1><p>{escape(sentence)}</p>"
        f"<p>In a checkout, run <code>make assets</code>. A wheel carries the bundle: if this one does not, it was not "
        f"built with the build hook.</p></html>",
        HTTPStatus.SERVICE_UNAVAILABLE,
    )

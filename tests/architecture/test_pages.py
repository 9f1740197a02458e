"""Every page is looked at: by the sweep over all pages, or in a journey of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from tests.journeys.pages import ELSEWHERE, PAGES

JOURNEYS = Path(__file__).parents[1] / "journeys"
NO_PAGES = {
    "/artwork/{seed}.svg",
    "/finance/books/transactions/{transaction_id}/proof.json",
    "/service-worker.js",
    "/sign-in-with/{provider}",
    "/sign-in-with/{provider}/back",
    "/static/dist/{name}",
    "/static/proving/{digest}/{name}",
}
"""What pages need beside themselves: files, and the ways to and from an issuer."""
PARTS = {"/finance/check", "/operations/audit", "/{anything:page}"}
"""What is put into a page, and what stands where none is."""


def pages(app: FastAPI) -> set[str]:
    """Return the addresses of every page: what `web` answers to a GET."""
    return {
        str(context.path)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.route, APIRoute)
        and context.route.endpoint.__module__.startswith("vibestream.web.pages")
        and "GET" in (context.methods or ())
    }


def unseen(found: set[str]) -> set[str]:
    listed = {address.partition("?")[0] for _, _, address in PAGES}
    named = {"/u/{handle}": "/u/{person}", "/u/{handle}/report": "/u/{person}/report"}
    return {path for path in found - NO_PAGES - PARTS - set(ELSEWHERE) if named.get(path, path) not in listed}


def test_every_page_is_looked_at(app: FastAPI):
    assert unseen(pages(app)) == set()


def test_a_page_that_nobody_looks_at_is_found(app: FastAPI):
    assert unseen({*pages(app), "/a/new/one"}) == {"/a/new/one"}


def test_nothing_is_listed_that_is_no_page(app: FastAPI):
    assert set(ELSEWHERE) | NO_PAGES | PARTS <= pages(app)


@pytest.mark.parametrize(("path", "journey"), sorted(ELSEWHERE.items()))
def test_the_journey_that_is_said_to_look_does(path: str, journey: str):
    written = (JOURNEYS / journey).read_text("utf-8")
    assert re.search(r"\blook(_in_both_languages)?\(|_?AXE\b", written), f"{journey} does not look at {path}"

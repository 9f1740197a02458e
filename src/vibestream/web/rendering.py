"""Turning a view into a page: one strict, escaping template environment per language, and the shell around every page.

A view is a frozen dataclass of `web/pages`; its fields are the template's variables. A request by htmx gets the title and
the `<main>` alone, since the shell around it stands already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.http import exchange
from vibestream.platform.http.edge import edge_of
from vibestream.platform.http.security_headers import csp_nonce
from vibestream.web import waveforms
from vibestream.web.assets import Asset, Assets
from vibestream.web.localization import LOCALES, NAMES, Language, choose, clock, language
from vibestream.web.portraits import face_of
from vibestream.web.sentences import say

TEMPLATES: Final = Path(__file__).parent / "templates"
THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "vs_theme"
_PREPARED: Final = "vibestream.web.prepared"


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page."""

    path: str
    principal: Principal | None
    language: Language
    theme: str
    nonce: str
    sandboxed: bool
    fragment: bool
    """Whether the shell stands already, and only the page itself is wanted."""

    names: ClassVar = NAMES

    @property
    def layout(self) -> str:
        """The template that the page extends."""
        return "fragment.html" if self.fragment else "shell.html"

    def holds(self, role: str) -> bool:
        """Say whether somebody is signed in who holds a role."""
        return self.principal is not None and self.principal.holds(role)


def shell_of(request: Request) -> Shell:
    """Return the shell of a request: who asks, in which language and theme."""
    principal = _principal(request)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return Shell(
        path=request.url.path,
        principal=principal,
        language=choose(request, account=principal.locale if principal else None),
        theme=theme if theme in THEMES else "auto",
        nonce=csp_nonce(request),
        sandboxed=edge_of(request).settings.sandboxed,
        fragment=request.headers.get("hx-request") == "true",
    )


def render(request: Request, template: str, view: object = None, *, status: int = 200, **more: Any) -> Response:
    """Return a page: the template with the view's fields, `more`, and the shell.

    Raises:
        BundleMissing: the web bundle was not built.
    """
    shell = shell_of(request)
    environment = _environment(shell.language.code, edge_of(request).settings)
    html = environment.get_template(template).render(shell=shell, **_variables(view), **more)
    headers = {"Vary": "HX-Request, Accept-Language, Cookie", "Content-Language": shell.language.code}
    return HTMLResponse(html, status, headers=headers)


def sentence_of(request: Request, error: VibeStreamError) -> str:
    """Return what an error says to the person who made the request, in their language."""
    return say(error.code, str(error), error.facts(), shell_of(request).language)


def answer_with(request: Request, error: VibeStreamError, page: Response) -> VibeStreamError:
    """Prepare the page that answers an error, and return the error to be raised.

    The error must be raised, not answered here: whether its transaction is kept (a failed try is counted) or undone is
    the edge's business.
    """
    request.scope[_PREPARED] = page
    return error


def prepared_answer(request: Request) -> Response | None:
    """Return the page that a route prepared before it raised an error."""
    found = request.scope.get(_PREPARED)
    return found if isinstance(found, Response) else None


def _principal(request: Request) -> Principal | None:
    try:
        return exchange.current(request).principal
    except exchange.OutsideRouter:
        return None


def _variables(view: object) -> dict[str, Any]:
    if view is None:
        return {}
    if isinstance(view, Mapping):
        return dict(view)
    assert is_dataclass(view)  # noqa: S101 - a view is one, or a defect
    return {field.name: getattr(view, field.name) for field in fields(view)}


@cache
def _assets(*, reread: bool) -> Assets:
    return Assets(reread=reread)


@cache
def _environment_of(code: str, *, sandboxed: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=sandboxed,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    spoken, assets = language(code), _assets(reread=sandboxed)
    environment.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "asset": assets.__getitem__,
        "icon": lambda name, size="": icon(assets["icons.svg"], name, size),
        "island_messages": Markup(assets.messages(code)),  # noqa: S704 - our own catalogue, with `<` escaped
        "countries": spoken.countries,
        "languages": LOCALES,
        "own_face": lambda principal: face_of(principal.user_id, principal.display_name),
        "themes": THEMES,
    }
    environment.filters |= {
        "clock": clock,
        "gateway_name": gateway_name,
        "number": spoken.number,
        "money": spoken.money,
        "amount": spoken.amount,
        "minor": spoken.minor,
        "date": spoken.date,
        "month": spoken.month,
        "size": spoken.size,
        "moment": lambda instant: moment(instant, spoken),
        "attribute_json": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
        "outline": waveforms.outline,
    }
    return environment


def _environment(code: str, settings: Settings) -> Environment:
    return _environment_of(code, sandboxed=settings.sandboxed)


def icon(sprite: Asset, name: str, size: str = "") -> Markup:
    """Return an icon of the sprite, hidden from assistive technology: the text beside it says what it means."""
    return Markup('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        f" icon-{size}" if size else "", sprite.url, name
    )


def gateway_name(gateway: str) -> str:
    """Return a payment service as it writes its own name."""
    return {"paypal": "PayPal"}.get(gateway, gateway.capitalize())


def moment(instant: datetime, spoken: Language) -> Markup:
    """Return an instant, which the page's script writes again in the reader's own time zone."""
    return Markup('<time datetime="{}" data-moment>{}</time>').format(instant.isoformat(), spoken.moment(instant))

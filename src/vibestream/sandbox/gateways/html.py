"""The pages on which a person pays: plain HTML from the server, no script, each saying that it is a sandbox."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vibestream.kernel.money import Currency, Money
from vibestream.sandbox.guard import LABEL

HERE: Final = Path(__file__).parent
_HEADERS: Final = {
    # No form-action: after paying, the form's answer leads back to the merchant, whose address is anybody's.
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page."""
    return HTMLResponse(_environment().get_template(template).render(label=LABEL, **values), status, headers=_HEADERS)


def lead_to(address: str) -> Response:
    """Send the browser on, as a page that it has left by a form."""
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


def amount_text(minor: int, currency: str) -> str:
    """Return an amount as the pages show it, such as `12.50 USD`."""
    return str(Money(minor, Currency.of(currency.upper())))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

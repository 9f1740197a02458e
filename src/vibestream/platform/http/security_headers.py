"""The headers that tell a browser how little it may do with an answer.

A page runs only scripts that carry its own nonce, loads nothing from elsewhere, cannot be framed, and lets no string
become a script (Trusted Types). What is not a page may do nothing at all. A route that sets one of these headers itself
is left alone: the prover's worker does.

Source: research/identity_security_ui.md, B3, proven in Chromium; OWASP ASVS 5.0, 3.4.1 to 3.4.6.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

WORKER_CSP: Final = "default-src 'none'; script-src 'self'; connect-src 'self'"
"""For scripts: it binds a worker that is started from one, and means nothing to any other script."""
PROVER_CSP: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'"
)
"""For the script of the zero-knowledge prover's worker, which compiles WebAssembly; set by the route that serves it."""
MEDIA_CSP: Final = "sandbox; default-src 'none'"
"""For what people uploaded: opened by itself it can neither run nor load anything."""
NOTHING_CSP: Final = "default-src 'none'; frame-ancestors 'none'"

_PAGE_CSP: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx default"
)
_PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
        "local-fonts", "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
_HSTS: Final = "max-age=31536000; includeSubDomains"
_NONCE: Final = "vibestream.csp_nonce"
_NONCE_BYTES: Final = 16

RawHeaders = list[tuple[bytes, bytes]]


def csp_nonce(connection: HTTPConnection) -> str:
    """Return the nonce that a page's own `<script>` and `<style>` elements carry: 128 bits, new for every response."""
    return _nonce(connection.scope)


def page_csp(nonce: str) -> str:
    """Return the policy of a page."""
    return _PAGE_CSP.format(nonce=nonce)


class SecurityHeaders:
    """Adds to each response the headers that it does not set itself."""

    def __init__(self, *, https: bool) -> None:
        always = {
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"strict-origin-when-cross-origin",
            b"permissions-policy": _PERMISSIONS.encode(),
            b"cross-origin-opener-policy": b"same-origin-allow-popups",
        }
        if https:
            always[b"strict-transport-security"] = _HSTS.encode()
        self._always = tuple(always.items())

    def add(self, scope: Scope, headers: RawHeaders) -> None:
        """Add what is missing to a response's headers."""
        present = dict(headers)
        media = scope["path"].startswith("/media/")
        headers += (pair for pair in self._always if pair[0] not in present)
        if b"content-security-policy" not in present:
            headers.append((b"content-security-policy", self._policy(scope, present, media=media)))
        if b"cross-origin-resource-policy" not in present:
            headers.append((b"cross-origin-resource-policy", b"same-site" if media else b"same-origin"))
        if b"cache-control" not in present:
            # Whatever may be kept says so itself. A page must not be: its nonce is good for one response.
            headers.append((b"cache-control", b"no-store"))

    def _policy(self, scope: Scope, present: dict[bytes, bytes], *, media: bool) -> bytes:
        if media:
            return MEDIA_CSP.encode()
        content_type = present.get(b"content-type", b"")
        if content_type.startswith(b"text/html"):
            return page_csp(_nonce(scope)).encode()
        if content_type.startswith((b"text/javascript", b"application/javascript")):
            return WORKER_CSP.encode()
        return NOTHING_CSP.encode()


def _nonce(scope: Scope) -> str:
    nonce = scope.get(_NONCE)
    if nonce is None:
        nonce = scope[_NONCE] = secrets.token_urlsafe(_NONCE_BYTES)
    return str(nonce)

"""What a browser is given when it was let in, by whichever page: its session, and what it is known by the next time."""

from __future__ import annotations

from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.runtime import Runtime


def device_cookie(runtime: Runtime) -> BrowserCookie:
    """Return the cookie by which a browser that was let in is known again."""
    return BrowserCookie.of(runtime.settings, purpose=accounts.DEVICE_COOKIE)


def let_in(response: Response, runtime: Runtime, entered: accounts.SignedIn) -> None:
    """Give a browser its session and what it is known by."""
    SessionCookie.of(runtime.settings).set(response, token=entered.session.token, expires=entered.session.expires_at)
    device_cookie(runtime).set(response, value=entered.device_token, good_for=accounts.DEVICE_GOOD_FOR)

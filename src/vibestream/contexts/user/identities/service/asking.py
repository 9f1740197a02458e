"""Sending a browser to an issuer."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.user.identities import gateway
from vibestream.contexts.user.identities.domain.errors import CannotProve, IssuerUnavailable
from vibestream.contexts.user.identities.domain.values import REQUEST_GOOD_FOR, Proofs, Request, hash_of
from vibestream.contexts.user.identities.service.counting import count
from vibestream.contexts.user.identities.store import requests
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

_PURPOSE: Final = "user.identity.carried"


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to sign in that is configured: its name in addresses, and what people call it."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Proving:
    """Who is signed in and is to show that it is them, and what they had asked for: where to, and its fields."""

    principal: Principal
    again: str
    """Where the fields are sent after it; empty: nowhere, the browser goes on."""
    carried: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Where to send the browser, and the secret that it keeps in an HttpOnly cookie until it comes back."""

    url: str
    browser_token: str
    posts: bool
    """Whether it comes back by a form of the issuer's site, with which only a `SameSite=None` cookie travels."""


def providers(settings: Settings) -> tuple[Provider, ...]:
    """Return the issuers that people may sign in with, as the settings list them."""
    return tuple(Provider(one.name, one.title) for one in settings.login_issuers)


def back_address(settings: Settings, *, provider: str) -> str:
    """Return the address that an issuer sends people back to: one for each, so that no answer passes for another's."""
    return f"{settings.base_url}/sign-in-with/{provider}/back"


async def send(
    runtime: Runtime,
    *,
    provider: str,
    browser_token: str,
    onward: str,
    linking: bool,
    now: datetime,
    proving: Proving | None = None,
) -> Sent:
    """Return where to send a browser that wants to sign in with an issuer, or to connect an account there (`linking`).

    `proving`: who is signed in and is to be asked there who they are, whether they are signed in there or not.
    A browser keeps the secret that it has (`browser_token`), so that two tabs can be away at once. Opens its own
    transaction, after the issuer was asked to describe itself.

    Raises:
        ProviderMissing: there is no such issuer.
        IssuerUnavailable: it does not answer.
        CannotProve: it is none that says when somebody showed who they are.
    """
    issuer = gateway.open_issuer(runtime.settings, name=provider)
    if proving is not None and not issuer.proves:
        raise CannotProve
    state, browser = secrets.token_urlsafe(32), browser_token or secrets.token_urlsafe(32)
    proofs = Proofs.of(state, key=runtime.settings.signing_key())
    back = back_address(runtime.settings, provider=provider)
    try:
        url = await issuer.address(back=back, state=state, proofs=proofs, anew=proving is not None)
    except IssuerUnavailable as error:
        count(provider, outcome=error)
        raise
    async with runtime.database.begin() as tx:
        await requests.add(
            tx,
            state_hash=hash_of(state),
            browser_hash=hash_of(browser),
            provider=provider,
            request=_request(runtime, hash_of(state), onward=onward, linking=linking, proving=proving, now=now),
        )
    return Sent(url, browser, issuer.posts)


def provers(settings: Settings) -> frozenset[str]:
    """Return the names of the issuers that can be made to ask somebody again who they are."""
    return frozenset(one.name for one in settings.login_issuers if gateway.open_issuer(settings, name=one.name).proves)


def unsealed(settings: Settings, *, request: Request, state: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return where to what somebody had asked for is sent, and its fields."""
    opened = Sealer.of(settings, purpose=_PURPOSE).open(request.carried or b"", belongs_to=hash_of(state))
    again, fields = json.loads(opened)
    return again, tuple((name, value) for name, value in fields)


def _request(
    runtime: Runtime, state_hash: bytes, *, onward: str, linking: bool, proving: Proving | None, now: datetime
) -> Request:
    until = now + REQUEST_GOOD_FOR
    if proving is None:
        return Request(linking=linking, onward=onward, expires_at=until)
    packed = json.dumps([proving.again, proving.carried]).encode()
    return Request(
        linking=False,
        onward=onward,
        expires_at=until,
        user_id=proving.principal.user_id,
        session_id=proving.principal.session_id,
        carried=Sealer.of(runtime.settings, purpose=_PURPOSE).seal(packed, belongs_to=state_hash),
    )

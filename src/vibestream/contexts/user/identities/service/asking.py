"""Sending a browser to an issuer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.user.identities import gateway
from vibestream.contexts.user.identities.domain.errors import IssuerUnavailable
from vibestream.contexts.user.identities.domain.values import REQUEST_GOOD_FOR, Proofs, Request, hash_of
from vibestream.contexts.user.identities.service.counting import count
from vibestream.contexts.user.identities.store import requests
from vibestream.platform.config import Settings
from vibestream.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to sign in that is configured: its name in addresses, and what people call it."""

    name: str
    title: str


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
    runtime: Runtime, *, provider: str, browser_token: str, onward: str, linking: bool, now: datetime
) -> Sent:
    """Return where to send a browser that wants to sign in with an issuer, or to connect an account there (`linking`).

    A browser keeps the secret that it has (`browser_token`), so that two tabs can be away at once. Opens its own
    transaction, after the issuer was asked to describe itself.

    Raises:
        ProviderMissing: there is no such issuer.
        IssuerUnavailable: it does not answer.
    """
    issuer = gateway.open_issuer(runtime.settings, name=provider)
    state, browser = secrets.token_urlsafe(32), browser_token or secrets.token_urlsafe(32)
    proofs = Proofs.of(state, key=runtime.settings.signing_key())
    back = back_address(runtime.settings, provider=provider)
    try:
        url = await issuer.address(back=back, state=state, proofs=proofs)
    except IssuerUnavailable as error:
        count(provider, outcome=error)
        raise
    async with runtime.database.begin() as tx:
        await requests.add(
            tx,
            state_hash=hash_of(state),
            browser_hash=hash_of(browser),
            provider=provider,
            request=Request(linking=linking, onward=onward, expires_at=now + REQUEST_GOOD_FOR),
        )
    return Sent(url, browser, issuer.posts)

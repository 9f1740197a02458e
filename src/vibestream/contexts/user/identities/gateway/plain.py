"""GitHub and Discord, which speak OAuth without OpenID Connect: who it is, they say when they are asked with the token.

Source: GitHub, "Authorizing OAuth apps" and the REST API's /user and /user/emails; Discord, "OAuth2" and /users/@me.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from vibestream.contexts.user.identities.domain.errors import AnswerRefused, CannotProve, IssuerUnavailable
from vibestream.contexts.user.identities.domain.values import Claimed, Proofs
from vibestream.contexts.user.identities.gateway.parts import Answer, Client, require_code, text

_OK: Final = 200


Read = Callable[[Client, str], Awaitable[Claimed]]
"""Asks an issuer, by an access token, who it is."""


class PlainIssuer:
    """An issuer of plain OAuth: where it is asked, and how what it says is read."""

    posts: bool = False

    def __init__(self, client: Client, *, authorize: str, redeem: str, read: Read) -> None:
        self.setting = client.setting
        self._client = client
        self._base = client.setting.issuer.rstrip("/")
        self._authorize, self._redeem, self._read = self._base + authorize, self._base + redeem, read

    @property
    def proves(self) -> bool:
        """OAuth alone says nothing of when somebody showed who they are."""
        return False

    async def address(self, *, back: str, state: str, proofs: Proofs, anew: bool = False) -> str:
        """Return where to send a browser.

        Raises:
            CannotProve: they are to be asked anew, which this protocol does not know.
        """
        if anew:
            raise CannotProve
        asked = {
            "response_type": "code",
            "client_id": self.setting.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.setting.scopes),
            "state": state,
            "code_challenge": proofs.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._authorize}?{urlencode(asked)}"

    async def claimed(
        self, answer: Answer, *, back: str, proofs: Proofs, now: datetime, since: datetime | None = None
    ) -> Claimed:
        """Return who came back.

        Raises:
            Declined, AnswerRefused, IssuerUnavailable: nobody that we believe in.
        """
        del now
        if since is not None:
            raise AnswerRefused("authentication time")
        if answer.iss and answer.iss.rstrip("/") not in {self._base, f"{self._base}/login/oauth"}:
            raise AnswerRefused("another issuer's answer")
        form = {
            "grant_type": "authorization_code",
            "client_id": self.setting.client_id,
            "client_secret": self._client.secret,
            "code": require_code(answer),
            "redirect_uri": back,
            "code_verifier": proofs.verifier,
        }
        access = text(await self._client.redeem(self._redeem, form=form), "access_token")
        if not access:
            raise AnswerRefused("no access token")
        return await self._read(self._client, access)


def github(client: Client) -> PlainIssuer:
    """Return GitHub, or an enterprise's own."""
    return PlainIssuer(client, authorize="/login/oauth/authorize", redeem="/login/oauth/access_token", read=_github)


def discord(client: Client) -> PlainIssuer:
    """Return Discord."""
    return PlainIssuer(client, authorize="/oauth2/authorize", redeem="/api/oauth2/token", read=_discord)


async def _github(client: Client, access: str) -> Claimed:
    base = client.setting.issuer.rstrip("/")
    api = "https://api.github.com" if base == "https://github.com" else f"{base}/api/v3"
    said = await client.ask_object(f"{api}/user", access=access)
    email = await _primary(client, f"{api}/user/emails", access)
    return Claimed(
        provider=client.setting.name,
        issuer=client.setting.issuer,
        subject=_number(said, "id"),
        email=email,
        email_verified=bool(email),
        name=text(said, "name") or text(said, "login"),
    )


async def _primary(client: Client, url: str, access: str) -> str:
    """Return the primary address if it is verified; the one in the public profile is anybody's wish."""
    status, listed = await client.ask(url, headers={"Authorization": f"Bearer {access}"})
    if status != _OK or not isinstance(listed, list):
        return ""  # the person withheld the scope
    return next(
        (
            text(one, "email")
            for one in listed
            if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True
        ),
        "",
    )


async def _discord(client: Client, access: str) -> Claimed:
    said = await client.ask_object(f"{client.setting.issuer.rstrip('/')}/api/users/@me", access=access)
    return Claimed(
        provider=client.setting.name,
        issuer=client.setting.issuer,
        subject=_number(said, "id"),
        email=text(said, "email"),
        email_verified=said.get("verified") is True and bool(text(said, "email")),
        name=text(said, "global_name") or text(said, "username"),
    )


def _number(said: dict[str, Any], name: str) -> str:
    """Return an id, which GitHub writes as a number and Discord as a text of digits."""
    found = str(said.get(name)) if isinstance(said.get(name), int | str) else ""
    if not (found.isascii() and found.isdigit()):
        raise IssuerUnavailable("no id")
    return found

"""What every issuer has in common: what comes back from it, what it can do for us, and asking it over the network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import httpx

from vibestream.contexts.user.identities.domain.errors import AnswerRefused, Declined, IssuerUnavailable
from vibestream.contexts.user.identities.domain.values import Claimed, Proofs
from vibestream.platform.config import Environment, Settings
from vibestream.platform.egress import open_client, read_json
from vibestream.platform.login_issuers import LoginIssuer

_BUDGET_S: Final = 10.0
_OK: Final = range(200, 300)
_SERVER_FAILED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a browser brought back. Everything in it may be anybody's invention."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""
    user: str = ""
    """Apple's: the name, once, as JSON."""


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to an issuer: its setting, our secret there, and whether only the outside may be asked."""

    setting: LoginIssuer
    secret: str = field(repr=False)
    production: bool

    @classmethod
    def of(cls, setting: LoginIssuer, settings: Settings) -> Client:
        """Return what we are to an issuer of the settings."""
        return cls(setting, settings.login_secret(setting), settings.environment is Environment.PRODUCTION)

    async def ask(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Ask an issuer, by POST when there is a form, and return the status and the JSON.

        Raises:
            IssuerUnavailable: no answer within ten seconds, or none that can be read.
        """
        try:
            async with (
                asyncio.timeout(_BUDGET_S),
                open_client(production=self.production, timeout_s=_BUDGET_S) as client,
            ):
                request = client.build_request(
                    "GET" if form is None else "POST",
                    url,
                    data=form,
                    headers={"Accept": "application/json", "User-Agent": "VibeStream", **(headers or {})},
                )
                if auth is not None:
                    request = next(httpx.BasicAuth(*auth).auth_flow(request))
                status, body = await read_json(client, request)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise IssuerUnavailable(type(error).__name__) from error
        if status >= _SERVER_FAILED:
            raise IssuerUnavailable(str(status))
        return status, body

    async def ask_object(self, url: str, *, access: str = "") -> dict[str, Any]:
        """Ask an issuer for a JSON object, by the access token that it gave.

        Raises:
            IssuerUnavailable: anything else comes back.
        """
        status, body = await self.ask(url, headers={"Authorization": f"Bearer {access}"} if access else None)
        if status not in _OK or not isinstance(body, dict):
            raise IssuerUnavailable(f"{status}, no object")
        return body

    async def redeem(self, url: str, *, form: Mapping[str, str], auth: tuple[str, str] | None = None) -> dict[str, Any]:
        """Redeem a code, and return what was given for it.

        Raises:
            AnswerRefused: the issuer does not take the code.
            IssuerUnavailable: it does not answer.
        """
        status, body = await self.ask(url, form=form, auth=auth)
        if not isinstance(body, dict):
            raise IssuerUnavailable("no object for the code")
        if status not in _OK or body.get("error"):  # GitHub refuses with 200
            raise AnswerRefused("code refused")
        return body


class Issuer(Protocol):
    """Somebody who says who people are."""

    setting: LoginIssuer

    @property
    def posts(self) -> bool:
        """Whether it sends people back by a form that it posts, from its own site."""

    @property
    def proves(self) -> bool:
        """Whether it can be made to ask somebody again who they are, and says when they showed it."""

    async def address(self, *, back: str, state: str, proofs: Proofs, anew: bool = False) -> str:
        """Return where to send a browser; `anew`: to be asked who it is, although they are signed in there.

        Raises:
            IssuerUnavailable: it does not describe itself.
        """

    async def claimed(
        self, answer: Answer, *, back: str, proofs: Proofs, now: datetime, since: datetime | None = None
    ) -> Claimed:
        """Return who came back; `since`: they must have shown it there after this instant.

        Raises:
            Declined, AnswerRefused, IssuerUnavailable: nobody that we believe in.
        """


def require_code(answer: Answer) -> str:
    """Return the code of an answer.

    Raises:
        Declined: the person chose otherwise.
        AnswerRefused: the issuer refuses for another reason, or there is none.
    """
    if answer.error in {"access_denied", "user_cancelled_authorize", "login_required"}:
        raise Declined
    if answer.error or not answer.code:
        raise AnswerRefused("no code")
    return answer.code


def text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that is a text; empty when it is anything else."""
    found = claims.get(name)
    return found if isinstance(found, str) else ""

"""A person, a developer with two apps, and an app's side of the protocol written by hand, so that it can cheat."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, LiteralString
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import pytest

from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.service import Confidence, Registered
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

if TYPE_CHECKING:
    import httpx2

BACK = "https://app.example/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ALL = " ".join(service.SCOPES)
AGED: Final[Mapping[str, LiteralString]] = {
    "code": "UPDATE users.oauth_code SET expires_at = expires_at - make_interval(secs => %(s)s)",
    "access": "UPDATE users.oauth_access SET made_at = made_at - make_interval(secs => %(s)s),"
    " expires_at = expires_at - make_interval(secs => %(s)s)",
    "refresh": "UPDATE users.oauth_refresh SET expires_at = expires_at - make_interval(secs => %(s)s)",
    "device": "UPDATE users.oauth_device SET made_at = made_at - make_interval(secs => %(s)s),"
    " expires_at = expires_at - make_interval(secs => %(s)s), polled_at = polled_at - make_interval(secs => %(s)s)",
    "personal": "UPDATE users.personal_token SET made_at = made_at - make_interval(secs => %(s)s),"
    " expires_at = expires_at - make_interval(secs => %(s)s)",
    "used": "UPDATE users.oauth_refresh SET used_at = used_at - make_interval(secs => %(s)s)",
}


@dataclass
class World:
    """Who takes part. `browser` is Ana's, `app` is nobody's."""

    ana: User
    developer: User
    public: Registered
    confidential: Registered
    television: Registered
    """Without a browser, and without an address to go back to."""
    browser: httpx2.AsyncClient
    app: httpx2.AsyncClient
    database: Database
    owner_dsn: str

    async def shift(self, **seconds: int) -> None:
        """Let time pass for codes, access tokens, refresh tokens or their use: `await world.shift(used=11)`."""
        async with await psycopg.AsyncConnection.connect(self.owner_dsn) as connection:
            for name, amount in seconds.items():
                await connection.execute(AGED[name], {"s": amount})

    def query(self, who: Registered | None = None, **changes: str | None) -> str:
        """An authorisation request in order, but for the changes; None leaves a parameter out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": str((who or self.public).client.client_id),
            "redirect_uri": BACK,
            "scope": ALL,
            "state": "st4te",
            "nonce": "n0nce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return urlencode({name: value for name, value in (asked | changes).items() if value is not None})

    async def decide(self, query: str, decision: str = "allow") -> httpx2.Response:
        fields = {"asked": query, "who": str(self.ana.user_id), "decision": decision}
        return await self.browser.post("/oauth/authorize", data=fields, headers={"Accept": "text/html"})

    async def code(self, who: Registered | None = None, **changes: str | None) -> str:
        answer = await self.decide(self.query(who, **changes))
        assert answer.status_code == 303, answer.text
        return answered(answer)["code"]

    async def token(self, who: Registered | None = None, **fields: str | None) -> httpx2.Response:
        """Ask for tokens as a client does that authenticates as it should, but for the changes."""
        who = who or self.public
        sent: dict[str, str | None] = {"client_id": str(who.client.client_id)}
        if who.secret is not None:
            sent["client_secret"] = who.secret
        data = {name: value for name, value in (sent | fields).items() if value is not None}
        return await self.app.post("/oauth/token", data=data)

    async def redeem(self, code: str, who: Registered | None = None, **changes: str | None) -> httpx2.Response:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        return await self.token(who, **(fields | changes))

    async def tokens(self, who: Registered | None = None, **changes: str | None) -> dict[str, Any]:
        answer = await self.redeem(await self.code(who, **changes), who)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    async def refresh(self, token: str, who: Registered | None = None, **changes: str | None) -> httpx2.Response:
        fields: dict[str, str | None] = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.token(who, **(fields | changes))

    async def works(self, access: str, path: str = "/oauth/userinfo") -> bool:
        answer = await self.app.get(path, headers={"Authorization": f"Bearer {access}"})
        assert answer.status_code in {200, 401}, answer.text
        return bool(answer.status_code == 200)


def answered(answer: httpx2.Response) -> dict[str, str]:
    """What an authorisation answer says in the address that it leads to."""
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def registered(
    database: Database,
    owner: User,
    confidence: Confidence,
    *,
    scopes: tuple[str, ...] = service.SCOPES,
    redirect_uris: Sequence[str] = (BACK,),
    devices: bool = False,
) -> Registered:
    async with database.begin() as tx:
        return await service.register(
            tx,
            owner_id=owner.user_id,
            name="Larkspur",
            confidence=confidence,
            redirect_uris=redirect_uris,
            scopes=scopes,
            devices=devices,
            now=utc_now(),
        )


@pytest.fixture
async def world(database: Database, client: Any, client_for: ClientFor, owner_dsn: str) -> World:
    async with database.begin() as tx:
        ana, developer = await make_user(tx, display_name="Ana Río"), await make_user(tx)
    public = await registered(database, developer, Confidence.PUBLIC)
    confidential = await registered(database, developer, Confidence.CONFIDENTIAL)
    television = await registered(database, developer, Confidence.PUBLIC, redirect_uris=(), devices=True)
    browser = await client_for(ana)
    return World(ana, developer, public, confidential, television, browser, client, database, owner_dsn)


def refused(answer: Any, error: str, status: int = 400) -> None:
    """Assert that the protocol refuses in its own words."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"

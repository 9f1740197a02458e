"""The server. It checks what the real ones check: client and secret, the address to go back to, the code once, the verifier.

Whoever is signed in there (`person`) agrees to everything. Under `/openid` it is an issuer of OpenID Connect, under `/github`
and `/discord` those, each with the addresses and the words of its own.

Source: OpenID Connect Core 1.0; Apple, "Sign in with Apple REST API"; GitHub, "Authorizing OAuth apps"; Discord, "OAuth2".
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.sandbox.guard import refuse_in_production

HOST: Final = "127.0.0.1"
APPLES_AUDIENCE: Final = "https://appleid.apple.com"
_LARGEST: Final = 64 * 1024
_GOOD_FOR_S: Final = 300
Reply = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Asked:
    """What a browser came with, until its code is redeemed."""

    form: dict[str, str]
    person: dict[str, Any]


@dataclass(slots=True)
class IssuersServer:
    """A running server. What is not for the client of `client_id` is refused."""

    client_id: str
    secret: str
    back: str
    """Begins the only addresses to go back to."""
    apple_key: str = ""
    """PEM of the public key that Apple's client secrets are checked by; empty: the secret itself is compared."""
    team_id: str = ""
    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    """Who is signed in: claims for OpenID Connect, and what `/user`, `/user/emails`, `/users/@me` and `/userinfo` answer."""
    described: dict[str, Any] = field(default_factory=dict)
    """What its description says otherwise than it should, or besides."""
    down: bool = False
    """Whether everything is answered with 503."""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}))
    heard: list[str] = field(default_factory=list)
    """Method and path of each request."""
    _asked: dict[str, Asked] = field(default_factory=dict)
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Sign with another key from now on, and publish that alone."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(min(int(headers.get("content-length", "0")), _LARGEST))
            method, target, _ = head[0].split(" ")
            status, more, sent = self.answer(method, target, headers, body.decode())
            lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(sent)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in more.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass  # the other side went away, or never spoke HTTP
        finally:
            writer.close()

    def answer(self, method: str, target: str, headers: dict[str, str], body: str) -> Reply:
        """Return what a request is answered with."""
        parts, form = urlsplit(target), dict(parse_qsl(body))
        self.heard.append(f"{method} {parts.path}")
        if self.down:
            return 503, {"Content-Type": "text/html"}, b"<html>Try again later</html>"
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        answers: dict[str, Callable[[], Reply]] = {
            "GET /openid/.well-known/openid-configuration": self._describe,
            "GET /openid/jwks": lambda: _json(200, {"keys": [{**self.key.as_dict(private=False), "use": "sig"}]}),
            "GET /openid/authorize": lambda: self._agree(dict(parse_qsl(parts.query))),
            "GET /github/login/oauth/authorize": lambda: self._agree(dict(parse_qsl(parts.query))),
            "GET /discord/oauth2/authorize": lambda: self._agree(dict(parse_qsl(parts.query))),
            "POST /openid/token": lambda: self._redeem(form, refused=400),
            "POST /github/login/oauth/access_token": lambda: self._redeem(form, refused=200),
            "POST /discord/api/oauth2/token": lambda: self._redeem(form, refused=400),
            "GET /openid/userinfo": lambda: self._about(bearer, "said"),
            "GET /github/api/v3/user": lambda: self._about(bearer, "user"),
            "GET /github/api/v3/user/emails": lambda: self._about(bearer, "emails"),
            "GET /discord/api/users/@me": lambda: self._about(bearer, "user"),
        }
        found = answers.get(f"{method} {parts.path}")
        return _json(404, {"message": "Not Found"}) if found is None else found()

    def _describe(self) -> Reply:
        base = f"{self.url}/openid"
        return _json(
            200,
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/jwks",
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.described,
            },
        )

    def _agree(self, form: dict[str, str]) -> Reply:
        right = form.get("client_id") == self.client_id and form.get("redirect_uri", "").startswith(self.back)
        if not right or form.get("code_challenge_method") != "S256" or form.get("response_type") != "code":
            return _json(400, {"error": "invalid_request"})
        code = secrets.token_urlsafe(16)
        self._asked[code] = Asked(form, self.person)
        given = {"code": code, "state": form.get("state", "")}
        if form.get("response_mode") != "form_post":
            return 302, {"Location": f"{form['redirect_uri']}?{urlencode(given)}"}, b""
        given |= {"user": json.dumps(self.person["user"])} if "user" in self.person else {}
        fields = "".join(f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in given.items())
        page = f'<form method="post" action="{escape(form["redirect_uri"])}">{fields}<button>Go on</button></form>'
        return 200, {"Content-Type": "text/html"}, page.encode()

    def _redeem(self, form: dict[str, str], *, refused: int) -> Reply:
        asked = self._asked.pop(form.get("code", ""), None)
        challenge = _base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        right = (
            asked is not None
            and form.get("grant_type") == "authorization_code"
            and form.get("client_id") == self.client_id
            and form.get("redirect_uri") == asked.form["redirect_uri"]
            and challenge == asked.form["code_challenge"]
            and self._is_client(form.get("client_secret", ""))
        )
        if asked is None or not right:
            return _json(refused, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(16)
        self._tokens[access] = asked.person
        return _json(200, {"access_token": access, "token_type": "bearer", "id_token": self._id_token(asked)})

    def _is_client(self, shown: str) -> bool:
        if not self.apple_key:
            return secrets.compare_digest(shown, self.secret)
        try:
            claims = jwt.decode(shown, ECKey.import_key(self.apple_key), algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return False
        left_s = claims["exp"] - utc_now().timestamp()
        named = (claims["iss"], claims["sub"], claims["aud"]) == (self.team_id, self.client_id, APPLES_AUDIENCE)
        return named and 0 < left_s <= _GOOD_FOR_S

    def _id_token(self, asked: Asked) -> str:
        now_s = int(utc_now().timestamp())
        claims = {
            "iss": f"{self.url}/openid",
            "aud": self.client_id,
            "iat": now_s,
            "exp": now_s + _GOOD_FOR_S,
            "nonce": asked.form.get("nonce", ""),
            **asked.person.get("claims", {}),
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key, algorithms=["ES256"])

    def _about(self, bearer: str, what: str) -> Reply:
        person = self._tokens.get(bearer)
        if person is None:
            return _json(401, {"message": "Bad credentials"})
        return _json(200, person[what]) if what in person else _json(403, {"message": "Resource not accessible"})


@asynccontextmanager
async def serve(settings: Settings, *, client_id: str, secret: str, back: str) -> AsyncIterator[IssuersServer]:
    """Serve on a free port of this machine for the time of the block.

    Raises:
        SandboxRefused: this is production.
    """
    refuse_in_production(settings, part="issuers")
    made = IssuersServer(client_id=client_id, secret=secret, back=back)
    listening = await asyncio.start_server(made.converse, HOST, 0, limit=_LARGEST)
    made.url = f"http://{HOST}:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield made


def _json(status: int, body: Any) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""Issuers of OpenID Connect: any by its description, Google and Apple with what is particular about them.

Source: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9207 (whose answer it is); Google, "Authenticate with a backend
server" (whose addresses it vouches for); Apple, "Sign in with Apple REST API".
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from vibestream.contexts.user.identities.domain.errors import AnswerRefused, IssuerUnavailable
from vibestream.contexts.user.identities.domain.values import Claimed, Proofs
from vibestream.contexts.user.identities.gateway import tokens
from vibestream.contexts.user.identities.gateway.described import Description, Metadata
from vibestream.contexts.user.identities.gateway.parts import Answer, Client, require_code, text
from vibestream.platform.login_issuers import Preset

_GOOGLES_OWN: Final = "@gmail.com"


class OpenIdIssuer:
    """One issuer, as this process knows it."""

    def __init__(self, client: Client) -> None:
        self.setting = client.setting
        self._client = client
        self._description = Description(client)

    @property
    def posts(self) -> bool:
        """Apple posts a form when it is asked for a name or an address."""
        return self.setting.preset is Preset.APPLE

    @property
    def proves(self) -> bool:
        """Google and Apple do not say when somebody showed who they are; any other issuer must, when it is asked for an age.

        Source: OpenID Connect Core 1.0, 3.1.2.1 (max_age) and 2 (auth_time).
        """
        return self.setting.preset is Preset.OIDC

    async def address(self, *, back: str, state: str, proofs: Proofs, anew: bool = False) -> str:
        """Return where to send a browser; `anew`: to be asked who it is, although they are signed in there.

        Raises:
            IssuerUnavailable: it does not describe itself.
        """
        metadata = await self._description.metadata()
        asked = {
            "response_type": "code",
            "client_id": self.setting.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.setting.scopes),
            "state": state,
            "nonce": proofs.nonce,
            "code_challenge": proofs.challenge,
            "code_challenge_method": "S256",
            **({"response_mode": "form_post"} if self.posts else {}),
            **({"prompt": "login", "max_age": "0"} if anew else {}),
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"

    async def claimed(
        self, answer: Answer, *, back: str, proofs: Proofs, now: datetime, since: datetime | None = None
    ) -> Claimed:
        """Return who came back; `since`: they must have shown it there after this instant.

        Raises:
            Declined, AnswerRefused, IssuerUnavailable: nobody that we believe in.
        """
        metadata = await self._description.metadata()
        if (answer.iss or metadata.names_itself) and answer.iss != self.setting.issuer:
            raise AnswerRefused("another issuer's answer")  # before the code is sent anywhere
        given = await self._redeem(metadata, require_code(answer), back=back, proofs=proofs, now=now)
        claims = await self._claims(metadata, text(given, "id_token"), nonce=proofs.nonce, now=now)
        if since is not None:
            tokens.require_shown(claims, since=since, now=now)
        if not text(claims, "email") and metadata.userinfo_endpoint and text(given, "access_token"):
            said = await self._client.ask_object(metadata.userinfo_endpoint, access=text(given, "access_token"))
            if said.get("sub") != claims["sub"]:
                raise AnswerRefused("somebody else's description")
            claims = {**said, **claims}
        return Claimed(
            provider=self.setting.name,
            issuer=self.setting.issuer,
            subject=text(claims, "sub"),
            email=text(claims, "email"),
            email_verified=self._vouches(claims),
            name=text(claims, "name") or text(claims, "preferred_username") or _apples_name(answer.user),
        )

    async def _redeem(
        self, metadata: Metadata, code: str, *, back: str, proofs: Proofs, now: datetime
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": proofs.verifier,
        }
        secret = self._secret(now)
        if secret and metadata.by_basic and not self.posts:
            # Form-encoded before the header is made, as RFC 6749, 2.3.1 has it.
            auth = (quote_plus(self.setting.client_id), quote_plus(secret))
            return await self._client.redeem(metadata.token_endpoint, form=form, auth=auth)
        form["client_id"] = self.setting.client_id
        if secret:
            form["client_secret"] = secret
        return await self._client.redeem(metadata.token_endpoint, form=form)

    async def _claims(self, metadata: Metadata, token: str, *, nonce: str, now: datetime) -> dict[str, Any]:
        keys, read_at = await self._description.keys()
        for last in (False, True):
            try:
                return tokens.read_id_token(
                    token,
                    keys=keys,
                    algorithms=metadata.algorithms,
                    issuer=self.setting.issuer,
                    client_id=self.setting.client_id,
                    nonce=nonce,
                    now=now,
                )
            except tokens.KeyUnknown:
                if last:
                    break
                keys, read_at = await self._description.keys(known_at=read_at)
        raise AnswerRefused("unknown key")

    def _secret(self, now: datetime) -> str:
        if self.setting.preset is not Preset.APPLE:
            return self._client.secret
        try:
            return tokens.apple_secret(
                pem=self._client.secret,
                key_id=self.setting.key_id,
                team_id=self.setting.team_id,
                client_id=self.setting.client_id,
                now=now,
            )
        except ValueError:
            raise IssuerUnavailable("our key for Apple is unusable") from None

    def _vouches(self, claims: dict[str, Any]) -> bool:
        verified = claims.get("email_verified")
        if self.setting.preset is Preset.APPLE:
            return verified is True or verified == "true"  # Apple writes either
        if self.setting.preset is Preset.GOOGLE:
            # Of addresses elsewhere Google knows only that they were proved once, not that they still are.
            own = text(claims, "email").lower().endswith(_GOOGLES_OWN) or bool(text(claims, "hd"))
            return verified is True and own
        return verified is True


def _apples_name(user: str) -> str:
    try:
        name = json.loads(user)["name"] if user else {}
        return " ".join(part for key in ("firstName", "lastName") if isinstance(part := name.get(key), str))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""

"""HTTP for apps: tokens, their end, what they are good for, who somebody is, and where to find all that.

The bodies and statuses of this file are the protocol's. Source: RFC 6749, 5; RFC 7009; RFC 7662; RFC 8414; RFC 8628; RFC 9207, 3;
OpenID Connect Discovery 1.0, 3 and 4.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Form, Request
from starlette.responses import JSONResponse, Response

from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.service import Client, InvalidRequest, Issuer, Tokens, UnsupportedGrant
from vibestream.platform.access import ANYONE, SIGNED_IN, NotSignedIn
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router

router = Router(tags=["oauth"])

_BODY_BYTES: Final = 16 * 1024
_LONGEST: Final = 4_000
_KEYS_KEPT: Final = "public, max-age=3600"
_WHO: Final = SIGNED_IN.for_apps(service.OPENID)
SHARED: Final = frozenset(
    {
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/userinfo",
        "/oauth/jwks",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    }
)
"""What scripts of registered apps' pages may use from their own sites. None of it looks at a cookie."""
Text = Annotated[str, Form(max_length=_LONGEST)]


@router.post(
    "/oauth/token",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("oauth_token", "120/minute"))],
)
async def issue_tokens(
    request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep, grant_type: Text = ""
) -> Response:
    """Give an app tokens for an authorization code, a refresh token, or a device code that somebody has allowed."""
    sent = await _sent(request)
    client = await _client(request, tx, sent)
    issuer = Issuer.of(runtime.settings)
    match grant_type:
        case "authorization_code":
            tokens = await service.for_code(
                tx,
                issuer=issuer,
                client=client,
                code=sent.get("code", ""),
                redirect_uri=sent.get("redirect_uri"),
                verifier=sent.get("code_verifier", ""),
                now=now,
            )
        case "refresh_token":
            token, scope = sent.get("refresh_token", ""), sent.get("scope")
            tokens = await service.for_refresh(tx, issuer=issuer, client=client, token=token, scope=scope, now=now)
        case service.DEVICE_CODE:
            shown = sent.get("device_code", "")
            tokens = await service.for_device(tx, issuer=issuer, client=client, device_code=shown, now=now)
        case "":
            raise InvalidRequest("grant_type is missing.")
        case _:
            raise UnsupportedGrant("This grant type is not one of ours.")
    return _given(tokens)


@router.post(
    "/oauth/device_authorization",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("oauth_device", "30/minute"))],
)
async def authorize_device(request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep, scope: Text = "") -> Response:
    """Give a device without a browser a code to show, which somebody types in where they are signed in."""
    client = await _client(request, tx, await _sent(request))
    begun = await service.begin(tx, client=client, scope=scope, now=now)
    where = f"{runtime.settings.base_url}/device"
    body = {
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": where,
        "verification_uri_complete": f"{where}?user_code={begun.user_code}",
        "expires_in": int(service.DEVICE_FOR.total_seconds()),
        "interval": begun.interval_s,
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.post("/oauth/revoke", policy=ANYONE, max_body_bytes=_BODY_BYTES)
async def revoke_token(request: Request, tx: TxDep, now: NowDep, token: Text = "") -> Response:
    """Take an app's token back; a refresh token with everything that came of its grant."""
    sent = await _sent(request)
    client = await _client(request, tx, sent)
    if not token:
        raise InvalidRequest("token is missing.")
    await service.revoke(tx, client=client, token=token, now=now)
    return JSONResponse({})


@router.post("/oauth/introspect", policy=ANYONE, max_body_bytes=_BODY_BYTES)
async def introspect_token(request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep, token: Text = "") -> Response:
    """Say what an app's own token is good for."""
    sent = await _sent(request)
    client = await _client(request, tx, sent)
    if not token:
        raise InvalidRequest("token is missing.")
    issuer = runtime.settings.base_url
    return JSONResponse(await service.introspected(tx, client=client, token=token, issuer=issuer, now=now))


@router.get("/oauth/userinfo", policy=_WHO)
@router.post("/oauth/userinfo", policy=_WHO, include_in_schema=False)
async def show_userinfo(tx: TxDep, principal: PrincipalDep) -> dict[str, Any]:
    """Say who somebody is, as far as they let the app know it; only an access token opens this."""
    if principal.scopes is None:
        raise NotSignedIn("Send an access token.")
    return await service.claims_about(
        tx,
        user_id=principal.user_id,
        scopes=principal.scopes,
        display_name=principal.display_name,
        locale=principal.locale,
    )


@router.get("/oauth/jwks", policy=ANYONE)
async def show_keys(tx: TxDep, runtime: RuntimeDep, now: NowDep) -> Response:
    """Show the public keys that ID tokens are signed by; the next one a day before it signs."""
    keys = await service.published(tx, sealer=Issuer.of(runtime.settings).sealer, now=now)
    return JSONResponse({"keys": keys}, headers={"Cache-Control": _KEYS_KEPT})


@router.get("/.well-known/openid-configuration", policy=ANYONE)
async def describe_openid(runtime: RuntimeDep) -> Response:
    """Say what this OpenID provider can do."""
    return JSONResponse(_described(runtime.settings.base_url), headers={"Cache-Control": _KEYS_KEPT})


@router.get("/.well-known/oauth-authorization-server", policy=ANYONE)
async def describe_oauth(runtime: RuntimeDep) -> Response:
    """Say what this OAuth server can do."""
    return JSONResponse(_described(runtime.settings.base_url), headers={"Cache-Control": _KEYS_KEPT})


def _described(issuer: str) -> dict[str, Any]:
    with_secret = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "scopes_supported": list(service.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", service.DEVICE_CODE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [service.ALGORITHM],
        "token_endpoint_auth_methods_supported": [*with_secret, "none"],
        "revocation_endpoint_auth_methods_supported": [*with_secret, "none"],
        "introspection_endpoint_auth_methods_supported": with_secret,
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "locale", "email"],
        "prompt_values_supported": ["none", "login", "consent"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": ["en", "es"],
    }


def _given(tokens: Tokens) -> Response:
    body: dict[str, Any] = {
        "access_token": tokens.access,
        "token_type": "Bearer",
        "expires_in": int(service.ACCESS_FOR.total_seconds()),
        "scope": " ".join(tokens.scopes),
    }
    if tokens.refresh is not None:
        body["refresh_token"] = tokens.refresh
    if tokens.id_token is not None:
        body["id_token"] = tokens.id_token
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def _sent(request: Request) -> dict[str, str]:
    """Return the form's parameters: each once, in the body and not in the address, where logs would keep them."""
    if request.scope["query_string"]:
        raise InvalidRequest("Send the parameters in the body.")
    items = (await request.form()).multi_items()
    texts = {name: value for name, value in items if isinstance(value, str) and value and len(value) <= _LONGEST}
    if len(texts) != len([name for name, value in items if value]):
        raise InvalidRequest("A parameter is there twice, or too long.")
    return texts


async def _client(request: Request, tx: Tx, sent: dict[str, str]) -> Client:
    return await service.authenticated(
        tx,
        authorization=request.headers.get("authorization", ""),
        client_id=sent.get("client_id", ""),
        client_secret=sent.get("client_secret", ""),
    )

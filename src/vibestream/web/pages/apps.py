"""One's apps: those that may do something in one's name, and those that one writes oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.service import App, Client, Confidence
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_ON: Final = "on"
_FIELDS: Final = {
    "text.invalid": "name",
    "oauth.redirect_uri_invalid": "redirect_uris",
    "oauth.scopes_invalid": "scopes",
}
Text = Annotated[str, Form(max_length=2_000)]
Uris = Annotated[str, Form(max_length=5_000)]
Chosen = Annotated[list[str], Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class AppsView:
    """The apps that may do something in one's name."""

    apps: tuple[App, ...]
    done: str


@dataclass(frozen=True, slots=True)
class DeveloperView:
    """The apps that one writes, and the form for another."""

    clients: tuple[Client, ...]
    form: Filled
    chosen: tuple[str, ...]
    scopes: tuple[str, ...]
    issuer: str
    done: str


@dataclass(frozen=True, slots=True)
class SecretView:
    """A new app, or one with a new secret, which is shown this once."""

    client_id: UUID
    secret: str | None


@router.get("/account/apps", policy=SIGNED_IN)
async def show_apps(request: Request, tx: TxDep, principal: PrincipalDep, done: str = "") -> Response:
    """Show which apps may do something in one's name."""
    found = await oauth.apps_of(tx, user_id=principal.user_id)
    return render(request, "apps.html", AppsView(tuple(found), done))


@router.post("/account/apps/{client_id}/take-back", policy=SIGNED_IN)
async def take_back(client_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take back what an app may do; its tokens are good for nothing from then on."""
    await oauth.take_back(tx, user_id=principal.user_id, client_id=client_id, now=now)
    return see_other("/account/apps?done=taken_back")


@router.get("/account/developer", policy=SIGNED_IN)
async def show_developer(
    request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, done: str = ""
) -> Response:
    """Show the apps that one writes."""
    return await _developer(request, tx, principal, issuer=runtime.settings.base_url, done=done)


@router.post(
    "/account/developer",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("register_app", "30/hour")), Depends(proven(5))],
)
async def register_app(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    name: Text = "",
    confidence: Text = "",
    redirect_uris: Uris = "",
    scopes: Chosen | None = None,
    devices: Text = "",
) -> Response:
    """Register an app; its secret is shown this once."""
    chosen = tuple(scopes or ())
    kind = Confidence.CONFIDENTIAL if confidence == Confidence.CONFIDENTIAL.value else Confidence.PUBLIC
    form = Filled({"name": name, "confidence": kind.value, "redirect_uris": redirect_uris, "devices": devices})
    try:
        made = await oauth.register(
            tx,
            owner_id=principal.user_id,
            name=name,
            confidence=kind,
            redirect_uris=redirect_uris.split(),
            scopes=chosen,
            devices=devices == _ON,
            now=now,
        )
    except VibeStreamError as error:
        form = form.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))
        issuer = runtime.settings.base_url
        page = await _developer(request, tx, principal, form=form, chosen=chosen, issuer=issuer)
        raise answer_with(request, error, page) from None
    return render(request, "app_secret.html", SecretView(made.client.client_id, made.secret))


@router.post(
    "/account/developer/{client_id}/secret",
    policy=SIGNED_IN,
    dependencies=[Depends(rate_limit("register_app", "30/hour")), Depends(proven(5))],
)
async def renew_secret(client_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Give one's app another secret, shown this once."""
    secret = await oauth.renew_secret(tx, owner_id=principal.user_id, client_id=client_id, now=now)
    return render(request, "app_secret.html", SecretView(client_id, secret))


@router.post("/account/developer/{client_id}/delete", policy=SIGNED_IN, dependencies=[Depends(proven(5))])
async def delete_app(client_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Delete one's app; nobody's token for it is good for anything from then on."""
    await oauth.end_client(tx, owner_id=principal.user_id, client_id=client_id, now=now)
    return see_other("/account/developer?done=deleted")


async def _developer(
    request: Request,
    tx: Tx,
    principal: Principal,
    *,
    issuer: str,
    form: Filled | None = None,
    chosen: tuple[str, ...] = (oauth.OPENID, oauth.PROFILE),
    done: str = "",
) -> Response:
    found = await oauth.clients_of(tx, owner_id=principal.user_id)
    form = form or Filled({"confidence": Confidence.PUBLIC.value, "devices": ""})
    return render(request, "developer.html", DeveloperView(tuple(found), form, chosen, oauth.SCOPES, issuer, done))

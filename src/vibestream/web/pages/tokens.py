"""One's personal access tokens: made, shown once, listed with their last use, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.service import PersonalToken
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_USUAL_DAYS: Final = "30"
_FIELDS: Final = {"text.invalid": "name", "oauth.scopes_invalid": "scopes", "oauth.expiry_invalid": "days"}
Text = Annotated[str, Form(max_length=2_000)]
Chosen = Annotated[list[str], Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class TokensView:
    """The tokens that one has, and the form for another."""

    tokens: tuple[PersonalToken, ...]
    form: Filled
    chosen: tuple[str, ...]
    scopes: tuple[str, ...]
    choices: tuple[int, ...]
    done: str


@dataclass(frozen=True, slots=True)
class TokenView:
    """A new token, shown this once."""

    name: str
    secret: str
    expires_at: datetime


@router.get("/account/tokens", policy=SIGNED_IN)
async def show_tokens(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = "") -> Response:
    """Show the tokens that one has."""
    return await _page(request, tx, principal, now, done=done)


@router.post(
    "/account/tokens",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("make_token", "30/hour")), Depends(proven(5))],
)
async def make_token(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    name: Text = "",
    days: Text = "",
    scopes: Chosen | None = None,
) -> Response:
    """Make a token; it is shown this once."""
    chosen = tuple(scopes or ())
    number = next((one for one in oauth.EXPIRY_DAYS if str(one) == days), 0)
    try:
        made = await oauth.make(
            tx,
            user_id=principal.user_id,
            by=principal.session_id,
            name=name,
            scopes=chosen,
            days=number,
            now=now,
        )
    except VibeStreamError as error:
        form = Filled({"name": name, "days": days})
        form = form.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))
        raise answer_with(request, error, await _page(request, tx, principal, now, form=form, chosen=chosen)) from None
    return render(request, "token_secret.html", TokenView(made.token.name, made.secret, made.token.expires_at))


@router.post("/account/tokens/{token_id}/revoke", policy=SIGNED_IN)
async def revoke_token(token_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Revoke a token; it is good for nothing from then on."""
    await oauth.revoke_token(tx, user_id=principal.user_id, token_id=token_id, now=now)
    return see_other("/account/tokens?done=revoked")


async def _page(
    request: Request,
    tx: Tx,
    principal: Principal,
    now: datetime,
    *,
    form: Filled | None = None,
    chosen: tuple[str, ...] = (),
    done: str = "",
) -> Response:
    found = tuple(await oauth.tokens_of(tx, user_id=principal.user_id, now=now))
    form = form or Filled({"days": _USUAL_DAYS})
    view = TokensView(found, form, chosen, oauth.PERSONAL_SCOPES, oauth.EXPIRY_DAYS, done)
    return render(request, "tokens.html", view)

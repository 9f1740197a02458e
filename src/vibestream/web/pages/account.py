"""One's own account: name, language and theme, password, and where one is signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import Factors
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passkeys.service import Passkey
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import SessionId
from vibestream.platform.access import ANYONE, SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.localization import COOKIE as LOCALE_COOKIE
from vibestream.web.localization import LOCALES
from vibestream.web.pages.forms import Filled, local_path, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import THEME_COOKIE, THEMES, answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_YEAR_S: Final = 31_536_000
_BODY_BYTES: Final = 16 * 1024
Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A place where the account is signed in."""

    session_id: UUID
    device: str
    network: str
    last_seen_at: datetime
    created_at: datetime
    current: bool
    kind: str
    app: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account page."""

    email: str
    form: Filled
    sessions: tuple[SessionRow, ...]
    done: str
    factors: Factors
    passkeys: tuple[Passkey, ...]


@router.get("/account", policy=SIGNED_IN)
async def show_account(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = "") -> Response:
    """Show one's own account."""
    return render(request, "account.html", await _view(request, tx, principal, now, Filled(), done=done))


@router.post("/account/name", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def rename(
    *, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, display_name: Text = ""
) -> Response:
    """Change the name that others see."""
    try:
        await profiles.change_fan(tx, user_id=principal.user_id, display_name=display_name)
    except VibeStreamError as error:
        view = await _view(request, tx, principal, now, Filled({"display_name": display_name}))
        raise answer_with(request, error, _refused(request, view, error, "display_name")) from None
    return see_other("/account?done=name")


@router.post(
    "/account/password",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[
        Depends(rate_limit("change_password", "10/hour")),
        Depends(proven(5, back="/account", only_with_second_factor=True)),
    ],
)
async def change_password(
    *,
    request: Request,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    current: Text = "",
    new: Text = "",
) -> Response:
    """Change one's password; every other session ends."""
    address = request.client.host if request.client else None
    device = device_of(user_agent=request.headers.get("user-agent"), address=address)
    try:
        await accounts.change_password(runtime, principal=principal, current=current, new=new, device=device, now=now)
    except VibeStreamError as error:
        async with runtime.database.begin() as tx:
            view = await _view(request, tx, principal, now, Filled())
        field = "current" if error.code == "account.wrong_password" else "new"
        raise answer_with(request, error, _refused(request, view, error, field)) from None
    return see_other("/account?done=password")


@router.post("/account/sessions/{session_id}/end", policy=SIGNED_IN)
async def end_session(session_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Sign out somewhere else."""
    await sessions.end(tx, user_id=principal.user_id, session_id=SessionId(session_id), now=now)
    return see_other("/account?done=session")


@router.post("/account/sessions/end-others", policy=SIGNED_IN)
async def end_others(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Sign out everywhere else."""
    await sessions.end_all(tx, user_id=principal.user_id, but=principal.session_id, now=now)
    return see_other("/account?done=sessions")


@router.post("/preferences", policy=ANYONE, max_body_bytes=_BODY_BYTES)
async def choose_preferences(
    *,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: MaybePrincipalDep,
    theme: Text = "",
    language: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Choose theme or language: for this browser by a cookie, and for the account of whoever is signed in."""
    response = see_other(local_path(next))
    secure = runtime.settings.base_url.startswith("https://")
    chosen_theme = theme if theme in THEMES else None
    chosen_language = language if language in LOCALES else None
    for name, value in ((THEME_COOKIE, chosen_theme), (LOCALE_COOKIE, chosen_language)):
        if value is not None:
            response.set_cookie(name, value, max_age=_YEAR_S, path="/", secure=secure, samesite="lax")
    if principal is not None:
        await profiles.change_fan(
            tx,
            user_id=principal.user_id,
            locale=chosen_language,
            theme="system" if chosen_theme == "auto" else chosen_theme,
        )
    return response


async def _view(
    request: Request, tx: Tx, principal: Principal, now: datetime, form: Filled, *, done: str = ""
) -> AccountView:
    spoken = shell_of(request).language
    account = await accounts.account(tx, user_id=principal.user_id)
    found = await sessions.sessions_of(tx, user_id=principal.user_id, now=now)
    values = {"display_name": principal.display_name, **form.values}
    return AccountView(
        email=account.email or "",
        form=Filled(values, form.wrong),
        done=done,
        factors=await factors.factors_of(tx, user_id=principal.user_id),
        passkeys=tuple(await passkeys.passkeys_of(tx, user_id=principal.user_id)),
        sessions=tuple(
            SessionRow(
                session_id=one.session_id,
                device=one.device.label.replace(" on ", f" {spoken.gettext('on')} "),
                network=one.device.network,
                last_seen_at=one.last_seen_at,
                created_at=one.created_at,
                current=one.session_id == principal.session_id,
                kind=one.kind.value,
                app=one.app,
            )
            for one in found
        ),
    )


def _refused(request: Request, view: AccountView, error: VibeStreamError, field: str) -> Response:
    form = view.form.refused(sentence_of(request, error), field_name=field)
    return render(request, "account.html", replace(view, form=form, done=""))

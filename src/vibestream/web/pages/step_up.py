"""Asking a person who is signed in to show that it is them, and then doing what they had asked for.

A form that wants a proof is answered by a prompt, which carries the form's own fields; after the proof the browser is
told to send them again, to where they were sent first (307), so that nothing has to be typed twice. Fields that hold
secrets are not written into a page: such forms are begun again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.identities.service import Provider, Proving
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.http import exchange
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import ProofTooOld, require_fresh
from vibestream.web.pages import issuers
from vibestream.web.pages.forms import Filled, local_path, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 32 * 1024
_AGAIN: Final = 307
_OWN: Final = "proof_"
"""How the prompt's own fields begin, so that they cannot be taken for those that it carries."""
_CARRIED: Final = 30
Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Ways:
    """By what an account's owner can show that it is them."""

    second: bool
    """By a second factor, and then by no password."""
    password: bool
    passkey: bool
    issuers: tuple[Provider, ...]
    """By being asked who they are at one of these, where they have neither a password nor a second factor."""


@dataclass(frozen=True, slots=True)
class GoThere:
    """The page that leads to an issuer to be asked who one is."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompt: which proof it asks for, and what is done after it."""

    form: Filled
    ways: Ways
    again: str
    """Where the carried fields are sent again; empty: nowhere, and the browser goes on to `onward`."""
    onward: str
    carried: tuple[tuple[str, str], ...]


def proven(
    minutes: int, *, back: str = "", only_with_second_factor: bool = False
) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency for pages: `Depends(proven(5))` answers with the prompt when there is no proof so young.

    `back`: the page to go to after the proof, for a form whose fields are secrets, in the place of sending it again.
    `only_with_second_factor`: accounts without one are let through, where the form itself asks for the password.

    Raises:
        ProofTooOld: answered with the prompt.
    """

    async def check(request: Request) -> None:
        try:
            require_fresh(request, limit=timedelta(minutes=minutes))
        except ProofTooOld as error:
            here = exchange.current(request)
            tx, user_id = await here.transaction(), here.signed_in().user_id
            ways = await _ways(tx, here.edge.settings, user_id)
            if only_with_second_factor and not ways.second:
                return
            prompt = await _prompt(request, ways=ways, back=back)
            raise answer_with(request, error, render(request, "step_up.html", prompt)) from None

    return check


@router.post(
    "/step-up",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("step_up", "20/hour"))],
)
async def step_up(
    *,
    request: Request,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    proof_code: Text = "",
    proof_again: Text = "",
    proof_onward: Text = "/account",
) -> Response:
    """Take the proof, and have the browser do what it had asked for."""
    address = request.client.host if request.client else None
    device = device_of(user_agent=request.headers.get("user-agent"), address=address)
    again, onward = local_path(proof_again, default=""), local_path(proof_onward, default="/account")
    try:
        opened = await accounts.step_up(runtime, principal=principal, proof=proof_code, device=device, now=now)
    except VibeStreamError as error:
        async with runtime.database.begin(read_only=True) as tx:
            ways = await _ways(tx, runtime.settings, principal.user_id)
        form = Filled().refused(sentence_of(request, error), field_name="proof_code")
        prompt = Prompt(form, ways, again, onward, await _fields(request))
        raise answer_with(request, error, render(request, "step_up.html", prompt)) from None
    response: Response = RedirectResponse(again, _AGAIN) if again else see_other(onward)
    SessionCookie.of(runtime.settings).set(response, token=opened.token, expires=opened.expires_at)
    return response


@router.post(
    "/step-up/with/{provider}",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("step_up", "20/hour"))],
)
async def step_up_with(
    *,
    provider: str,
    request: Request,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    proof_again: Text = "",
    proof_onward: Text = "/account",
) -> Response:
    """Lead to an issuer, to be asked there who one is. What was asked for waits here, encrypted, and is done after that.

    By a page of our own, since browsers hold a form's whole chain of redirects to `form-action`: it goes on by itself.
    """
    again, onward = local_path(proof_again, default=""), local_path(proof_onward, default="/account")
    fields = await _fields(request)
    try:
        sent = await identities.send(
            runtime,
            provider=provider,
            browser_token=issuers.browser_token(runtime, request),
            onward=onward,
            linking=False,
            now=now,
            proving=Proving(principal, again, fields),
        )
    except (identities.IssuerUnavailable, identities.CannotProve) as error:
        async with runtime.database.begin(read_only=True) as tx:
            ways = await _ways(tx, runtime.settings, principal.user_id)
        prompt = Prompt(Filled().refused(sentence_of(request, error)), ways, again, onward, fields)
        raise answer_with(request, error, render(request, "step_up.html", prompt)) from None
    titles = {one.name: one.title for one in identities.providers(runtime.settings)}
    response = render(request, "step_up_there.html", GoThere(titles[provider], sent.url))
    response.headers["Refresh"] = f"0; url={sent.url}"
    issuers.remember(response, runtime, sent.browser_token, posts=sent.posts)
    return response


async def _ways(tx: Tx, settings: Settings, user_id: UserId) -> Ways:
    return Ways(
        second=await factors.has_second(tx, user_id=user_id),
        password=await passwords.hash_of(tx, user_id=user_id) is not None,
        passkey=any(one.suspected_at is None for one in await passkeys.passkeys_of(tx, user_id=user_id)),
        issuers=await identities.proving_issuers(tx, settings=settings, user_id=user_id),
    )


async def _prompt(request: Request, *, ways: Ways, back: str) -> Prompt:
    path = request.url.path
    if back or request.method != "POST":
        return Prompt(Filled(), ways, "", back or path, ())
    return Prompt(Filled(), ways, path, path, await _fields(request))


async def _fields(request: Request) -> tuple[tuple[str, str], ...]:
    sent = (await request.form()).multi_items()
    kept = [(name, value) for name, value in sent if isinstance(value, str) and not name.startswith(_OWN)]
    return tuple(kept[:_CARRIED])

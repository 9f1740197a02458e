"""An account as an admin sees it: found by id, handle or address; roles given and taken, locked and unlocked.

What is typed to find somebody is sent in a form's body: addresses of people stand in no address of a page and in no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.access.service import Role, role_named
from vibestream.contexts.user.administration import service as administration
from vibestream.contexts.user.administration.service import FOUR_EYES, Proposal, Seen, Step
from vibestream.contexts.user.locks.service import LockReason, reason_named
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_FIND: Final = "/operations/accounts"
_BODY_BYTES: Final = 16 * 1024
_FRESH: Final = 5
ROLES: Final[Mapping[Role, str]] = {
    Role.ARTIST: N_("artist"),
    Role.LABEL: N_("label"),
    Role.MODERATOR: N_("moderator"),
    Role.FINANCE: N_("finance"),
    Role.ADMIN: N_("administrator"),
}
REASONS: Final[Mapping[LockReason, str]] = {
    LockReason.COMPROMISED: N_("Somebody else seems to be in it"),
    LockReason.ABUSE: N_("It was used against the rules"),
    LockReason.FRAUD: N_("Payments made with it are looked into"),
    LockReason.LEGAL: N_("A court or an authority asks for it"),
    LockReason.OWNER: N_("Its owner asked for it"),
}
FACTORS: Final[Mapping[str, str]] = {
    "password": N_("password"),
    "app": N_("authenticator app"),
    "recovery": N_("recovery codes"),
    "passkey": N_("passkey"),
}
Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class FoundView:
    """An account, and the forms that act upon it."""

    seen: Seen
    own: bool
    """It is one's own: nothing can be decided about it."""
    waiting: tuple[Proposal, ...]
    can_get: tuple[Role, ...]
    roles: Mapping[Role, str]
    four_eyes: frozenset[Role]
    reasons: Mapping[LockReason, str]
    kinds: Mapping[str, str]
    form: Filled
    done: str


@router.get(_FIND, policy=_ADMIN)
async def show_find(request: Request) -> Response:
    """Ask whom to look at."""
    return render(request, "operations_accounts.html", form=Filled())


@router.post(
    f"{_FIND}/find",
    policy=_ADMIN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("find_account", "300/hour"))],
)
async def find(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, who: Text = "") -> Response:
    """Lead to the account of an id, a handle or an address."""
    try:
        user_id = await administration.find(tx, text=who, by=principal.user_id, network=_network(request), now=now)
    except VibeStreamError as error:
        form = Filled({"who": who}).refused(sentence_of(request, error), field_name="who")
        raise answer_with(request, error, render(request, "operations_accounts.html", form=form)) from None
    return see_other(f"{_FIND}/{user_id}")


@router.get(f"{_FIND}/{{user_id}}", policy=_ADMIN)
async def show_account(
    *,
    request: Request,
    user_id: UUID,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    done: str = "",
) -> Response:
    """Show an account; that it was looked at stands in the security log."""
    return await _Desk(request, tx, runtime, principal, UserId(user_id), now).page(done=done)


@router.post(
    f"{_FIND}/{{user_id}}/roles",
    policy=_ADMIN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(proven(_FRESH))],
)
async def change_role(
    *,
    request: Request,
    user_id: UUID,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    role: Text = "",
    change: Text = "",
) -> Response:
    """Give or take a role, or propose that. Sent twice, it is done once: the role stands so already."""
    desk = _Desk(request, tx, runtime, principal, UserId(user_id), now)
    try:
        step = await administration.change_role(
            tx,
            user_id=UserId(user_id),
            role=role_named(role),
            grants=change == "give",
            by=principal.user_id,
            network=_network(request),
            now=now,
        )
    except VibeStreamError as error:
        raise await desk.refused(error, field="role") from None
    return see_other(f"{_FIND}/{user_id}?done={'role' if step is Step.DONE else 'proposed'}")


@router.post(
    f"{_FIND}/{{user_id}}/lock",
    policy=_ADMIN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(proven(_FRESH))],
)
async def lock(
    *,
    request: Request,
    user_id: UUID,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    reason: Text = "",
    note: Text = "",
) -> Response:
    """Lock an account and put everybody out of it; the person is told why."""
    desk = _Desk(request, tx, runtime, principal, UserId(user_id), now)
    try:
        await administration.lock_account(
            tx,
            user_id=UserId(user_id),
            reason=reason_named(reason),
            note=note,
            by=principal.user_id,
            network=_network(request),
            now=now,
        )
    except VibeStreamError as error:
        typed = {"reason": reason, "note": note}
        field = "note" if error.code == "text.invalid" else ""
        raise await desk.refused(error, field=field, typed=typed) from None
    return see_other(f"{_FIND}/{user_id}?done=locked")


@router.post(
    f"{_FIND}/{{user_id}}/unlock",
    policy=_ADMIN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(proven(_FRESH))],
)
async def unlock(
    *,
    request: Request,
    user_id: UUID,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    note: Text = "",
) -> Response:
    """Let an account be entered again; the person is told."""
    desk = _Desk(request, tx, runtime, principal, UserId(user_id), now)
    try:
        await administration.unlock_account(
            tx, user_id=UserId(user_id), note=note, by=principal.user_id, network=_network(request), now=now
        )
    except VibeStreamError as error:
        field = "note" if error.code == "text.invalid" else ""
        raise await desk.refused(error, field=field, typed={"note": note}) from None
    return see_other(f"{_FIND}/{user_id}?done=unlocked")


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who looks at whom, in which transaction."""

    request: Request
    tx: Tx
    runtime: Runtime
    principal: Principal
    user_id: UserId
    now: datetime

    async def refused(
        self, error: VibeStreamError, *, field: str = "", typed: Mapping[str, str] | None = None
    ) -> VibeStreamError:
        """Return the error, answered with the account's page, what was typed, and what is wrong with it."""
        form = Filled(typed or {}).refused(sentence_of(self.request, error), field_name=field)
        return answer_with(self.request, error, await self.page(form=form))

    async def page(self, *, form: Filled | None = None, done: str = "") -> Response:
        """Return the account's page."""
        seen = await administration.look(
            self.tx,
            user_id=self.user_id,
            key=self.runtime.settings.signing_key(),
            by=self.principal.user_id,
            network=_network(self.request),
            now=self.now,
        )
        held = {one.role for one in seen.roles}
        about = await administration.proposals(self.tx, user_id=self.user_id)
        view = FoundView(
            seen=seen,
            own=self.user_id == self.principal.user_id,
            waiting=tuple(one for one in about if one.is_open(self.now)),
            can_get=tuple(one for one in ROLES if one not in held),
            roles=ROLES,
            four_eyes=FOUR_EYES,
            reasons=REASONS,
            kinds=FACTORS,
            form=form or Filled(),
            done=done,
        )
        return render(self.request, "operations_account.html", view)


def _network(request: Request) -> str:
    return device_of(user_agent=None, address=request.client.host if request.client else None).network

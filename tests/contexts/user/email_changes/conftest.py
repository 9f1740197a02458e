"""Somebody who changes the address of their account, and the browser in which they do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from tests.factories.users import DEVICE, User, make_user, principal_of
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import CodeWrong
from vibestream.contexts.user.email_changes import service
from vibestream.contexts.user.email_changes.domain import code_of
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

NEW = "ana.rio@example.net"


class Owner:
    """Somebody signed in, with the browser in which they ask."""

    def __init__(self, runtime: Runtime, user: User, principal: Principal) -> None:
        self.runtime, self.user, self.principal, self.token = runtime, user, principal, ""

    async def asks(self, email: str, *, now: datetime | None = None) -> None:
        async with self.runtime.database.begin() as tx:
            started = await service.ask_change(
                tx, principal=self.principal, email=email, device=DEVICE, now=now or utc_now()
            )
        self.token = started.browser_token

    async def shows(self, code: str, *, token: str | None = None, now: datetime | None = None) -> None:
        wrong: CodeWrong | None = None
        async with self.runtime.database.begin() as tx:
            try:
                await service.confirm_change(
                    tx,
                    signing_key=self.runtime.settings.signing_key(),
                    principal=self.principal,
                    browser_token=self.token if token is None else token,
                    code=code,
                    device=DEVICE,
                    now=now or utc_now(),
                )
            except CodeWrong as error:
                wrong = error
        if wrong is not None:
            raise wrong

    async def address(self) -> str:
        async with self.runtime.database.begin() as tx:
            return (await accounts.account(tx, user_id=self.user.user_id)).email

    async def made_code(self) -> str:
        """The code of the newest change, which its owner reads in a mailbox and a test may read in the database."""
        async with self.runtime.database.begin() as tx:
            found = await tx.value(
                "SELECT change_id FROM users.email_change WHERE user_id = %s ORDER BY created_at DESC LIMIT 1",
                [self.user.user_id],
            )
        return code_of(key=self.runtime.settings.signing_key(), change_id=found)


Make = Callable[..., Awaitable[Owner]]


@pytest.fixture
def owner(database: Database, runtime: Runtime) -> Make:
    async def make(email: str = "ana@example.org", *, locale: str = "en") -> Owner:
        async with database.begin() as tx:
            user = await make_user(tx, email=email, locale=locale)
            return Owner(runtime, user, await principal_of(tx, user))

    return make

"""What somebody has begun in a session is not finished by it once it has ended, however young their proof was."""

from __future__ import annotations

import pytest

from tests.factories.factors import make_app, sealer_of, secret_of
from tests.factories.users import DEVICE, PASSWORD, make_user, principal_of
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.email_changes import service as email_changes
from vibestream.contexts.user.email_changes.domain import code_of as email_code_of
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def test_neither_address_nor_password_nor_second_factor_is_changed_by_a_session_that_ended(
    runtime: Runtime, database: Database
):
    """What a thief has begun is not finished at the moment in which they are put out: each would keep its owner out."""
    sealer, now = sealer_of(runtime.settings), utc_now()
    async with database.begin() as tx:
        user = await make_user(tx)
        thief = await principal_of(tx, user)
        begun = await accounts.begin_app(tx, sealer=sealer, principal=thief, now=now)
        change = await email_changes.ask_change(
            tx, principal=thief, email="mallory@example.net", device=DEVICE, now=now
        )
        change_id = await tx.value("SELECT change_id FROM users.email_change")
        await sessions.end_all(tx, user_id=user.user_id, now=now)
    async with database.begin() as tx:
        key = runtime.settings.signing_key()
        with pytest.raises(ways_in.Overtaken):
            await email_changes.confirm_change(
                tx,
                signing_key=key,
                principal=thief,
                browser_token=change.browser_token,
                code=email_code_of(key=key, change_id=change_id),
                device=DEVICE,
                now=now,
            )
        code = code_at(secret_of(begun.uri), step_of(now))
        with pytest.raises(ways_in.Overtaken):
            await accounts.confirm_app(tx, sealer=sealer, principal=thief, code=code, device=DEVICE, now=now)
        await make_app(tx, user, runtime.settings)
        with pytest.raises(ways_in.Overtaken):
            await accounts.renew_recovery_codes(tx, principal=thief, now=now)
        with pytest.raises(ways_in.Overtaken):
            await accounts.remove_app(tx, principal=thief, now=now)
        assert (await accounts.account(tx, user_id=user.user_id)).email == user.email
    with pytest.raises(ways_in.Overtaken):
        await accounts.change_password(
            runtime, principal=thief, current=PASSWORD, new="another phrase of words 77", device=DEVICE, now=now
        )

"""Finding an account and looking at it: what is compared whole, what is shown, and that each look is written down."""

from __future__ import annotations

import pytest

from tests.contexts.user.administration.conftest import NETWORK, Office
from tests.factories.factors import make_app
from tests.factories.users import DEVICE, make_artist, make_user, open_session
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import AccountMissing
from vibestream.contexts.user.administration import service
from vibestream.contexts.user.administration.service import PersonUnknown
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.runtime import Runtime


async def find(office: Office, text: str) -> UserId:
    unknown: PersonUnknown | None = None
    async with office.database.begin() as tx:
        try:
            return await service.find(tx, text=text, by=office.ana.user_id, network=NETWORK, now=utc_now())
        except PersonUnknown as error:
            unknown = error
    raise unknown


async def test_an_id_a_handle_and_an_address_lead_to_the_account(office: Office):
    async with office.database.begin() as tx:
        await make_artist(tx, user=office.other, handle="dora-sings")
    for text in (str(office.other.user_id), "dora-sings", "@dora-sings", " DORA@example.org ", "Dora-Sings"):
        assert await find(office, text) == office.other.user_id


@pytest.mark.parametrize(
    "text",
    ["", "%", "_", "d%", "%@example.org", "____@example.org", "dora@example.or_", "dora", "Dora", "dora-sing_", "*",
     "' OR 1=1 --", "x" * 1_000_000, "\x00", "dora@example.org\r\nx", "019a0000-0000-7000-8000-000000000001"],
)  # fmt: skip
async def test_nothing_stands_for_anything_else_and_a_search_in_vain_is_written_down(office: Office, text: str):
    async with office.database.begin() as tx:
        await make_artist(tx, user=office.other, handle="dora-sings")
    with pytest.raises(PersonUnknown):
        await find(office, text)
    async with office.database.begin() as tx:
        lines = await audit_log.search(tx, action=Action.ACCOUNT_SOUGHT)
    assert [(one.entry.user_id, one.entry.actor_id, one.entry.detail) for one in lines] == [
        (None, office.ana.user_id, "")
    ]


async def test_kinds_of_factors_coarse_sessions_and_limits_are_shown_and_the_look_is_written_down(
    office: Office, settings: Settings, runtime: Runtime
):
    async with office.database.begin() as tx:
        await make_app(tx, office.other, settings)
        await open_session(tx, office.other)
    for _ in range(3):
        with pytest.raises(accounts.SignInRefused):
            await accounts.sign_in(runtime, email=office.other.email, password="wrong", device=DEVICE, now=utc_now())
    async with office.database.begin() as tx:
        seen = await service.look(
            tx,
            user_id=office.other.user_id,
            key=settings.signing_key(),
            by=office.ana.user_id,
            network=NETWORK,
            now=utc_now(),
        )
    assert seen.account.email == "dora@example.org"
    assert seen.factors == ("password", "app", "recovery")
    assert [(one.device.label, one.device.network) for one in seen.sessions] == [("Firefox on Linux", "192.0.2.0/24")]
    assert (seen.limits.sign_in.taken, seen.limits.sign_in.most, seen.limits.sign_in.slowed) == (3, 10, False)
    assert (seen.roles, seen.locks, seen.locked, seen.limits.app_waits_s) == ((), (), None, 0)
    async with office.database.begin() as tx:
        (line,) = await audit_log.search(tx, action=Action.ACCOUNT_SEEN)
    assert (line.entry.user_id, line.entry.actor_id, line.entry.network) == (
        office.other.user_id,
        office.ana.user_id,
        NETWORK,
    )


async def test_an_account_that_is_not_there_is_not_shown(office: Office, settings: Settings):
    async with office.database.begin() as tx:
        with pytest.raises(AccountMissing):
            await service.look(
                tx,
                user_id=UserId(new_id()),
                key=settings.signing_key(),
                by=office.ana.user_id,
                network="",
                now=utc_now(),
            )


async def test_who_holds_a_role_is_listed_without_artists(office: Office):
    async with office.database.begin() as tx:
        await make_artist(tx, user=office.other)
        await make_user(tx, roles=["moderator"])
        held = await service.holders(tx)
    assert [one.role.value for one in held] == ["admin", "admin", "admin", "moderator"]

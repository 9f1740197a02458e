"""Nobody who is still getting in stays when everybody is put out: by every way in, let in between at every statement.

Two real connections; what ends the sessions runs until it is done or waits for a lock, and then the way in goes on. In
whichever order they come, afterwards nothing lets anybody in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.contexts.user.oauth.conftest import BACK, CHALLENGE, VERIFIER
from tests.factories.factors import make_app, sealer_of
from tests.factories.passkeys import Authenticator
from tests.factories.users import DEVICE, PASSWORD, User, make_user, principal_of
from tests.interleaving import Meanwhile, SteppedDatabase, each_order
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts import store as accounts_store
from vibestream.contexts.user.accounts.service import SecondStep, half_way
from vibestream.contexts.user.attacks import store as attacks
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.identities.domain.values import REQUEST_GOOD_FOR, Claimed, Request
from vibestream.contexts.user.identities.service import answering
from vibestream.contexts.user.identities.service.waiting import keep_waiting
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.service import LockReason
from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.domain.values import Asked
from vibestream.contexts.user.oauth.service import Confidence, Issuer
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passkeys.service import Site
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.flows import erase_person
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime

SITE = Site.at("https://testserver")
OTHER_HASH = passwords.HASHER.hash("another phrase that is long")
LEFT = """
SELECT (SELECT count(*) FROM users.session WHERE user_id = %(u)s AND ended_at IS NULL)
     + (SELECT count(*) FROM users.oauth_grant WHERE user_id = %(u)s AND revoked_at IS NULL)
     + (SELECT count(*) FROM users.personal_token WHERE user_id = %(u)s AND revoked_at IS NULL)
"""

Way = Callable[[], Awaitable[Any]]
Ender = Callable[[Tx, User], Awaitable[None]]


@pytest.fixture
async def stepped(database: Database) -> AsyncIterator[SteppedDatabase]:
    async with SteppedDatabase(database.dsn) as made:
        yield made


@pytest.fixture
def stepping(runtime: Runtime, stepped: SteppedDatabase) -> Runtime:
    return replace(runtime, database=stepped)


# What puts everybody out.


async def end_everywhere(tx: Tx, user: User) -> None:
    await sessions.end_all(tx, user_id=user.user_id, now=utc_now())


async def change_password(tx: Tx, user: User) -> None:
    await passwords.set_password(tx, user_id=user.user_id, password_hash=OTHER_HASH, now=utc_now())
    await sessions.end_all(tx, user_id=user.user_id, now=utc_now())


async def lock(tx: Tx, user: User) -> None:
    await locks.lock(tx, user_id=user.user_id, reason=LockReason.ABUSE, note="x", by=user.user_id, now=utc_now())
    await sessions.end_all(tx, user_id=user.user_id, now=utc_now())


async def erase(tx: Tx, user: User) -> None:
    await sessions.end_all(tx, user_id=user.user_id, now=utc_now())
    await erase_person.forget(tx, user_id=user.user_id)


ENDERS = (end_everywhere, change_password, lock, erase)


# Ways in: each prepares, and returns what lets somebody in.


async def by_password(runtime: Runtime, user: User) -> Way:
    return lambda: accounts.sign_in(runtime, email=user.email, password=PASSWORD, device=DEVICE, now=utc_now())


async def by_second_step(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        app = await make_app(tx, user, runtime.settings)
    step = await accounts.sign_in(runtime, email=user.email, password=PASSWORD, device=DEVICE, now=utc_now())
    assert isinstance(step, SecondStep)

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await accounts.finish_second_step(
                tx,
                sealer=sealer_of(runtime.settings),
                signing_key=runtime.settings.signing_key(),
                browser_token=step.browser_token,
                code=app.code(utc_now()),
                device=DEVICE,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


async def by_mailed_code(runtime: Runtime, user: User) -> Way:
    """During an attack, with the code that came by mail."""
    key = runtime.settings.signing_key()
    async with runtime.database.begin() as tx:
        await attacks.begin(tx, now=utc_now(), until=utc_now() + timedelta(hours=1))
    step = await accounts.sign_in(runtime, email=user.email, password=PASSWORD, device=DEVICE, now=utc_now())
    assert isinstance(step, SecondStep)
    assert step.guarded
    async with runtime.database.begin() as tx:
        step_id = await tx.value("SELECT step_id FROM users.second_step WHERE user_id = %s", [user.user_id])

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await accounts.finish_second_step(
                tx,
                sealer=sealer_of(runtime.settings),
                signing_key=key,
                browser_token=step.browser_token,
                code=half_way.sign_in_code(key=key, step_id=step_id),
                device=DEVICE,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


async def by_passkey(runtime: Runtime, user: User) -> Way:
    phone = Authenticator()
    async with runtime.database.begin() as tx:
        asked = await passkeys.ask_to_create(
            tx,
            site=SITE,
            browser_token="",
            user_id=user.user_id,
            label=user.email,
            shown_name="Ana",
            now=utc_now(),
        )
        made = phone.create(asked.options)
        principal = await principal_of(tx, user)
        await accounts.add_passkey(
            tx,
            site=SITE,
            browser_token=asked.browser_token,
            principal=principal,
            answer=made,
            name="Phone",
            now=utc_now(),
        )
        wanted = await passkeys.ask_to_sign_in(tx, site=SITE, browser_token="", now=utc_now())
    answer = phone.get(wanted.options)

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await accounts.passkey_sign_in(
                tx, site=SITE, browser_token=wanted.browser_token, answer=answer, device=DEVICE, now=utc_now()
            )

        return await runtime.database.run(work)

    return enter


async def by_issuer(runtime: Runtime, user: User) -> Way:
    claimed = Claimed(provider="ours", issuer="https://login.example", subject=str(user.user_id))
    async with runtime.database.begin() as tx:
        await identities.link(tx, claimed=claimed, user_id=user.user_id, device=DEVICE, now=utc_now())
    request = Request(linking=False, onward="/", expires_at=utc_now() + REQUEST_GOOD_FOR)

    async def enter() -> Any:
        arrival = answering._Arrival(claimed, DEVICE, utc_now(), None, "")
        return await runtime.database.run(lambda tx: answering._decide(tx, runtime, request, arrival, "browser"))

    return enter


async def app_of(tx: Tx, user: User) -> oauth.Registered:
    return await oauth.register(
        tx,
        owner_id=user.user_id,
        name="Larkspur",
        confidence=Confidence.PUBLIC,
        redirect_uris=(BACK,),
        scopes=oauth.SCOPES,
        devices=True,
        now=utc_now(),
    )


def wants(app: oauth.Registered) -> Asked:
    return Asked(
        client=app.client,
        redirect_uri=BACK,
        scopes=oauth.SCOPES,
        challenge=CHALLENGE,
        state="",
        nonce="",
        prompt=frozenset(),
        max_age_s=None,
    )


async def by_letting_an_app_in(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        app, principal = await app_of(tx, user), await principal_of(tx, user)

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.allow(tx, asked=wants(app), principal=principal, now=utc_now(), issuer="https://x")

        return await runtime.database.run(work)

    return enter


async def by_code_of_an_app(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        app, principal = await app_of(tx, user), await principal_of(tx, user)
        back = await oauth.allow(tx, asked=wants(app), principal=principal, now=utc_now(), issuer="https://x")
    code = back.partition("code=")[2].partition("&")[0]

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.for_code(
                tx,
                issuer=Issuer.of(runtime.settings),
                client=app.client,
                code=code,
                redirect_uri=BACK,
                verifier=VERIFIER,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


async def by_refresh_of_an_app(runtime: Runtime, user: User) -> Way:
    given = await (await by_code_of_an_app(runtime, user))()
    assert given.refresh is not None
    async with runtime.database.begin() as tx:
        [app] = await oauth.clients_of(tx, owner_id=user.user_id)

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.for_refresh(
                tx,
                issuer=Issuer.of(runtime.settings),
                client=app,
                token=given.refresh,
                scope=None,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


async def by_letting_a_device_in(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        app, principal = await app_of(tx, user), await principal_of(tx, user)
        begun = await oauth.begin(tx, client=app.client, scope="profile", now=utc_now())

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.decide(tx, typed=begun.user_code, allowed=True, principal=principal, now=utc_now())

        await runtime.database.run(work)

    return enter


async def by_code_of_a_device(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        app, principal = await app_of(tx, user), await principal_of(tx, user)
        begun = await oauth.begin(tx, client=app.client, scope="profile", now=utc_now() - timedelta(minutes=1))
        await oauth.decide(tx, typed=begun.user_code, allowed=True, principal=principal, now=utc_now())

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.for_device(
                tx,
                issuer=Issuer.of(runtime.settings),
                client=app.client,
                device_code=begun.device_code,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


async def by_a_token_of_ones_own(runtime: Runtime, user: User) -> Way:
    async with runtime.database.begin() as tx:
        principal = await principal_of(tx, user)

    async def enter() -> Any:
        async def work(tx: Tx) -> Any:
            return await oauth.make(
                tx,
                user_id=user.user_id,
                by=principal.session_id,
                name="script",
                scopes=["profile"],
                days=30,
                now=utc_now(),
            )

        return await runtime.database.run(work)

    return enter


EARLIER = (
    by_second_step,
    by_mailed_code,
    by_passkey,
    by_issuer,
    by_letting_an_app_in,
    by_code_of_an_app,
    by_refresh_of_an_app,
    by_letting_a_device_in,
    by_code_of_a_device,
    by_a_token_of_ones_own,
)
"""Ways that have begun before the transaction of which they are the end: not even one that comes after is let in."""


async def orders(
    stepping: Runtime, stepped: SteppedDatabase, database: Database, way: Any, ender: Ender, *, begin_at: int
) -> tuple[int, int]:
    """Try every order, look that nothing is left after each, and return how many there were and in how many one waited."""
    ways: list[tuple[User, Way]] = []

    async def prepare() -> Meanwhile:
        async with database.begin() as tx:
            user = await make_user(tx)
        ways.append((user, await way(stepping, user)))
        return lambda: database.run(lambda tx: ender(tx, user))

    waited = 0
    async for turn in each_order(stepped, prepare, begin_at=begin_at):
        user, enter = ways[-1]
        with suppress(VibeStreamError):
            await enter()
        if turn.other is None:
            break
        await turn.other
        waited += turn.waited
        async with database.begin() as tx:
            assert await tx.value(LEFT, {"u": user.user_id}) == 0, len(ways)
    return len(ways) - 1, waited


@pytest.mark.parametrize("ender", ENDERS, ids=lambda ender: ender.__name__)
@pytest.mark.parametrize("way", EARLIER, ids=lambda way: way.__name__)
async def test_nothing_is_left_of_a_way_in_that_was_under_way(
    stepping: Runtime, stepped: SteppedDatabase, database: Database, way: Any, ender: Ender
):
    tried, waited = await orders(stepping, stepped, database, way, ender, begin_at=0)
    assert tried >= 3
    assert tried > waited


@pytest.mark.parametrize("ender", [end_everywhere, change_password], ids=lambda ender: ender.__name__)
async def test_nothing_is_left_of_a_sign_in_whose_password_was_being_checked(
    stepping: Runtime, stepped: SteppedDatabase, database: Database, ender: Ender
):
    tried, waited = await orders(stepping, stepped, database, by_password, ender, begin_at=1)
    assert tried >= 10
    assert waited >= 1  # who puts everybody out comes after the session is there, and waits for it


async def test_who_signs_in_afterwards_gets_in(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        await end_everywhere(tx, user)
    await (await by_password(runtime, user))()
    await (await by_issuer(runtime, user))()
    await (await by_passkey(runtime, user))()
    async with database.begin() as tx:
        assert len(await sessions.sessions_of(tx, user_id=user.user_id, now=utc_now())) == 4


async def test_the_session_that_ends_all_others_stays_and_can_let_an_app_in(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        principal = await principal_of(tx, user)
        app = await app_of(tx, user)
        await sessions.end_all(tx, user_id=user.user_id, but=principal.session_id, now=utc_now())
        await oauth.allow(tx, asked=wants(app), principal=principal, now=utc_now(), issuer="https://x")
        assert await tx.value(LEFT, {"u": user.user_id}) == 2


async def test_what_lets_in_later_is_not_made_by_a_session_that_ended(runtime: Runtime, database: Database):
    """A thief who adds a passkey or an account elsewhere at the moment in which they are put out has added nothing."""
    async with database.begin() as tx:
        user = await make_user(tx)
        thief = await principal_of(tx, user)
        asked = await accounts.ask_to_create_passkey(tx, site=SITE, browser_token="", principal=thief, now=utc_now())
        claimed = Claimed(provider="ours", issuer="https://login.example", subject=str(new_id()))
        await keep_waiting(tx, settings=runtime.settings, browser_token="b", claimed=claimed, now=utc_now())
        await end_everywhere(tx, user)
    async with database.begin() as tx:
        answer = Authenticator().create(asked.options)
        with pytest.raises(ways_in.Overtaken):
            await accounts.add_passkey(
                tx,
                site=SITE,
                browser_token=asked.browser_token,
                principal=thief,
                answer=answer,
                name="Mine",
                now=utc_now(),
            )
        with pytest.raises(ways_in.Overtaken):
            await identities.connect(
                tx, settings=runtime.settings, browser_token="b", principal=thief, device=DEVICE, now=utc_now()
            )
        assert await passkeys.passkeys_of(tx, user_id=user.user_id) == []
        assert await identities.connected(tx, user_id=user.user_id) == []


async def test_a_sign_up_code_of_before_does_not_open_an_account_that_was_emptied(tx: Tx):
    user = await make_user(tx)
    before = utc_now()
    await end_everywhere(tx, user)
    with pytest.raises(ways_in.Overtaken):
        await ways_in.begin(tx, user_id=user.user_id, since=before - timedelta(seconds=1))
    assert await ways_in.begin(tx, user_id=user.user_id, since=utc_now()) == 1
    assert await accounts_store.load_account(tx, user_id=user.user_id) is not None


async def test_people_who_get_in_at_once_do_not_wait_for_each_other(database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        in_round = await ways_in.begin(tx, user_id=user.user_id)
    async with database.begin() as one, database.begin() as other:
        await one.execute("SET LOCAL lock_timeout = '2s'")
        await other.execute("SET LOCAL lock_timeout = '2s'")
        for tx in (one, other):
            await sessions.open_session(tx, user_id=user.user_id, in_round=in_round, device=DEVICE, now=utc_now())

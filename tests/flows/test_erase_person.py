"""Erasing a person: who can come back, what keeps them, what is left, and what a crash changes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.factories.erasing import ask, erased, hasty, standing
from tests.factories.killing import KilledAt
from tests.factories.music import make_music
from tests.factories.payment import make_wallet
from tests.factories.settling import usd
from tests.factories.users import DEVICE, User, make_artist, make_user, open_session, signed_in
from vibestream.contexts.music.uploads.domain.protocol import Metadata
from vibestream.contexts.music.uploads.service import begin_upload
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.leaving import service as money
from vibestream.contexts.payment.leaving.service import MoneyLeft
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.top_ups import service as top_ups
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import LastAdmin, Role
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import SignInRefused
from vibestream.contexts.user.audit_log.invariants import INVARIANTS as AUDIT_LOG
from vibestream.contexts.user.erasure.service import AccountClosed, Music, State
from vibestream.contexts.user.sessions import service as sessions
from vibestream.flows import erase_person
from vibestream.flows.erase_person import ConfirmationWrong
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD, VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform import person_keys
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime


async def somebody(database: Database, **made: str) -> User:
    async with database.begin() as tx:
        return await make_user(tx, **made)  # type: ignore[arg-type]  # names and languages


async def actions(database: Database, user: User) -> list[str]:
    async with database.begin() as tx:
        return await tx.values(
            "SELECT action FROM users.security_log WHERE user_id = %s ORDER BY number", [user.user_id]
        )


async def test_after_it_nobody_enters_and_only_an_id_is_left(runtime: Runtime):
    user, other = await somebody(runtime.database), await somebody(runtime.database)
    async with runtime.database.begin() as tx:
        token = await signed_in(tx, user)
        sealed = await person_keys.seal(tx, user_id=user.user_id, text="192.0.2.0/24", belongs_to="here")
    await ask(runtime, user)
    await erased(runtime)
    assert (await standing(runtime.database, user)).state is State.DONE
    with pytest.raises(SignInRefused):
        await accounts.sign_in(runtime, email=user.email, password=user.password, device=DEVICE, now=utc_now())
    async with runtime.database.begin() as tx:
        assert await sessions.authenticate(tx, token=token, now=utc_now()) is None
        keys = await person_keys.keys_of(tx, user_ids=[user.user_id])
        assert person_keys.unseal(keys, user_id=user.user_id, text=sealed, belongs_to="here") == ""
        assert await tx.value("SELECT count(*) FROM users.account WHERE user_id = %s", [user.user_id]) == 1
        assert await tx.value("SELECT count(*) FROM users.address WHERE user_id = %s", [user.user_id]) == 0
    entered = await accounts.sign_in(runtime, email=other.email, password=other.password, device=DEVICE, now=utc_now())
    assert isinstance(entered, accounts.SignedIn)
    assert all(one.finding.ok for one in await check_all(runtime.database, AUDIT_LOG))


async def test_the_security_log_says_that_it_happened_and_not_to_whom(runtime: Runtime):
    user = await somebody(runtime.database)
    await ask(runtime, user)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        lines = await tx.all(
            lambda **line: (line["user_id"], line["actor_id"], line["network"], line["detail"]),
            "SELECT user_id, actor_id, network, detail FROM users.security_log WHERE action = 'account.erased'",
        )
    assert lines == [(None, None, "", "")]
    assert "account.erasure_asked" in await actions(runtime.database, user)


async def test_asking_ends_every_session_and_signing_in_cancels_it(runtime: Runtime):
    user = await somebody(runtime.database)
    async with runtime.database.begin() as tx:
        token = await signed_in(tx, user)
    asked = await ask(runtime, user, days=14)
    assert asked.due_at - asked.asked_at == timedelta(days=14)
    async with runtime.database.begin() as tx:
        assert await sessions.authenticate(tx, token=token, now=utc_now()) is None
    await erased(runtime, most=1)
    assert (await standing(runtime.database, user)).state is State.WAITING
    await accounts.sign_in(runtime, email=user.email, password=user.password, device=DEVICE, now=utc_now())
    assert (await standing(runtime.database, user)).state is State.CANCELLED
    await erased(runtime)
    async with runtime.database.begin() as tx:
        assert (await accounts.account(tx, user_id=user.user_id)).email == user.email
        assert await tx.values("SELECT state FROM platform.saga") == ["compensated"]
    assert (await actions(runtime.database, user))[-1] != "account.erased"


async def test_it_waits_until_it_is_due_and_gives_what_is_under_way_time_to_end(runtime: Runtime):
    user = await somebody(runtime.database)
    await ask(runtime, user, days=0, grace_s=3600)
    await erased(runtime, most=1)
    assert (await standing(runtime.database, user)).state is State.CLOSING
    await erased(runtime, most=3)
    assert (await standing(runtime.database, user)).state is State.CLOSING
    async with runtime.database.begin() as tx:
        due = await tx.value("SELECT due_at FROM platform.saga")
        assert await tx.value("SELECT tries FROM platform.saga") == 0
    assert timedelta(minutes=59) < due - utc_now() <= timedelta(hours=1)


async def test_asking_twice_is_asking_once(runtime: Runtime):
    user = await somebody(runtime.database)
    first = await ask(runtime, user, days=14)
    async with runtime.database.begin() as tx:
        again = await erase_person.ask(
            tx,
            settings=hasty(runtime, days=1),
            user_id=user.user_id,
            confirmation=user.email,
            music=Music.KEEP,
            gives_up=True,
            now=utc_now(),
        )
        assert again is None
        assert await tx.value("SELECT count(*) FROM platform.saga") == 1
    assert await standing(runtime.database, user) == first


@pytest.mark.parametrize("typed", ["", "DELETE", "somebody@example.org"])
async def test_what_is_typed_must_be_the_address(runtime: Runtime, typed: str):
    user = await somebody(runtime.database)
    async with runtime.database.begin() as tx:
        with pytest.raises(ConfirmationWrong):
            await erase_person.ask(
                tx,
                settings=hasty(runtime),
                user_id=user.user_id,
                confirmation=typed,
                music=Music.TAKE_DOWN,
                gives_up=False,
                now=utc_now(),
            )


async def test_money_is_not_lost_unless_it_is_given_up(runtime: Runtime):
    user = await somebody(runtime.database)
    async with runtime.database.begin() as tx:
        await make_wallet(tx, 1_250, user_id=user.user_id, currency=USD)
        await make_wallet(tx, 300, user_id=user.user_id)
    with pytest.raises(MoneyLeft) as refused:
        await ask(runtime, user)
    assert refused.value.left == [str(usd(1_250)), str(Money(300, VIBE))]
    await ask(runtime, user, gives_up=True)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        assert await money.left_of(tx, user_id=user.user_id) == []
        moved = await tx.all(
            lambda **row: (row["kind"], row["subject"], row["currency"], row["amount"]),
            "SELECT a.kind, a.subject, a.currency, e.amount FROM payment.entry e"
            " JOIN payment.account a ON a.id = e.account_id JOIN payment.transaction t ON t.id = e.transaction_id"
            " WHERE t.kind = 'given_up' AND e.amount > 0 ORDER BY a.currency",
        )
    assert moved == [("platform_revenue", "given_up", "USD", 1_250), ("redeemed", "expired", "VIBE", 300)]
    assert all(one.finding.ok for one in await check_all(runtime.database, LEDGER))


async def test_the_last_admin_stays(runtime: Runtime):
    first, second = await somebody(runtime.database), await somebody(runtime.database)
    for one in (first, second):
        async with runtime.database.begin() as tx:
            await access.grant_role(tx, user_id=one.user_id, role=Role.ADMIN, granted_by=None, now=utc_now())
    await ask(runtime, second)
    async with runtime.database.begin() as tx:  # who is to be left alone with it goes meanwhile
        await access.revoke_role(tx, user_id=first.user_id, role=Role.ADMIN, revoked_by=None, now=utc_now())
    with pytest.raises(LastAdmin):
        await ask(runtime, second)
    await erased(runtime)
    found = await standing(runtime.database, second)
    assert (found.state, found.reason) == (State.REFUSED, "access.last_admin")


async def test_two_admins_who_leave_at_the_same_time_do_not_leave_nobody(runtime: Runtime):
    """Each finds the other an admin when they ask; the roles go only some steps after it was looked at for the last time."""
    both = [await somebody(runtime.database), await somebody(runtime.database)]
    async with runtime.database.begin() as tx:
        for one in both:
            await access.grant_role(tx, user_id=one.user_id, role=Role.ADMIN, granted_by=None, now=utc_now())
    for one in both:
        await ask(runtime, one)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        left = await access.admins(tx)
    assert left, "neither counts on one who is about to go"
    assert {(await standing(runtime.database, one)).state for one in both if one.user_id in left} == {State.REFUSED}
    await ask(runtime, both[0])
    await erased(runtime)
    async with runtime.database.begin() as tx:
        assert await access.admins(tx) == {both[1].user_id}


async def test_money_that_came_after_asking_opens_the_account_again_and_its_owner_is_told(runtime: Runtime):
    user = await somebody(runtime.database)
    asked = await ask(runtime, user)
    async with runtime.database.begin() as tx:
        await make_wallet(tx, 500, user_id=user.user_id, currency=USD)
    await erased(runtime)
    found = await standing(runtime.database, user)
    assert (found.erasure_id, found.state, found.reason) == (asked.erasure_id, State.REFUSED, "leaving.money_left")
    entered = await accounts.sign_in(runtime, email=user.email, password=user.password, device=DEVICE, now=utc_now())
    assert isinstance(entered, accounts.SignedIn)
    async with runtime.database.begin() as tx:
        told = await tx.values(
            "SELECT args ->> 'notice' FROM jobs.procrastinate_jobs WHERE task_name = 'user.mail_factor_notice' ORDER BY id"
        )
    assert told == ["erasure_asked", "erasure_refused"]
    assert (await ask(runtime, user, gives_up=True)).erasure_id != asked.erasure_id
    await erased(runtime)
    assert (await standing(runtime.database, user)).state is State.DONE


async def test_who_signs_in_while_the_account_is_being_closed_is_either_in_or_out(runtime: Runtime):
    """Both take turns at one row: whichever commits first decides, and there is no third outcome."""
    outcomes = set()
    for number in range(12):
        user = await somebody(runtime.database)
        await ask(runtime, user)
        entering = sign_in(runtime, user, pause_s=0.002 * (number % 6))
        _, entered = await asyncio.gather(erased(runtime, most=1), entering)
        state = (await standing(runtime.database, user)).state
        outcomes.add((entered, state))
        async with runtime.database.begin() as tx:
            inside = len(await sessions.sessions_of(tx, user_id=user.user_id, now=utc_now()))
        assert inside == (1 if entered else 0)
        assert state is (State.CANCELLED if entered else State.CLOSING)
    assert outcomes <= {(True, State.CANCELLED), (False, State.CLOSING)}


async def sign_in(runtime: Runtime, user: User, *, pause_s: float) -> bool:
    await asyncio.sleep(pause_s)
    try:
        async with runtime.database.begin() as tx:
            await open_session(tx, user)
    except AccountClosed:
        return False
    return True


async def test_a_payment_that_had_begun_when_the_account_was_closed_opens_it_again(runtime: Runtime):
    user = await somebody(runtime.database)
    await ask(runtime, user)
    await erased(runtime, most=1)
    assert (await standing(runtime.database, user)).state is State.CLOSING
    async with runtime.database.begin() as tx:  # a request that had got in before
        started = await top_up(tx, user)
    await erased(runtime)
    found = await standing(runtime.database, user)
    assert (found.state, found.reason) == (State.REFUSED, "leaving.money_under_way")
    async with runtime.database.begin() as tx:
        assert (await accounts.account(tx, user_id=user.user_id)).email == user.email
        assert (await money.under_way(tx, user_id=user.user_id)).payments == 1
        assert (await checkout.payment(tx, payment_id=started.payment_id)).user_id == user.user_id


async def test_what_a_late_request_still_wrote_is_swept_up_and_sealed_for_nobody(runtime: Runtime):
    async with runtime.database.begin() as tx:
        artist = await make_artist(tx)
    await ask(runtime, artist)
    await erased(runtime, most=4)
    assert (await standing(runtime.database, artist)).state is State.ERASING
    named = Metadata(header="filename bmVidWxhLmZsYWM=", file_name="nebula.flac")
    upload = await begin_upload(runtime, user_id=artist.user_id, size_bytes=100, metadata=named, now=utc_now())
    async with runtime.database.begin() as tx:
        started = await top_up(tx, artist.user, payer_email=artist.user.email)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        rows = await tx.all(
            lambda **row: (row["file_name"], row["metadata"], row["state"]),
            "SELECT file_name, metadata, state FROM music.upload WHERE upload_id = %s",
            [upload.upload_id],
        )
        stream = await tx.value(
            "SELECT data::text FROM payment.payment_event WHERE payment_id = %s", [started.payment_id]
        )
    assert rows == [("-", "", "terminated")]
    assert artist.user.email not in stream
    assert "sealed.v1" not in stream


async def test_a_subscription_ends_with_its_owner(runtime: Runtime):
    user = await somebody(runtime.database)
    async with runtime.database.begin() as tx:
        begun = await subscriptions.start_trial(
            tx, user_id=user.user_id, terms=subscriptions.Terms(plan="premium", cycle=subscriptions.Cycle.MONTHLY),
            currency=USD, now=utc_now(),
        )  # fmt: skip
        assert begun.live
    await ask(runtime, user)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        found = await tx.values("SELECT state || ' ' || end_reason FROM payment.subscription")
    assert found == ["ended cancelled"]


async def top_up(tx: Tx, user: User, **more: str) -> PaymentView:
    return await top_ups.start(
        tx,
        key=str(new_id()),
        user_id=user.user_id,
        amount=usd(1_000),
        return_to="/wallet",
        now=utc_now(),
        **more,  # type: ignore[arg-type]  # where they are
    )


@pytest.mark.parametrize("music", list(Music))
async def test_music_is_taken_down_or_kept_as_its_artist_chose(runtime: Runtime, music: Music):
    async with runtime.database.begin() as tx:
        made = await make_music(tx, titles=("Nebula Uno",))
    await ask(runtime, made.artist, music=music)
    await erased(runtime)
    async with runtime.database.begin() as tx:
        stage, title = (await tx.all(lambda **r: (r["stage"], r["title"]), "SELECT stage, title FROM music.release"))[0]
        name = await tx.value("SELECT name FROM music.artist")
        profiles = await tx.values("SELECT name FROM users.artist_profile")
        files = await tx.values("SELECT file_name FROM music.asset_upload")
        assets = await tx.value("SELECT count(*) FROM music.asset")
    if music is Music.KEEP:
        assert (stage, title, name, profiles) == ("published", "First Light", made.artist.name, [made.artist.name])
        assert (files, assets) == (["-"], 1)
    else:
        assert (stage, title, name, profiles) == ("taken_down", "-", "", [])
        assert (files, assets) == ([], 0)


async def cut(owner_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stride", [23, pytest.param(3, marks=pytest.mark.slow)])
async def test_killed_at_every_point_it_comes_to_the_same_end(runtime: Runtime, owner_dsn: str, stride: int):
    points, made = 0, []
    while True:
        user = await somebody(runtime.database)
        async with runtime.database.begin() as tx:
            await make_wallet(tx, 100, user_id=user.user_id, currency=USD)
        made.append((user, await ask(runtime, user, gives_up=True)))
        async with Database(runtime.database.dsn, application="victim") as victim:
            killed = await KilledAt(erased(replace(runtime, database=victim)), points * stride, lambda: cut(owner_dsn))
        await erased(runtime)
        points += 1
        if not killed:
            break
    assert points > 10
    async with runtime.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.address") == 0
        assert await tx.value("SELECT count(*) FROM payment.transaction WHERE kind = 'given_up'") == points
        assert await tx.value("SELECT count(*) FROM users.security_log WHERE action = 'account.erased'") == points
        assert await tx.values("SELECT DISTINCT state FROM users.erasure") == ["done"]
        taken = await ledger.accounts(
            tx, kind=ledger.AccountKind.PLATFORM_REVENUE, subject="given_up", currency=USD, limit=1
        )
        assert taken[0].posted == usd(100 * points)
    assert all(one.finding.ok for one in await check_all(runtime.database, (*LEDGER, *AUDIT_LOG)))

"""Signing in by password, and changing it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.contexts.user.conftest import Inbox, Recording
from tests.factories.users import DEVICE, PASSWORD, make_user, principal_of, signed_in
from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

NEW = "orchard bicycle thunder 7"


async def enter(runtime: Runtime, email: str, password: str = PASSWORD, **more: Any) -> service.SignedIn:
    entered = await service.sign_in(runtime, email=email, password=password, device=DEVICE, now=utc_now(), **more)
    assert isinstance(entered, service.SignedIn)
    return entered


async def test_the_right_password_opens_a_session(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx, email="Ana@example.org")
    for spelled in ("Ana@example.org", "ana@EXAMPLE.org", " ANA@example.org "):
        entered = await enter(runtime, spelled)
        assert entered.user_id == user.user_id
        async with database.begin() as tx:
            principal = await sessions.authenticate(tx, token=entered.session.token, now=utc_now())
            assert principal is not None
            assert principal.user_id == user.user_id
    async with database.begin() as tx:
        entries = await audit_log.entries_of(tx, user_id=user.user_id)
        assert {(entry.action, entry.network) for entry in entries} == {(audit_log.Action.SIGNED_IN, DEVICE.network)}


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.org", "velvet harbour lantern 43"),
        ("ana@example.org", PASSWORD.title()),
        ("ana@example.org", ""),
        ("ana@example.org", "x" * 1_000_000),
        ("ana@example.org", "\ud800"),
        ("ana@example.org", "\x00"),
        ("nobody@example.org", PASSWORD),
        ("nobody@example.org", ""),  # the empty password of an unknown user (CVE-2025-27112)
        ("%@example.org", PASSWORD),
        ("ana_example.org", PASSWORD),
        ("___@example.org", PASSWORD),
        ("%", PASSWORD),
        ("", PASSWORD),
        ("a" * 1_000_000, PASSWORD),
        ("ana@example.org' OR '1'='1", PASSWORD),
        ("ana@example.org\x00", PASSWORD),
        ("\ud800", PASSWORD),
        ("unverified@example.org", PASSWORD),
    ],
)
async def test_anything_else_is_refused_in_the_same_words_after_the_same_work(
    runtime: Runtime, database: Database, cpu: Recording, email: str, password: str
):
    async with database.begin() as tx:
        user = await make_user(tx, email="ana@example.org")
        unverified = await make_user(tx, email="unverified@example.org", verified=False)
        await passwords.set_password(
            tx, user_id=unverified.user_id, password_hash=passwords.HASHER.hash(PASSWORD), now=utc_now()
        )
    with pytest.raises(service.SignInRefused) as refused:
        await enter(runtime, email, password)
    assert str(refused.value) == str(service.SignInRefused())
    assert refused.value.facts() == {}
    async with database.begin() as tx:
        known = email.strip().lower() == "ana@example.org"
        stored = await passwords.hash_of(tx, user_id=user.user_id) if known else None
        assert cpu.calls == [("_check", (password, stored))]  # one verification, of a real hash or of nobody's
        assert await tx.value("SELECT count(*) FROM users.session") == 0
        logged = await tx.all(lambda **row: row, "SELECT action, user_id, detail FROM users.security_log")
    assert logged == [{"action": "session.sign_in_refused", "user_id": user.user_id if known else None, "detail": ""}]


async def test_signing_in_ends_the_session_that_the_browser_came_with(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        user, attacker = await make_user(tx), await make_user(tx)
        planted = await signed_in(tx, attacker)
    entered = await enter(runtime, user.email, replaces=planted)
    assert entered.session.token != planted
    async with database.begin() as tx:
        assert await sessions.authenticate(tx, token=planted, now=utc_now()) is None


async def test_a_hash_of_older_parameters_is_renewed(runtime: Runtime, database: Database):
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    async with database.begin() as tx:
        user = await make_user(tx)
        await passwords.set_password(tx, user_id=user.user_id, password_hash=old, now=utc_now())
    with pytest.raises(service.SignInRefused):
        await enter(runtime, user.email, "wrong")
    async with database.begin() as tx:
        assert await passwords.hash_of(tx, user_id=user.user_id) == old
    await enter(runtime, user.email)
    async with database.begin() as tx:
        renewed = await passwords.hash_of(tx, user_id=user.user_id)
    assert renewed is not None
    assert extract_parameters(renewed) == extract_parameters(passwords.NOBODY)
    await enter(runtime, user.email)


async def test_a_password_that_changes_while_it_is_checked_is_refused(
    runtime: Runtime, database: Database, cpu: Recording
):
    async with database.begin() as tx:
        user = await make_user(tx)

    async def change_it() -> None:
        async with database.begin() as tx:
            await passwords.set_password(
                tx, user_id=user.user_id, password_hash=passwords.HASHER.hash(NEW), now=utc_now()
            )

    cpu.afterwards = change_it
    with pytest.raises(service.SignInRefused):
        await enter(runtime, user.email)


async def test_changing_the_password_ends_the_other_sessions_and_tells_the_owner(
    runtime: Runtime, database: Database, inbox: Inbox
):
    async with database.begin() as tx:
        user = await make_user(tx, locale="es")
        mine = await principal_of(tx, user)
        other = await signed_in(tx, user)
    await service.change_password(runtime, principal=mine, current=PASSWORD, new=NEW, device=DEVICE, now=utc_now())
    async with database.begin() as tx:
        assert await sessions.authenticate(tx, token=other, now=utc_now()) is None
        still = await sessions.sessions_of(tx, user_id=user.user_id, now=utc_now())
        assert [session.session_id for session in still] == [mine.session_id]
        entries = await audit_log.entries_of(tx, user_id=user.user_id)
        assert {(entry.action, entry.actor_id) for entry in entries} == {
            (audit_log.Action.PASSWORD_CHANGED, user.user_id),
            (audit_log.Action.SESSION_ENDED, user.user_id),
        }
        assert len(entries) == 2
    (message,) = await inbox(user.email)
    assert message.subject == "Tu contraseña ha cambiado"
    with pytest.raises(service.SignInRefused):
        await enter(runtime, user.email)
    await enter(runtime, user.email, NEW)


async def test_the_present_password_is_needed_to_change_it(runtime: Runtime, database: Database, inbox: Inbox):
    async with database.begin() as tx:
        user = await make_user(tx)
        mine = await principal_of(tx, user)
        other = await signed_in(tx, user)
    with pytest.raises(service.WrongPassword):
        await service.change_password(
            runtime, principal=mine, current="a wrong long one", new=NEW, device=DEVICE, now=utc_now()
        )
    for new in ("short", "passwordpassword", user.email):
        with pytest.raises((passwords.PasswordLength, passwords.PasswordCommon, passwords.PasswordPersonal)):
            await service.change_password(
                runtime, principal=mine, current=PASSWORD, new=new, device=DEVICE, now=utc_now()
            )
    assert await inbox() == []
    await enter(runtime, user.email)
    async with database.begin() as tx:
        assert await sessions.authenticate(tx, token=other, now=utc_now()) is not None
        actions = {entry.action for entry in await audit_log.entries_of(tx, user_id=user.user_id)}
        assert actions == {audit_log.Action.PASSWORD_CHANGE_REFUSED, audit_log.Action.SIGNED_IN}


async def test_of_two_changes_at_once_one_is_refused(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        mine = await principal_of(tx, user)

    async def change(new: str) -> str:
        try:
            await service.change_password(
                runtime, principal=mine, current=PASSWORD, new=new, device=DEVICE, now=utc_now()
            )
        except service.WrongPassword:
            return "refused"
        return "changed"

    assert sorted(await asyncio.gather(change(NEW), change(NEW + " and another"))) == ["changed", "refused"]

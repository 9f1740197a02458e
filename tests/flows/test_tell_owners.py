"""An account that is entered from a new browser or a new network says so to its owner, once, and not the first time."""

from __future__ import annotations

from dataclasses import replace

from tests.factories.bus import drain, registered
from tests.factories.users import DEVICE, make_user, open_session
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.events import AccountLockChanged, EmailChanged, RoleChanged
from vibestream.contexts.user.locks.service import LockReason
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.domain.sentences.names import LOCK_REASONS, ROLES
from vibestream.flows.tell_owners import SUBSCRIPTIONS
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.subscriptions import Consumers

ELSEWHERE = replace(DEVICE, network="203.0.113.0/24")
NEWER = replace(DEVICE, user_agent=DEVICE.user_agent.replace("145.0", "146.0"))
UNKNOWN = replace(DEVICE, user_agent="")


async def test_only_what_is_new_is_told_and_each_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana = await make_user(tx)
    for device in (DEVICE, DEVICE, NEWER, ELSEWHERE, ELSEWHERE, UNKNOWN):
        async with database.begin() as tx:
            await open_session(tx, ana, device=device)
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        told = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    assert [(one.kind.value, one.facts["device"], one.facts["network"]) for one in reversed(told)] == [
        ("new_device", "Firefox on Linux", "203.0.113.0/24"),
        ("new_device", "", "192.0.2.0/24"),
    ]
    said = notifications.said_of(told[0], locale="es", url="https://vibe.example")
    assert "con un navegador desconocido, desde la red 192.0.2.0/24." in said.body


async def test_a_new_address_and_one_that_came_back_are_told_by_the_address_of_now(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana = await make_user(tx)
        for restored in (False, True):
            await publish(tx, EmailChanged(user_id=ana.user_id, restored=restored, occurred_at=utc_now()))
    await drain(database, consumers)
    await drain(database, consumers)
    async with database.begin() as tx:
        told = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    assert [one.kind.value for one in reversed(told)] == ["email_changed", "email_restored"]
    for one in told:
        for locale, means in (("en", "72 hours"), ("es", "72 horas")):
            said = notifications.said_of(one, locale=locale, url="https://vibe.example")
            assert means in " ".join((said.body, *said.more))


async def test_roles_and_locks_are_told_with_their_names_in_ones_language(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        ana = await make_user(tx)
        for role, granted in (("moderator", True), ("admin", False)):
            await publish(tx, RoleChanged(user_id=ana.user_id, role=role, granted=granted, occurred_at=utc_now()))
        for reason, locked in (("abuse", True), ("", False)):
            event = AccountLockChanged(user_id=ana.user_id, reason=reason, locked=locked, occurred_at=utc_now())
            await publish(tx, event)
    await drain(database, consumers)
    async with database.begin() as tx:
        told = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    said = [notifications.said_of(one, locale="es", url="https://vibe.example") for one in reversed(told)]
    assert [one.title for one in said] == [
        "Tienes otro rol: moderación",
        "Ya no tienes un rol: administración",
        "Se bloqueó tu cuenta",
        "Se desbloqueó tu cuenta",
    ]
    assert "porque se usó en contra de las normas" in said[2].body


def test_every_role_and_every_reason_has_its_words_in_both_languages():
    for language in ("en", "es"):
        assert set(ROLES[language]) == set(Role)
        assert set(LOCK_REASONS[language]) == set(LockReason)

"""Guessing at passwords by a virtual clock: how far an attacker gets, and that nobody is kept out by one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.contexts.user.conftest import Recording
from tests.factories.users import MADE_AT, PASSWORD, User, make_user
from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.service import SignInRefused, SignInSlowed
from vibestream.contexts.user.attempts.domain import is_told, is_told_of_network
from vibestream.contexts.user.attempts.retention import RULES
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

NIGHT = MADE_AT.replace(hour=1)
WRONG = "wrong horse battery"


def at(number: int) -> Device:
    """A browser at an address of its own."""
    return device_of(user_agent="Firefox", address=f"198.51.{number // 250}.{number % 250}")


async def tries(
    runtime: Runtime,
    email: str,
    *,
    password: str = WRONG,
    now: datetime = NIGHT,
    number: int = 0,
    token: str = "",
) -> str:
    """What comes of an attempt: `in`, `refused`, `slowed`, or `asked` for more."""
    try:
        entered = await service.sign_in(
            runtime, email=email, password=password, device=at(number), now=now, device_token=token
        )
    except SignInRefused:
        return "refused"
    except SignInSlowed:
        return "slowed"
    return "in" if isinstance(entered, service.SignedIn) else "asked"


async def known(runtime: Runtime, user: User, *, now: datetime = NIGHT, token: str = "", number: int = 7) -> str:
    entered = await service.sign_in(
        runtime, email=user.email, password=PASSWORD, device=at(number), now=now, device_token=token
    )
    assert isinstance(entered, service.SignedIn)
    return entered.device_token


@pytest.fixture
async def user(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


async def test_strangers_have_ten_guesses_a_quarter_of_an_hour_from_wherever_they_are(
    runtime: Runtime, cpu: Recording, user: User
):
    for number in range(10):
        assert await tries(runtime, user.email, number=number) == "refused"
    before = len(cpu.calls)
    for number, spelled in enumerate(("ana@example.org", "ANA@example.org", " ana@EXAMPLE.org"), 100):
        assert await tries(runtime, spelled, number=number) == "slowed"
        assert await tries(runtime, spelled, password=PASSWORD, number=number) == "slowed"
    assert len(cpu.calls) == before  # refused without the work of hashing

    soon = NIGHT + timedelta(minutes=14, seconds=59)
    assert await tries(runtime, user.email, password=PASSWORD, now=soon, number=3) == "slowed"
    later = NIGHT + timedelta(minutes=15)
    assert await tries(runtime, user.email, password=PASSWORD, now=later, number=3) == "in"


async def test_a_browser_that_was_let_in_enters_while_strangers_guess(runtime: Runtime, user: User):
    token = await known(runtime, user)
    for number in range(12):
        await tries(runtime, user.email, number=number)
    assert await tries(runtime, user.email, password=PASSWORD, number=50) == "slowed"
    assert await known(runtime, user, token=token, now=NIGHT + timedelta(minutes=1)) == token
    assert await tries(runtime, user.email, password=PASSWORD, token="made up" * 6, number=51) == "slowed"


async def test_what_a_browser_keeps_is_good_for_its_own_account_and_for_twenty_guesses(
    runtime: Runtime, database: Database, user: User
):
    async with database.begin() as tx:
        mallory = await make_user(tx, email="mallory@example.org")
    hers = await known(runtime, mallory)
    for number in range(10):
        assert await tries(runtime, user.email, number=number, token=hers) == "refused"
    assert await tries(runtime, user.email, number=20, token=hers) == "slowed"

    stolen = await known(runtime, mallory, number=9)
    seen = [await tries(runtime, mallory.email, token=stolen) for _ in range(21)]
    assert seen == ["refused"] * 20 + ["slowed"]
    assert await tries(runtime, mallory.email, password=PASSWORD, number=99) == "in"  # from anywhere else


async def test_an_address_that_nobody_has_is_slowed_in_the_same_words_after_as_many(runtime: Runtime, user: User):
    told = []
    for email in (user.email, "nobody@example.org", "no address at all", "%", "ana_example.org"):
        seen = []
        for number in range(11):
            try:
                await service.sign_in(runtime, email=email, password=WRONG, device=at(number), now=NIGHT)
            except (SignInRefused, SignInSlowed) as error:
                seen.append((error.code, str(error)))
        told.append(seen)
    assert all(one == told[0] for one in told)
    assert [code for code, _ in told[0]] == ["account.sign_in_refused"] * 10 + ["account.sign_in_slowed"]


async def test_a_list_of_stolen_passwords_is_stopped_by_its_network(runtime: Runtime, database: Database, user: User):
    """Credential stuffing: each address is tried once, from one place; the log has two lines of it that tell so."""
    seen = [await tries(runtime, f"somebody-{n}@example.org", number=1) for n in range(103)]
    assert (seen.count("refused"), seen.count("slowed")) == (100, 3)
    assert await tries(runtime, user.email, password=PASSWORD, number=1) == "slowed"
    # From elsewhere, in a new browser, more is asked for: a hundred that are wrong are an attack on everybody.
    assert await tries(runtime, user.email, password=PASSWORD, number=2) == "asked"
    async with database.begin() as tx:
        lines = await audit_log.search(tx, action=audit_log.Action.SIGN_IN_REFUSED, limit=200)
    assert [one.entry.detail for one in lines if one.entry.detail] == ["100 attempts from this network"]


async def test_an_ipv6_household_is_one_network_whatever_address_it_takes(runtime: Runtime):
    async def one(address: str, n: int) -> str:
        device = device_of(user_agent="Firefox", address=address)
        try:
            await service.sign_in(runtime, email=f"p{n}@example.org", password="wrong", device=device, now=NIGHT)
        except SignInSlowed:
            return "slowed"
        except SignInRefused:
            return "refused"
        return "asked"  # by the hundredth that is wrong

    seen = [await one(f"2001:db8:1:2::{n:x}", n) for n in range(101)]
    assert seen[99:] == ["refused", "slowed"]
    assert await one("2001:db8:1:3::1", 500) == "asked"


async def test_as_many_at_once_are_as_many_as_one_after_the_other(runtime: Runtime, user: User):
    seen = await asyncio.gather(*(tries(runtime, user.email, number=n) for n in range(16)))
    assert (seen.count("refused"), seen.count("slowed")) == (10, 6)


async def test_right_passwords_are_not_counted(runtime: Runtime, user: User):
    for number in range(25):
        assert await tries(runtime, user.email, password=PASSWORD, number=number) == "in"


async def test_the_log_of_an_attack_is_short_and_says_how_much_it_was(runtime: Runtime, database: Database, user: User):
    for number in range(14):
        await tries(runtime, user.email, number=number)
    async with database.begin() as tx:
        entries = await audit_log.entries_of(tx, user_id=user.user_id)
    assert [one.detail for one in entries] == ["10 attempts", ""]
    assert [n for n in range(1, 20_000) if is_told(n)] == [1, 10, 100, 1_000, 10_000]
    assert [n for n in range(1, 2_000) if is_told_of_network(n)] == [100, 1_000]


async def test_a_browser_is_forgotten_after_a_year_and_the_oldest_of_twenty_one_at_once(
    runtime: Runtime, database: Database, user: User
):
    tokens = [await known(runtime, user, now=NIGHT + timedelta(hours=n), number=n) for n in range(21)]
    later = NIGHT + timedelta(hours=30)
    for number in range(10):
        await tries(runtime, user.email, now=later, number=number)
    assert await tries(runtime, user.email, password=PASSWORD, now=later, token=tokens[0]) == "slowed"
    assert await tries(runtime, user.email, password=PASSWORD, now=later, token=tokens[1]) == "in"
    async with database.begin() as tx:
        dropped = [
            await rule.drop(tx, before=NIGHT + timedelta(days=366, hours=1) - rule.kept, most=1_000) for rule in RULES
        ]
        assert dropped[0] > 0
        assert dropped[1] >= 19
        assert await tx.value("SELECT count(*) FROM users.known_device") == 1  # the one that has just been in

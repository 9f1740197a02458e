"""10,000 attempts over 1,000 networks within an hour, by a virtual clock: how many are looked at, and who is kept out by it.

What is counted is what `sign_in` counts before it looks at a password; hashing 10,000 times would measure the processor.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import pytest

from tests.contexts.user.attempts.test_attempts import NIGHT, known, tries
from tests.contexts.user.passkeys.test_service import add, sign_in
from tests.factories.factors import make_app
from tests.factories.passkeys import Authenticator
from tests.factories.users import PASSWORD, User, make_user
from vibestream.contexts.user.attacks.domain import BURST, TRICKLE
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.attempts.service import SignInSlowed
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ATTEMPTS: Final = 10_000
NETWORKS: Final = 1_000


def network(number: int) -> str:
    return f"198.{number // 65_536 % 2 + 18}.{number // 256 % 256}.{number % 256}/32"


async def looked_at(
    runtime: Runtime, *, address: list[str], networks: int, owner: UserId | None = None
) -> tuple[int, Counter[str]]:
    """Make the attempts evenly over an hour, each at the next address from the next network, and count what is let through."""
    outcome: Counter[str] = Counter()
    key = runtime.settings.signing_key()
    for number in range(ATTEMPTS):
        now = NIGHT + timedelta(hours=1) * number / ATTEMPTS

        async def one(tx: Tx, number: int = number, now: datetime = now) -> attempts.Admission:
            return await attempts.admit(
                tx,
                key=key,
                lookup=address[number % len(address)],
                user_id=owner,
                network=network(number % networks),
                device_token="",
                now=now,
            )

        try:
            await runtime.database.run(one)
        except SignInSlowed:
            outcome["slowed"] += 1
        else:
            outcome["looked at"] += 1
    print(f"\n{len(address)} addresses, {networks} networks: {dict(outcome)}")
    return outcome["looked at"], outcome


async def test_guesses_at_one_person_are_forty_an_hour_from_wherever_and_the_person_enters_all_the_while(
    runtime: Runtime, database: Database
):
    phone = Authenticator()
    async with database.begin() as tx:
        victim = await make_user(tx, email="ana@example.org")
        await add(tx, victim, phone)
    token = await known(runtime, victim)
    guesses, _ = await looked_at(runtime, address=["ana@example.org"], networks=NETWORKS, owner=victim.user_id)
    assert guesses == 40  # ten in each quarter of an hour, of 10,000
    at_last = NIGHT + timedelta(minutes=59)
    assert await tries(runtime, victim.email, password=PASSWORD, now=at_last, number=3) == "slowed"
    for _ in range(25):  # from a browser that was let in before, as often as they like
        assert await tries(runtime, victim.email, password=PASSWORD, now=at_last, token=token) == "in"
    async with database.begin() as tx:
        assert (await sign_in(tx, phone)).user_id == victim.user_id
    an_hour_later = NIGHT + timedelta(hours=1, minutes=16)
    assert await tries(runtime, victim.email, password=PASSWORD, now=an_hour_later, number=3) == "in"


async def test_a_list_of_stolen_passwords_from_one_network_is_a_hundred_an_hour(runtime: Runtime):
    addresses = [f"person-{number}@example.org" for number in range(ATTEMPTS)]
    assert (await looked_at(runtime, address=addresses, networks=1))[0] == 100


async def spread_thin(runtime: Runtime, *, right: dict[int, User], every_s: float = 0.36) -> Counter[str]:
    """Guess five passwords of each of two thousand people, from a thousand networks; say what came of it.

    A wrong one is counted as `sign_in` does after it has hashed; a right one goes all the way.
    """
    outcome: Counter[str] = Counter()
    key = runtime.settings.signing_key()
    for number in range(ATTEMPTS):
        now = NIGHT + timedelta(seconds=every_s) * number
        if (owner := right.get(number)) is not None:
            outcome[f"right: {await tries(runtime, owner.email, password=PASSWORD, now=now, number=number)}"] += 1
            continue

        async def one(tx: Tx, number: int = number, now: datetime = now) -> str:
            admission = await attempts.admit(
                tx,
                key=key,
                lookup=f"person-{number % 2_000}@example.org",
                user_id=None,
                network=network(number % NETWORKS),
                device_token="",
                now=now,
            )
            await attempts.failed(tx, admission=admission, user_id=None, network="", now=now)
            return "wrong: told as ever" if not admission.guarded else "wrong: answered as if right"

        outcome[await runtime.database.run(one)] += 1
    print(f"\nspread thin, {every_s} s apart: {dict(sorted(outcome.items()))}")
    return outcome


async def test_of_ten_thousand_guesses_spread_thin_one_hundred_of_them_right_none_enters_once_a_hundred_were_wrong(
    runtime: Runtime, database: Database
):
    """Nine hundred and ninety-nine of a thousand networks and four of five guesses at an address are below every limit."""
    right = {}
    async with database.begin() as tx:
        for number in range(50, ATTEMPTS, 100):
            right[number] = await make_user(tx, email=f"reused-{number}@example.org")
        person = await make_user(tx, email="owner@example.org")
        await make_app(tx, await make_user(tx, email="app@example.org"), runtime.settings)
    token = await known(runtime, person, now=NIGHT - timedelta(days=1))
    await known(runtime, right[50], now=NIGHT - timedelta(days=1), number=5_000)
    outcome = await spread_thin(runtime, right=right)
    assert outcome["right: in"] == 1, "what was tried while nobody could know"
    assert outcome["right: asked"] == 99
    assert outcome["wrong: told as ever"] == 100
    assert outcome["wrong: answered as if right"] == ATTEMPTS - 200

    at_last = NIGHT + timedelta(hours=1)
    assert await tries(runtime, person.email, password=PASSWORD, now=at_last, token=token) == "in"
    assert await tries(runtime, person.email, password=PASSWORD, now=at_last, number=9) == "asked"
    assert await tries(runtime, "app@example.org", password=PASSWORD, now=at_last, number=10) == "asked"
    async with database.begin() as tx:
        log = await audit_log.search(tx, action=audit_log.Action.ATTACK_BEGAN)
        told = await tx.value(
            "SELECT count(*) FROM platform.outbox WHERE type LIKE '%%entered_from_new_device' AND data->>'user_id' = %s",
            [str(right[50].user_id)],
        )
    assert (len(log), told) == (1, 1)
    quiet = at_last + BURST.holds + BURST.within
    assert await tries(runtime, person.email, password=PASSWORD, now=quiet, number=11) == "in"


async def test_who_guesses_slowly_enough_not_to_be_a_burst_has_five_hundred_guesses_a_day(
    runtime: Runtime, database: Database
):
    """Nine a minute, so that no ten minutes have a hundred: nineteen hours for ten thousand guesses."""
    right = {}
    async with database.begin() as tx:
        for number in range(50, ATTEMPTS, 100):
            right[number] = await make_user(tx, email=f"reused-{number}@example.org")
    outcome = await spread_thin(runtime, right=right, every_s=6.8)
    assert outcome["wrong: told as ever"] == TRICKLE.least
    assert outcome["right: in"] == 5
    assert outcome["right: asked"] == 95


async def test_a_person_whom_nobody_attacks_enters_from_a_network_of_the_attack(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        neighbour = await make_user(tx, email="neighbour@example.org")
    token = await known(runtime, neighbour, number=9)
    addresses = [f"person-{number}@example.org" for number in range(ATTEMPTS)]
    await looked_at(runtime, address=addresses, networks=1)
    assert (
        await tries(runtime, neighbour.email, password=PASSWORD, now=NIGHT + timedelta(minutes=50), token=token) == "in"
    )

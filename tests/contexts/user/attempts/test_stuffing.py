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
from tests.factories.passkeys import Authenticator
from tests.factories.users import DEVICE, PASSWORD, make_user
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import SignedIn
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.attempts.service import SignInSlowed
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


async def test_five_passwords_for_each_of_two_thousand_people_from_a_thousand_networks_are_all_looked_at(
    runtime: Runtime, database: Database
):
    """What counting cannot stop is told: a list spread so thin is let through, and whoever is entered by it hears of it."""
    addresses = [f"person-{number}@example.org" for number in range(2_000)]
    assert (await looked_at(runtime, address=addresses, networks=NETWORKS))[0] == ATTEMPTS
    async with database.begin() as tx:
        reused = await make_user(tx, email="person-7@example.org")
    await known(runtime, reused, now=NIGHT - timedelta(days=1))
    entered = await accounts.sign_in(runtime, email=reused.email, password=PASSWORD, device=DEVICE, now=NIGHT)
    assert isinstance(entered, SignedIn)
    async with database.begin() as tx:
        told = await tx.values(
            "SELECT data->>'user_id' FROM platform.outbox WHERE type LIKE '%%entered_from_new_device'"
        )
    assert told == [str(reused.user_id)]


async def test_a_person_whom_nobody_attacks_enters_from_a_network_of_the_attack(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        neighbour = await make_user(tx, email="neighbour@example.org")
    token = await known(runtime, neighbour, number=9)
    addresses = [f"person-{number}@example.org" for number in range(ATTEMPTS)]
    await looked_at(runtime, address=addresses, networks=1)
    assert (
        await tries(runtime, neighbour.email, password=PASSWORD, now=NIGHT + timedelta(minutes=50), token=token) == "in"
    )

"""Claims that share a transaction: each is answered for itself, and none spoils another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.factories.receipts import TODAY, claim_body, closed, listened, listener, own_receipts
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.signals import PublicSignals
from vibestream.contexts.listen_reward.claims.service.spending import (
    Asked,
    ClaimNotDue,
    ClaimRecognisable,
    ClaimRefused,
    ClaimSpent,
    Proved,
    payout_of,
)
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import epoch_element
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import InsufficientFunds
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.flows.audit import INVARIANTS
from vibestream.flows.pay_claims import Paid, post_claims
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.group_commit import GroupCommit
from vibestream.platform.invariants import check_all

FLOOR = 20


def wallet(number: int) -> str:
    return f"ed25519:{number:064x}"


async def day(database: Database, *, times: int = 1) -> Any:
    """A closed day on which one listener earned so many units, which say what a verified proof says without one."""
    fan = await listener(database, secret=11)
    await listened(database, fan, times=times)
    await closed(database)
    return (await own_receipts(database, fan)).closed


def proved(day: Any, *, nullifier: int, to: int, units: int = 1, accepts: bool = True, **wrong: int) -> Proved:
    now = utc_now()
    asked = Asked(day.epoch, wallet(to), day.claimable_until, accepts)
    payout = claims.payout_element(payout_of(asked=asked, deployment=day.key_id))
    says: dict[str, int] = {
        "root": day.root, "epoch": epoch_element(day.epoch), "min_seconds": units, "song_disclosure": 2**128,
        "payout": payout,
    }  # fmt: skip
    said = PublicSignals(nullifier=Field(nullifier), **{key: Field(one) for key, one in (says | wrong).items()})
    return Proved(said, asked, now, floor=FLOOR)


async def held(database: Database, *numbers: int) -> list[int]:
    async with database.begin() as tx:
        return [(await postings.claim_balance(tx, address=wallet(one))).minor for one in numbers]


async def broken(database: Database) -> list[str]:
    return [one.invariant.name for one in await check_all(database, INVARIANTS) if not one.finding.ok]


async def test_each_of_a_batch_is_answered_for_itself(database: Database):
    today = await day(database, times=2)
    batch = [
        proved(today, nullifier=1, to=1),
        proved(today, nullifier=2, to=2, root=5),
        proved(today, nullifier=1, to=3),
        proved(today, nullifier=1, to=1),
        proved(today, nullifier=4, to=4, accepts=False),
        Proved(*_late(proved(today, nullifier=5, to=5)), floor=FLOOR),
        proved(today, nullifier=6, to=6),
    ]

    answers = await database.run(lambda tx: post_claims(tx, batch))

    paid = Money(10_000, VIBE)
    assert [type(one) for one in answers] == [
        Paid, ClaimRefused, ClaimSpent, Paid, ClaimRecognisable, ClaimNotDue, Paid,
    ]  # fmt: skip
    assert [answers[at] for at in (0, 3, 6)] == [Paid(paid, wallet(1)), Paid(paid, wallet(1)), Paid(paid, wallet(6))]
    assert await held(database, 1, 2, 3, 4, 5, 6) == [10_000, 0, 0, 0, 0, 10_000]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM listen_reward.claim") == 2


async def test_one_that_the_books_refuse_fails_alone_and_leaves_nothing(database: Database):
    """As nothing that is proved could be: more than the pool holds. Its nullifier stays unspent."""
    today = await day(database)
    commits = GroupCommit(database, post_claims)
    good = [proved(today, nullifier=number, to=number) for number in range(1, 6)]
    greedy = proved(today, nullifier=77, to=77, units=2**15)

    answers = await asyncio.gather(
        *(commits.submit(one) for one in (*good[:2], greedy, *good[2:])), return_exceptions=True
    )

    assert [type(one) for one in answers] == [Paid, Paid, InsufficientFunds, Paid, Paid, Paid]
    assert await held(database, 1, 2, 3, 4, 5, 77) == [10_000] * 5 + [0]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM listen_reward.claim WHERE wallet = %s", [wallet(77)]) == 0


async def test_two_processes_with_the_same_receipts_in_other_orders_pay_each_once(database: Database):
    today = await day(database)
    ours = [proved(today, nullifier=number, to=number) for number in range(1, 41)]
    theirs = [proved(today, nullifier=number, to=100 + number) for number in reversed(range(1, 41))]

    async with Database(database.dsn, max_size=4) as other:
        one, two = GroupCommit(database, post_claims, most=7), GroupCommit(other, post_claims, most=5)
        answers = await asyncio.gather(
            *(one.submit(each) for each in ours), *(two.submit(each) for each in theirs), return_exceptions=True
        )

    kinds = [type(each) for each in answers]
    assert (kinds.count(Paid), kinds.count(ClaimSpent)) == (40, 40)
    assert sorted(await held(database, *range(1, 41), *range(101, 141))) == [0] * 40 + [10_000] * 40


async def test_a_proof_that_is_one_is_paid_together_with_others(client: Any, database: Database):
    """Through the door, with real proofs: thirty at once, of which every third says something else than it proves."""
    fans = [await listener(database, secret=number + 1) for number in range(6)]
    for fan in fans:
        await listened(database, fan, paid=fan is fans[-1])
    await closed(database)
    bodies = [
        claim_body(await own_receipts(database, fan), secret=at + 1, wallet=wallet(at)) for at, fan in enumerate(fans)
    ]
    wrong = [body | {"wallet": wallet(900 + at)} for at, body in enumerate(bodies)]

    answers = await asyncio.gather(
        *(client.post("/api/v1/claims", json=one) for one in [*bodies, *wrong, *bodies, *bodies])
    )

    codes = [one.status_code for one in answers]
    assert codes == [200] * 6 + [422] * 6 + [200] * 12
    assert await held(database, *range(6), *range(900, 906)) == [10_000] * 6 + [0] * 6
    assert await broken(database) == []


@pytest.mark.parametrize("amounts", [(0,), (10_000, -1), (10_000, 0)])
async def test_an_amount_that_is_none_is_refused_before_anything_is_opened(
    database: Database, amounts: tuple[int, ...]
):
    payments = [
        postings.ClaimPayment(TODAY, bytes([at]) * 32, wallet(at), Money(minor, VIBE))
        for at, minor in enumerate(amounts)
    ]
    with pytest.raises(ledger.InvalidReward):
        await database.run(
            lambda tx: postings.pay_claims(tx, payments=payments, budgets={TODAY: Money(1_000_000, VIBE)})
        )
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM payment.transaction") == 0


def _late(one: Proved) -> tuple[PublicSignals, Asked, Any]:
    return one.said, one.asked, one.asked.expires_at

"""The wallet and operations."""

from __future__ import annotations

from datetime import date

from tests.factories.payment import make_reward
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TODAY = date(2026, 11, 24)


async def test_a_wallet_shows_each_movement_with_postings_that_sum_to_zero(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
        await ledger.fund_pool(tx, epoch=TODAY, amount=Money(10_000_000, VIBE))
        reward = make_reward(user_id=user.user_id, epoch=TODAY, minor=12_345)
        await ledger.pay_rewards(tx, rewards=[reward], now=utc_now())
    page = read(await (await client_for(user)).get("/wallet", headers=FORM))

    assert "1.2345" in page.text
    assert "Reward for listening" in page.text
    assert "Your wallet" in page.text
    assert "Reward pool of Nov 24, 2026" in page.text
    assert "+1.2345\xa0VIBE" in page.text
    assert "-1.2345\xa0VIBE" in page.text


async def test_an_empty_wallet_says_how_to_earn(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)

    assert "Nothing earned yet" in read(await (await client_for(user)).get("/wallet", headers=FORM)).text


async def test_operators_see_the_audit_of_the_live_database(client_for, database):
    async with database.begin() as tx:
        admin = await make_user(tx, roles=("admin",))
    client = await client_for(admin)
    before = read(await client.get("/operations", headers=FORM))
    assert "Check now" in before.text
    checked = await client.post("/operations/audit", headers=FORM)
    page = read(checked)

    assert checked.status_code == 200
    assert "ledger" in checked.text
    assert "statements hold." in page.text


async def test_dead_letters_are_shown_with_their_error_and_replayed_as_chosen(client_for, database):
    async with database.begin() as tx:
        admin = await make_user(tx, roles=("admin",))
        for number in (1, 2):
            await _dead_letter(tx, number=number, error="ValueError: <b>no</b>")
    client = await client_for(admin)
    answer = await client.get("/operations", headers=FORM)
    page = read(answer)
    boxes = sorted(int(box["value"]) for box in page.all("input", name="letter"))
    assert len(boxes) == 2
    assert "ValueError: <b>no</b>" in page.text
    replayed = await client.post("/operations/dead-letters/replay", data={"letter": boxes[:1]}, headers=FORM)
    discarded = await client.post("/operations/dead-letters/discard", data={"letter": boxes[1:]}, headers=FORM)

    assert replayed.headers["location"] == "/operations?done=replayed"
    assert discarded.headers["location"] == "/operations?done=discarded"
    async with database.begin() as tx:
        states = await tx.all(str, "SELECT state AS object FROM platform.undelivered ORDER BY id")
    assert states == ["retrying", "discarded"]


async def test_whoever_is_no_operator_replays_nothing(client_for, database):
    async with database.begin() as tx:
        fan = await make_user(tx)
        await _dead_letter(tx, number=1, error="no")
    client = await client_for(fan)
    for action in ("dead-letters/replay", "dead-letters/discard", "jobs/again", "audit"):
        answer = await client.post(f"/operations/{action}", data={"letter": [1], "job": [1]}, headers=FORM)
        assert answer.status_code == 403, action
    async with database.begin() as tx:
        assert await tx.value("SELECT state FROM platform.undelivered") == "dead"


async def _dead_letter(tx: Tx, *, number: int, error: str) -> None:
    await tx.execute(
        """
        INSERT INTO platform.undelivered (consumer, partition, seq, xid, event_id, type, version, key, data,
            correlation_id, state, blocks, tries, next_try_at, error, settled_at)
        VALUES ('bank', 0, %s, 1, %s, 'vibestream.test.counted', 1, 'k', '{"n": 0}', %s, 'dead', false, 8,
            clock_timestamp(), %s, clock_timestamp())
        """,
        [number, new_id(), new_id(), error],
    )

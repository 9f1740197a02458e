"""Claims over HTTP on a real database: paid once, to the unit, and to nobody whom the books could name."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.factories.claims import holding  # noqa: F401 - the same tools, for a proof of another tree
from tests.factories.receipts import WALLET, claim_body, closed, listened, listener, own_receipts, settled
from vibestream.contexts.listen_reward.claims.domain.proof import MODULUS
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field, to_bytes
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.flows.audit import INVARIANTS
from vibestream.flows.pay_claims import give_back
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

SECRET = 0x5EC12E7
OTHER = 0x0DDBA11
OTHER_WALLET = "ed25519:" + "b2" * 32
ADDRESS = "127.0.0.1"
"""Where the tests' clients say that they are."""


async def balance(database: Database, wallet: str = WALLET) -> int:
    async with database.begin() as tx:
        return (await postings.claim_balance(tx, address=wallet)).minor


async def audit_is_green(database: Database) -> bool:
    found = await check_all(database, INVARIANTS)
    assert [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok] == []
    return True


async def test_what_was_listened_to_is_paid_to_whoever_proves_it(client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan, times=3)
    await listened(database, UserId(new_id()))
    await closed(database)
    own = await own_receipts(database, fan)
    assert [(one.receipt.seconds, one.listen_id is None) for one in own.leaves[:3]] == [(30, False)] * 3
    assert sorted(one.receipt.seconds for one in own.leaves[3:5]) == [1, 2]
    assert [one.artist_id is None for one in own.leaves] == [True] * 5 + [False] * 3

    paid = [await client.post("/api/v1/claims", json=claim_body(own, secret=SECRET, place=at)) for at in (3, 4)]

    assert [one.status_code for one in paid] == [200, 200]
    assert sorted(one.json()["amount_vibe_minor"] for one in paid) == [10_000, 20_000]
    assert (await client.get(f"/api/v1/claim-wallets/{WALLET}")).json()["vibe_minor"] == 30_000
    async with database.begin() as tx:
        assert await ledger.balances_of_person(tx, user_id=fan, kinds=ledger.WALLET_KINDS) == []
    assert await audit_is_green(database)


async def test_fifty_claims_of_one_receipt_at_once_pay_once(client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    own = await own_receipts(database, fan)
    wallets = [f"ed25519:{number:064x}" for number in range(5)]
    bodies = [claim_body(own, secret=SECRET, wallet=one) for one in wallets]

    answers = await asyncio.gather(*(client.post("/api/v1/claims", json=bodies[n % 5]) for n in range(50)))

    codes = [one.status_code for one in answers]
    assert (codes.count(200), codes.count(409)) == (10, 40)
    assert sorted([await balance(database, one) for one in wallets]) == [0, 0, 0, 0, 10_000]
    assert await audit_is_green(database)


async def test_nothing_but_what_was_proved_is_paid(client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    own = await own_receipts(database, fan)
    good = claim_body(own, secret=SECRET)
    bad = []
    for place in range(6):
        for change in (1, ORDER):
            one = copy.deepcopy(good)
            one["public_signals"][place] = str(int(good["public_signals"][place]) + change)
            bad.append(one)
    bad += [
        good | {"wallet": "ed25519:" + "b2" * 32},
        good | {"expires_at": (utc_now() + timedelta(hours=2)).isoformat()},
        claim_body(own, secret=SECRET, song_disclosure=0),
        claim_body(own, secret=SECRET, place=0),
        claim_body(own, secret=SECRET, min_seconds=0),
        claim_body(own, secret=SECRET, payout=5),
    ]
    answers = [await client.post("/api/v1/claims", json=one) for one in bad]

    assert {one.status_code for one in answers} == {422}
    assert await balance(database) == 0
    assert await audit_is_green(database)


async def test_a_proof_that_was_turned_into_another_one_pays_nothing_more(client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    good = claim_body(await own_receipts(database, fan), secret=SECRET)
    turned = copy.deepcopy(good)
    turned["proof"]["pi_a"][1] = str(MODULUS - int(good["proof"]["pi_a"][1]))
    turned["proof"]["pi_b"][1] = [str(MODULUS - int(one)) for one in good["proof"]["pi_b"][1]]

    assert (await client.post("/api/v1/claims", json=good)).status_code == 200
    assert (await client.post("/api/v1/claims", json=turned)).status_code == 200
    assert await balance(database) == 10_000


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("proof", None),
        ("proof", []),
        ("proof", {"pi_a": 1}),
        ("proof", "x" * 3_000),
        ("public_signals", None),
        ("public_signals", ["1"] * 7),
        ("public_signals", [1.5] * 6),
        ("public_signals", [1, 2, 3, 4, 5, 6]),
        ("public_signals", ["-1"] * 6),
        ("public_signals", ["9" * 5_000] * 1),
        ("wallet", "somebody"),
        ("wallet", WALLET.upper()),
        ("epoch", "9999-99-99"),
        ("expires_at", "2026-03-01T00:00:00"),
    ],
)
async def test_what_is_no_claim_is_invalid_and_no_more(client: Any, database: Database, part: str, value: object):
    body = {
        "proof": {}, "public_signals": ["0"] * 6, "epoch": "2026-03-01", "wallet": WALLET,
        "expires_at": utc_now().isoformat(),
    }  # fmt: skip
    answer = await client.post("/api/v1/claims", json=body | {part: value})

    assert answer.status_code == 422


async def test_ten_megabytes_are_not_even_read(client: Any, database: Database):
    answer = await client.post("/api/v1/claims", json={"proof": "1" * 10_000_000})

    assert answer.status_code == 413


async def test_an_epoch_that_is_open_or_over_takes_no_claims_and_what_is_left_goes_back(
    client: Any, database: Database
):
    fan, kin = await listener(database, secret=SECRET), await listener(database, secret=OTHER)
    await listened(database, fan)
    await listened(database, kin, times=2)
    done = await closed(database)
    first, second = await own_receipts(database, fan), await own_receipts(database, kin)
    assert (await client.post("/api/v1/claims", json=claim_body(first, secret=SECRET))).status_code == 200
    late = claim_body(second, secret=OTHER)
    unopened = late | {"epoch": "2026-03-02"}
    assert (await client.post("/api/v1/claims", json=unopened)).status_code == 409

    back = [await database.run(lambda tx: give_back(tx, now=done.claimable_until)) for _ in range(2)]

    assert back == [Money(20_000, VIBE), Money.zero(VIBE)]
    assert (await client.post("/api/v1/claims", json=late)).status_code == 409
    assert await audit_is_green(database)


async def test_a_listen_that_comes_after_the_close_is_of_the_next_epoch(client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await listened(database, fan, paid=False)
    before = await closed(database)

    await settled(database)

    tomorrow = before.epoch + timedelta(days=1)
    after_it = await closed(database, epoch=tomorrow)
    assert (before.leaves, after_it.leaves) == (3, 3)
    own = await own_receipts(database, fan, epoch=tomorrow)
    assert (await client.post("/api/v1/claims", json=claim_body(own, secret=SECRET))).status_code == 200
    assert await balance(database) == 10_000
    assert await audit_is_green(database)


async def test_a_claim_that_few_are_like_is_paid_only_when_it_accepts_to_be_recognised(client: Any, database: Database):
    fans = [await listener(database, secret=SECRET + number) for number in range(20)]
    for number, fan in enumerate(fans):
        await listened(database, fan, times=3 if number == 0 else 1, paid=fan is fans[-1])
    await closed(database)
    own = await own_receipts(database, fans[0])
    places = {own.leaves[at].receipt.seconds: at for at in (3, 4)}
    unsaid = {
        units: claim_body(own, secret=SECRET, place=at) | {"accepts_recognition": False} for units, at in places.items()
    }
    said = unsaid[2] | {"accepts_recognition": True}

    refused = [await client.post("/api/v1/claims", json=unsaid[2]) for _ in range(2)]

    # Of two units there is one, of one unit there are twenty: the floor.
    assert [one.status_code for one in refused] == [409, 409]
    assert refused[0].json()["code"] == "claims.recognisable"
    assert refused[0].json()["facts"] == {"hides_among": 1, "floor": 20}
    assert await balance(database) == 0
    del unsaid[1]["accepts_recognition"]
    assert (await client.post("/api/v1/claims", json=unsaid[1])).status_code == 200
    assert (await client.post("/api/v1/claims", json=said)).status_code == 200
    assert await balance(database) == 30_000
    assert await audit_is_green(database)


@pytest.mark.parametrize("word", ["true", 1, None, "yes"])
async def test_only_the_plain_word_accepts_to_be_recognised(client: Any, database: Database, word: object):
    body = {
        "proof": {}, "public_signals": ["0"] * 6, "epoch": "2026-03-01", "wallet": WALLET,
        "expires_at": utc_now().isoformat(), "accepts_recognition": word,
    }  # fmt: skip
    answer = await client.post("/api/v1/claims", json=body)

    assert answer.status_code == 422
    assert answer.json()["code"] != "claims.invalid"


async def test_what_waits_for_the_close_is_told_to_its_listener_alone(client_for: Any, client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan, times=2)
    mine, other = await client_for(_principal(fan)), await client_for(_principal(UserId(new_id())))

    waiting = [(await one.get("/api/v1/receipts")).json()["items"] for one in (mine, other)]
    await closed(database)

    assert waiting == [[{"epoch": "2026-03-01", "listens": 2}], []]
    assert (await mine.get("/api/v1/receipts")).json() == {"items": []}
    assert (await client.get("/api/v1/receipts")).status_code == 401


async def test_a_claim_that_says_who_sends_it_is_refused(client_for: Any, client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    body = claim_body(await own_receipts(database, fan), secret=SECRET)
    signed_in = await client_for(_principal(fan))

    assert (await signed_in.post("/api/v1/claims", json=body)).status_code == 409
    assert await balance(database) == 0
    assert (await client.post("/api/v1/claims", json=body)).status_code == 200


async def test_receipts_are_shown_to_their_listener_alone(client_for: Any, client: Any, database: Database):
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    theirs, others = await client_for(_principal(fan)), await client_for(_principal(UserId(new_id())))

    mine = (await theirs.get("/api/v1/receipts/2026-03-01")).json()
    assert [len(one["siblings"]) for one in mine["receipts"]] == [20, 20, 20]
    assert (await others.get("/api/v1/receipts/2026-03-01")).json()["receipts"] == []
    assert (await client.get("/api/v1/receipts/2026-03-01")).status_code == 401
    published = (await client.get("/api/v1/epochs/2026-03-01")).json()
    assert (published["leaves"], published["tiers"]) == (3, {"1": 1})
    assert (await client.get("/api/v1/epochs/2026-03-02")).status_code == 404


async def test_an_identity_is_registered_and_changed_for_coming_epochs_only(client_for: Any, database: Database):
    fan, thief = await client_for(_principal(UserId(new_id()))), await client_for(_principal(UserId(new_id())))
    today = utc_now().date()

    first, again, second = [
        await fan.put("/api/v1/receipts/identity", json={"commitment": one}) for one in ("11", "11", "12")
    ]

    starts = [one.json()["from_epoch"] for one in (first, again, second)]
    assert starts == [str(today), str(today), str(today + timedelta(days=1))]
    assert (await thief.put("/api/v1/receipts/identity", json={"commitment": "11"})).status_code == 409
    assert (await fan.put("/api/v1/receipts/identity", json={"commitment": "11"})).status_code == 409
    assert (await fan.put("/api/v1/receipts/identity", json={"commitment": str(ORDER)})).status_code == 422


async def test_no_value_of_a_claim_is_one_of_its_listener_nor_a_digest_of_one(client: Any, database: Database):
    """Every value of every table, and its SHA-256, compared with every value that a claim left in any table."""
    secrets = [SECRET, OTHER, 0xF00]
    fans = [await listener(database, secret=one) for one in secrets]
    for fan in fans:
        await listened(database, fan)
    await closed(database)
    await client.get("/healthz")
    before = await _values(database)
    claimed = claim_body(await own_receipts(database, fans[1]), secret=OTHER)

    assert (await client.post("/api/v1/claims", json=claimed)).status_code == 200

    personal = set()
    for fan, secret in zip(fans, secrets, strict=True):
        for leaf in (await own_receipts(database, fan)).leaves:
            numbers = (leaf.receipt.commitment, leaf.receipt.nonce, leaf.receipt.leaf)
            personal |= {value for one in numbers for value in _forms(to_bytes(one))}
            personal |= _forms(str(leaf.listen_id).encode()) if leaf.listen_id else set()
        personal |= _forms(str(fan).encode()) | _forms(fan.bytes) | _forms(secret.to_bytes(32, "big"))
    fresh = {row for row in await _values(database) if row not in before}
    assert any("listen_reward.claim" in table for table, _ in fresh)
    assert [row for row in fresh if any(one in row[1] for one in personal)] == []
    assert not any("users." in table or "listen_reward.receipt " in table for table, _ in fresh)


async def test_no_line_of_the_log_and_no_row_says_that_listener_and_claim_are_one(
    client_for: Any, client: Any, database: Database
):
    """The listener fetches receipts, and claims: nothing that is written about the one is written about the other."""
    fan = await listener(database, secret=SECRET)
    await listened(database, fan)
    await closed(database)
    theirs = await client_for(_principal(fan))
    own = await own_receipts(database, fan)
    sent = claim_body(own, secret=SECRET)
    with capture_logs() as fetching:
        fetched = await theirs.get("/api/v1/receipts/2026-03-01")
    before = await _values(database)
    with capture_logs() as claiming:
        answers = [
            await client.post("/api/v1/claims", json=one) for one in (sent, sent, sent | {"wallet": OTHER_WALLET})
        ]
        seen = await client.get(f"/api/v1/claim-wallets/{WALLET}")

    assert [one.status_code for one in (fetched, *answers, seen)] == [200, 200, 200, 422, 200]
    # Of a claim the log has a route, a status and how long it took: no body, no address, no wallet.
    assert [set(one) for one in claiming] == [{"event", "log_level", "method", "route", "status", "duration_ms"}] * 4
    assert {one["route"] for one in claiming} == {"/api/v1/claims", "/api/v1/claim-wallets/{wallet}"}
    said = json.dumps([*claiming, *fetching], default=str)
    nullifier = sent["public_signals"][0]
    for word in (WALLET, OTHER_WALLET, nullifier, to_bytes(Field(int(nullifier))).hex(), str(fan), fan.hex, ADDRESS):
        assert word not in said
    # Neither its request, nor from where it came, nor its minute is in a row but the ledger's own, which names nobody.
    requests = [one.headers["x-request-id"] for one in (fetched, *answers, seen)]
    assert len(set(requests)) == 5
    fresh = [row for row in await _values(database) if row not in before]
    assert [row for row in fresh if any(word in row[1] for word in (*requests, ADDRESS, str(fan), fan.hex))] == []
    minute = utc_now().strftime("%Y-%m-%d %H:%M")
    dated = {table.strip() for table, row in fresh if minute in row}
    assert dated <= {"payment.transaction", "payment.account", "payment.balance", "payment.entry", "platform.outbox"}


def _forms(data: bytes) -> set[str]:
    """What a value may look like in a row's text: itself, and its digests."""
    text = data.decode() if data.isascii() and b"\0" not in data and len(data) > 8 else data.hex()
    return {text, data.hex(), hashlib.sha256(data).hexdigest(), hashlib.sha256(text.encode()).hexdigest()}


async def _values(database: Database) -> set[tuple[str, str]]:
    async with database.begin() as tx:
        tables = await tx.values(
            """
            SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1
            """
        )
        return {
            (f"{table} ", row)
            for table in tables
            for row in await tx.values(f"SELECT t::text FROM {table} t")  # noqa: S608 - names from the catalogue
        }


def _principal(user_id: UserId, *roles: str) -> Principal:
    from vibestream.kernel.ids import SessionId

    proved_at = utc_now()
    return Principal(user_id=user_id, session_id=SessionId(new_id()), roles=frozenset(roles), proved_at=proved_at)

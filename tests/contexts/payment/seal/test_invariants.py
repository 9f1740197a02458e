"""The audit finds each change of sealed books, and says which transaction or seal it is."""

from __future__ import annotations

import pytest

from tests.factories.payment import as_owner, make_liquidity, make_wallets, transfer
from tests.factories.seal import KEYS, make_key, seal_all, seal_once
from vibestream.contexts.payment.ledger.service import post_batch
from vibestream.contexts.payment.seal.invariants import invariants_of
from vibestream.contexts.payment.seal.service import Head, publish_head
from vibestream.kernel.ids import TransactionId
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime

Books = list[TransactionId]


async def found(
    database: Database, runtime: Runtime, *, blocks: int | None = None, keys: dict[str, object] | None = None
) -> dict[str, str]:
    """What does not hold, with what is said about it."""
    checked = await check_all(database, invariants_of(runtime.objects, keys or KEYS, blocks=blocks))  # type: ignore[arg-type]
    return {one.invariant.name: one.finding.detail for one in checked if not one.finding.ok}


async def figures(database: Database, runtime: Runtime, *, blocks: int | None) -> dict[str, str]:
    checked = await check_all(database, invariants_of(runtime.objects, KEYS, blocks=blocks))
    return {one.invariant.name: one.finding.figure for one in checked}


async def post_many(database: Database, count: int) -> Books:
    async with database.begin() as tx:
        source = await make_liquidity(tx)
        (target,) = await make_wallets(tx, 0)
        postings = [transfer(source, target, 5, details={"n": str(number)}) for number in range(count)]
        return [one.transaction_id for one in await post_batch(tx, postings=postings) if one.transaction_id]


async def publish_all(database: Database, runtime: Runtime, heads: list[Head]) -> None:
    for head in heads:
        await publish_head(runtime.objects, head=head)


@pytest.fixture
async def books(lone_database: Database, runtime: Runtime) -> Books:
    """Thirty transactions under three seals, all published, in the order of their leaves."""
    heads = []
    for _ in range(3):
        await post_many(lone_database, 10)
        heads += await seal_all(lone_database)
    await publish_all(lone_database, runtime, heads)
    async with lone_database.begin() as tx:
        return await tx.values("SELECT transaction_id FROM payment.sealed ORDER BY leaf")


async def test_empty_books_are_sound(lone_database: Database, runtime: Runtime):
    assert await found(lone_database, runtime) == {}
    assert await figures(lone_database, runtime, blocks=None) == {
        "seal.chained": "no seals",
        "seal.unchanged": "nothing sealed",
        "seal.published": "0 published, 0 not yet",
        "seal.keeps_up": "0 sealed, 0 overdue",
    }


async def test_sound_books_are_found_sound_and_all_of_them_is_read(
    lone_database: Database, runtime: Runtime, books: Books
):
    await post_many(lone_database, 1)
    await seal_once(lone_database)
    assert await found(lone_database, runtime) == {}
    assert await figures(lone_database, runtime, blocks=None) == {
        "seal.chained": "4 seals over 31 transactions, 4 signatures verified",
        "seal.unchanged": "31 transactions hashed again, 4 roots found again",
        "seal.published": "3 published, 1 not yet",
        "seal.keeps_up": "31 sealed, 0 overdue",
    }


# As a superuser, past every right and trigger. Each changes as little as can be: one bit where a column has bits.
CHANGES = {
    "one bit of an amount": "UPDATE payment.entry SET amount = amount # 1 WHERE transaction_id = %s AND line = 1",
    "one bit of a running balance": "UPDATE payment.entry SET balance_after = balance_after # 1 WHERE transaction_id = %s AND line = 2",
    "a running balance where there is none": "UPDATE payment.entry SET balance_after = 0 WHERE transaction_id = %s AND line = 1",
    "whose account it is": "UPDATE payment.entry SET account_id = (SELECT min(id::text)::uuid FROM payment.account) WHERE transaction_id = %s AND line = 2",
    "the order of entries": "UPDATE payment.entry SET line = line + 2 WHERE transaction_id = %s",
    "one bit of the key": "UPDATE payment.transaction SET idempotency_key = idempotency_key || ' ' WHERE id = %s",
    "the kind": "UPDATE payment.transaction SET kind = 'gift' WHERE id = %s",
    "one digit of the details": "UPDATE payment.transaction SET details = jsonb_set(details, '{n}', '\"77\"') WHERE id = %s",
    "a number for a text": "UPDATE payment.transaction SET details = jsonb_set(details, '{n}', '7') WHERE id = %s",
    "what it reverses": "UPDATE payment.transaction SET reverses = (SELECT max(id::text)::uuid FROM payment.transaction) WHERE id = %s",
    "when it took effect": "UPDATE payment.transaction SET effective_at = recorded_at WHERE id = %s",
    "one microsecond": "UPDATE payment.transaction SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = %s",
    "one bit of the digest": "UPDATE payment.transaction SET request_hash = set_bit(request_hash, 9, 1 - get_bit(request_hash, 9)) WHERE id = %s",
    "the database's transaction": "UPDATE payment.transaction SET xid = (xid::text::bigint + 1)::text::xid8 WHERE id = %s",
    "an entry taken out": "DELETE FROM payment.entry WHERE transaction_id = %s AND line = 1",
    "all entries taken out": "DELETE FROM payment.entry WHERE transaction_id = %s",
    "a balanced pair added": "INSERT INTO payment.entry (transaction_id, account_id, amount, line) SELECT transaction_id, account_id, -amount, line + 2 FROM payment.entry WHERE transaction_id = %s",
    "the transaction taken out": "DELETE FROM payment.transaction WHERE id = %s",
    "one bit of the leaf": "UPDATE payment.sealed SET hash = set_bit(hash, 0, 1 - get_bit(hash, 0)) WHERE transaction_id = %s",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
async def test_names_the_transaction_of_which_somebody_changed(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books, change: str
):
    await as_owner(lone_owner_dsn, CHANGES[change], params=[books[13]], triggers=False)

    for blocks in (None, 4):
        said = await found(lone_database, runtime, blocks=blocks)
        assert set(said) == {"seal.unchanged"}
        assert said["seal.unchanged"] in {
            f"transaction {books[13]} is not what was sealed as leaf 13",
            f"transaction {books[13]} was sealed as leaf 13 and is gone",
        }


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment.account SET subject = 'x' WHERE kind = 'liquidity'",
        "UPDATE payment.account SET kind = 'suspense' WHERE kind = 'liquidity'",
        "UPDATE payment.account SET currency = 'EUR' WHERE kind = 'liquidity'",
        "DELETE FROM payment.account WHERE kind = 'liquidity'",
    ],
)
async def test_an_account_under_another_name_changes_every_transaction_on_it(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books, change: str
):
    await as_owner(lone_owner_dsn, change, triggers=False)
    said = await found(lone_database, runtime)
    assert said["seal.unchanged"].startswith(f"transaction {books[0]} is not what was sealed as leaf 0; ")
    assert said["seal.unchanged"].endswith("; and 25 more")


async def test_whoever_covers_a_change_up_in_the_leaves_is_found_by_the_root(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books
):
    """The leaf is written to fit the changed transaction; the seal that signed it cannot be."""
    from vibestream.contexts.payment.seal.domain import tree
    from vibestream.contexts.payment.seal.store.ledger import load_leaves

    await as_owner(lone_owner_dsn, CHANGES["one bit of an amount"], params=[books[13]], triggers=False)
    async with lone_database.begin() as tx:
        (leaf,) = await load_leaves(tx, [books[13]])
    assert leaf is not None
    await as_owner(
        lone_owner_dsn,
        "UPDATE payment.sealed SET hash = %s WHERE leaf = 13",
        params=[tree.leaf_hash(leaf)],
        triggers=False,
    )
    assert await found(lone_database, runtime) == {
        "seal.unchanged": "a transaction among leaves 10 to 19 is not what seal 2 signed"
    }


SEAL_CHANGES = {
    "a seal is taken out": ("DELETE FROM payment.seal WHERE number = 2", {"seal.chained": "seal 2 is missing", "seal.published": "seal 2 was published and is not in the database"}),
    "the newest is taken out": ("DELETE FROM payment.seal WHERE number = 3", {"seal.published": "seal 3 was published and is not in the database", "seal.unchanged": "is a leaf that no seal holds"}),
    "the newest is taken out with its leaves": ("DELETE FROM payment.seal WHERE number = 3; DELETE FROM payment.sealed WHERE leaf >= 20", {"seal.published": "seal 3 was published and is not in the database"}),
    "all are taken out": ("DELETE FROM payment.seal; DELETE FROM payment.sealed", {"seal.published": "seal 1 was published and is not in the database"}),
    "a leaf is taken out": ("DELETE FROM payment.sealed WHERE leaf = 4", {"seal.unchanged": "leaf 4 is missing"}),
    "two leaves change places": ("UPDATE payment.sealed SET leaf = 100 WHERE leaf = 3; UPDATE payment.sealed SET leaf = 3 WHERE leaf = 4; UPDATE payment.sealed SET leaf = 4 WHERE leaf = 100", {"seal.unchanged": "a transaction among leaves 0 to 9 is not what seal 1 signed"}),
    "a root is changed": ("UPDATE payment.seal SET root = sha256('x') WHERE number = 2", {"seal.chained": "seal 2: The signature of seal 2 is wrong.", "seal.published": "seal 2 is not what was published", "seal.unchanged": "leaves 10 to 19"}),
    "a seal is dated back": ("UPDATE payment.seal SET sealed_at = sealed_at - interval '1 day' WHERE number = 3", {"seal.chained": "seal 3 is dated before seal 2", "seal.published": "seal 3 is not what was published"}),
    "a key is changed": ("UPDATE payment.seal SET key_id = 'mine' WHERE number = 3", {"seal.chained": "seal 3: No key mine is trusted here.", "seal.published": "seal 3 is not what was published"}),
}  # fmt: skip


@pytest.mark.parametrize("change", SEAL_CHANGES)
async def test_finds_that(lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books, change: str):
    statements, expected = SEAL_CHANGES[change]
    await as_owner(lone_owner_dsn, *statements.split("; "), triggers=False)
    said = await found(lone_database, runtime)
    assert {name for name in said if name != "seal.keeps_up"} == set(expected), said
    for name, words in expected.items():
        assert words in said[name]


async def test_seals_made_anew_by_a_stranger_are_not_believed(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books
):
    """Somebody with the whole database changes a transaction, throws the seals away and seals again with a key of theirs."""
    await as_owner(
        lone_owner_dsn,
        "DELETE FROM payment.seal",
        "DELETE FROM payment.sealed",
        "UPDATE payment.transaction SET kind = 'gift' WHERE idempotency_key = (SELECT min(idempotency_key) FROM payment.transaction)",
        triggers=False,
    )
    stranger = make_key(66)
    await seal_all(lone_database, key=stranger)
    said = await found(lone_database, runtime)
    assert said["seal.chained"] == f"seal 1: No key {stranger.public.key_id} is trusted here."
    assert "seal 2 was published and is not in the database" in said["seal.published"]


async def test_what_was_published_by_a_stranger_is_not_believed(
    lone_database: Database, runtime: Runtime, books: Books
):
    await runtime.objects.put_bytes("ledger/seals/000000000004.json", b"[]", content_type="application/json")
    await runtime.objects.put_bytes("ledger/seals/000000000005.json", b"{", content_type="application/json")
    said = await found(lone_database, runtime)
    assert "the published seal 4 cannot be trusted" in said["seal.published"]
    assert "the published seal 5 cannot be trusted: The object is not JSON." in said["seal.published"]


async def test_a_transaction_that_waits_for_an_hour_is_overdue_wherever_its_id_lies(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, books: Books
):
    (late,) = await post_many(lone_database, 1)
    await seal_all(lone_database)
    await as_owner(
        lone_owner_dsn,
        "DELETE FROM payment.sealed WHERE transaction_id = %s",
        "DELETE FROM payment.seal WHERE number = 4 AND %s::uuid IS NOT NULL",
        "UPDATE payment.transaction SET recorded_at = recorded_at - interval '61 minutes', xid = '3' WHERE id = %s",
        params=[late],
        triggers=False,
    )
    assert "1 transactions are in no seal an hour later" in (await found(lone_database, runtime))["seal.keeps_up"]


async def test_books_that_stand_still_have_nothing_overdue(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime
):
    await post_many(lone_database, 2)
    await as_owner(
        lone_owner_dsn, "UPDATE payment.transaction SET recorded_at = recorded_at - interval '9 days'", triggers=False
    )
    assert await found(lone_database, runtime) == {}
    await post_many(lone_database, 1)
    assert "2 transactions are in no seal" in (await found(lone_database, runtime))["seal.keeps_up"]


@pytest.fixture
async def large(lone_database: Database) -> Books:
    """2,600 transactions: eleven blocks of 256, ten of them complete."""
    await post_many(lone_database, 2_600)
    await seal_all(lone_database, most=900)
    async with lone_database.begin() as tx:
        return await tx.values("SELECT transaction_id FROM payment.sealed ORDER BY leaf")


@pytest.fixture
def large_and_owner(large: Books, lone_owner_dsn: str) -> str:
    return lone_owner_dsn


async def test_of_large_books_the_newest_and_a_sample_are_read(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, large: Books
):
    assert await found(lone_database, runtime) == {}
    assert await found(lone_database, runtime, blocks=2) == {}
    some = (await figures(lone_database, runtime, blocks=2))["seal.unchanged"]
    assert some == "1,320 of 2,600 transactions hashed again, the newest root found again"
    every = (await figures(lone_database, runtime, blocks=None))["seal.unchanged"]
    assert every == "2,600 transactions hashed again, 3 roots found again"

    await as_owner(lone_owner_dsn, CHANGES["one bit of an amount"], params=[large[2_599]], triggers=False)
    for blocks in (0, 1, 2, None):
        said = await found(lone_database, runtime, blocks=blocks)
        assert said == {"seal.unchanged": f"transaction {large[2_599]} is not what was sealed as leaf 2599"}


async def test_a_change_of_old_books_is_found_by_the_sample_sooner_or_later_and_by_reading_all_at_once(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, large: Books
):
    await as_owner(lone_owner_dsn, CHANGES["one bit of an amount"], params=[large[300]], triggers=False)
    fault = {"seal.unchanged": f"transaction {large[300]} is not what was sealed as leaf 300"}
    assert await found(lone_database, runtime, blocks=None) == fault
    assert await found(lone_database, runtime, blocks=0) == {}, "it is in none of the newest blocks"
    for _ in range(200):  # one of the seven older blocks: missed 200 times with a chance of 1 in 10^29
        if await found(lone_database, runtime, blocks=2):
            return
    pytest.fail("never read")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE payment.seal_node SET hash = sha256('x') WHERE place = 9", ["the root kept of leaves 2304 to 2559 is not theirs"] * 2),
        ("DELETE FROM payment.seal_node WHERE place = 2", ["the root kept of leaves 512 to 767 is not theirs"] * 2),
        ("UPDATE payment.seal_node SET hash = sha256('x') WHERE place = 2", ["the tree is not the one that seal 3 signed", "the root kept of leaves 512 to 767 is not theirs"]),
        ("DELETE FROM payment.sealed WHERE leaf = 2590", ["leaf 2590 is missing"] * 2),
    ],
    ids=["new node", "gone node", "old node", "leaf"],
)  # fmt: skip
async def test_what_is_kept_of_the_tree_is_checked_too(
    large_and_owner: str, lone_database: Database, runtime: Runtime, change: str, said: list[str]
):
    await as_owner(large_and_owner, change, triggers=False)
    for blocks, words in zip((0, None), said, strict=True):
        assert words in (await found(lone_database, runtime, blocks=blocks))["seal.unchanged"]


@pytest.mark.usefixtures("books")
async def test_of_many_seals_the_newest_are_verified_and_all_when_asked_for(
    lone_database: Database, lone_owner_dsn: str, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
):
    from vibestream.contexts.payment.seal.invariants import chain

    monkeypatch.setattr(chain, "RECENT", 2)
    assert (await figures(lone_database, runtime, blocks=4))[
        "seal.chained"
    ] == "3 seals over 30 transactions, 2 signatures verified"
    await as_owner(lone_owner_dsn, "UPDATE payment.seal SET signature = sha512('x') WHERE number = 1", triggers=False)
    assert "seal.chained" not in await found(lone_database, runtime, blocks=4)
    assert (
        "seal 1: The signature of seal 1 is wrong."
        in (await found(lone_database, runtime, blocks=None))["seal.chained"]
    )
    await as_owner(lone_owner_dsn, "DELETE FROM payment.seal WHERE number = 1", triggers=False)
    assert "seal 1 is missing" in (await found(lone_database, runtime, blocks=4))["seal.chained"]

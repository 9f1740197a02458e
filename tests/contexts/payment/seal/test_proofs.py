"""Proofs: made from the books, checked without them, and worth nothing once a digit is changed."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.payment import NOW, as_owner, make_liquidity, make_posting, make_wallet, make_wallets, transfer
from tests.factories.seal import KEY, KEYS, make_key, seal_all, seal_once
from vibestream.contexts.payment.ledger.service import post, post_batch, reverse
from vibestream.contexts.payment.seal.domain.leaves import entry_leaf, read_entry, read_transaction, transaction_leaf
from vibestream.contexts.payment.seal.service import (
    ConsistencyProof,
    EntryProof,
    LeafMalformed,
    ProofInvalid,
    ProofMalformed,
    SealMissing,
    SignatureInvalid,
    TransactionProof,
    TreeBroken,
    by_id,
    prove,
    prove_consistency,
    prove_entries,
    verify,
    verify_consistency,
    verify_entry,
    verify_transaction,
)
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.platform.database import Database

WORDS = 'rent of "May"\n\\ \t\x01\x7f ünï 🎵 </script>'


@pytest.fixture
async def books(lone_database: Database) -> tuple[list[TransactionId], list[AccountId]]:
    """Twenty transactions over two seals; the seventh has 300 legs, the eighth hard words, the ninth is a reversal."""
    async with lone_database.begin() as tx:
        source = await make_liquidity(tx)
        accounts = list(await make_wallets(tx, *[0] * 300))
        done = [(await post(tx, posting=transfer(source, accounts[0], 100))).transaction_id for _ in range(6)]
        legs = [(account, number + 1) for number, account in enumerate(accounts[:299])]
        run = make_posting((source, -sum(amount for _, amount in legs)), *legs, kind="royalty_run", key="run")
        done.append((await post(tx, posting=run)).transaction_id)
        hard = transfer(source, accounts[1], 5, key=f"key: {WORDS}", details={"é": WORDS, "a": ""}, effective_at=NOW)
        done.append((await post(tx, posting=hard)).transaction_id)
        done.append((await reverse(tx, transaction_id=done[0], key="undo", reason="mistake")).transaction_id)
    await seal_all(lone_database)
    async with lone_database.begin() as tx:
        done += [(await post(tx, posting=transfer(source, accounts[2], 1))).transaction_id for _ in range(11)]
    await seal_all(lone_database)
    return done, accounts


async def test_every_sealed_transaction_is_proved_through_json(lone_database: Database, books):
    done, _ = books
    async with lone_database.begin() as tx:
        proofs = await prove(tx, transaction_ids=[*done, TransactionId(new_id())])
    assert set(proofs) == set(done)
    assert {proof.head.number for proof in proofs.values()} == {2}
    for transaction_id, proof in proofs.items():
        again = TransactionProof.from_json(json.loads(json.dumps(proof.to_json())))
        assert again == proof
        assert verify_transaction(again, keys=KEYS).transaction_id == transaction_id
        verify(again, again.leaf, KEY.public)


async def test_what_a_proof_says_is_what_was_posted(lone_database: Database, books):
    done, _ = books
    async with lone_database.begin() as tx:
        proofs = await prove(tx, transaction_ids=done)
    hard = verify_transaction(proofs[done[7]], keys=KEYS)
    assert (hard.key, hard.kind, hard.details) == (f"key: {WORDS}", "test", {"é": WORDS, "a": ""})
    assert (hard.effective_at, hard.reverses, hard.entries) == (NOW, None, 2)
    assert hard.recorded_at.tzinfo is not None
    undone = verify_transaction(proofs[done[8]], keys=KEYS)
    assert (undone.kind, undone.reverses, undone.effective_at) == ("reversal", done[0], None)


async def test_one_line_of_a_run_is_proved_and_shows_no_other(lone_database: Database, books):
    done, accounts = books
    async with lone_database.begin() as tx:
        proofs = await prove_entries(tx, transaction_ids=[done[6]], account_ids=[accounts[41], accounts[299]])
    (proof,) = proofs
    entry, transaction = verify_entry(EntryProof.from_json(json.loads(json.dumps(proof.to_json()))), keys=KEYS)
    assert (entry.account_id, entry.kind, entry.currency, entry.amount, entry.line) == (
        accounts[41], "wallet", "VIBE", 42, 43,
    )  # fmt: skip
    assert (transaction.transaction_id, transaction.kind, transaction.entries) == (done[6], "royalty_run", 300)
    shown = json.dumps(proof.to_json())
    assert not any(str(account) in shown for account in accounts if account != accounts[41])


async def test_entries_on_several_accounts_come_in_order(lone_database: Database, books):
    done, accounts = books
    async with lone_database.begin() as tx:
        proofs = await prove_entries(tx, transaction_ids=done, account_ids=accounts[:2])
        assert await prove_entries(tx, transaction_ids=[], account_ids=accounts) == []
    found = [verify_entry(proof, keys=KEYS) for proof in proofs]
    assert [entry.amount for entry, _ in found] == [100, 100, 100, 100, 100, 100, 1, 2, 5, -100]
    assert len({transaction.transaction_id for _, transaction in found}) == 9


def tampered(document: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return changed


def flip(text: str) -> str:
    return ("1" if text[0] == "0" else "0") + text[1:]


TAMPERED = {
    "a digit of the amount": (("leaf",), lambda leaf: leaf.replace('"amount":"42"', '"amount":"43"'), ProofInvalid),
    "the line": (("leaf",), lambda leaf: leaf.replace('"line":43', '"line":44'), ProofInvalid),
    "a line that is not there": (("leaf",), lambda leaf: leaf.replace('"line":43', '"line":0'), ProofInvalid),
    "the owner": (("leaf",), lambda leaf: leaf.replace('"subject":"0', '"subject":"1'), ProofInvalid),
    "the currency": (("leaf",), lambda leaf: leaf.replace("VIBE", "USDC"), ProofInvalid),
    "a space": (("leaf",), lambda leaf: leaf.replace('"line":', '"line": '), LeafMalformed),
    "a member twice": (("leaf",), lambda leaf: leaf.replace('"line":43', '"line":43,"line":43'), LeafMalformed),
    "a member more": (("leaf",), lambda leaf: leaf[:-1] + ',"more":1}', LeafMalformed),
    "no JSON": (("leaf",), "x", LeafMalformed),
    "the transaction for the entry": (("leaf",), lambda _: "{}", LeafMalformed),
    "a step of the entry's path": (("path", 0), flip, ProofInvalid),
    "a step less": (("path",), lambda path: path[:-1], ProofInvalid),
    "a step more": (("path",), lambda path: [*path, path[0]], ProofInvalid),
    "the transaction's words": (("transaction", "leaf"), lambda leaf: leaf.replace("royalty_run", "royalty_ran"), ProofInvalid),
    "the root of the entries": (("transaction", "leaf"), lambda leaf: leaf[:-3] + flip(leaf[-3:]), ProofInvalid),
    "the place": (("transaction", "index"), lambda index: index ^ 1, ProofInvalid),
    "a place beyond the tree": (("transaction", "index"), 99, ProofInvalid),
    "a step of the path": (("transaction", "path", 1), flip, ProofInvalid),
    "the sealed root": (("transaction", "head", "root"), flip, SignatureInvalid),
    "the size": (("transaction", "head", "size"), 21, SignatureInvalid),
    "the instant": (("transaction", "head", "sealed_at"), "2026-11-24T12:00:01.000000Z", SignatureInvalid),
    "the signature": (("transaction", "head", "signature"), lambda text: ("B" if text[0] == "A" else "A") + text[1:], SignatureInvalid),
    "a signature that is none": (("transaction", "head", "signature"), "AAAA", ProofMalformed),
    "a hash in capitals": (("path", 0), str.upper, ProofMalformed),
    "a hash that is none": (("path", 0), "zz" * 32, ProofMalformed),
    "a hash that is short": (("path", 0), "00", ProofMalformed),
    "a path that never ends": (("path",), ["00" * 32] * 65, ProofMalformed),
    "a path that is no list": (("path",), "00" * 32, ProofMalformed),
    "a negative place": (("transaction", "index"), -1, ProofMalformed),
    "a place that is true": (("transaction", "index"), True, ProofMalformed),
    "a place beyond all numbers": (("transaction", "index"), 2**63, ProofMalformed),
    "an instant without a zone": (("transaction", "head", "sealed_at"), "2026-11-24T12:00:00", ProofMalformed),
    "an instant that is none": (("transaction", "head", "sealed_at"), "noon", ProofMalformed),
    "a leaf that is no text": (("leaf",), 1, ProofMalformed),
    "a leaf that cannot be written": (("leaf",), "\ud800", ProofMalformed),
    "a leaf without end": (("leaf",), "x" * (2**20 + 1), ProofMalformed),
    "a list for the head": (("transaction", "head"), [], ProofMalformed),
    "nothing for the transaction": (("transaction",), None, ProofMalformed),
}  # fmt: skip


async def test_nothing_in_a_proof_can_be_changed(lone_database: Database, books):
    done, accounts = books
    async with lone_database.begin() as tx:
        (proof,) = await prove_entries(tx, transaction_ids=[done[6]], account_ids=[accounts[41]])
    document = proof.to_json()
    for what, (path, value, error) in TAMPERED.items():
        changed = tampered(document, *path, value=value)
        assert changed != document, what
        with pytest.raises(error):
            verify_entry(EntryProof.from_json(changed), keys=KEYS)
            pytest.fail(f"accepted: {what}")


async def test_a_proof_is_of_its_own_transaction_alone(lone_database: Database, books):
    done, _ = books
    async with lone_database.begin() as tx:
        proofs = await prove(tx, transaction_ids=done[:2])
    mine, other = proofs[done[0]], proofs[done[1]]
    with pytest.raises(ProofInvalid):
        verify(mine, other.leaf, KEY.public)
    with pytest.raises(ProofInvalid):
        verify(replace(mine, leaf=other.leaf), other.leaf, KEY.public)


async def test_a_proof_is_believed_under_trusted_keys_alone(lone_database: Database, books):
    done, _ = books
    async with lone_database.begin() as tx:
        proof = (await prove(tx, transaction_ids=done))[done[0]]
    with pytest.raises(Exception, match="No key"):
        verify_transaction(proof, keys=by_id([make_key(2).public]))


@pytest.mark.usefixtures("books")
async def test_the_old_tree_is_the_beginning_of_the_new_one(lone_database: Database):
    async with lone_database.begin() as tx:
        consistency = await prove_consistency(tx, old=1, new=2)
    again = ConsistencyProof.from_json(json.loads(json.dumps(consistency.to_json())))
    verify_consistency(again, keys=KEYS)
    assert (again.old.size, again.new.size) == (9, 20)
    for wrong in (replace(again, old=again.new, new=again.old), replace(again, path=again.path[:-1])):
        with pytest.raises(ProofInvalid):
            verify_consistency(wrong, keys=KEYS)
    with pytest.raises(SignatureInvalid):
        verify_consistency(replace(again, old=replace(again.old, root=bytes(32))), keys=KEYS)
    async with lone_database.begin() as tx:
        verify_consistency(await prove_consistency(tx, old=2, new=2), keys=KEYS)
        for old, new in ((1, 3), (3, 4), (2, 1)):
            with pytest.raises(SealMissing):
                await prove_consistency(tx, old=old, new=new)


async def test_what_is_not_sealed_has_no_proof(lone_database: Database):
    async with lone_database.begin() as tx:
        a, b = await make_wallets(tx, 10, 0)
        done = (await post(tx, posting=transfer(a, b, 1))).transaction_id
    async with lone_database.begin() as tx:
        assert await prove(tx, transaction_ids=[done]) == {}
        assert await prove_entries(tx, transaction_ids=[done], account_ids=[a]) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment.entry SET amount = amount + 1 WHERE transaction_id = %s AND line = 2",
        "DELETE FROM payment.transaction WHERE id = %s",
        "UPDATE payment.sealed SET hash = sha256('x') WHERE leaf = 1 AND %s::uuid IS NOT NULL",
        "DELETE FROM payment.sealed WHERE leaf = 1 AND %s::uuid IS NOT NULL",
    ],
)
async def test_no_proof_is_made_of_books_that_were_changed(
    lone_database: Database, lone_owner_dsn: str, books, change: str
):
    done, _ = books
    await as_owner(lone_owner_dsn, change, params=[done[0]], triggers=False)
    async with lone_database.begin() as tx:
        with pytest.raises(TreeBroken):
            await prove(tx, transaction_ids=[done[0]])


async def test_proofs_hold_in_a_tree_of_many_blocks(lone_database: Database):
    """600 leaves: paths lead through kept subtrees of 256, the part after them, and single leaves."""
    async with lone_database.begin() as tx:
        source, target = await make_liquidity(tx), (await make_wallet(tx)).account_id
        outcomes = await post_batch(tx, postings=[transfer(source, target, 1) for _ in range(600)])
        done = [one.transaction_id for one in outcomes if one.transaction_id]
    await seal_all(lone_database, most=250)
    async with lone_database.begin() as tx:
        proofs = await prove(tx, transaction_ids=done)
        between = [await prove_consistency(tx, old=old, new=new) for old in (1, 2, 3) for new in range(old, 4)]
    assert len([verify_transaction(proof, keys=KEYS) for proof in proofs.values()]) == 600
    lengths = {proof.index: len(proof.path) for proof in proofs.values()}
    # 600 = 512 + 64 + 16 + 8: one step for each part beside, and those within one's own.
    assert [lengths[index] for index in (0, 255, 511, 512, 599)] == [10, 10, 10, 8, 6]
    for proof in between:
        verify_consistency(proof, keys=KEYS)


def test_an_entry_reads_as_it_was_written():
    facts: dict[str, Any] = {
        "account_id": "019a0000-0000-7000-8000-000000000001", "kind": "royalties_pending", "subject": WORDS,
        "currency": "USD", "line": 3, "amount": -(2**62), "balance_after": None, "position": 2**62,
    }  # fmt: skip
    leaf = entry_leaf(**facts)
    read = read_entry(leaf)
    assert (str(read.account_id), read.subject, read.amount, read.balance_after) == (
        facts["account_id"], WORDS, -(2**62), None,
    )  # fmt: skip
    assert entry_leaf(**{**facts, "balance_after": 0}) != leaf


def test_the_bytes_of_an_entry_are_these():
    leaf = entry_leaf(
        account_id="019a0000-0000-7000-8000-000000000001", kind="wallet", subject='a"\\\n\x1fé', currency="VIBE", line=1,
        amount=-5, balance_after=7, position=12,
    )  # fmt: skip
    assert (
        leaf
        == (
            '{"type":"vibestream.ledger.entry.v1","account":"019a0000-0000-7000-8000-000000000001","kind":"wallet",'
            '"subject":"a\\"\\\\\\n\\u001fé","currency":"VIBE","line":1,"amount":"-5","balance_after":"7","position":"12"}'
        ).encode()
    )


@pytest.mark.parametrize(
    "leaf",
    [b"", b"[]", b"{}", b"null", b"\xff", b'{"type":"vibestream.ledger.transaction.v2"}', b"[" * 100_000],
)
def test_bytes_of_something_else_are_refused(leaf: bytes):
    for read in (read_entry, read_transaction):
        with pytest.raises(LeafMalformed):
            read(leaf)


ENTRY = entry_leaf(
    account_id="019a0000-0000-7000-8000-000000000001", kind="wallet", subject="s", currency="VIBE", line=1, amount=1,
    balance_after=None, position=1,
)  # fmt: skip
TRANSACTION = transaction_leaf(
    transaction_id="019a0000-0000-7000-8000-000000000001", key="k", kind="test", details="{}", reverses=None,
    effective_at=None, recorded_at=NOW, request_hash=bytes(32), xid="7", entry_hashes=[],
)  # fmt: skip


@pytest.mark.parametrize(
    ("leaf", "was", "becomes"),
    [
        (ENTRY, b'"019a0000-0000-7000-8000-000000000001"', b'"x"'),
        (ENTRY, b'"wallet"', b"7"),
        (ENTRY, b'"amount":"1"', b'"amount":"one"'),
        (ENTRY, b'"amount":"1"', b'"amount":[]'),
        (ENTRY, b'"balance_after":null', b'"balance_after":{}'),
        (TRANSACTION, b'"019a0000-0000-7000-8000-000000000001"', b"1"),
        (TRANSACTION, b'"details":{}', b'"details":7'),
        (TRANSACTION, b'"recorded_at":"', b'"recorded_at":"at '),
        (TRANSACTION, b'"key":"k"', b'"key":null'),
        (TRANSACTION, b'"entries":0', b'"entries":-1'),
        (TRANSACTION, b'"entries_root":"', b'"entries_root":"00'),
        (TRANSACTION, b'"reverses":null', b'"reverses":"x"'),
    ],
)
def test_a_member_that_is_not_what_it_should_be_is_refused(leaf: bytes, was: bytes, becomes: bytes):
    read = read_entry if leaf is ENTRY else read_transaction
    read(leaf)
    assert leaf.count(was) == 1
    with pytest.raises(LeafMalformed):
        read(leaf.replace(was, becomes))


async def test_the_bytes_of_a_transaction_are_these(lone_database: Database, lone_owner_dsn: str):
    async with lone_database.begin() as tx:
        a, b = await make_wallets(tx, 0, 0)
        source = await make_liquidity(tx)
        known = TransactionId(new_id())
        await post(
            tx,
            posting=make_posting(
                (source, -3), (a, 1), (b, 2), key="k", details={"bb": "x", "a": "y"}, transaction_id=known
            ),
        )
    await as_owner(
        lone_owner_dsn,
        "UPDATE payment.transaction SET recorded_at = '2026-11-24 13:00:00.5+01', xid = '77', request_hash = decode(repeat('ab', 32), 'hex')",
        triggers=False,
    )
    await as_owner(lone_owner_dsn, "UPDATE payment.transaction SET xid = '2'", triggers=False)
    await seal_once(lone_database)
    async with lone_database.begin() as tx:
        proof = (await prove(tx, transaction_ids=[known]))[known]
    fact = verify_transaction(proof, keys=KEYS)
    assert fact.recorded_at == datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC)
    assert proof.leaf.decode() == (
        f'{{"type":"vibestream.ledger.transaction.v1","id":"{known}","key":"k","kind":"test",'
        '"details":{"a": "y", "bb": "x"},"reverses":null,"effective_at":null,"recorded_at":"2026-11-24T12:00:00.500000Z",'
        f'"request_hash":"{"ab" * 32}","xid":"2","entries":3,"entries_root":"{fact.entries_root.hex()}"}}'
    )

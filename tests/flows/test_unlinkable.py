"""Listeners claim, open perks and spend without a name; whoever has every table joins them all and finds everybody alike.

Five people do the same on the same day, and each of the acts is one of five: the anonymity set is whole when no chain of joins
tells any of them apart. Then a column, a table and a line of JSON that would link are added, and each must be found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.factories.bus import drain, registered
from tests.factories.fandom import heard, offered, proof_body, song_of
from tests.factories.linking import Everything, Linked, everything, links, values_of
from tests.factories.nameless import Nameless
from tests.factories.receipts import TODAY, claim_body, closed, own_receipts
from tests.factories.users import User, make_artist, make_user
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field, to_bytes
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers
from vibestream.worker import SUBSCRIPTIONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PEOPLE = 5
ORDER = (2, 0, 3, 1, 4)
"""Who acts when: as no counter of people counts, whatever it begins with."""
SECRET = 0x5EC12E7


@dataclass
class Lived:
    """What five people did, and who did which."""

    people: list[frozenset[str]] = field(default_factory=list)
    accounts: list[User] = field(default_factory=list)
    truth: list[tuple[str, str, UserId]] = field(default_factory=list)
    """Of each claim and proof the nullifiers, and whose they are."""
    acts: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    """By kind, in the order in which they were done."""

    def did(self, kind: str, *words: str) -> None:
        self.acts.setdefault(kind, []).append(frozenset().union(*(values_of(one) for one in words)))


async def _lived(client: Any, client_for: Any, database: Database) -> Lived:
    lived = Lived()
    async with database.begin() as tx:
        artist = (await make_artist(tx)).artist_id
        lived.accounts = [await make_user(tx) for _ in range(PEOPLE)]
    await _told(database)
    songs = [await song_of(database, artist) for _ in range(2)]
    for number, account in enumerate(lived.accounts):
        commitment = identity_commitment(Field(SECRET + number))
        async with database.begin() as tx:
            await receipts.register_identity(tx, user_id=account.user_id, commitment=commitment, today=TODAY)
        lived.people.append(frozenset(values_of(account.user_id) | values_of(to_bytes(commitment).hex())))
        await heard(database, account.user_id, *songs)
    perk = await offered(database, artist, codes="\n".join(f"code-{n:06}" for n in range(PEOPLE)))
    published = await closed(database)
    for account in lived.accounts:
        theirs = await client_for(account)
        for path in (f"/api/v1/receipts/{TODAY}", f"/api/v1/perks/{perk.perk_id}/days", "/api/v1/me"):
            assert (await theirs.get(path)).status_code == 200, path
    for number in ORDER:
        own = await own_receipts(database, lived.accounts[number].user_id)
        wallet = Nameless(published.key_id)
        claim = claim_body(own, secret=SECRET + number, wallet=wallet.address)
        proof = proof_body(own, perk, secret=SECRET + number)
        order = wallet.order("artist", artist, 5_000)
        for path, sent in (
            ("/api/v1/claims", claim), (f"/api/v1/perks/{perk.perk_id}/proofs", proof), (wallet.path, order)
        ):  # fmt: skip
            answer = await client.post(path, json=sent, headers={"Idempotency-Key": f"{path[-6:]}-{number}"})
            assert answer.status_code == 200, answer.text
        numbers = [f"{int(one['public_signals'][0]):064x}" for one in (claim, proof)]
        lived.truth.append((numbers[0], numbers[1], lived.accounts[number].user_id))
        lived.did("claim", claim["public_signals"][0], wallet.address)
        lived.did("proof", proof["public_signals"][0])
        lived.did("order", order["nonce"])
    await _told(database)
    return lived


async def _told(database: Database) -> None:
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    for _ in range(3):
        await drain(database, consumers)


def _found(database: Everything, lived: Lived) -> dict[str, list[Linked]]:
    return {kind: links(database, acts=acts, people=lived.people, who=ORDER) for kind, acts in lived.acts.items()}


async def _with(owner: psycopg.AsyncConnection[Any], lived: Lived, *statements: str) -> dict[str, list[Linked]]:
    """Search a database that has what these statements add, and undo them. They know the truth, in a table that is not searched."""
    async with owner.transaction(force_rollback=True), owner.cursor() as cursor:
        await cursor.execute("CREATE TEMP TABLE truth (claim bytea, proof bytea, user_id uuid)")
        await cursor.executemany(
            "INSERT INTO truth VALUES (decode(%s, 'hex'), decode(%s, 'hex'), %s)",
            lived.truth,
        )
        for one in statements:
            await cursor.execute(one.encode())
        return _found(await everything(owner), lived)


async def test_every_join_of_every_table_finds_the_anonymity_set_whole(
    client: Any, client_for: Any, database: Database, owner_dsn: str
):
    lived = await _lived(client, client_for, database)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        whole = await everything(owner)

        assert _found(whole, lived) == {"claim": [], "proof": [], "order": []}
        filled = {table for table, rows in whole.cells.items() if rows}
        assert {"listen_reward.claim", "listen_reward.perk_proof", "listen_reward.perk_code", "payment.claim_order", "users.session",
                "listen_reward.receipt", "payment.entry"} <= filled, filled  # fmt: skip
        assert all(whole.rows_with(one) for acts in lived.acts.values() for one in acts), "each act is found somewhere"
        await _each_link_is_found(owner, lived)


async def _each_link_is_found(owner: psycopg.AsyncConnection[Any], lived: Lived) -> None:
    """Whatever links is found: the place of a receipt, a table beside, words in another's JSON, one transaction for both."""
    place = await _with(
        owner, lived, "ALTER TABLE listen_reward.claim ADD place integer",
        "UPDATE listen_reward.claim SET place = r.place FROM truth JOIN listen_reward.receipt r USING (user_id)"
        " WHERE r.listen_id IS NULL AND r.artist_id IS NULL AND nullifier = truth.claim",
    )  # fmt: skip
    assert place["claim"], "a column with the place of the receipt"
    assert place["order"], "and on from the order's wallet"

    beside = await _with(
        owner, lived, "CREATE SCHEMA late", "CREATE TABLE late.seen (what text, token bytea)",
        "INSERT INTO late.seen SELECT encode(proof, 'hex'), token_hash FROM truth JOIN users.session USING (user_id)",
    )  # fmt: skip
    assert beside["proof"], "a table that came later, by way of a session"
    assert beside["claim"] == []

    words = await _with(
        owner, lived, "CREATE TABLE platform.note (body jsonb)",
        "INSERT INTO platform.note SELECT jsonb_build_object('was', jsonb_build_array(7, 'of ' || user_id),"
        " 'at', 'https://x.example/' || encode(claim, 'hex')) FROM truth",
    )  # fmt: skip
    assert words["claim"], "an address in a line of JSON"

    together = await _with(
        owner, lived, "CREATE TABLE platform.one (user_id uuid)", "CREATE TABLE platform.two (nullifier bytea)",
        "DO $$ DECLARE t record; BEGIN FOR t IN SELECT * FROM truth LOOP BEGIN INSERT INTO platform.one VALUES (t.user_id);"
        " INSERT INTO platform.two VALUES (t.claim); EXCEPTION WHEN unique_violation THEN RAISE; END; END LOOP; END $$",
    )  # fmt: skip
    assert together["claim"], "rows that one transaction wrote"

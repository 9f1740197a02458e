"""Proofs of fandom over HTTP on a real database: what opens a perk, what does not, and that nothing says who it was."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.fandom import heard, offered, proof_body, song_of
from tests.factories.receipts import TODAY, WALLET, claim_body, closed, listener, own_receipts
from tests.flows.test_pay_claims import _forms, _principal, _values
from vibestream.contexts.listen_reward.claims.service import CannotBeProved, CircuitRefused
from vibestream.contexts.listen_reward.fandom.service import Perk
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, to_bytes
from vibestream.flows.audit import INVARIANTS
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

SECRET = 0xFA11


def address(perk: Perk) -> str:
    return f"/api/v1/perks/{perk.perk_id}/proofs"


async def opened(database: Database, perk: Perk) -> int:
    async with database.begin() as tx:
        return int(await tx.value("SELECT count(*) FROM listen_reward.perk_proof WHERE perk_id = %s", [perk.perk_id]))


async def audit_is_green(database: Database) -> bool:
    found = await check_all(database, INVARIANTS)
    assert [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok] == []
    return True


async def a_fan(database: Database, artist: ArtistId, *, secret: int = SECRET, songs: int = 2) -> UserId:
    fan = await listener(database, secret=secret)
    await heard(database, fan, *[await song_of(database, artist) for _ in range(songs)])
    return fan


async def test_whoever_heard_the_artist_for_long_enough_gets_it_and_is_counted_once(client: Any, database: Database):
    artist = ArtistId(new_id())
    fan = await a_fan(database, artist)
    perk = await offered(database, artist)
    await closed(database)
    own = await own_receipts(database, fan)
    assert [(one.receipt.seconds, one.artist_id) for one in own.leaves if one.artist_id] == [(60, artist)]
    body = proof_body(own, perk, secret=SECRET)

    answers = [await client.post(address(perk), json=body) for _ in range(3)]

    assert {one.status_code for one in answers} == {200}
    assert answers[0].json() == {
        "perk_id": str(perk.perk_id), "title": "A demo", "text": "The address of the demo.", "code": None,
    }  # fmt: skip
    shown = (await client.get(f"/api/v1/artists/{artist}/perks")).json()["items"]
    assert [(one["title"], one["opened"]) for one in shown] == [("A demo", None)]  # fewer than ten are not told
    assert "demo." not in str(shown)
    assert await audit_is_green(database)


async def test_fifty_at_once_by_one_receipt_are_counted_once(client: Any, database: Database):
    artist = ArtistId(new_id())
    fan = await a_fan(database, artist)
    perk = await offered(database, artist)
    await closed(database)
    bodies = [proof_body(await own_receipts(database, fan), perk, secret=SECRET) for _ in range(3)]

    answers = await asyncio.gather(*(client.post(address(perk), json=bodies[n % 3]) for n in range(50)))

    assert {one.status_code for one in answers} == {200}
    assert await opened(database, perk) == 1


async def test_too_little_another_artist_and_a_stranger_cannot_be_proved(database: Database):
    artist, other = ArtistId(new_id()), ArtistId(new_id())
    fan = await a_fan(database, artist, songs=1)
    perk, others = await offered(database, artist), await offered(database, other, least_s=30)
    await closed(database)
    own = await own_receipts(database, fan)

    with pytest.raises(CannotBeProved):  # half a minute, where a minute is asked for
        proof_body(own, perk, secret=SECRET)
    with pytest.raises(CannotBeProved):
        proof_body(own, others, secret=SECRET, place=2, song_disclosure=2**129 + other.int)
    with pytest.raises(CircuitRefused):  # the secret is another one's
        proof_body(own, perk, secret=SECRET + 1, min_seconds=30)


async def test_nothing_but_what_the_perk_asks_for_opens_it(client: Any, database: Database):
    artist, other = ArtistId(new_id()), ArtistId(new_id())
    fan = await listener(database, secret=SECRET)
    songs = [await song_of(database, one) for one in (artist, artist, other, other)]
    await heard(database, fan, *songs)
    perk, sibling, others = [await offered(database, one) for one in (artist, artist, other)]
    await closed(database)
    own = await own_receipts(database, fan)
    good = proof_body(own, perk, secret=SECRET)
    bad = []
    for place in range(6):
        for change in (1, ORDER):
            one = copy.deepcopy(good)
            one["public_signals"][place] = str(int(good["public_signals"][place]) + change)
            bad.append(one)
    bad += [
        proof_body(own, sibling, secret=SECRET),  # of this artist's other perk
        proof_body(own, others, secret=SECRET),
        proof_body(own, perk, secret=SECRET, song_disclosure=0),
        proof_body(own, perk, secret=SECRET, min_seconds=30),
        proof_body(own, perk, secret=SECRET, payout=7),
        proof_body(own, perk, secret=SECRET, place=0, min_seconds=30),  # one song's own receipt
        good | {"expires_at": (utc_now() + timedelta(hours=2)).isoformat()},
        {key: value for key, value in claim_body(own, secret=SECRET).items() if key != "wallet"},
    ]

    answers = [await client.post(address(perk), json=one) for one in bad]

    assert {one.status_code for one in answers} == {422}
    assert {one.json()["code"] for one in answers} == {"fandom.proof_invalid", "fandom.proof_refused"}
    assert await opened(database, perk) == 0
    # Nor is a receipt of an artist money, whatever is disclosed.
    for at in (place for place, leaf in enumerate(own.leaves) if leaf.artist_id):
        claim = claim_body(own, secret=SECRET, place=at, min_seconds=1)
        assert (await client.post("/api/v1/claims", json=claim)).status_code == 422
    assert (await client.get(f"/api/v1/claim-wallets/{WALLET}")).json()["received_minor"] == 0
    assert await audit_is_green(database)


async def test_below_the_floor_it_is_opened_only_when_recognition_is_accepted(client: Any, database: Database):
    artist = ArtistId(new_id())
    fan, kin = await a_fan(database, artist), await a_fan(database, artist, secret=SECRET + 1)
    perk = await offered(database, artist)
    await closed(database)
    body = proof_body(await own_receipts(database, fan), perk, secret=SECRET)
    assert kin != fan

    unsaid = await client.post(address(perk), json=body | {"accepts_recognition": False})

    assert (unsaid.status_code, unsaid.json()["code"]) == (409, "fandom.recognisable")
    assert unsaid.json()["facts"] == {"hides_among": 2, "floor": 20}
    assert await opened(database, perk) == 0
    assert (await client.post(address(perk), json=body)).status_code == 200


async def test_no_session_no_open_day_no_expired_proof_and_no_withdrawn_perk(
    client_for: Any, client: Any, database: Database
):
    artist, maker = ArtistId(new_id()), UserId(new_id())
    fan = await a_fan(database, artist)
    perk = await offered(database, artist, made_by=maker)
    await closed(database)
    own = await own_receipts(database, fan)
    body = proof_body(own, perk, secret=SECRET)
    past = proof_body(own, perk, secret=SECRET, expires_at=utc_now().replace(microsecond=0) - timedelta(seconds=1))

    signed = await (await client_for(_principal(fan))).post(address(perk), json=body)
    unopened = await client.post(address(perk), json=body | {"epoch": str(TODAY + timedelta(days=1))})
    expired = await client.post(address(perk), json=past)
    assert [(one.status_code, one.json()["code"]) for one in (signed, unopened, expired)] == [
        (409, "fandom.signed_in"), (409, "fandom.not_due"), (409, "fandom.not_due"),
    ]  # fmt: skip

    thief, owner = [await client_for(_principal(one, "artist")) for one in (UserId(new_id()), maker)]
    assert (await thief.delete(f"/api/v1/studio/perks/{perk.perk_id}")).status_code == 404
    assert (await owner.delete(f"/api/v1/studio/perks/{perk.perk_id}")).status_code == 204
    gone = await client.post(address(perk), json=body)
    assert (gone.status_code, gone.json()["code"]) == (404, "fandom.perk_missing")
    assert await opened(database, perk) == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"proof": None}, {"proof": "x" * 3_000}, {"public_signals": []}, {"public_signals": [1.5] * 6},
        {"public_signals": ["9" * 5_000]}, {"epoch": "9999-99-99"}, {"expires_at": "2026-03-01T00:00:00"},
        {"accepts_recognition": "yes"}, {"wallet": WALLET},
    ],
)  # fmt: skip
async def test_what_is_no_proof_is_invalid_and_no_more(client: Any, database: Database, odd: dict[str, object]):
    perk = await offered(database, ArtistId(new_id()))
    body = {"proof": {}, "public_signals": ["0"] * 6, "epoch": "2026-03-01", "expires_at": utc_now().isoformat()}

    assert (await client.post(address(perk), json=body | odd)).status_code == 422
    assert await opened(database, perk) == 0


async def test_a_listener_sees_the_days_by_which_they_can_open_it_and_nobody_elses(
    client_for: Any, client: Any, database: Database
):
    artist = ArtistId(new_id())
    fan, _ = await a_fan(database, artist), await a_fan(database, artist, secret=SECRET + 1, songs=3)
    short = await a_fan(database, artist, secret=SECRET + 2, songs=1)
    perk = await offered(database, artist)
    days = f"/api/v1/perks/{perk.perk_id}/days"
    mine, theirs = [await client_for(_principal(one)) for one in (fan, short)]
    assert (await mine.get(days)).json()["items"] == []
    await closed(database)

    assert (await mine.get(days)).json() == {
        "items": [{"epoch": "2026-03-01", "seconds": 60, "hides_among": 2}], "anonymity_floor": 20,
    }  # fmt: skip
    assert (await theirs.get(days)).json()["items"] == []
    assert (await client.get(days)).status_code == 401


async def test_no_row_says_that_fan_and_proof_are_one(client: Any, database: Database):
    """Every value that a proof left in any table, compared with everything that is the fan's, and with its SHA-256."""
    artist = ArtistId(new_id())
    fans = [await a_fan(database, artist, secret=SECRET + number) for number in range(3)]
    perk = await offered(database, artist)
    await closed(database)
    await client.get("/healthz")
    before = await _values(database)
    body = proof_body(await own_receipts(database, fans[1]), perk, secret=SECRET + 1)

    assert (await client.post(address(perk), json=body)).status_code == 200

    personal: set[str] = set()
    for fan in fans:
        for leaf in (await own_receipts(database, fan)).leaves:
            numbers = (leaf.receipt.commitment, leaf.receipt.nonce, leaf.receipt.leaf)
            personal |= {value for one in numbers for value in _forms(to_bytes(one))}
            personal |= _forms(str(leaf.listen_id).encode()) if leaf.listen_id else set()
        personal |= _forms(str(fan).encode()) | _forms(fan.bytes)
    fresh = {row for row in await _values(database) if row not in before}
    assert any("listen_reward.perk_proof" in table for table, _ in fresh)
    assert [row for row in fresh if any(one in row[1] for one in personal)] == []
    assert not any("users." in table or "listen_reward.receipt " in table for table, _ in fresh)

"""Codes of a perk: each proof takes one, the same receipt always the same, and no two receipts the same, however they race."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from tests.factories.fandom import heard, offered, proof_body, song_of
from tests.factories.receipts import closed, listener, own_receipts
from tests.flows.test_pay_claims import _principal
from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.fandom.domain import CODES_MOST, FEW, CodesInvalid, read_codes
from vibestream.contexts.listen_reward.fandom.personal import PERSONAL
from vibestream.contexts.listen_reward.fandom.service import Perk
from vibestream.flows.audit import INVARIANTS
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

SECRET = 0xC0DE


async def fans_of(database: Database, artist: ArtistId, many: int) -> list[UserId]:
    songs = [await song_of(database, artist) for _ in range(2)]
    fans = [await listener(database, secret=SECRET + n) for n in range(many)]
    for fan in fans:
        await heard(database, fan, *songs)
    return fans


async def bodies_of(database: Database, fans: list[UserId], perk: Perk) -> list[dict[str, Any]]:
    return [proof_body(await own_receipts(database, fan), perk, secret=SECRET + n) for n, fan in enumerate(fans)]


def address(perk: Perk) -> str:
    return f"/api/v1/perks/{perk.perk_id}/proofs"


async def broken(database: Database) -> list[tuple[str, str]]:
    found = await check_all(database, INVARIANTS)
    return [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok]


async def test_fifty_at_once_by_five_receipts_take_as_many_codes_as_there_are_and_each_its_own(
    client: Any, database: Database
):
    artist = ArtistId(new_id())
    fans = await fans_of(database, artist, 5)
    perk = await offered(database, artist, codes="ONE\nTWO\nTHREE\n")
    await closed(database)
    bodies = await bodies_of(database, fans, perk)

    answers = await asyncio.gather(*(client.post(address(perk), json=bodies[n % 5]) for n in range(50)))

    codes: dict[int, set[str]] = {}
    for n, answer in enumerate(answers):
        if answer.status_code == 200:
            codes.setdefault(n % 5, set()).add(answer.json()["code"])
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "fandom.codes_exhausted")
    assert sorted(one for own in codes.values() for one in own) == ["ONE", "THREE", "TWO"]
    assert len(codes) == 3
    async with database.begin() as tx:  # who came too late is not counted: they were given nothing
        assert await tx.value("SELECT count(*) FROM listen_reward.perk_proof") == 3
    assert await broken(database) == []

    again = [await client.post(address(perk), json=bodies[n]) for n in codes]
    assert [{one.json()["code"]} for one in again] == list(codes.values())


async def test_nobody_is_shown_a_code_and_the_maker_is_told_no_number_below_ten(
    client_for: Any, client: Any, database: Database
):
    artist, maker = ArtistId(new_id()), UserId(new_id())
    fans = await fans_of(database, artist, 1)
    perk = await offered(database, artist, made_by=maker, codes="\n".join(f"SECRET-{n}" for n in range(1, 13)))
    await closed(database)
    (body,) = await bodies_of(database, fans, perk)
    assert (await client.post(address(perk), json=body)).json()["code"] == "SECRET-1"

    studio = await client_for(_principal(maker, "artist"))
    seen = [
        (await client.get(f"/api/v1/artists/{artist}/perks")).json()["items"],
        (await studio.get("/api/v1/studio/perks")).json()["items"],
    ]
    assert [[(one["opened"], one["codes"]) for one in each] for each in seen] == [[(None, 12)]] * 2
    assert "SECRET" not in str(seen)

    async with database.begin() as tx:
        for number in range(FEW - 1):
            await tx.execute(
                "INSERT INTO listen_reward.perk_proof"
                " SELECT perk_id, sha256(%s::text::bytea), epoch FROM listen_reward.perk_proof LIMIT 1",
                [number],
            )
        (told,) = await fandom.offered_by_maker(tx, made_by=maker)
    assert (told.opened, told.left) == (FEW, 2)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("A\nB\nA", CodesInvalid),
        ("x" * 121, CodesInvalid),
        ("\n".join(map(str, range(CODES_MOST + 1))), CodesInvalid),
        ("A\u202eB", TextInvalid),
    ],
)
def test_what_is_no_list_of_codes_is_refused(text: str, error: type[Exception]):
    with pytest.raises(error):
        read_codes(text)


def test_codes_are_lines_without_the_space_around_them():
    assert read_codes("  A-1 \r\n\n B 2\n") == ("A-1", "B 2")


async def test_the_database_gives_a_code_once_and_takes_no_second_for_a_proof(client: Any, database: Database):
    artist = ArtistId(new_id())
    fans = await fans_of(database, artist, 1)
    perk = await offered(database, artist, codes="A\nB")
    await closed(database)
    (body,) = await bodies_of(database, fans, perk)
    await client.post(address(perk), json=body)
    for statement, refusal in (
        ("UPDATE listen_reward.perk_code SET nullifier = NULL WHERE place = 0", psycopg.errors.CheckViolation),
        (
            "UPDATE listen_reward.perk_code SET nullifier = (SELECT nullifier FROM listen_reward.perk_proof) WHERE place = 1",
            psycopg.errors.UniqueViolation,
        ),
        (
            "UPDATE listen_reward.perk_code SET nullifier = sha256('nobody') WHERE place = 1",
            psycopg.errors.ForeignKeyViolation,
        ),
        ("UPDATE listen_reward.perk_code SET code = 'C' WHERE place = 1", psycopg.errors.InsufficientPrivilege),
    ):
        with pytest.raises(refusal):
            async with database.begin() as tx:
                await tx.execute(statement)
    assert await broken(database) == []


async def test_whoever_offered_them_has_them_in_a_copy_and_they_go_with_the_maker(database: Database):
    maker = UserId(new_id())
    await offered(database, ArtistId(new_id()), made_by=maker, codes="A\nB")
    async with database.begin() as tx:
        (record,) = await PERSONAL.export(tx, maker)
        assert record["codes"] == ["A", "B"]
        await PERSONAL.erase(tx, maker)
        assert await tx.value("SELECT count(*) FROM listen_reward.perk_code") == 0

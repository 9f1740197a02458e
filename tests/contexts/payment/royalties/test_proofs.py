"""A statement's file verifies offline, and not with a digit changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.royalties import (
    HEARD,
    MONTH,
    close,
    make_artist,
    make_listens,
    pays,
    person,
    reverse,
    run_month,
    usd,
)
from tests.factories.seal import KEY, KEYS, make_key, seal_all
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import (
    NoStatement,
    Rate,
    StatementInvalid,
    StatementMalformed,
    keys_in,
    verify_statement,
)
from vibestream.contexts.payment.seal.service import KeyUnknown, NotSealedYet, by_id
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD
from vibestream.platform.database import Database


async def prove(database: Database, payee: UserId) -> dict[str, Any]:
    async with database.begin() as tx:
        return await service.prove_statement(tx, payee_id=payee, month=MONTH, currency=USD, keys=[KEY.public])


@pytest.fixture
async def payee(lone_database: Database) -> UserId:
    """Somebody with two tracks, an advance and a tax; the month is run and sealed, with others beside."""
    async with lone_database.begin() as tx:
        fan, other = person(), person()
        song = await make_artist(tx)
        second, foreign = await make_artist(tx, owner=song.user_id), await make_artist(tx)
        await service.set_country(tx, payee_id=song.user_id, country="DE", now=HEARD)
        await service.set_withholding_rate(tx, rate=Rate("DE", MONTH, 1_500), made_by=person())
        await service.grant_advance(
            tx, advance_id=new_id(), payee_id=song.user_id, amount=usd(100), note="x", granted_by=person()
        )
        for who, what, times in ((fan, song, 3), (fan, second, 4), (other, foreign, 5), (other, song, 1)):
            await make_listens(tx, who, what, times)
        await close(tx, pays(fan, 1_000, 30), pays(other, 1_000, 30))
    async with lone_database.begin() as tx:
        await run_month(tx)
    return song.user_id


async def test_a_sealed_statement_verifies_offline(lone_database: Database, payee: UserId):
    with pytest.raises(NotSealedYet):
        await prove(lone_database, payee)
    await seal_all(lone_database)
    document = json.loads(json.dumps(await prove(lone_database, payee)))

    found = verify_statement(document, keys=KEYS)
    # 6.79 of the fan's 6.79 and 1.13 of the other's (1 of 6 listens of 6.79): 7.92; 1.00 recouped, 1.04 of tax.
    assert (found.payee, found.month, found.run, found.currency) == (str(payee), "2026-11", 1, USD)
    assert (found.earned, found.payable, found.lines) == (792, 588, 2)
    assert [entry["leaf"].count(str(payee)) for entry in document["entries"]] == [1, 1]
    assert verify_statement(document, keys=keys_in(document)) == found


def digits(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document where a digit stands: the way to a text or number, and where in it."""
    match document:
        case dict():
            for name, value in document.items():
                yield from digits(value, (*path, name))
        case list():
            for place, value in enumerate(document):
                yield from digits(value, (*path, place))
        case _:
            yield from ((*path, place) for place, one in enumerate(str(document)) if one.isdigit())


def with_another_digit(document: Any, way: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for step in way[:-2]:
        holder = holder[step]
    old, place = holder[way[-2]], way[-1]
    text = str(old)
    text = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    holder[way[-2]] = int(text) if isinstance(old, int) else text
    return changed


async def test_every_digit_of_the_file_counts(lone_database: Database, payee: UserId):
    """Each digit anywhere in it is changed, one at a time, and each time the file is refused."""
    await seal_all(lone_database)
    document = await prove(lone_database, payee)
    document.pop("keys")
    ways = list(digits(document))
    assert len(ways) > 500

    for way in ways:
        with pytest.raises(VibeStreamError):
            verify_statement({**with_another_digit(document, way), "keys": []}, keys=KEYS)
            pytest.fail(f"changed at {way} and accepted")


async def test_a_statement_is_not_taken_for_another_s(lone_database: Database, payee: UserId):
    await seal_all(lone_database)
    document = await prove(lone_database, payee)
    async with lone_database.begin() as tx:
        others = await tx.values("SELECT DISTINCT payee_id FROM payment.royalty_share WHERE payee_id <> %s", [payee])
    other = await prove(lone_database, others[0])
    for part in ("statement", "place", "path", "entries"):
        with pytest.raises(VibeStreamError):
            verify_statement({**document, part: other[part]}, keys=KEYS)
    with pytest.raises(StatementInvalid):
        verify_statement({**document, "entries": []}, keys=KEYS)
    with pytest.raises(StatementInvalid):
        verify_statement({**document, "entries": [*document["entries"], document["entries"][0]]}, keys=KEYS)
    with pytest.raises(KeyUnknown):
        verify_statement(document, keys=by_id([make_key(2).public]))


@pytest.mark.parametrize(
    "broken",
    [
        None, [], "text", 7, {},
        {"statement": None}, {"statement": {}}, {"path": None}, {"path": [1]}, {"path": ["zz"]}, {"place": True},
        {"place": "0"}, {"of": 10**30}, {"place": -1}, {"entries": None}, {"entries": [1]}, {"entries": [{}]}, {"format": "other"},
        {"transaction": None}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_no_statement_is_refused_and_nothing_else_happens(
    lone_database: Database, payee: UserId, broken: Any
):
    await seal_all(lone_database)
    document = await prove(lone_database, payee)
    with pytest.raises(VibeStreamError):
        verify_statement({**document, **broken} if broken and isinstance(broken, dict) else broken, keys=KEYS)


@pytest.mark.parametrize("name", ["earned", "payable", "gross"])
@pytest.mark.parametrize("value", ["", "-1", "1.5", "٣", "007", "9" * 40, 5, None, True])
async def test_amounts_are_whole_minor_units(lone_database: Database, payee: UserId, name: str, value: Any):
    await seal_all(lone_database)
    document = await prove(lone_database, payee)
    statement = {**document["statement"], name: value}
    with pytest.raises(VibeStreamError):
        verify_statement({**document, "statement": statement}, keys=KEYS)


@pytest.mark.parametrize(
    "keys", [None, {}, {"keys": []}, {"keys": [1]}, {"keys": [{"kty": "OKP"}]}, {"keys": [{"x": "AA"}]}]
)
def test_keys_are_keys(keys: Any):
    with pytest.raises(VibeStreamError):
        keys_in(keys)


async def test_somebody_without_a_share_has_no_proof_and_a_reversed_run_has_none(
    lone_database: Database, payee: UserId
):
    await seal_all(lone_database)
    async with lone_database.begin() as tx:
        for who, currency in ((person(), USD), (payee, EUR)):
            with pytest.raises(NoStatement):
                await service.prove_statement(tx, payee_id=who, month=MONTH, currency=currency, keys=[KEY.public])
        (run,) = await service.list_runs(tx)
        await reverse(tx, run.run_id)
        with pytest.raises(NoStatement):
            await service.prove_statement(tx, payee_id=payee, month=MONTH, currency=USD, keys=[KEY.public])


def test_a_file_of_a_later_version_is_not_guessed_at():
    with pytest.raises(StatementMalformed):
        verify_statement({"format": "vibestream.statement-proof.v2"}, keys=KEYS)

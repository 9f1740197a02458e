"""Royalties over HTTP: for payees, and for finance."""

# ruff: noqa: PLR0917 - fixtures and parameters
from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.factories.royalties import (
    MONTH,
    Artist,
    close,
    make_artist,
    make_listens,
    pays,
    person,
    run_month,
)
from tests.factories.users import User, make_user
from vibestream.contexts.payment.royalties import jobs, service
from vibestream.contexts.payment.royalties.service import keys_in, verify_statement
from vibestream.contexts.payment.seal.jobs import seal_ledger
from vibestream.contexts.payment.seal.service import NotSealedYet
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

FINANCE = "/api/v1/finance/royalties"
MINE = "/api/v1/royalties"


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, display_name="Ana")


@pytest.fixture
async def song(database: Database, ana: User) -> Artist:
    """Ana's track, heard ten times by a subscriber; the month is closed."""
    async with database.begin() as tx:
        fan, song = person(), await make_artist(tx, owner=ana.user_id)
        await make_listens(tx, fan, song, 10)
        await close(tx, pays(fan, 1_000))
    return song


@pytest.fixture
async def run(database: Database, song: Artist) -> str:
    async with database.begin() as tx:
        return str((await run_month(tx)).run_id)


@pytest.fixture
async def finance(database: Database, client_for):
    async with database.begin() as tx:
        user = await make_user(tx, roles=["finance"])
    return await client_for(user)


async def test_a_payee_sees_what_they_have_and_their_statement(client_for, ana: User, run: str):
    client = await client_for(ana)
    found = (await client.get(MINE)).json()
    assert found == {
        "balances": [
            {
                "currency": "USD", "pending": "7.00", "available": "0.00", "in_transit": "0.00", "advance": "0.00",
                "debt": "0.00",
            }
        ],
        "months": [{"month": "2026-11", "currency": "USD", "run": 1, "engine": "user_centric", "reversed": False}],
    }  # fmt: skip
    statement = (await client.get(f"{MINE}/statements/2026-11")).json()
    assert (statement["payee"], statement["parts"][0]["payable"]) == (str(ana.user_id), "7.00")


@pytest.mark.parametrize(
    ("file", "kind", "begins"),
    [
        ("lines.csv", "text/csv; charset=utf-8", b"month,currency,run"),
        ("report.tsv", "text/tab-separated-values; charset=utf-8", b"HEAD\t"),
        ("statement.pdf", "application/pdf", b"%PDF-"),
    ],
)
async def test_a_statement_s_files_are_downloaded(client_for, ana: User, run: str, file: str, kind: str, begins: bytes):
    answer = await (await client_for(ana)).get(f"{MINE}/statements/2026-11/{file}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.content.startswith(begins)
    assert answer.headers["content-disposition"].startswith('attachment; filename="royalties-2026-11.')
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("2026-10", 404, "royalties.no_statement"),
        ("2026-13", 422, "royalties.invalid_month"),
        ("nonsense/statement.pdf", 422, "royalties.invalid_month"),
        ("2026-11/proof.json?currency=GOLD", 422, "money.unknown_currency"),
        ("2026-11/proof.json?currency=EUR", 404, "royalties.no_statement"),
    ],
)
async def test_what_there_is_no_statement_of_is_said(
    client_for, ana: User, run: str, path: str, status: int, code: str
):
    answer = await (await client_for(ana)).get(f"{MINE}/statements/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_statement_is_nobody_else_s(client_for, database: Database, run: str):
    async with database.begin() as tx:
        user = await make_user(tx)
    stranger = await client_for(user)
    for path in ("", "/lines.csv", "/statement.pdf", "/report.tsv", "/proof.json"):
        assert (await stranger.get(f"{MINE}/statements/2026-11{path}")).status_code == 404
    assert (await stranger.get(MINE)).json() == {"balances": [], "months": []}


async def test_the_proof_that_is_downloaded_verifies_with_the_published_keys(
    client_for, client, ana: User, run: str, runtime: Runtime
):
    mine = await client_for(ana)
    assert (await mine.get(f"{MINE}/statements/2026-11/proof.json")).json()["code"] == NotSealedYet.code
    document: Any = None
    for _ in range(50):  # other databases of the test's server hold back what counts as settled
        await seal_ledger(runtime)
        answer = await mine.get(f"{MINE}/statements/2026-11/proof.json")
        if answer.status_code == 200:
            document = answer.json()
            break
        await asyncio.sleep(0.2)
    published = (await client.get("/.well-known/vibestream-ledger-keys.json")).json()
    found = verify_statement(document, keys=keys_in(published))
    assert (found.payee, found.payable) == (str(ana.user_id), 700)


async def test_splits_are_proposed_accepted_and_declined(client_for, database: Database, ana: User, song: Artist):
    async with database.begin() as tx:
        bo = await make_user(tx)
    owner, guest = await client_for(ana), await client_for(bo)
    path = f"{MINE}/tracks/{song.track_id}/splits"
    body = {
        "shares": [
            {"payee_id": str(ana.user_id), "share_bp": 7_500},
            {"payee_id": str(bo.user_id), "share_bp": 2_500},
        ],
        "effective_from": "2026-12",
    }
    proposed = await owner.post(path, json=body)
    assert (proposed.status_code, proposed.json()["in_force_from"]) == (201, None)
    split = proposed.json()["split_id"]
    assert (await guest.get(f"{MINE}/splits")).json()["splits"][0]["split_id"] == split
    assert (await guest.get(path)).status_code == 404
    accepted = await guest.post(f"{MINE}/splits/{split}/accept")
    assert (accepted.status_code, accepted.json()["in_force_from"]) == (200, "2026-12-01")
    assert (await owner.post(f"{MINE}/splits/{split}/withdraw")).json()["code"] == "royalties.split_settled"
    second = (await owner.post(path, json=body)).json()["split_id"]
    assert (await guest.post(f"{MINE}/splits/{second}/withdraw")).json()["withdrawn"] is True
    assert len((await owner.get(path)).json()["splits"]) == 2


@pytest.mark.parametrize(
    "shares",
    [[], [9_999], [10_000, 1], [0], [-1], ["10000"], [10_000.0], [True]],
    ids=str,
)
async def test_shares_that_are_no_whole_are_refused(client_for, ana: User, song: Artist, shares: list[Any]):
    body = {"shares": [{"payee_id": str(person()), "share_bp": one} for one in shares]}
    answer = await (await client_for(ana)).post(f"{MINE}/tracks/{song.track_id}/splits", json=body)
    assert answer.status_code == 422


async def test_a_payee_says_where_they_are_taxed(client_for, ana: User, song: Artist):
    client = await client_for(ana)
    assert (await client.put(f"{MINE}/country", json={"country": "ES"})).json() == {
        "country": "ES",
        "since": "2026-12-01",
    }
    assert (await client.put(f"{MINE}/country", json={"country": "PT"})).json()["code"] == "royalties.already_said"
    assert (await client.put(f"{MINE}/country", json={"country": "es"})).json()["code"] == "royalties.invalid_country"


async def test_finance_closes_only_what_is_over_and_was_paid_for(finance):
    assert (await finance.post(f"{FINANCE}/months/2026-10/USD/close")).json()["code"] == "royalties.nothing_to_share"
    assert (await finance.post(f"{FINANCE}/months/2126-10/USD/close")).json()["code"] == "royalties.month_not_over"
    assert (await finance.post(f"{FINANCE}/months/2026-10/USD/run", json={})).json()[
        "code"
    ] == "royalties.month_not_closed"


async def test_finance_previews_runs_compares_and_sees_the_pool(
    finance, database: Database, runtime: Runtime, song: Artist
):
    (pool,) = (await finance.get(f"{FINANCE}/pools")).json()["pools"]
    assert (pool["gross"], pool["pool"], pool["platform"], pool["month"]) == ("10.00", "7.00", "3.00", "2026-11")
    preview = await finance.post(f"{FINANCE}/months/2026-11/USD/preview", json={"exclusions": []})
    assert (preview.json()["pool"], preview.json()["allocated"]) == (
        "7.00",
        {"pro_rata": "7.00", "user_centric": "7.00"},
    )
    without = {"exclusions": [{"track_id": str(song.track_id), "reason": "a farm"}]}
    assert (await finance.post(f"{FINANCE}/months/2026-11/USD/preview", json=without)).json()["allocated"] == {
        "pro_rata": "0.00", "user_centric": "0.00",
    }  # fmt: skip
    assert (await finance.get(f"{FINANCE}/runs")).json() == {"runs": []}

    asked = await finance.post(f"{FINANCE}/months/2026-11/USD/run", json=without)
    assert asked.status_code == 202
    async with database.begin() as tx:
        (arguments,) = await tx.values(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'payment.run_royalties'"
        )
    for _ in range(2):  # a worker that was killed after its work does it again
        await jobs.run_royalties(runtime, **arguments)
    (run,) = (await finance.get(f"{FINANCE}/runs")).json()["runs"]
    assert (run["unallocated"], run["number"], run["made_by"] is None) == ("7.00", 1, False)
    assert (await finance.get(f"{FINANCE}/runs/{run['run_id']}")).json() == run
    comparison = (await finance.get(f"{FINANCE}/runs/{run['run_id']}/comparison")).json()
    assert (comparison["payees"], [one["difference"] for one in comparison["differences"]]) == (1, ["0.00"])
    async with database.begin() as tx:
        (left_out,) = await service.exclusions_of(tx, run_id=(await service.list_runs(tx, month=MONTH))[0].run_id)
    assert (left_out.track_id, left_out.reason) == (song.track_id, "a farm")


async def test_a_reversal_takes_two_of_finance(finance, client_for, database: Database, run: str):
    async with database.begin() as tx:
        user = await make_user(tx, roles=["finance"])
    second = await client_for(user)
    path = f"{FINANCE}/runs/{run}/reversal"
    assert (await finance.post(path, json={"reason": "bots"})).status_code == 204
    assert [one["reason"] for one in (await second.get(f"{FINANCE}/reversals")).json()["reversals"]] == ["bots"]
    refused = await finance.post(f"{path}/approval")
    assert (refused.status_code, refused.json()["code"]) == (403, "royalties.same_person")
    done = await second.post(f"{path}/approval")
    assert (done.status_code, done.json()["reversed_at"] is None) == (200, False)
    assert (await second.get(f"{FINANCE}/reversals")).json() == {"reversals": []}


async def test_policies_rates_and_advances_are_data(finance, ana: User):
    policy = {
        "effective_from": "2027-01", "engine": "pro_rata", "pool_share_bp": 6_500, "least_listens": 10,
        "most_per_track": 100, "most_per_listener": None, "subscribers_only": False, "idle": "unallocated",
        "hold_days": 30, "note": "as the board decided",
    }  # fmt: skip
    made = await finance.post(f"{FINANCE}/policies", json=policy)
    assert (made.status_code, made.json()) == (201, {**policy, "version": made.json()["version"]})
    assert (await finance.get(f"{FINANCE}/policies")).json()["policies"][-1] == made.json()
    for wrong in ({"pool_share_bp": 10_001}, {"hold_days": -1}, {"most_per_track": 0}, {"engine": "magic"}, {"note": ""}, {"subscribers_only": "yes"}, {"pool_share_bp": 0.7}, {"more": 1}):  # fmt: skip
        assert (await finance.post(f"{FINANCE}/policies", json={**policy, **wrong})).status_code == 422
    rate = {"country": "DE", "effective_from": "2027-01", "rate_bp": 1_500}
    assert (await finance.post(f"{FINANCE}/withholding-rates", json=rate)).status_code == 204
    assert (await finance.post(f"{FINANCE}/withholding-rates", json=rate)).json()["code"] == "royalties.already_said"

    advance = {"payee_id": str(ana.user_id), "amount": "250.00", "currency": "USD", "note": "an album"}
    headers = {"Idempotency-Key": "advance-0001"}
    first = await finance.post(f"{FINANCE}/advances", json=advance, headers=headers)
    again = await finance.post(f"{FINANCE}/advances", json=advance, headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    for amount in ("0.00", "-1.00", "1e3", "NaN", "0.001", "99999999999999999999"):
        headers = {"Idempotency-Key": f"advance-{amount}-x"}
        answer = await finance.post(f"{FINANCE}/advances", json={**advance, "amount": amount}, headers=headers)
        assert answer.status_code == 422, amount


async def test_finance_is_not_for_artists(client_for, ana: User, run: str):
    client = await client_for(ana)
    for path in ("pools", "runs", f"runs/{run}", f"runs/{run}/comparison", "reversals", "policies"):
        assert (await client.get(f"{FINANCE}/{path}")).status_code == 403

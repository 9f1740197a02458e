"""The invariants hold of honest books, and each finds what a superuser changed."""

from __future__ import annotations

import pytest

from tests.factories.payment import as_owner, violations
from tests.factories.royalties import (
    MONTH,
    NEXT,
    close,
    make_artist,
    make_listens,
    pays,
    person,
    reverse,
    run_month,
)
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.invariants import INVARIANTS
from vibestream.contexts.payment.royalties.service import Exclusion, Share
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all


async def broken(database: Database) -> set[str]:
    checked = await check_all(database, INVARIANTS)
    return {one.invariant.name.removeprefix("royalties.") for one in checked if not one.finding.ok}


@pytest.fixture
async def books(database: Database) -> Database:
    """A month that was run, reversed and run anew without a bot, with splits, and later news for the next month."""
    async with database.begin() as tx:
        fan, bot, song, farm = person(), person(), await make_artist(tx), await make_artist(tx)
        await make_listens(tx, fan, song, 7)
        await make_listens(tx, bot, farm, 300)
        heir = person()
        split = await service.set_splits(
            tx, track_id=song.track_id, owner=song.user_id, shares=[Share(song.user_id, 6_001), Share(heir, 3_999)],
            effective_from=MONTH, now=(await tx.value("SELECT now()")),
        )  # fmt: skip
        await service.accept_split(tx, split_id=split.split_id, payee=heir, now=await tx.value("SELECT now()"))
        await close(tx, pays(fan, 1_000, 33), pays(bot, 1_000, 33))
        first = await run_month(tx)
        await reverse(tx, first.run_id)
        await run_month(tx, Exclusion(bot, None, "a bot"), Exclusion(None, farm.track_id, "a farm"))
        await make_listens(tx, fan, song, 2)
        later = await service.set_splits(
            tx, track_id=song.track_id, owner=song.user_id, shares=[Share(song.user_id, 10_000)],
            effective_from=MONTH, now=await tx.value("SELECT now()"),
        )  # fmt: skip
        assert later.in_force_from == NEXT
    return database


async def test_honest_books_are_in_order(books: Database):
    assert await broken(books) == set()
    assert await violations(books) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE payment.royalty_usage SET listens = listens + 1 WHERE month = '2026-11-01'", {"usage_is_what_was_heard", "runs_reckoned_again"}),
        ("DELETE FROM payment.royalty_listen WHERE listen_id = (SELECT min(listen_id::text)::uuid FROM payment.royalty_listen)", {"usage_is_what_was_heard"}),
        ("UPDATE payment.royalty_revenue SET fees = fees + 1", {"pool_conserved"}),
        ("UPDATE payment.royalty_pool SET pool = pool - 1", {"pool_conserved", "runs_reckoned_again"}),
        ("UPDATE payment.royalty_run SET unallocated = unallocated + 1, pool = pool + 1", {"pool_conserved", "runs_reckoned_again"}),
        ("UPDATE payment.royalty_line SET user_centric = user_centric + 1", {"lines_are_the_ledger_s"}),
        ("UPDATE payment.royalty_share SET earned = earned + 1, payable = payable + 1, user_centric = user_centric + 1", {"pool_conserved", "lines_are_the_ledger_s"}),
        ("UPDATE payment.royalty_split_share SET share_bp = share_bp - 1 WHERE share_bp < 10000", {"splits_whole", "runs_reckoned_again"}),
        ("UPDATE payment.royalty_split_share SET accepted_at = NULL", {"splits_whole"}),
        ("DELETE FROM payment.royalty_exclusion", {"runs_reckoned_again"}),
        ("UPDATE payment.royalty_policy SET least_listens = 100", {"runs_reckoned_again"}),
        ("UPDATE payment.royalty_run SET statements_root = sha256('x')", {"runs_reckoned_again"}),
        ("UPDATE payment.entry SET amount = amount * 2 WHERE transaction_id IN (SELECT transaction_id FROM payment.royalty_run)", {"lines_are_the_ledger_s"}),
        ("UPDATE payment.transaction SET details = jsonb_set(details, '{statements}', '\"00\"') WHERE kind = 'royalty_run'", {"runs_reckoned_again"}),
    ],
)  # fmt: skip
async def test_what_a_superuser_changes_is_found(books: Database, owner_dsn: str, change: str, found: set[str]):
    await as_owner(owner_dsn, change, triggers=False)
    assert await broken(books) >= found

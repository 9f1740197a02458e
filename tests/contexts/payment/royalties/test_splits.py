"""Splits make one whole in the database, come into force when all have accepted, and never reach into a closed month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest

from tests.factories.royalties import HEARD, MONTH, NEXT, Artist, close, make_artist, make_listens, pays, person
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.domain.splits import Term, shares_of
from vibestream.contexts.payment.royalties.service import (
    InvalidMonth,
    InvalidSplit,
    Share,
    SplitSettled,
    SplitView,
    UnknownSplit,
    UnknownTrack,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx


async def split(tx: Tx, artist: Artist, *shares: tuple[UserId, int], month: date | None = None) -> SplitView:
    return await service.set_splits(
        tx,
        track_id=artist.track_id,
        owner=artist.user_id,
        shares=[Share(*share) for share in shares],
        effective_from=month,
        now=HEARD,
    )


async def test_a_split_counts_once_everybody_named_has_accepted(tx: Tx):
    song, bo, cy = await make_artist(tx), person(), person()
    proposed = await split(tx, song, (song.user_id, 5_000), (bo, 3_000), (cy, 2_000))
    assert (proposed.in_force_from, proposed.accepted) == (None, frozenset({song.user_id}))

    half = await service.accept_split(tx, split_id=proposed.split_id, payee=bo, now=HEARD)
    assert (half.in_force_from, half.accepted) == (None, frozenset({song.user_id, bo}))
    whole = await service.accept_split(tx, split_id=proposed.split_id, payee=cy, now=HEARD)
    assert (whole.in_force_from, whole.effective_from) == (MONTH, MONTH)
    again = await service.accept_split(tx, split_id=proposed.split_id, payee=cy, now=HEARD)
    assert again == whole
    assert await service.splits_of_track(tx, track_id=song.track_id, owner=song.user_id) == [whole]
    assert await service.splits_of_person(tx, person=bo) == [whole]


async def test_what_the_owner_keeps_for_themselves_needs_nobody_else(tx: Tx):
    song = await make_artist(tx)
    assert (await split(tx, song, (song.user_id, 10_000), month=NEXT)).in_force_from == NEXT


async def test_a_split_that_is_accepted_late_counts_from_the_first_open_month(tx: Tx):
    fan, song, bo = person(), await make_artist(tx), person()
    await make_listens(tx, fan, song, 1)
    proposed = await split(tx, song, (bo, 10_000), month=date(2026, 1, 1))
    await close(tx, pays(fan, 1_000))
    accepted = await service.accept_split(tx, split_id=proposed.split_id, payee=bo, now=HEARD)
    assert accepted.in_force_from == NEXT


@pytest.mark.parametrize(
    "bp",
    [[9_999], [10_001], [], [5_000, 4_999], [10_000, 0], [10_001, -1], [5_000, 5_000, 1]],
    ids=str,
)
async def test_shares_that_do_not_make_one_whole_are_refused(tx: Tx, bp: Sequence[int]):
    song = await make_artist(tx)
    with pytest.raises(InvalidSplit):
        await split(tx, song, *((person(), one) for one in bp))


async def test_a_payee_is_named_once_and_payees_are_not_thousands(tx: Tx):
    song, bo = await make_artist(tx), person()
    with pytest.raises(InvalidSplit):
        await split(tx, song, (bo, 5_000), (bo, 5_000))
    with pytest.raises(InvalidSplit):
        await split(tx, song, *((person(), 50) for _ in range(200)))


async def test_only_the_owner_proposes_and_only_who_is_named_accepts(tx: Tx):
    song, other, bo = await make_artist(tx), await make_artist(tx), person()
    with pytest.raises(UnknownTrack):
        await split(tx, Artist(other.user_id, song.track_id), (bo, 10_000))
    with pytest.raises(UnknownTrack):
        await service.splits_of_track(tx, track_id=song.track_id, owner=bo)
    with pytest.raises(InvalidMonth):
        await split(tx, song, (bo, 10_000), month=date(2026, 11, 2))
    proposed = await split(tx, song, (bo, 10_000))
    for stranger in (other.user_id, song.user_id):  # the owner has no share in it
        with pytest.raises(UnknownSplit):
            await service.accept_split(tx, split_id=proposed.split_id, payee=stranger, now=HEARD)
    with pytest.raises(UnknownSplit):
        await service.accept_split(tx, split_id=new_id(), payee=bo, now=HEARD)


async def test_a_proposal_can_be_withdrawn_or_declined_until_it_is_in_force(tx: Tx):
    song, bo = await make_artist(tx), person()
    proposed = await split(tx, song, (bo, 10_000))
    for who in (song.user_id, bo):
        proposed = await split(tx, song, (song.user_id, 1), (bo, 9_999))
        gone = await service.withdraw_split(tx, split_id=proposed.split_id, person=who, now=HEARD)
        assert gone.withdrawn
        assert await service.withdraw_split(tx, split_id=proposed.split_id, person=who, now=HEARD) == gone
        with pytest.raises(SplitSettled):
            await service.accept_split(tx, split_id=proposed.split_id, payee=bo, now=HEARD)
    with pytest.raises(UnknownSplit):
        await service.withdraw_split(tx, split_id=proposed.split_id, person=person(), now=HEARD)
    standing = await split(tx, song, (song.user_id, 10_000))
    with pytest.raises(SplitSettled):
        await service.withdraw_split(tx, split_id=standing.split_id, person=song.user_id, now=HEARD)


def test_of_a_month_counts_the_latest_term_that_is_not_after_it():
    a, b, c, owner = (UserId(UUID(int=n)) for n in range(4))
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    terms = [
        Term(MONTH, late, (Share(b, 10_000),)),
        Term(MONTH, early, (Share(a, 10_000),)),
        Term(NEXT, early, (Share(c, 10_000),)),
    ]
    assert [shares_of(terms, owner=owner, heard_month=m)[0].payee_id for m in (date(2026, 10, 1), MONTH, NEXT)] == [owner, b, c]  # fmt: skip
    assert shares_of([], owner=None, heard_month=MONTH) == ()


async def propose_raw(tx: Tx, song: Artist, *bp: int, by: UserId | None = None) -> UUID:
    """What an attacker who can run the application's SQL writes past everything that Python checks."""
    made = new_id()
    await tx.execute(
        "INSERT INTO payment.royalty_split (id, track_id, effective_from, made_by) VALUES (%s, %s, %s, %s)",
        [made, song.track_id, MONTH, by or song.user_id],
    )
    for one in bp:
        await tx.execute(
            "INSERT INTO payment.royalty_split_share (split_id, payee_id, share_bp, accepted_at) VALUES (%s, %s, %s, now())",
            [made, person(), one],
        )
    return made


@pytest.mark.parametrize("bp", [(), (9_999,), (10_000, 1), (5_000, 4_999), (10_000, 10_000)], ids=str)
async def test_as_the_application_s_role_no_sum_but_ten_thousand_can_be_committed(tx: Tx, bp: tuple[int, ...]):
    await propose_raw(tx, await make_artist(tx), *bp)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "10000 basis points" in str(refused.value)


async def test_as_the_application_s_role_ten_thousand_can(tx: Tx):
    await propose_raw(tx, await make_artist(tx), 2_500, 7_500)
    assert await tx.execute("SET CONSTRAINTS ALL IMMEDIATE") == -1


async def test_as_the_application_s_role_nothing_is_added_to_a_split_that_is_whole(database):
    async with database.begin() as tx:
        song = await make_artist(tx)
        made = await propose_raw(tx, song, 10_000)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with database.begin() as tx:
            await tx.execute(
                "INSERT INTO payment.royalty_split_share (split_id, payee_id, share_bp) VALUES (%s, %s, 1)",
                [made, person()],
            )
    async with database.begin() as tx:
        assert await tx.value("SELECT sum(share_bp) FROM payment.royalty_split_share") == 10_000


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        (
            "INSERT INTO payment.royalty_split_share VALUES (%(split)s, gen_random_uuid(), 0)",
            psycopg.errors.CheckViolation,
        ),
        (
            "INSERT INTO payment.royalty_split_share VALUES (%(split)s, gen_random_uuid(), -5)",
            psycopg.errors.CheckViolation,
        ),
        ("UPDATE payment.royalty_split_share SET share_bp = 1", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.royalty_split_share SET payee_id = gen_random_uuid()", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.royalty_split_share SET accepted_at = NULL", psycopg.errors.RestrictViolation),
        ("DELETE FROM payment.royalty_split_share", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.royalty_split", psycopg.errors.InsufficientPrivilege),
        ("TRUNCATE payment.royalty_split CASCADE", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.royalty_split SET track_id = gen_random_uuid()", psycopg.errors.InsufficientPrivilege),
        (
            "UPDATE payment.royalty_split SET in_force_from = '2020-01-01', in_force_at = now()",
            psycopg.errors.CheckViolation,
        ),
        ("ALTER TABLE payment.royalty_split_share DISABLE TRIGGER ALL", psycopg.errors.InsufficientPrivilege),
        ("DROP TRIGGER split_is_whole ON payment.royalty_split_share", psycopg.errors.InsufficientPrivilege),
        ("SET session_replication_role = replica", psycopg.errors.InsufficientPrivilege),
    ],
)
async def test_as_the_application_s_role_no_split_is_rewritten(tx: Tx, attack: str, error: type[Exception]):
    made = await propose_raw(tx, await make_artist(tx), 10_000)
    await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(error):
        await tx.execute(attack, {"split": made})


async def test_as_the_application_s_role_nobody_but_the_owner_proposes(tx: Tx):
    with pytest.raises(psycopg.errors.CheckViolation, match="owner"):
        await propose_raw(tx, await make_artist(tx), 10_000, by=person())


async def test_as_the_application_s_role_no_split_comes_into_force_unaccepted_or_into_a_closed_month(tx: Tx):
    fan, song, bo = person(), await make_artist(tx), person()
    await make_listens(tx, fan, song, 1)
    proposed = await split(tx, song, (bo, 10_000))
    bring = "UPDATE payment.royalty_split SET in_force_from = %s, in_force_at = now() WHERE id = %s"
    with pytest.raises(psycopg.errors.CheckViolation, match="accepted"):
        async with tx.savepoint():
            await tx.execute(bring, [MONTH, proposed.split_id])
            await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await close(tx, pays(fan, 1_000))
    with pytest.raises(psycopg.errors.RestrictViolation, match="closed"):
        await tx.execute(bring, [MONTH, proposed.split_id])

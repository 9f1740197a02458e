"""An artist is verified by somebody else, once, for a reason, and for the name that was believed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.factories.users import MADE_AT, Artist, User, make_artist, make_user
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, LinkInvalid
from vibestream.contexts.user.verification import service
from vibestream.contexts.user.verification.personal import PERSONAL
from vibestream.contexts.user.verification.service import (
    GroundInvalid,
    OwnVerification,
    State,
    Verification,
    VerificationDecided,
    VerificationLimited,
    VerificationMissing,
    VerificationWaits,
)
from vibestream.kernel.ids import new_id
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database, Tx

DAY = timedelta(days=1)


async def asks(tx: Tx, artist: Artist, *, user: User | None = None, days: int = 0) -> Verification:
    return await service.ask(
        tx,
        artist_id=artist.artist_id,
        user_id=(user or artist.user).user_id,
        evidence="My site leads to this page.",
        links=["https://rio-lento.example.org/"],
        now=MADE_AT + days * DAY,
    )


async def decides(
    tx: Tx, asked: Verification, by: User, verdict: State = State.VERIFIED, **changes: str
) -> Verification:
    given = {"ground": "links_back" if verdict is State.VERIFIED else "not_enough", "reason": "The site leads here.", **changes}  # fmt: skip
    return await service.decide(
        tx, verification_id=asked.verification_id, verdict=verdict, by=by.user_id, now=MADE_AT, **given
    )


async def is_verified(tx: Tx, artist: Artist) -> bool:
    return (await fans.standing_of(tx, artist_id=artist.artist_id, viewer=None)).verified_at is not None


async def test_a_moderator_verifies_and_the_log_and_the_artist_know_why(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx, roles=["moderator"])
    asked = await asks(tx, artist)
    assert [one.verification_id for one in await service.queue(tx, limit=9)] == [asked.verification_id]
    decided = await decides(tx, asked, moderator)
    assert (decided.state, decided.decided_by, decided.reason) == (State.VERIFIED, moderator.user_id, "The site leads here.")  # fmt: skip
    assert await is_verified(tx, artist)
    assert await service.queue(tx, limit=9) == []
    entry = (await audit_log.search(tx, action=Action.ARTIST_VERIFIED))[0].entry
    assert (entry.user_id, entry.actor_id) == (artist.user_id, moderator.user_id)
    assert entry.detail == f"artist {artist.artist_id}: links_back"
    told = await notifications.notifications_of(tx, user_id=artist.user_id, before=None, limit=9)
    assert [one.kind.value for one in told] == ["artist_verified"]


async def test_what_is_refused_is_told_with_its_reason_and_can_be_asked_again(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx)
    await decides(tx, await asks(tx, artist), moderator, State.REFUSED)
    assert not await is_verified(tx, artist)
    newest = await service.newest_of(tx, artist_id=artist.artist_id)
    assert newest is not None
    assert (newest.state, newest.reason) == (State.REFUSED, "The site leads here.")
    told = await notifications.notifications_of(tx, user_id=artist.user_id, before=None, limit=9)
    assert [one.kind.value for one in told] == ["artist_not_verified"]
    assert (await asks(tx, artist, days=1)).state is State.WAITING


async def test_nobody_decides_for_an_artist_that_they_speak_for(tx: Tx):
    admin = await make_user(tx, roles=["admin", "moderator"])
    artist = await make_artist(tx, user=admin)
    asked = await asks(tx, artist)
    for verdict in (State.VERIFIED, State.REFUSED):
        with pytest.raises(OwnVerification):
            await decides(tx, asked, admin, verdict)
    assert not await is_verified(tx, artist)
    assert await audit_log.search(tx, action=Action.ARTIST_VERIFIED) == []


async def test_a_decision_is_made_once(tx: Tx):
    artist, one, other = await make_artist(tx), await make_user(tx), await make_user(tx)
    asked = await asks(tx, artist)
    await decides(tx, asked, one, State.REFUSED)
    with pytest.raises(VerificationDecided):
        await decides(tx, asked, other)
    await service.ask(tx, artist_id=artist.artist_id, user_id=artist.user_id, evidence="More.", links=[], now=MADE_AT + DAY)  # fmt: skip
    await service.withdraw(tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT + DAY)
    withdrawn = await service.newest_of(tx, artist_id=artist.artist_id)
    assert withdrawn is not None
    with pytest.raises(VerificationDecided):
        await decides(tx, withdrawn, other)


async def test_of_two_moderators_at_the_same_moment_one_decides(database: Database):
    async with database.begin() as tx:
        artist, people = await make_artist(tx), [await make_user(tx) for _ in range(4)]
        asked = await asks(tx, artist)

    async def tries(by: User) -> bool:
        try:
            async with database.begin() as tx:
                await decides(tx, asked, by)
        except VerificationDecided:
            return False
        return True

    assert sum(await asyncio.gather(*map(tries, people))) == 1
    async with database.begin() as tx:
        assert len(await audit_log.search(tx, action=Action.ARTIST_VERIFIED)) == 1


async def test_of_two_that_ask_at_the_same_moment_one_waits(database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx)

    async def tries() -> bool:
        try:
            async with database.begin() as tx:
                await asks(tx, artist)
        except VerificationWaits:
            return False
        return True

    assert sum(await asyncio.gather(*(tries() for _ in range(4)))) == 1


async def test_another_name_or_handle_is_not_verified(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx)
    await decides(tx, await asks(tx, artist), moderator)
    change = {"artist_id": artist.artist_id, "user_id": artist.user_id, "now": MADE_AT}
    await profiles.change_artist(tx, **change, bio="New.")  # type: ignore[arg-type]
    assert await is_verified(tx, artist)
    await profiles.change_artist(tx, **change, name="Somebody Famous")  # type: ignore[arg-type]
    assert not await is_verified(tx, artist)


async def test_strangers_cannot_ask_or_withdraw_for_an_artist(tx: Tx):
    artist, stranger = await make_artist(tx), (await make_artist(tx)).user
    with pytest.raises(ArtistMissing):
        await asks(tx, artist, user=stranger)
    await asks(tx, artist)
    with pytest.raises(VerificationMissing):
        await service.withdraw(tx, artist_id=artist.artist_id, user_id=stranger.user_id, now=MADE_AT)


async def test_three_requests_a_month_are_enough(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx)
    for day in range(3):
        await decides(tx, await asks(tx, artist, days=day), moderator, State.REFUSED)
    with pytest.raises(VerificationLimited) as refused:
        await asks(tx, artist, days=3)
    assert refused.value.retry_after_s == 27 * 86_400
    assert (await asks(tx, artist, days=31)).state is State.WAITING


async def test_what_cannot_be_shown_or_followed_is_refused(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx)
    with pytest.raises(VerificationMissing):
        await service.request_of(tx, verification_id=new_id())
    for evidence in ("", " \n ", "x" * 2_001, "a\u202eb"):
        with pytest.raises(TextInvalid):
            await service.ask(tx, artist_id=artist.artist_id, user_id=artist.user_id, evidence=evidence, links=[], now=MADE_AT)  # fmt: skip
    for links in (["http://a.example"], ["javascript:alert(1)"], ["https://127.0.0.1/"], ["https://a.example"] * 6):
        with pytest.raises(LinkInvalid):
            await service.ask(tx, artist_id=artist.artist_id, user_id=artist.user_id, evidence="x", links=links, now=MADE_AT)  # fmt: skip
    asked = await asks(tx, artist)
    with pytest.raises(TextInvalid):
        await decides(tx, asked, moderator, reason="  ")
    for ground in ("not_enough", "papers'--", ""):
        with pytest.raises(GroundInvalid):
            await decides(tx, asked, moderator, ground=ground)


async def test_what_was_shown_leaves_with_them_and_who_decided_is_not_told(tx: Tx):
    artist, moderator = await make_artist(tx), await make_user(tx)
    await decides(tx, await asks(tx, artist), moderator, State.REFUSED)
    told = str(await PERSONAL.export(tx, artist.user_id))
    assert "My site leads to this page." in told
    assert str(moderator.user_id) not in told
    await PERSONAL.erase(tx, artist.user_id)
    assert await PERSONAL.export(tx, artist.user_id) == []
    assert await service.newest_of(tx, artist_id=artist.artist_id) is None

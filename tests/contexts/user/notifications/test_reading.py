"""The list, its numbers, choices, links that stop mail, and streams that go on where they broke."""

from __future__ import annotations

import asyncio
import base64
from contextlib import nullcontext
from datetime import timedelta

import pytest

from tests.factories.users import MADE_AT, User, make_user, signed_in
from tests.platform.http.test_event_stream import Reader, reading
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.invariants import INVARIANTS
from vibestream.contexts.user.notifications.service import (
    Channel,
    Kind,
    KindMandatory,
    LinkInvalid,
    NotificationMissing,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database, Tx

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
KEY = b"k" * 32


async def tell(tx: Tx, user: User, key: str) -> object:
    return await service.tell(
        tx, user_id=user.user_id, kind=Kind.TIP_RECEIVED, key=key, facts=TIP, now=MADE_AT + timedelta(minutes=int(key))
    )


async def test_a_list_is_ones_own_and_pages_by_number(tx: Tx):
    ana, ben = await make_user(tx), await make_user(tx)
    for key in "123":
        await tell(tx, ana, key)
    await tell(tx, ben, "9")

    first = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=2)
    rest = await service.notifications_of(tx, user_id=ana.user_id, before=first[-1].seq, limit=2)
    assert [one.seq for one in first + rest] == [3, 2, 1]
    assert await service.unread(tx, user_id=ana.user_id) == 3
    assert await service.unread(tx, user_id=ben.user_id) == 1


async def test_marking_up_to_what_was_seen_leaves_what_came_later_unread(tx: Tx):
    ana, ben = await make_user(tx), await make_user(tx)
    for key in "123":
        await tell(tx, ana, key)
    newest, middle, _ = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)

    assert await service.mark_all_read(tx, user_id=ana.user_id, up_to=middle.seq or 0, now=MADE_AT) == 2
    assert await service.unread(tx, user_id=ana.user_id) == 1
    with pytest.raises(NotificationMissing):
        await service.mark_read(tx, user_id=ben.user_id, notification_id=newest.notification_id, now=MADE_AT)
    assert await service.unread(tx, user_id=ana.user_id) == 1
    await service.mark_read(tx, user_id=ana.user_id, notification_id=newest.notification_id, now=MADE_AT)
    assert await service.unread(tx, user_id=ana.user_id) == 0


async def test_what_is_not_wanted_in_the_list_takes_no_number_but_is_mailed(tx: Tx):
    ana = await make_user(tx)
    await service.choose(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.IN_APP, wanted=False)
    await tell(tx, ana, "1")

    assert await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=9) == []
    assert await tx.value("SELECT count(*) FROM users.notification_delivery") == 1


async def test_choosing_all_keeps_what_is_mandatory(tx: Tx):
    ana = await make_user(tx)
    await service.choose_all(tx, user_id=ana.user_id, wanted={(Kind.TIP_RECEIVED, Channel.EMAIL)})

    wanted = await service.wanted_by(tx, user_id=ana.user_id)
    assert (Kind.TIP_RECEIVED, Channel.EMAIL) in wanted
    assert (Kind.TIP_RECEIVED, Channel.IN_APP) not in wanted
    assert (Kind.NEW_DEVICE, Channel.EMAIL) in wanted
    with pytest.raises(KindMandatory):
        await service.choose(tx, user_id=ana.user_id, kind=Kind.NEW_DEVICE, channel=Channel.EMAIL, wanted=False)


async def test_a_link_stops_its_own_kind_of_its_own_account_and_only_if_it_was_signed(tx: Tx):
    ana = await make_user(tx)
    token = service.stop_token(KEY, user_id=ana.user_id, kinds=[Kind.TIP_RECEIVED])
    for _ in range(2):
        assert await service.stop_by_link(tx, keys=[KEY], token=token) == (Kind.TIP_RECEIVED,)
    assert (Kind.TIP_RECEIVED, Channel.EMAIL) not in await service.wanted_by(tx, user_id=ana.user_id)
    assert (Kind.TIP_RECEIVED, Channel.IN_APP) in await service.wanted_by(tx, user_id=ana.user_id)

    former = service.stop_token(b"a former key", user_id=ana.user_id, kinds=[Kind.NEW_RELEASE])
    for keys, good in (([KEY], False), ([KEY, b"a former key"], True)):
        with nullcontext() if good else pytest.raises(LinkInvalid):
            await service.stop_by_link(tx, keys=keys, token=former)
    assert (Kind.NEW_RELEASE, Channel.EMAIL) not in await service.wanted_by(tx, user_id=ana.user_id)

    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    altered = [
        token[:-1],
        token + "AAAA",
        "",
        "A" * 5_000,
        "ñ",
        "%00",
        base64.urlsafe_b64encode(raw[:16] + new_id().bytes + raw[32:]).decode(),
        base64.urlsafe_b64encode(raw[:32] + b"trial_ends").decode(),
        service.stop_token(b"another key", user_id=ana.user_id, kinds=[Kind.TRIAL_ENDS]),
        service.stop_token(KEY, user_id=ana.user_id, kinds=[Kind.NEW_DEVICE]),
        service.stop_token(KEY, user_id=UserId(new_id()), kinds=[Kind.TRIAL_ENDS]),
    ]
    for one in altered:
        with pytest.raises(LinkInvalid):
            await service.stop_by_link(tx, keys=[KEY], token=one)
    assert (Kind.TRIAL_ENDS, Channel.EMAIL) in await service.wanted_by(tx, user_id=ana.user_id)


async def test_two_that_tell_the_same_person_at_once_give_two_numbers(database: Database):
    async with database.begin() as tx:
        ana = await make_user(tx)

    async def one(key: str) -> None:
        async with database.begin() as tx:
            await tell(tx, ana, key)

    await asyncio.gather(*(one(str(number)) for number in (*range(10), *range(10))))
    async with database.begin() as tx:
        rows = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=99)
        assert [row.seq for row in rows] == list(range(10, 0, -1))
        for invariant in INVARIANTS[1:]:
            assert (await invariant.check(tx)).ok


async def test_a_stuck_mail_and_a_number_out_of_nowhere_are_found(tx: Tx):
    ana = await make_user(tx)
    await tell(tx, ana, "1")
    await tx.execute("UPDATE users.notification_inbox SET last_seq = 0")
    await tx.execute("DELETE FROM users.notification_delivery")
    await tx.execute(
        "INSERT INTO users.notification_delivery SELECT gen_random_uuid(), notification_id, 'email', '2026-01-01Z',"
        " 'waiting', NULL FROM users.notification"
    )

    assert [(await one.check(tx)).ok for one in INVARIANTS] == [False, False]


class Returning(Reader):
    """A browser that comes back and says what it has heard."""

    heard = b""

    async def run(self) -> None:
        app = self._app

        async def with_header(scope, receive, send) -> None:
            await app({**scope, "headers": [*scope["headers"], (b"last-event-id", self.heard)]}, receive, send)

        self._app = with_header  # type: ignore[assignment]  # an ASGI application as well
        await super().run()


async def test_a_stream_that_broke_goes_on_where_it_was_and_says_nothing_twice(app, database: Database, client_for):
    await app.state.edge.live.listening.wait()
    async with database.begin() as tx:
        ana, ben = await make_user(tx), await make_user(tx)
        token = await signed_in(tx, ana)
    async with reading(app, token) as stream:
        await stream.next()
        async with database.begin() as tx:
            await tell(tx, ana, "1")
        heard = await stream.next()
        assert heard.startswith("id: 1\nevent: notification.told\ndata: {")
        assert '"unread":1}' in heard
    async with database.begin() as tx:
        for key in "23":
            await tell(tx, ana, key)
        await tell(tx, ben, "4")

    back = Returning(app, token)
    back.heard = b"1"
    running = asyncio.create_task(back.run())
    try:
        assert (await back.next()).startswith("retry:")
        assert [(await back.next()).split("\n")[0] for _ in range(2)] == ["id: 2", "id: 3"]
        async with database.begin() as tx:
            await tell(tx, ana, "5")
        assert (await back.next()).startswith("id: 4\n")
    finally:
        back.leave()
        await running


async def test_whoever_missed_too_much_reads_anew_and_a_number_that_is_none_replays_nothing(tx: Tx):
    ana = await make_user(tx)
    for key in range(50 + 1):
        await tell(tx, ana, str(key))

    missed = await service.missed_since(tx, user_id=ana.user_id, event_id=0)
    assert [one.kind for one in missed] == ["resync"]
    assert [one.event_id for one in await service.missed_since(tx, user_id=ana.user_id, event_id=49)] == [50, 51]
    assert await service.missed_since(tx, user_id=ana.user_id, event_id=2**62) == []


async def test_the_api_reads_chooses_and_refuses(client_for, client, database: Database):
    async with database.begin() as tx:
        ana, ben = await make_user(tx, locale="es"), await make_user(tx)
        for key in "12":
            await tell(tx, ana, key)
    hers, his = await client_for(ana), await client_for(ben)

    listed = (await hers.get("/api/v1/me/notifications?limit=1")).json()
    (one,) = listed["items"]
    assert (one["number"], one["title"], one["path"]) == (2, "Una propina: 5.00 EUR", "/wallet")
    more = (await hers.get("/api/v1/me/notifications", params={"cursor": listed["next_cursor"]})).json()
    assert [row["number"] for row in more["items"]] == [1]
    assert (await his.post(f"/api/v1/me/notifications/{one['notification_id']}/read")).status_code == 404
    assert (await hers.post("/api/v1/me/notifications/read", json={"up_to": 1})).json() == {"unread": 1}
    assert (await hers.post(f"/api/v1/me/notifications/{one['notification_id']}/read")).status_code == 204
    assert (await hers.get("/api/v1/me/notifications/unread")).json() == {"unread": 0}
    choice = "/api/v1/me/notification-choices"
    assert (await hers.put(f"{choice}/new_device/email", json={"wanted": False})).status_code == 422
    assert (await hers.put(f"{choice}/nothing/email", json={"wanted": False})).status_code == 422
    assert (await hers.put(f"{choice}/tip_received/email", json={"wanted": "no"})).status_code == 422
    assert (await hers.put(f"{choice}/tip_received/email", json={"wanted": False})).status_code == 204
    assert {"kind": "tip_received", "channel": "email", "wanted": False, "mandatory": False} in (
        await hers.get(choice)
    ).json()
    hours = {"time_zone": "Europe/Nowhere", "quiet_from": "22:00", "quiet_until": "07:00"}
    assert (await hers.put("/api/v1/me/notification-hours", json=hours)).status_code == 422
    assert (await client.get("/api/v1/me/notifications")).status_code == 401

"""The pages of notifications: the list, the choices, and the link that stops mail without signing in."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from tests.factories.users import User, make_user
from tests.web.conftest import read
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.service import Channel, Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}


async def told(database: Database, count: int = 1, *, locale: str = "en") -> User:
    async with database.begin() as tx:
        user = await make_user(tx, locale=locale)
        for key in range(count):
            await service.tell(
                tx, user_id=user.user_id, kind=Kind.TIP_RECEIVED, key=str(key), now=utc_now(),
                facts={"minor": 500 + key, "currency": "EUR", "earned": "4.50 EUR"},
            )  # fmt: skip
    return user


async def test_an_empty_list_says_what_will_stand_there(client_for, database: Database):
    page = read(await (await client_for(await told(database, 0))).get("/notifications", headers=HTML))

    assert "Nothing yet." in page.text
    assert page.all("form", action="/notifications/read") == []


async def test_the_list_is_read_page_by_page_and_marked_as_read(client_for, database: Database):
    client = await client_for(await told(database, 31, locale="es"))
    page = read(await client.get("/notifications", headers=HTML))

    assert "Una propina: 5.30 EUR" in page.text
    assert "31 son nuevos." in page.text
    assert page.all("input", name="up_to")[0]["value"] == "31"
    assert len(page.all("form", method="post")) > 30
    older = read(await client.get("/notifications?before=2", headers=HTML))
    assert "5.00 EUR" in older.text
    assert "5.01 EUR" not in older.text
    answer = await client.post("/notifications/read", data={"up_to": "31"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/notifications")
    assert page.all("div", id="notifications")[0]["data-live"] == "notification.told"
    assert "nuevo" not in read(await client.get("/notifications", headers=HTML)).text


async def test_opening_one_marks_it_and_leads_where_it_belongs_and_only_its_owner_can(client_for, database: Database):
    ana = await told(database)
    client, other = await client_for(ana), await client_for(await told(database))
    async with database.begin() as tx:
        (one,) = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=5)
    path = f"/notifications/{one.notification_id}/open"

    assert (await other.post(path, headers=HTML)).status_code == 404
    answer = await client.post(path, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/wallet")
    async with database.begin() as tx:
        assert await service.unread(tx, user_id=ana.user_id) == 0


async def test_choices_are_saved_and_what_is_mandatory_stays(client_for, database: Database):
    ana = await told(database)
    client = await client_for(ana)
    page = read(await client.get("/notifications/choices", headers=HTML))
    boxes = page.all("input", name="wanted")
    assert len(boxes) == 3 * len(Kind)
    assert {box["value"] for box in boxes if "disabled" in box} >= {"new_device:email", "receipt:in_app"}

    answer = await client.post(
        "/notifications/choices", data={"wanted": ["tip_received:in_app", "x:y", "new_device:email"]}
    )
    assert answer.headers["location"] == "/notifications/choices?done=choices"
    async with database.begin() as tx:
        wanted = await service.wanted_by(tx, user_id=ana.user_id)
    assert {(kind, way) for kind, way in wanted if not service.RULES[kind].mandatory} == {
        (Kind.TIP_RECEIVED, Channel.IN_APP)
    }
    saved = read(await client.get("/notifications/choices?done=choices", headers=HTML))
    assert "Your choices were saved." in saved.text


async def test_hours_are_saved_shown_again_and_refused_where_they_are_none(client_for, database: Database):
    ana = await told(database)
    client = await client_for(ana)
    hours = {"time_zone": "Europe/Madrid", "quiet_from": "22:30", "quiet_until": "07:00"}
    assert (await client.post("/notifications/hours", data=hours)).status_code == 303

    page = read(await client.get("/notifications/choices", headers=HTML))
    assert page.all("input", name="quiet_from")[0]["value"] == "22:30"
    assert "selected" in next(one for one in page.all("option") if "selected" in one)
    refused = await client.post("/notifications/hours", data={**hours, "quiet_until": "22:30"}, headers=HTML)
    assert refused.status_code == 422
    assert "two different times of day" in read(refused).text
    async with database.begin() as tx:
        assert str((await service.hours_of(tx, user_id=ana.user_id)).quiet_until) == "07:00:00"


async def test_a_digests_link_says_what_it_stops_and_stops_all_of_it_but_what_is_mandatory(
    client, settings, database: Database
):
    ana = await told(database)
    kinds = [Kind.TIP_RECEIVED, Kind.NEW_RELEASE, Kind.RECEIPT]
    token = service.stop_token(settings.signing_key(), user_id=ana.user_id, kinds=kinds)
    asked = read(await client.get(f"/unsubscribe/{token}", headers={**HTML, "Accept-Language": "es"})).text
    assert "¿No quieres recibir más correo de estos tipos?" in asked
    assert "Propinas de fans" in asked
    assert "Novedades de los artistas que sigues" in asked
    assert "Recibos de tus pagos" not in asked
    answer = await client.post(f"/unsubscribe/{token}", headers={**HTML, "Sec-Fetch-Site": "same-origin"})
    assert "You get no more mail of these kinds." in read(answer).text
    async with database.begin() as tx:
        wanted = await service.wanted_by(tx, user_id=ana.user_id)
    assert not {(Kind.TIP_RECEIVED, Channel.EMAIL), (Kind.NEW_RELEASE, Channel.EMAIL)} & wanted
    assert (Kind.RECEIPT, Channel.EMAIL) in wanted
    only = service.stop_token(settings.signing_key(), user_id=ana.user_id, kinds=[Kind.RECEIPT])
    assert (await client.post(f"/unsubscribe/{only}", headers=HTML)).status_code == 404


async def test_a_link_of_before_the_secret_was_changed_stops_mail_as_well(
    client, app, settings, database: Database, runtime
):
    """A mail is opened years later, and its link is all that its reader has."""
    ana = await told(database)
    token = service.stop_token(settings.signing_key(), user_id=ana.user_id, kinds=[Kind.TIP_RECEIVED])
    later = settings.model_copy(
        update={
            "secret_key": SecretStr("another secret of enough characters"),
            "accepted_secret_keys": SecretStr(settings.signing_key().decode()),
        }
    )
    object.__setattr__(runtime, "settings", later)
    assert (await client.get(f"/unsubscribe/{token}", headers=HTML)).status_code == 200
    answer = await client.post(f"/unsubscribe/{token}", headers={**HTML, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    async with database.begin() as tx:
        assert (Kind.TIP_RECEIVED, Channel.EMAIL) not in await service.wanted_by(tx, user_id=ana.user_id)


@pytest.mark.parametrize("one_click", [True, False])
async def test_a_mails_link_asks_first_and_stops_by_a_post_of_anybody_who_holds_it(
    client, settings, database: Database, one_click: bool
):
    ana = await told(database)
    token = service.stop_token(settings.signing_key(), user_id=ana.user_id, kinds=[Kind.TIP_RECEIVED])
    asked = read(await client.get(f"/unsubscribe/{token}", headers=HTML))
    assert "Do you want no more mail of this kind?" in asked.text
    async with database.begin() as tx:
        assert (Kind.TIP_RECEIVED, Channel.EMAIL) in await service.wanted_by(tx, user_id=ana.user_id)

    for _ in range(2):
        if one_click:  # as RFC 8058 has it: a mailbox's own request, without cookie, origin or redirect
            answer = await client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})
        else:
            answer = await client.post(f"/unsubscribe/{token}", headers={**HTML, "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 200
        assert "You get no more mail of this kind." in read(answer).text
    async with database.begin() as tx:
        wanted = await service.wanted_by(tx, user_id=ana.user_id)
    assert (Kind.TIP_RECEIVED, Channel.EMAIL) not in wanted
    assert (Kind.TIP_RECEIVED, Channel.IN_APP) in wanted
    for wrong in ("x", token[:-2], token + "A"):
        assert (await client.get(f"/unsubscribe/{wrong}", headers=HTML)).status_code == 404
        assert (await client.post(f"/unsubscribe/{wrong}", headers=HTML)).status_code == 404


async def test_the_count_stands_in_the_navigation_of_whoever_is_signed_in(client, client_for, database: Database):
    assert "data-unread" not in (await client.get("/", headers=HTML)).text
    page = read(await (await client_for(await told(database))).get("/", headers=HTML))

    assert len(page.all("a", href="/notifications")) == 2
    assert next(span for span in page.all("span") if "data-unread" in span)["hidden"] == ""

"""Reports over HTTP: made once by whoever may see the thing, decided once by a moderator who has no part in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.user.fans.conftest import CLOSED, make_fan
from tests.factories.music import make_music
from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

SPAM = {"reason": "spam", "words": "Buy now."}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_page_is_reported_once_and_hidden_by_a_moderator_who_has_no_part_in_it(
    client_for: ClientFor, client: Any, database: Database
):
    async with database.begin() as tx:
        (owner, handle), reporter = await make_fan(tx, name="Lev"), await make_user(tx)
        moderator, reporting = [await make_user(tx, roles=["moderator"]) for _ in range(2)]
    path, same = f"/api/v1/people/{handle}/reports", key()
    fan, desk, own = await client_for(reporter), await client_for(moderator), await client_for(owner)
    made, again = [await fan.post(path, json=SPAM, headers=same) for _ in range(2)]
    assert (made.status_code, made.json()["kind"], again.json()) == (201, "fan", made.json())
    assert code(await fan.post(path, json=SPAM, headers=key())) == (409, "report.reported_before")
    assert code(await own.post(path, json=SPAM, headers=key())) == (409, "report.own")
    involved = await client_for(reporting)
    assert (await involved.post(path, json={"reason": "other"}, headers=key())).status_code == 201

    [waits] = (await desk.get("/api/v1/moderation/reports")).json()["items"]
    assert (waits["name"], waits["reports"], waits["reasons"]) == ("Lev", 2, ["other", "spam"])
    place = f"/api/v1/moderation/reports/fan/{waits['subject_id']}"
    case = (await desk.get(place)).json()
    assert (case["path"], case["verdicts"], case["own"]) == (f"/u/{handle}", ["dismissed", "hidden"], False)
    assert "Buy now." in [one["words"] for one in case["reports"]]
    told = (await desk.get(place)).text
    assert not [one for one in (reporter, reporting) if str(one.user_id) in told]  # who said it is not told

    hide = {"verdict": "hidden", "note": "It is advertising."}
    assert (await involved.get(place)).json()["own"] is True
    assert code(await involved.post(f"{place}/decisions", json=hide, headers=key())) == (409, "report.own")
    decided = await desk.post(f"{place}/decisions", json=hide, headers=key())
    assert (decided.status_code, decided.json()["hidden"], decided.json()["verdicts"]) == (201, True, ["shown"])
    assert code(await desk.post(f"{place}/decisions", json=hide, headers=key())) == (409, "report.nothing_open")
    assert (await client.get(f"/api/v1/people/{handle}")).status_code == 404
    [read] = (await own.get("/api/v1/me/decisions")).json()["items"]
    assert (read["kind"], read["verdict"], read["note"]) == ("fan", "hidden", "It is advertising.")
    assert (await fan.get("/api/v1/me/decisions")).json()["items"] == []
    assert (await own.get("/api/v1/me/page")).json()["hidden"] is True


async def test_artists_and_public_releases_are_reported_and_nothing_that_may_not_be_seen(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        artist, me = await make_artist(tx), await make_user(tx)
        public, draft = await make_music(tx), await make_music(tx, publish=False)
        _, closed = await make_fan(tx, switches=CLOSED)
    fan = await client_for(me)
    for path, kind in (
        (f"/api/v1/artists/{artist.handle}/reports", "artist"),
        (f"/api/v1/releases/{public.release.release_id}/reports", "release"),
    ):
        made = await fan.post(path, json=SPAM, headers=key())
        assert (made.status_code, made.json()["kind"]) == (201, kind)
    for path in (
        f"/api/v1/people/{closed}/reports",
        "/api/v1/artists/nobody-of-this-name/reports",
        f"/api/v1/releases/{draft.release.release_id}/reports",
        f"/api/v1/releases/{new_id()}/reports",
    ):
        assert (await fan.post(path, json=SPAM, headers=key())).status_code == 404, path


@pytest.mark.parametrize(
    "wrong",
    [{}, {"reason": "dislike"}, {"reason": "spam", "words": "x" * 1_001}, {"reason": "spam", "subject_id": "x"}],
)
async def test_a_report_that_says_nothing_known_is_refused(
    client_for: ClientFor, database: Database, wrong: dict[str, str]
):
    async with database.begin() as tx:
        artist, me, moderator = await make_artist(tx), await make_user(tx), await make_user(tx, roles=["moderator"])
    refused = await (await client_for(me)).post(f"/api/v1/artists/{artist.handle}/reports", json=wrong, headers=key())
    assert refused.status_code == 422
    assert (await (await client_for(moderator)).get("/api/v1/moderation/reports")).json()["items"] == []


async def test_the_queue_is_for_moderators_and_comes_in_pages(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        made, me = [await make_artist(tx) for _ in range(3)], await make_user(tx)
        moderator, finance = await make_user(tx, roles=["moderator"]), await make_user(tx, roles=["finance"])
    fan = await client_for(me)
    for artist in made:
        await fan.post(f"/api/v1/artists/{artist.handle}/reports", json=SPAM, headers=key())
    desk = await client_for(moderator)
    first = (await desk.get("/api/v1/moderation/reports", params={"limit": 2})).json()
    params = {"limit": 2, "cursor": first["next_cursor"]}
    rest = (await desk.get("/api/v1/moderation/reports", params=params)).json()
    seen = [one["subject_id"] for one in (*first["items"], *rest["items"])]
    assert (seen, rest["next_cursor"]) == ([str(one.artist_id) for one in made], None)
    for somebody in (fan, await client_for(finance)):
        for path in ("/api/v1/moderation/reports", f"/api/v1/moderation/reports/artist/{made[0].artist_id}"):
            assert code(await somebody.get(path)) == (403, "access.role_missing")
    assert code(await desk.get(f"/api/v1/moderation/reports/release/{new_id()}")) == (404, "report.nothing")

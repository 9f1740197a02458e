"""People over HTTP: one's own page, somebody's, handles, following, blocking, and what apps may read of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.contexts.user.fans.conftest import CLOSED, make_fan
from tests.factories.users import MADE_AT, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import Switches
from vibestream.contexts.user.teams import service as teams
from vibestream.kernel.ids import SessionId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database

PAGE = {
    "handle": "Kito.Dub",
    "about": "I listen.\n\nA lot.",
    "taste": ["dub", "Dub", "nova"],
    "switches": {"open": True, "shows_taste": True, "shows_follows": True, "shows_badges": False},
}


def codes(*answers: Any) -> list[tuple[int, str]]:
    return [(one.status_code, one.json()["code"]) for one in answers]


async def test_a_page_is_made_changed_whole_and_seen_as_its_switches_say(
    client_for: ClientFor, client: Any, database: Database
):
    async with database.begin() as tx:
        me = await make_user(tx, display_name="Kito")
    own = await client_for(me)
    assert codes(await own.get("/api/v1/me/page")) == [(404, "fan.no_page")]

    made = await own.put("/api/v1/me/page", json=PAGE)
    body = made.json()
    assert (made.status_code, body["handle"], body["taste"]) == (200, "kito.dub", ["dub", "nova"])
    assert (body["switches"], body["hidden"], body["display_name"]) == (PAGE["switches"], False, "Kito")
    assert (await own.get("/api/v1/me/page")).json() == body

    seen = (await client.get("/api/v1/people/KITO.dub")).json()
    assert (seen["handle"], seen["about"], seen["taste"]) == ("kito.dub", PAGE["about"], ["dub", "nova"])
    assert (seen["followers"], seen["own"], seen["following"], seen["badges"]) == (0, False, False, [])

    # Whole: what is not said again is gone, switches too.
    assert (await own.put("/api/v1/me/page", json={"handle": "kito.dub"})).json()["switches"]["open"] is False
    assert codes(await client.get("/api/v1/people/kito.dub")) == [(404, "fan.missing")]
    assert (await own.get("/api/v1/people/kito.dub")).json()["own"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"handle": "admin"},
        {"handle": ""},
        {"handle": "ki\u0442o-dub"},
        {"about": "x" * 601},
        {"about": "\u202e"},
        {"taste": ["a,b"]},
        {"taste": [f"w{n}" for n in range(9)]},
        {"taste": ["x" * 31]},
        {"taste": "dub"},
        {"switches": {"open": "yes"}},
        {"switches": {"hidden": False}},
        {"hidden": False},
        {"user_id": str(new_id())},
    ],
)
async def test_what_cannot_be_shown_is_refused_and_nothing_is_made(
    client_for: ClientFor, database: Database, wrong: dict[str, Any]
):
    async with database.begin() as tx:
        me = await make_user(tx)
    own = await client_for(me)
    assert (await own.put("/api/v1/me/page", json={**PAGE, **wrong})).status_code == 422
    assert codes(await own.get("/api/v1/me/page")) == [(404, "fan.no_page")]


async def test_a_page_needs_a_proved_address_and_a_handle_that_is_free(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        unproved, other = await make_user(tx, verified=False), await make_user(tx)
        await make_fan(tx, handle="kito-dub", switches=CLOSED)
    refused = [await (await client_for(one)).put("/api/v1/me/page", json=PAGE) for one in (unproved, other)]
    assert codes(*refused) == [(403, "profile.not_verified"), (409, "profile.handle_taken")]


async def test_a_handle_leads_to_whatever_may_be_seen_and_former_ones_too(
    client_for: ClientFor, client: Any, database: Database
):
    async with database.begin() as tx:
        artist, (me, _) = await make_artist(tx, handle="rio-lento"), await make_fan(tx, handle="kito")
        await make_fan(tx, handle="closed-one", switches=CLOSED)
    await (await client_for(me)).put("/api/v1/me/page", json={**PAGE, "handle": "kito-new"})
    assert (await client.get("/api/v1/handles/ri0.lento")).json() == {
        "artist": {"artist_id": str(artist.artist_id), "name": "Río Lento", "handle": "rio-lento"},
        "person": None,
    }
    assert (await client.get("/api/v1/handles/@kito")).json() == {
        "artist": None,
        "person": {"name": "Kito", "handle": "kito-new"},
    }
    for nothing in ("closed-one", "free-one", "%27", "x" * 300):
        assert codes(await client.get(f"/api/v1/handles/{nothing}")) == [(404, "fan.missing")]


async def test_following_can_be_asked_for_again_and_ends(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, (me, mine), (_, other) = await make_artist(tx), await make_fan(tx), await make_fan(tx)
    own = await client_for(me)
    for path, handle in ((f"/api/v1/people/{other}", other), (f"/api/v1/artists/{artist.handle}", artist.handle)):
        for _ in range(2):
            answer = await own.put(f"{path}/follow")
            assert (answer.status_code, answer.json()) == (200, {"handle": handle, "following": True})
    standing = (await own.get(f"/api/v1/artists/{artist.artist_id}/standing")).json()
    assert (standing["followers"], standing["following"], standing["can_follow"]) == (1, True, True)
    assert [one["handle"] for one in (await own.get("/api/v1/me/follows/people")).json()["items"]] == [other]
    shown = (await own.get(f"/api/v1/people/{mine}")).json()
    assert ([one["handle"] for one in shown["artists"]], [one["handle"] for one in shown["people"]]) == (
        [artist.handle],
        [other],
    )
    for path in (f"/api/v1/people/{other}", f"/api/v1/artists/{artist.handle}"):
        for _ in range(2):
            assert (await own.delete(f"{path}/follow")).json()["following"] is False
    assert (await own.get("/api/v1/me/follows/artists")).json() == {"items": [], "next_cursor": None}
    assert codes(await own.put(f"/api/v1/people/{mine}/follow")) == [(422, "fan.own_page")]


async def test_lists_come_in_pages_that_skip_and_repeat_nobody(client_for: ClientFor, client: Any, database: Database):
    """Seven at two instants, so that the handle decides among those of one instant."""
    async with database.begin() as tx:
        me, mine = await make_fan(tx)
        made = [await make_artist(tx, handle=f"list-{n}-x") for n in range(7)]
        for n, artist in enumerate(made):
            now = MADE_AT + timedelta(seconds=n // 4)
            await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=now)
    wanted = [f"list-{n}-x" for n in (6, 5, 4, 3, 2, 1, 0)]
    for reader, path in (
        (await client_for(me), "/api/v1/me/follows/artists"),
        (client, f"/api/v1/people/{mine}/artists"),
    ):
        found, cursor, pages = [], None, 0
        while pages == 0 or cursor:
            answer = (await reader.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            found += [one["handle"] for one in answer["items"]]
            cursor, pages = answer["next_cursor"], pages + 1
        assert (found, pages) == (wanted, 4)
    first = (await client.get(f"/api/v1/people/{mine}/artists", params={"limit": 2})).json()
    assert "since" not in first["items"][0]  # when somebody began to follow is theirs to know
    strayed = await client.get(f"/api/v1/people/{mine}/people", params={"cursor": first["next_cursor"]})
    assert codes(strayed) == [(422, "http.invalid_cursor")]


async def test_whom_somebody_follows_is_empty_where_they_do_not_show_it(
    client_for: ClientFor, client: Any, database: Database
):
    shut = Switches(open=True, shows_taste=False, shows_follows=False, shows_badges=False)
    async with database.begin() as tx:
        artist, (me, mine) = await make_artist(tx), await make_fan(tx, switches=shut)
        await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    assert (await client.get(f"/api/v1/people/{mine}/artists")).json()["items"] == []
    seen = (await client.get(f"/api/v1/people/{mine}")).json()
    assert (seen["artists"], seen["followers"], seen["taste"]) == ([], None, [])
    assert len((await (await client_for(me)).get("/api/v1/me/follows/artists")).json()["items"]) == 1


async def test_who_is_blocked_sees_nothing_and_the_block_is_taken_back_by_its_maker_alone(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        (me, mine), (other, theirs), artist = await make_fan(tx), await make_fan(tx, name="Lev"), await make_artist(tx)
    own, others = await client_for(me), await client_for(other)
    await others.put(f"/api/v1/people/{mine}/follow")
    assert (await own.put(f"/api/v1/people/{theirs}/block")).status_code == 204
    assert codes(await own.put(f"/api/v1/people/{theirs}/block")) == [(404, "fan.missing")]
    assert (await own.put(f"/api/v1/artists/{artist.handle}/block")).status_code == 204
    assert codes(await others.get(f"/api/v1/people/{mine}"), await others.put(f"/api/v1/people/{mine}/follow")) == [
        (404, "fan.missing"),
        (404, "fan.missing"),
    ]
    assert (await others.get("/api/v1/me/follows/people")).json()["items"] == []
    assert (await own.get(f"/api/v1/artists/{artist.artist_id}/standing")).json()["can_follow"] is False

    first = (await own.get("/api/v1/me/blocks", params={"limit": 1})).json()
    rest = (await own.get("/api/v1/me/blocks", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    blocked = [one["user_id"] for one in (*first["items"], *rest["items"])]
    assert (blocked, rest["next_cursor"]) == ([str(artist.user_id), str(other.user_id)], None)
    assert (await others.get("/api/v1/me/blocks")).json()["items"] == []
    assert codes(await others.delete(f"/api/v1/me/blocks/{me.user_id}")) == [(404, "fan.missing")]
    assert (await own.delete(f"/api/v1/me/blocks/{other.user_id}")).status_code == 204
    assert (await others.get(f"/api/v1/people/{mine}")).json()["following"] is False


async def test_an_editor_changes_what_an_artist_says_but_not_its_name(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, editor = await make_artist(tx), await make_user(tx)
        code = await teams.invite(
            tx,
            artist_id=artist.artist_id,
            owner=artist.user_id,
            role=teams.TeamRole.EDITOR,
            key=new_id(),
            now=utc_now(),
        )
        await teams.join(tx, user_id=editor.user_id, code=code, now=utc_now())
    path, client = f"/api/v1/artists/{artist.artist_id}", await client_for(editor)
    assert (await client.patch(path, json={"bio": "New."})).json()["bio"] == "New."
    assert codes(await client.patch(path, json={"name": "Mine"})) == [(403, "profile.owner_only")]


async def test_an_app_reads_the_page_with_its_scope_and_changes_nothing(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        (me, mine), (_, other) = await make_fan(tx), await make_fan(tx)

    def app(scope: str) -> Principal:
        return Principal(me.user_id, SessionId(new_id()), frozenset({"fan"}), scopes=frozenset({scope}))

    reader, profile = await client_for(app("page:read")), await client_for(app("profile"))
    paths = ("/api/v1/me/page", "/api/v1/me/follows/artists", "/api/v1/me/follows/people")
    assert [(await reader.get(path)).status_code for path in paths] == [200, 200, 200]
    assert {(await profile.get(path)).json()["code"] for path in paths} == {"access.scope_missing"}
    refused = [
        await reader.put("/api/v1/me/page", json={**PAGE, "handle": mine}),
        await reader.put(f"/api/v1/people/{other}/follow"),
        await reader.put(f"/api/v1/people/{other}/block"),
        await reader.get("/api/v1/me/blocks"),
    ]
    assert codes(*refused) == [(403, "access.app_not_admitted")] * 4

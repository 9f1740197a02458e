"""Pages of people and artists: what anybody sees, what their owners change, what becomes of who is apart."""

from __future__ import annotations

from typing import Any

from tests.contexts.user.fans.conftest import CLOSED, make_fan
from tests.factories.music import make_music
from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}
FORM = {"handle": "vela.roja", "about": "I listen at night.", "taste": "dub, nova"}
OPENED = {"opened": "1", "shows_taste": "1", "shows_follows": "1", "shows_badges": "1"}


async def test_a_page_is_made_shown_and_closed(client: Any, client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx, display_name="Kito <b>")
    own = await client_for(user)
    assert read(await own.get("/account/page", headers=HTML)).all("input", name="opened")[0].get("checked") is None
    saved = await own.post("/account/page", data=FORM | OPENED, headers=HTML)
    assert (saved.status_code, saved.headers["location"]) == (303, "/account/page?done=saved")
    assert "Your page was saved." in read(await own.get(saved.headers["location"], headers=HTML)).text

    seen = read(await client.get("/u/vela.roja", headers=HTML))
    assert "Kito <b>" in seen.text
    assert "I listen at night." in seen.text
    assert seen.all("a", href="/sign-in?next=/u/vela.roja")
    moved = await client.get("/u/VELA-r0ja", headers=HTML)
    assert (moved.status_code, moved.headers["location"]) == (307, "/u/vela.roja")

    await own.post("/account/page", data=FORM, headers=HTML)
    closed, never = await client.get("/u/vela.roja", headers=HTML), await client.get("/u/vela.verde", headers=HTML)
    assert (closed.status_code, never.status_code) == (404, 404)
    assert read(closed).text.replace("roja", "") == read(never).text.replace("verde", "")
    assert "Nobody but you sees it." in read(await own.get("/u/vela.roja", headers=HTML)).text


async def test_what_is_wrong_with_a_page_stands_at_its_field(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        await make_artist(tx, handle="rio-lento")
    own = await client_for(user)
    answer = await own.post("/account/page", data=FORM | {"handle": "rio-1ento"}, headers=HTML)
    assert answer.status_code == 409
    assert read(answer).all("input", name="handle")[0]["aria-invalid"] == "true"
    answer = await own.post("/account/page", data=FORM | {"taste": ",".join("abcdefghi")}, headers=HTML)
    assert read(answer).all("input", name="taste")[0]["aria-invalid"] == "true"
    odd = await own.post("/account/page", data=FORM | {"about": "a\u202eb"}, headers=HTML)
    assert odd.status_code == 422
    assert (await own.post("/account/page", data=FORM | {"about": "x" * 4_001}, headers=HTML)).status_code == 422


async def test_an_artist_is_followed_blocked_and_met_again(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        user = await make_user(tx)
    fan, place = await client_for(user), f"/artists/{artist.handle}"
    assert (await fan.post(f"{place}/follow", headers=HTML)).headers["location"] == place
    shown = read(await fan.get(place, headers=HTML))
    assert "1 follower" in shown.text
    assert shown.all("form", action=f"{place}/unfollow")
    await fan.post(f"{place}/block", headers=HTML)
    shown = read(await fan.get(place, headers=HTML))
    assert "0 followers" in shown.text
    assert shown.all("form", action=f"{place}/follow") == []
    again = await fan.post(f"{place}/follow", headers=HTML)
    assert again.status_code == 404
    assert artist.name in read(await fan.get("/account/page", headers=HTML)).text
    ended = await fan.post(f"/account/blocks/{artist.user_id}/end", headers=HTML)
    assert ended.headers["location"] == "/account/page?done=unblocked"
    assert (await fan.post(f"/account/blocks/{artist.user_id}/end", headers=HTML)).status_code == 404


async def test_a_closed_page_is_not_followed_or_blocked_by_its_address(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        _, handle = await make_fan(tx, switches=CLOSED)
        user = await make_user(tx)
    fan = await client_for(user)
    for act in ("follow", "unfollow", "block"):
        assert (await fan.post(f"/u/{handle}/{act}", headers=HTML)).status_code == 404


async def test_an_artist_changes_its_page_and_links_are_https_and_say_what_they_are(
    client: Any, client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    own, form = await client_for(artist.user), f"/studio/artists/{artist.artist_id}"
    fields = {
        "name": "Río Lento", "handle": artist.handle, "bio": "One.\n\nTwo.",
        "label": ["Site", "", ""], "url": ["https://rio.example.org/a", "", ""],
    }  # fmt: skip
    assert (await own.post(form, data=fields, headers=HTML)).headers["location"] == f"{form}?done=saved"
    (link,) = read(await client.get(f"/artists/{artist.handle}", headers=HTML)).all("a", target="_blank")
    assert (link["href"], link["rel"]) == ("https://rio.example.org/a", "noopener nofollow ugc")

    for url in ("javascript:alert(1)", "http://rio.example.org", "https://user@rio.example.org", "//rio.example.org"):
        refused = await own.post(form, data=fields | {"url": [url, "", ""]}, headers=HTML)
        assert refused.status_code == 422, url
        assert "write its address with https://" in read(refused).text


async def test_nobody_else_sees_or_changes_an_artists_form(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, other = await make_artist(tx), await make_artist(tx)
    stranger, form = await client_for(other.user), f"/studio/artists/{artist.artist_id}"
    assert (await stranger.get(form, headers=HTML)).status_code == 404
    assert (await stranger.post(form, data={"name": "Mine", "handle": "mine-now"}, headers=HTML)).status_code == 404


async def test_a_moderator_verifies_an_artist_and_everybody_reads_it(
    client: Any, client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        artist, moderator = await make_artist(tx), await make_user(tx, roles=["moderator"])
        admin = await make_artist(tx, user=await make_user(tx, roles=["admin"]))
    own, judge = await client_for(artist.user), await client_for(moderator)
    form = f"/studio/artists/{artist.artist_id}/verification"
    wrong = await own.post(form, data={"evidence": "x", "addresses": "http://a.example"}, headers=HTML)
    assert read(wrong).all("textarea", name="addresses")[0]["aria-invalid"] == "true"
    asked = await own.post(
        form, data={"evidence": "My <b>site</b>.", "addresses": "https://a.example/\n\n"}, headers=HTML
    )
    assert asked.headers["location"] == f"/studio/artists/{artist.artist_id}?done=asked"
    assert (await own.post(form, data={"evidence": "Again."}, headers=HTML)).status_code == 409
    assert (await own.get("/moderation", headers=HTML)).status_code == 403

    queue = read(await judge.get("/moderation", headers=HTML))
    (row,) = queue.all("a", **{"class": "case-row"})
    page = read(await judge.get(row["href"], headers=HTML))
    assert "My <b>site</b>." in page.text
    (link,) = page.all("a", target="_blank")
    assert (link["href"], link["rel"]) == ("https://a.example/", "noopener noreferrer nofollow ugc")
    refused = await judge.post(row["href"], data={"verdict": "verified", "verified_ground": "papers"}, headers=HTML)
    assert read(refused).all("textarea", name="reason")[0]["aria-invalid"] == "true"
    fields = {"verdict": "verified", "verified_ground": "papers", "reason": "The label wrote."}
    assert (await judge.post(row["href"], data=fields, headers=HTML)).status_code == 303
    assert (await judge.post(row["href"], data=fields, headers=HTML)).status_code == 409
    assert "Verified" in read(await client.get(f"/artists/{artist.handle}", headers=HTML)).text
    assert "Verified" not in read(await client.get(f"/artists/{admin.handle}", headers=HTML)).text

    boss = await client_for(admin.user)
    await boss.post(f"/studio/artists/{admin.artist_id}/verification", data={"evidence": "I am admin."}, headers=HTML)
    (row,) = read(await boss.get("/moderation", headers=HTML)).all("a", **{"class": "case-row"})
    assert (await boss.post(row["href"], data=fields, headers=HTML)).status_code == 409
    assert "somebody else has to decide" in read(await boss.get(row["href"], headers=HTML)).text


async def test_a_release_is_reported_once_and_a_moderator_decides(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        music = await make_music(tx)
        fan, moderator = await make_user(tx), await make_user(tx, roles=["moderator"])
    reporter, judge, artist = await client_for(fan), await client_for(moderator), await client_for(music.artist.user)
    place = f"/releases/{music.release.release_id}/report"
    assert "First Light" in read(await reporter.get(place, headers=HTML)).text
    assert "Thank you." in read(await reporter.post(place, data={"reason": "rights", "words": "<i>Mine</i>"}, headers=HTML)).text  # fmt: skip
    again = await reporter.post(place, data={"reason": "rights"}, headers=HTML)
    assert (again.status_code, "You reported this before" in again.text) == (409, True)
    assert (await artist.post(place, data={"reason": "rights"}, headers=HTML)).status_code == 409
    assert (await reporter.post(place, data={"reason": "revenge"}, headers=HTML)).status_code == 422

    (row,) = read(await judge.get("/moderation", headers=HTML)).all("a", **{"class": "case-row"})
    assert row["href"] == f"/moderation/reports/release/{music.release.release_id}"
    shown = read(await judge.get(row["href"], headers=HTML))
    assert "<i>Mine</i>" in shown.text
    assert str(fan.user_id) not in (await judge.get(row["href"], headers=HTML)).text
    assert (await judge.post(row["href"], data={"verdict": "taken_down"}, headers=HTML)).status_code == 422
    done = await judge.post(row["href"], data={"verdict": "taken_down", "note": "Theirs."}, headers=HTML)
    assert done.status_code == 303
    assert (await reporter.get(row["href"], headers=HTML)).status_code == 403
    assert "Theirs." in read(await artist.get("/account/page", headers=HTML)).text


async def test_a_person_and_an_artist_are_reported(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        (_, handle), artist, fan = await make_fan(tx), await make_artist(tx), await make_user(tx)
    reporter = await client_for(fan)
    for place in (f"/u/{handle}/report", f"/artists/{artist.handle}/report"):
        read(await reporter.get(place, headers=HTML))
        assert "Thank you." in (await reporter.post(place, data={"reason": "other"}, headers=HTML)).text
    assert (await reporter.get("/u/nobody-here/report", headers=HTML)).status_code == 404


async def test_an_editor_and_an_analyst_do_what_their_role_says(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        users = {role: await make_user(tx) for role in ("editor", "analyst")}
    own, place = await client_for(artist.user), f"/studio/artists/{artist.artist_id}"
    team = {}
    for role, user in users.items():
        team[role] = await client_for(user)
        assert (await team[role].get(place, headers=HTML)).status_code == 404
        made = await own.post(f"{place}/invitations", data={"role": role, "key": str(new_id())}, headers=HTML)
        assert made.headers["cache-control"] == "no-store"
        code = read(made).text.split("for a week.")[1].split()[0]
        joined = await team[role].post("/studio/join", data={"code": code}, headers=HTML)
        assert joined.headers["location"] == f"{place}?done=joined"
    assert read(await team["editor"].get(place, headers=HTML)).all("input", name="handle") == []
    assert read(await team["analyst"].get(place, headers=HTML)).all("form", action=place) == []

    assert (await team["editor"].post(place, data={"bio": "Ours."}, headers=HTML)).status_code == 303
    assert "Ours." in read(await own.get(place, headers=HTML)).text
    assert (await team["editor"].post(place, data={"bio": "", "name": "Mine"}, headers=HTML)).status_code == 403
    assert (await team["analyst"].post(place, data={"bio": "Mine."}, headers=HTML)).status_code == 404
    for client in team.values():
        for what, data in (
            ("invitations", {"role": "editor", "key": str(new_id())}),
            ("verification", {"evidence": "x"}),
        ):
            assert (await client.post(f"{place}/{what}", data=data, headers=HTML)).status_code == 404
    gone = await team["analyst"].post(f"{place}/members/{users['analyst'].user_id}/drop", headers=HTML)
    assert gone.headers["location"] == "/studio/join"
    assert (await team["analyst"].get(place, headers=HTML)).status_code == 404
    wrong = await team["analyst"].post("/studio/join", data={"code": "'; DROP TABLE"}, headers=HTML)
    assert (wrong.status_code, "No invitation is good" in wrong.text) == (404, True)

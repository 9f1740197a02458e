"""Pages of labels: a roster, what waits for an answer, and an owner who proves that it is them before saying yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.factories.labels import agreed, asked_by_artist, asked_by_label, make_label
from tests.factories.music import make_music
from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.contexts.user.labels.service import LabelRole
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def test_a_label_asks_and_the_owner_accepts_after_a_fresh_proof(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        label, music = await make_label(tx, name="Casa <Sur>"), await make_music(tx)
    theirs, owners = await client_for(label.user), await client_for(music.artist.user)
    form = {"handle": music.artist.handle, "role": "editor", "key": str(new_id())}
    for _ in range(2):
        asked = await theirs.post("/label/artists", data=form, headers=HTML)
        assert (asked.status_code, asked.headers["location"]) == (303, "/label?done=asked")
    assert "Waiting for an answer" in read(await theirs.get("/label", headers=HTML)).text

    address = f"/studio/artists/{music.artist.artist_id}/labels"
    shown = read(await owners.get(address, headers=HTML))
    assert "Casa <Sur>" in shown.text
    (accepts,) = [one["action"] for one in shown.all("form") if one.get("action", "").endswith("/accept")]
    async with database.begin() as tx:
        await tx.execute(
            "UPDATE users.session SET proved_at = %s WHERE user_id = %s",
            [(await tx.value("SELECT now()")) - timedelta(minutes=6), music.artist.user_id],
        )
    prompted = await owners.post(accepts, headers=HTML)
    assert prompted.status_code == 403
    assert read(prompted).all("form", action="/step-up")
    assert (await theirs.get(f"/studio?artist={music.artist.handle}", headers=HTML)).status_code == 404

    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = now() WHERE user_id = %s", [music.artist.user_id])
    accepted = await owners.post(accepts, headers=HTML)
    assert (accepted.status_code, accepted.headers["location"]) == (303, f"{address}?done=accepted")
    roster = read(await theirs.get("/label", headers=HTML))
    assert roster.all("a", href=f"/studio?artist={music.artist.handle}")
    assert "1 release" in roster.text
    studio = read(await theirs.get(f"/studio?artist={music.artist.handle}", headers=HTML))
    assert studio.all("a", href=f"/studio/new?artist={music.artist.handle}")
    assert studio.all("a", href="/studio/royalties") == []
    assert studio.all("a", href=f"/studio/artists/{music.artist.artist_id}") == [], "its page is not the label's work"


async def test_an_artist_asks_and_the_label_answers(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        label, artist = await make_label(tx), await make_artist(tx)
    owners, theirs = await client_for(artist.user), await client_for(label.user)
    address = f"/studio/artists/{artist.artist_id}/labels"
    wrong = await owners.post(address, data={"handle": "nobody", "role": "analyst", "key": str(new_id())}, headers=HTML)
    assert wrong.status_code == 404
    assert read(wrong).all("input", name="handle")[0]["aria-invalid"] == "true"
    form = {"handle": f"@{label.handle}", "role": "analyst", "key": str(new_id())}
    asked = await owners.post(address, data=form, headers=HTML)
    assert (asked.status_code, asked.headers["location"]) == (303, f"{address}?done=asked")
    shown = read(await theirs.get("/label", headers=HTML))
    (accepts,) = [one["action"] for one in shown.all("form") if one.get("action", "").endswith("/accept")]
    assert (await theirs.post(accepts, headers=HTML)).headers["location"] == "/label?done=accepted"
    assert "Labels at work" in read(await owners.get(f"{address}?done=accepted", headers=HTML)).text


async def test_the_other_artist_of_an_owner_is_not_the_one_that_was_asked(client_for: ClientFor, database: Database):
    """An id of a relation under the address of another artist of one's own does what it says, for whom it is about."""
    async with database.begin() as tx:
        label, artist = await make_label(tx), await make_artist(tx)
        stranger = await make_artist(tx)
        key = await asked_by_label(tx, label, artist)
        waits = await asked_by_artist(tx, stranger, label)
    others = await client_for(stranger.user)
    for relation in (key, new_id()):
        for verb in ("accept", "end"):
            own = f"/studio/artists/{stranger.artist_id}/labels/{relation}/{verb}"
            assert (await others.post(own, headers=HTML)).status_code == 404
    self_accepted = f"/studio/artists/{stranger.artist_id}/labels/{waits}/accept"
    assert (await others.post(self_accepted, headers=HTML)).status_code == 404


async def test_only_labels_have_a_roster_and_only_the_owner_an_artists_labels(
    client: Any, client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        fan, artist, label = await make_user(tx), await make_artist(tx), await make_label(tx)
        await agreed(tx, label, artist, LabelRole.EDITOR)
    assert (await (await client_for(fan)).get("/label", headers=HTML)).status_code == 403
    assert (await client.get("/label", headers=HTML)).status_code in {303, 401}
    theirs = await client_for(label.user)
    assert (await theirs.get(f"/studio/artists/{artist.artist_id}/labels", headers=HTML)).status_code == 404
    assert 'href="/label"' in (await theirs.get("/label", headers=HTML)).text
    assert 'href="/label"' not in (await (await client_for(fan)).get("/studio", headers=HTML)).text

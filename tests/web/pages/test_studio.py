"""The studio's forms: for which artist a draft is made."""

from __future__ import annotations

from tests.factories.music import make_music
from tests.factories.music_assets import make_asset
from tests.factories.users import make_artist
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.kernel.time import utc_now


async def test_a_draft_is_made_for_the_artist_that_was_chosen(client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx)
        second = await make_artist(tx, user=music.artist.user, name="Norte")
        await catalogue.register_artist(
            tx,
            artist_id=second.artist_id,
            owner_user_id=second.user_id,
            name=second.name,
            handle=second.handle,
            as_of=utc_now(),
        )
        made = await make_asset(tx, user_id=second.user_id)
    client = await client_for(second.user)
    fields = {"artist": str(second.artist_id), "upload": str(made.upload_id)}
    answer = await client.post("/studio/releases", data=fields, headers={"Accept": "text/html"})

    assert answer.status_code == 303, answer.text
    release_id = answer.headers["location"].rpartition("/")[2]
    shown = (await client.get(f"/api/v1/studio/releases/{release_id}")).json()
    assert shown["release"]["artist"]["name"] == "Norte"
    wrong = await client.post("/studio/releases", data=fields | {"artist": "norte"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 422

"""The catalogue over HTTP: what artists do, what listeners see, what strangers get."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import PIL.Image
import pytest

from tests.factories.music_assets import MadeAsset, make_asset
from tests.factories.users import Artist, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.routes.views import ReleaseSummary, TrackSummary
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

STUDIO = "/api/v1/studio/releases"


@dataclass
class Studio:
    """A signed-in artist at work."""

    artist: Artist
    client: httpx2.AsyncClient

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        return await self.client.post(path, json=body or {})

    async def draft(self, uploads: list[MadeAsset]) -> dict[str, Any]:
        made = await self.post(f"{STUDIO}/from-uploads", {"upload_ids": [str(one.upload_id) for one in uploads]})
        assert made.status_code == 201, made.text
        view: dict[str, Any] = made.json()
        return view

    async def published(self, uploads: list[MadeAsset]) -> dict[str, Any]:
        draft = await self.draft(uploads)
        answer = await self.post(f"{STUDIO}/{draft['release']['release_id']}/publish", {"version": draft["version"]})
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view


async def studio_of(database: Database, client_for: ClientFor, *, handle: str) -> Studio:
    async with database.begin() as tx:
        artist = await make_artist(tx, handle=handle)
        await service.register_artist(
            tx,
            artist_id=artist.artist_id,
            owner_user_id=artist.user_id,
            name=artist.name,
            handle=artist.handle,
            as_of=utc_now(),
        )
    return Studio(artist, await client_for(artist.user))


@pytest.fixture
async def studio(database: Database, client_for: ClientFor) -> Studio:
    return await studio_of(database, client_for, handle="rio-lento")


@pytest.fixture
async def uploads(database: Database, studio: Studio) -> list[MadeAsset]:
    async with database.begin() as tx:
        return [
            await make_asset(
                tx,
                user_id=studio.artist.user_id,
                file_name=f"0{n} {title}.flac",
                tags=Tags(title=title, album="First Light", track_no=n),
            )
            for n, title in enumerate(("Nebula", "Quasar"), 1)
        ]


def release_of(view: dict[str, Any]) -> str:
    return str(view["release"]["release_id"])


async def test_an_album_goes_from_uploads_to_the_home_list(
    studio: Studio, uploads: list[MadeAsset], client: httpx2.AsyncClient
):
    draft = await studio.draft(uploads)
    assert (draft["stage"], draft["can_publish"], draft["release"]["title"]) == ("draft", True, "First Light")
    assert [track["audio"] for track in draft["tracks"]] == ["ready", "ready"]
    assert (await client.get(f"/api/v1/releases/{release_of(draft)}")).status_code == 404
    assert (await client.get("/api/v1/releases")).json() == {"items": [], "next_cursor": None}

    published = await studio.post(f"{STUDIO}/{release_of(draft)}/publish", {"version": draft["version"]})

    assert published.status_code == 200
    (card,) = (await client.get("/api/v1/releases")).json()["items"]
    assert (card["title"], card["track_count"], card["duration_ms"]) == ("First Light", 2, 400_000)
    assert card["artist"] == {
        "artist_id": str(studio.artist.artist_id),
        "name": "Río Lento",
        "handle": "rio-lento",
    }
    shown = (await client.get(f"/api/v1/releases/{release_of(draft)}")).json()
    assert [track["title"] for track in shown["tracks"]] == ["Nebula", "Quasar"]
    track = (await client.get(f"/api/v1/tracks/{shown['tracks'][0]['track_id']}")).json()
    assert (track["track"]["title"], track["release"]["title"]) == ("Nebula", "First Light")
    listed = (await client.get("/api/v1/artists/rio-lento/releases")).json()["items"]
    assert [one["release_id"] for one in listed] == [release_of(draft)]
    assert len((await client.get("/api/v1/tracks")).json()["items"]) == 2


async def test_lists_hold_exactly_what_their_models_describe(
    studio: Studio, uploads: list[MadeAsset], client: httpx2.AsyncClient
):
    public = await studio.published(uploads)
    await studio.client.put(f"{STUDIO}/{release_of(public)}/cover?version={public['version']}", content=picture())

    (release,) = (await client.get("/api/v1/releases")).json()["items"]
    track = (await client.get("/api/v1/tracks")).json()["items"][0]

    assert ReleaseSummary.model_validate_json(json.dumps(release)).model_dump(mode="json") == release
    assert TrackSummary.model_validate_json(json.dumps(track)).model_dump(mode="json") == track
    assert len(release["cover"]) == 3


async def test_lists_are_paged_by_their_own_cursor(studio: Studio, database: Database, client: httpx2.AsyncClient):
    for n in range(3):
        async with database.begin() as tx:
            made = await make_asset(tx, user_id=studio.artist.user_id, file_name=f"Song {n}.flac")
        await studio.published([made])

    first = (await client.get("/api/v1/releases?limit=2")).json()
    rest = (await client.get("/api/v1/releases", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    tracks = (await client.get("/api/v1/tracks?limit=2")).json()
    mine = (await studio.client.get(f"{STUDIO}?limit=2")).json()
    older = (await studio.client.get(STUDIO, params={"limit": 2, "cursor": mine["next_cursor"]})).json()

    assert [one["title"] for one in first["items"] + rest["items"]] == ["Song 2", "Song 1", "Song 0"]
    assert rest["next_cursor"] is None
    assert [one["release"]["title"] for one in mine["items"] + older["items"]] == ["Song 2", "Song 1", "Song 0"]
    foreign = await client.get("/api/v1/releases", params={"cursor": tracks["next_cursor"]})
    assert foreign.status_code == 422


async def test_publishing_says_everything_that_is_missing(studio: Studio, database: Database):
    async with database.begin() as tx:
        made = [
            await make_asset(tx, user_id=studio.artist.user_id, state=State.WAITING),
            await make_asset(tx, user_id=studio.artist.user_id, state=State.REFUSED),
        ]
    draft = await studio.draft(made)

    answer = await studio.post(f"{STUDIO}/{release_of(draft)}/publish", {"version": draft["version"]})

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "catalogue.not_ready_to_publish"
    assert [one["requirement"] for one in problem["facts"]["missing"]] == ["title", "audio", "audio"]
    assert draft["can_publish"] is False
    assert [track["audio"] for track in draft["tracks"]] == ["preparing", "failed"]


async def test_an_edit_changes_only_what_it_names_and_null_takes_away(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)
    path = f"{STUDIO}/{release_of(draft)}"

    edited = await studio.client.patch(
        path,
        json={
            "version": draft["version"],
            "language": "es",
            "genres": ["Ambient"],
            "upc": "0 36000 29145 2",
            "credits": [{"name": "Ada Ríos", "role": "composer"}],
        },
    )
    cleared = await studio.client.patch(path, json={"version": edited.json()["version"], "language": None})

    first, second = edited.json()["release"], cleared.json()["release"]
    assert (first["title"], first["language"], first["genres"]) == ("First Light", "es", ["ambient"])
    assert (first["upc"], first["credits"]) == ("036000291452", [{"name": "Ada Ríos", "role": "composer"}])
    assert second == {**first, "language": None}


async def test_a_track_is_edited_reordered_and_removed(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)
    path = f"{STUDIO}/{release_of(draft)}"
    nebula, quasar = (track["track"]["track_id"] for track in draft["tracks"])

    edited = await studio.client.patch(
        f"{path}/tracks/{quasar}", json={"version": 1, "title": "Cuásar", "explicit": True, "isrc": "US-RC1-76-07839"}
    )
    moved = await studio.client.put(f"{path}/order", json={"version": 2, "discs": [[quasar, nebula]]})
    left = await studio.client.delete(f"{path}/tracks/{nebula}?version=3")

    assert draft["version"] == 1
    assert edited.json()["release"]["explicit"] is True
    assert [track["title"] for track in moved.json()["release"]["tracks"]] == ["Cuásar", "Nebula"]
    assert [track["isrc"] for track in left.json()["release"]["tracks"]] == ["USRC17607839"]
    assert (await studio.client.delete(f"{path}?version=4")).status_code == 204
    assert (await studio.client.get(path)).status_code == 404


async def test_one_track_is_withdrawn_and_restored(
    studio: Studio, uploads: list[MadeAsset], client: httpx2.AsyncClient
):
    public = await studio.published(uploads)
    path, nebula = f"{STUDIO}/{release_of(public)}", public["tracks"][0]["track"]["track_id"]

    without = await studio.post(f"{path}/tracks/{nebula}/withdraw", {"version": public["version"]})
    assert without.json()["tracks"][0]["withdrawn_by"] == "artist"
    assert (await client.get(f"/api/v1/tracks/{nebula}")).status_code == 410
    back = await studio.post(f"{path}/tracks/{nebula}/restore", {"version": without.json()["version"]})

    assert back.json()["tracks"][0]["withdrawn_by"] is None
    assert (await client.get(f"/api/v1/tracks/{nebula}")).status_code == 200


async def test_a_release_that_was_taken_down_is_gone_and_comes_back(
    studio: Studio, uploads: list[MadeAsset], client: httpx2.AsyncClient
):
    public = await studio.published(uploads)
    path = f"{STUDIO}/{release_of(public)}"

    down = await studio.post(f"{path}/take-down", {"version": public["version"]})

    assert (down.json()["stage"], down.json()["can_publish"]) == ("taken_down", True)
    assert (await client.get(f"/api/v1/releases/{release_of(public)}")).status_code == 410
    assert (await studio.client.get(f"/api/v1/releases/{release_of(public)}")).status_code == 200
    again = await studio.post(f"{path}/publish", {"version": down.json()["version"]})
    assert again.json()["release"]["published_at"] == public["release"]["published_at"]


async def test_an_edit_on_an_old_version_is_a_conflict_that_names_the_newest(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)

    stale = await studio.client.patch(f"{STUDIO}/{release_of(draft)}", json={"version": 7, "title": "Late"})

    assert (stale.status_code, stale.json()["code"]) == (409, "catalogue.edit_conflict")
    assert stale.json()["facts"] == {"version": draft["version"]}


IMPOSSIBLE: list[dict[str, Any]] = [
    {"version": 1, "title": "x" * 201},
    {"version": 1, "title": "a\u202eb"},
    {"version": 1, "description": "x" * 5001},
    {"version": 1, "language": "klingon"},
    {"version": 1, "genres": ["<b>"]},
    {"version": 1, "upc": "036000291453"},
    {"version": 1, "release_date": "yesterday"},
    {"version": 1, "kind": "mixtape"},
    {"version": 1, "credits": [{"name": "", "role": "composer"}]},
    {"version": 1, "owner": "me"},
    {"version": "1"},
    {"version": 1.0},
    {"version": 2**31},
    {},
]


async def test_what_cannot_be_right_is_refused_and_changes_nothing(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)
    path = f"{STUDIO}/{release_of(draft)}"

    refused = [(await studio.client.patch(path, json=body)).status_code for body in IMPOSSIBLE]

    assert refused == [422] * len(IMPOSSIBLE)
    assert (await studio.client.get(path)).json() == draft


async def test_another_artist_gets_404_for_every_id(
    studio: Studio, uploads: list[MadeAsset], database: Database, client_for: ClientFor
):
    draft = await studio.draft(uploads)
    eve = await studio_of(database, client_for, handle="eve")
    path, version = f"{STUDIO}/{release_of(draft)}", draft["version"]
    track = f"{path}/tracks/{draft['tracks'][0]['track']['track_id']}"
    ids = [one["track"]["track_id"] for one in draft["tracks"]]
    at = {"version": version}
    upload = {"upload_ids": [str(uploads[0].upload_id)]}

    attempts = [
        await eve.client.get(path),
        await eve.client.patch(path, json={**at, "title": "Mine"}),
        await eve.client.delete(f"{path}?version={version}"),
        await eve.post(f"{path}/publish", at),
        await eve.post(f"{path}/take-down", at),
        await eve.post(f"{path}/tracks", {**at, **upload}),
        await eve.client.put(f"{path}/order", json={**at, "discs": [ids]}),
        await eve.client.patch(track, json={**at, "title": "Mine"}),
        await eve.client.delete(f"{track}?version={version}"),
        await eve.post(f"{track}/withdraw", at),
        await eve.post(f"{track}/restore", at),
        await eve.client.put(f"{path}/cover?version={version}", content=picture()),
        await eve.client.delete(f"{path}/cover?version={version}"),
        await eve.client.get(f"/api/v1/releases/{release_of(draft)}"),
        await eve.client.get(f"/api/v1/tracks/{ids[0]}"),
        await eve.post(f"{STUDIO}/from-uploads", upload),
        await eve.post(STUDIO, {"artist_id": str(studio.artist.artist_id), "title": "Mine"}),
    ]

    assert [one.status_code for one in attempts] == [404] * len(attempts)
    assert (await studio.client.get(path)).json() == draft
    assert (await eve.client.get(STUDIO)).json()["items"] == []


async def test_a_track_of_another_release_of_ones_own_is_missing_too(studio: Studio, uploads: list[MadeAsset]):
    one, other = await studio.draft(uploads[:1]), await studio.draft(uploads[1:])
    foreign = other["tracks"][0]["track"]["track_id"]

    answer = await studio.client.patch(
        f"{STUDIO}/{release_of(one)}/tracks/{foreign}", json={"version": one["version"], "title": "Mine"}
    )

    assert answer.status_code == 404


async def test_the_studio_is_empty_for_fans_and_holding_is_for_operators(
    studio: Studio, uploads: list[MadeAsset], database: Database, client: httpx2.AsyncClient, client_for: ClientFor
):
    public = await studio.published(uploads)
    hold = f"/api/v1/operations/releases/{release_of(public)}/hold"
    async with database.begin() as tx:
        fan, operator = await make_user(tx), await make_user(tx, roles=["admin"])
    fan_client, operators = await client_for(fan), await client_for(operator)

    assert (await client.get(STUDIO)).status_code == 401
    assert (await fan_client.get(STUDIO)).json()["items"] == []
    begun = await fan_client.post(STUDIO, json={"title": "Mine"})
    assert (begun.status_code, begun.json()["code"]) == (404, "catalogue.artist_missing")
    assert (await studio.client.post(hold)).status_code == 403
    assert (await operators.post(hold)).json()["withdrawn_by"] == "operator"
    refused = await studio.post(f"{STUDIO}/{release_of(public)}/publish", {"version": public["version"] + 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "catalogue.held_by_operator")
    lifted = await operators.post(f"/api/v1/operations/releases/{release_of(public)}/lift-hold")
    assert lifted.json() == {
        "release_id": release_of(public),
        "stage": "taken_down",
        "withdrawn_by": "artist",
        "withdrawn_tracks": [],
    }


async def test_operators_hold_single_tracks(
    studio: Studio, uploads: list[MadeAsset], database: Database, client_for: ClientFor
):
    public = await studio.published(uploads)
    nebula = public["tracks"][0]["track"]["track_id"]
    async with database.begin() as tx:
        operator = await make_user(tx, roles=["admin"])
    operators = await client_for(operator)
    path = f"/api/v1/operations/releases/{release_of(public)}/tracks/{nebula}"

    assert (await operators.post(f"{path}/hold")).json()["withdrawn_tracks"] == [nebula]
    assert (await operators.post(f"{path}/lift-hold")).json()["withdrawn_tracks"] == []
    missing = f"/api/v1/operations/releases/{UUID(int=new_id().int)}/hold"
    assert (await operators.post(missing)).status_code == 404


async def test_a_new_artist_whose_profile_is_still_on_its_way_is_asked_to_come_back(
    database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        artist = await make_artist(tx, handle="just-now")
    client = await client_for(artist.user)

    answer = await client.post(STUDIO, json={"title": "First"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "catalogue.artist_not_here_yet"


def picture(*, size: tuple[int, int] = (1400, 1000), kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, (180, 120, 40)).save(out, kind)
    return out.getvalue()


async def test_a_cover_is_kept_in_sizes_and_served_to_anybody(
    studio: Studio, uploads: list[MadeAsset], client: httpx2.AsyncClient
):
    draft = await studio.draft(uploads)
    path = f"{STUDIO}/{release_of(draft)}/cover?version="

    covered = await studio.client.put(f"{path}{draft['version']}", content=picture())

    assert covered.status_code == 200, covered.text
    cover = covered.json()["release"]["cover"]
    assert [(one["width"], one["height"]) for one in cover] == [(1200, 857), (640, 457), (160, 114)]
    sent = await client.get(cover[1]["url"])
    assert (sent.status_code, sent.headers["content-type"]) == (200, "image/webp")
    assert sent.headers["cache-control"] == "public, max-age=31536000, immutable"
    with PIL.Image.open(io.BytesIO(sent.content)) as image:
        assert (image.format, image.size) == ("WEBP", (640, 457))
    removed = await studio.client.delete(f"{path}{covered.json()['version']}")
    assert removed.json()["release"]["cover"] == []


UNFIT = {
    "empty": (b"", "not_a_picture"),
    "gif": (b"GIF89a" + bytes(200), "not_a_picture"),
    "playlist": (b"#EXTM3U\nfile:///etc/passwd\n", "not_a_picture"),
    "cut": (picture()[:2000], "damaged"),
    "small": (picture(size=(199, 1200)), "too_small"),
    "bomb": (picture(size=(9000, 6000), kind="PNG"), "too_many_pixels"),
}


async def test_a_picture_that_cannot_be_a_cover_is_refused(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)
    path = f"{STUDIO}/{release_of(draft)}"

    answers = {
        name: await studio.client.put(f"{path}/cover?version={draft['version']}", content=content)
        for name, (content, _) in UNFIT.items()
    }

    assert {one.status_code for one in answers.values()} == {422}
    assert {name: one.json()["facts"] for name, one in answers.items()} == {
        name: {"reason": reason} for name, (_, reason) in UNFIT.items()
    }
    assert (await studio.client.get(path)).json() == draft


async def test_a_picture_over_the_limit_is_refused_by_its_size(studio: Studio, uploads: list[MadeAsset]):
    draft = await studio.draft(uploads)

    refused = await studio.client.put(
        f"{STUDIO}/{release_of(draft)}/cover?version={draft['version']}", content=bytes(20_000_001)
    )

    assert refused.status_code == 413

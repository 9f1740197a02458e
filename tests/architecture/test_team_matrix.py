"""Who of an artist's people may do what, tried: every route of the studio by each of them, and by who was one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from tests.architecture.test_access_matrix import unlimited
from tests.architecture.things import Named, make_thing, request_of
from tests.factories.music_assets import make_asset
from tests.factories.teams import dropped_from, member_of
from tests.factories.users import User, make_artist, make_user
from tests.http_client import ClientFor
from tools.access_matrix import OWNED, STUDIO, Work, is_of_studio
from vibestream.contexts.music.uploads import service as uploads
from vibestream.contexts.music.uploads.domain.protocol import read_metadata
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

REFUSED = frozenset({403, 404})
DONE = frozenset({200, 201, 204, 303, 409})
"""409 too: what is refused because the release is not ready was let in."""


@dataclass(frozen=True)
class People:
    """Everybody beside the owner: who works for the artist, who did, and who works for another one."""

    editor: User
    analyst: User
    removed: User
    elsewhere: User


async def people_of(database: Database, owner: User) -> People:
    async with database.begin() as tx:
        own = [one.artist_id for one in await profiles.artists_of(tx, user_id=owner.user_id)]
        other = await make_artist(tx)
        people = People(*[await make_user(tx) for _ in range(4)])
        for artist_id in own:
            await member_of(tx, artist_id, owner.user_id, people.editor, TeamRole.EDITOR)
            await member_of(tx, artist_id, owner.user_id, people.analyst, TeamRole.ANALYST)
            await member_of(tx, artist_id, owner.user_id, people.removed, TeamRole.EDITOR)
            await dropped_from(tx, artist_id, owner.user_id, people.removed)
        await member_of(tx, other.artist_id, other.user_id, people.elsewhere, TeamRole.EDITOR)
    return people


async def sent(client_for: ClientFor, user: User, row: str, named: Named) -> Any:
    request = request_of(row, named)
    return await (await client_for(user)).request(request.method, request.path, **request.options)


def test_every_route_of_the_studio_says_whom_of_the_artists_people_it_is_for():
    assert sorted(row for row in OWNED if is_of_studio(row) and row not in STUDIO) == [], (
        "say it in tools/access_matrix.py"
    )
    assert sorted(set(STUDIO) - set(OWNED)) == [], "no such route any more"


async def test_each_of_an_artists_people_gets_what_their_part_is_and_nobody_else_anything(
    app: FastAPI, client_for: ClientFor, database: Database, runtime: Runtime
):
    """404 to whoever was taken out a moment ago and to the editor of another artist; an analyst never writes."""
    app.state.edge.limiter.hit = unlimited
    wrong: list[tuple[object, ...]] = []
    tried = 0
    for row, work in STUDIO.items():
        if work is Work.SENDER:
            continue
        async with database.begin() as tx:
            owner = await make_user(tx, roles=["artist"])
            named = await make_thing(OWNED[row], tx, owner, runtime)
        people = await people_of(database, owner)
        got = {}
        for who in ("removed", "elsewhere", "analyst"):
            got[who] = (await sent(client_for, getattr(people, who), row, named)).status_code
        if work is not Work.READERS and got["analyst"] not in REFUSED:
            wrong.append((row, "an analyst writes", got))
        if work is Work.READERS and got["analyst"] != 200:
            wrong.append((row, "an analyst does not read", got))
        turned_away = REFUSED if work is Work.OWNER else {404}  # some need the role of an artist, who owns one
        if not {got["removed"], got["elsewhere"]} <= turned_away:
            wrong.append((row, "somebody is still, or nevertheless, let in", got))
        answer = await by_the_editor(client_for, people.editor, row, named, tx_for=database)
        if (answer.status_code in DONE) is (work is Work.OWNER):
            wrong.append((row, f"for {work.value}", answer.status_code, answer.text[:300]))
        tried += 4
    assert wrong == [], wrong
    assert tried == 4 * sum(work is not Work.SENDER for work in STUDIO.values()) > 4 * 39


async def by_the_editor(client_for: ClientFor, editor: User, row: str, named: Named, *, tx_for: Database) -> Any:
    """What an editor gets, who brings a file of their own, and leaves alone what is the owner's on a form."""
    if "upload_id" in named:
        async with tx_for.begin() as tx:
            named = named | {"upload_id": str((await make_asset(tx, user_id=editor.user_id)).upload_id)}
    request = request_of(row, named)
    if row == "POST /studio/artists/{artist_id}":
        request.options["data"] = {"bio": "By the editor."}
    if row == "PATCH /api/v1/artists/{artist_id}":
        request.options["json"] = {"bio": "By the editor."}
    return await (await client_for(editor)).request(request.method, request.path, **request.options)


async def test_an_upload_that_is_under_way_ends_with_the_work_for_the_artist(
    client_for: ClientFor, database: Database, runtime: Runtime, app: FastAPI
):
    """Every route of it: let in as an editor, 404 once taken out, 404 to the owner and to other editors all along."""
    app.state.edge.limiter.hit = unlimited
    for row in (row for row, work in STUDIO.items() if work is Work.SENDER):
        async with database.begin() as tx:
            artist, sender, colleague = await make_artist(tx), await make_user(tx), await make_user(tx)
            for one in (sender, colleague):
                await member_of(tx, artist.artist_id, artist.user_id, one, TeamRole.EDITOR)
        begun = await uploads.begin_upload(
            runtime,
            user_id=sender.user_id,
            size_bytes=9,
            metadata=read_metadata("filename YS5mbGFj"),
            now=utc_now(),
            as_editor=True,
        )
        named = {"upload_id": str(begun.upload_id)}
        for other in (artist.user, colleague):
            assert (await sent(client_for, other, row, named)).status_code == 404, row
        async with database.begin() as tx:
            await dropped_from(tx, artist.artist_id, artist.user_id, sender)
        assert (await sent(client_for, sender, row, named)).status_code == 404, row
        async with database.begin() as tx:
            await member_of(tx, artist.artist_id, artist.user_id, sender, TeamRole.ANALYST, now=utc_now())
        assert (await sent(client_for, sender, row, named)).status_code == 404, row
        async with database.begin() as tx:
            await dropped_from(tx, artist.artist_id, artist.user_id, sender)
            later = utc_now() + timedelta(seconds=1)
            await member_of(tx, artist.artist_id, artist.user_id, sender, TeamRole.EDITOR, now=later)
        assert (await sent(client_for, sender, row, named)).status_code in DONE, row


async def test_whoever_works_for_nobody_begins_no_upload(client_for: ClientFor, database: Database):
    begins = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    async with database.begin() as tx:
        artist, fan, analyst, editor = await make_artist(tx), *[await make_user(tx) for _ in range(3)]
        await member_of(tx, artist.artist_id, artist.user_id, analyst, TeamRole.ANALYST)
        await member_of(tx, artist.artist_id, artist.user_id, editor, TeamRole.EDITOR)
    for user, status in ((fan, 403), (analyst, 403), (editor, 201), (artist.user, 201)):
        answer = await (await client_for(user)).post("/api/v1/tus", headers=begins)
        assert answer.status_code == status, answer.text
        assert status != 403 or answer.json()["code"] == "upload.no_artist"

"""Who sees which picture: what is not seen of a profile is not fetched either, by whatever address."""

from __future__ import annotations

import httpx2
import pytest

from tests.contexts.user.conftest import run_jobs
from tests.contexts.user.fans.conftest import CLOSED
from tests.contexts.user.pictures.conftest import OWN, SWITCHED_ON, Person, of_artist, stored
from tests.factories import pictures as made
from tests.factories.teams import make_member
from tests.factories.users import MADE_AT, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import Switches
from vibestream.contexts.user.pictures import service
from vibestream.contexts.user.pictures.personal import PERSONAL
from vibestream.contexts.user.pictures.service import Place
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Kind, Reason, Subject, Verdict
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def statuses(addresses: list[str], *clients: httpx2.AsyncClient) -> list[int]:
    return [(await client.get(one)).status_code for client in clients for one in addresses]


async def switch(database: Database, person: Person, switches: Switches) -> None:
    async with database.begin() as tx:
        await fans.save_page(
            tx,
            user_id=person.user.user_id,
            handle=person.handle,
            about="",
            taste="",
            switches=switches,
            now=MADE_AT,
        )


async def test_the_picture_of_an_open_page_is_seen_by_anybody_and_of_a_closed_one_by_its_owner_alone(
    kito: Person, database: Database, client: httpx2.AsyncClient, client_for: ClientFor
):
    given = await kito.give(made.photo())
    async with database.begin() as tx:
        judge = await make_user(tx, roles=["moderator", "admin"])
    other = await client_for(judge)
    assert await statuses(given, client, other, kito.client) == [200] * 6

    await switch(database, kito, CLOSED)

    assert await statuses(given, client, other) == [404] * 4
    assert await statuses(given, kito.client) == [200] * 2
    async with database.begin() as tx:
        listed = await service.pictures_of(tx, subjects=[kito.user.user_id], viewer=None)
    assert listed == {}


async def test_who_has_no_page_has_a_picture_for_themselves(
    database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    async with database.begin() as tx:
        user = await make_user(tx)
    own = await client_for(user)
    answer = await own.put(OWN, content=made.photo())

    addresses = [one["url"] for one in answer.json()["sizes"]]
    assert await statuses(addresses, own) == [200, 200]
    assert await statuses(addresses, client) == [404, 404]


async def test_of_two_people_of_whom_one_blocked_the_other_neither_sees_the_others_picture(
    kito: Person, database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    given = await kito.give(made.photo())
    async with database.begin() as tx:
        other = await make_user(tx)
        await fans.block(tx, user_id=other.user_id, handle=kito.handle, now=MADE_AT)

    assert await statuses(given, await client_for(other)) == [404, 404]
    assert await statuses(given, client) == [200, 200]


async def hide(database: Database, about: Subject, verdict: Verdict = Verdict.HIDDEN) -> None:
    async with database.begin() as tx:
        reporter, judge = await make_user(tx), await make_user(tx, roles=["moderator"])
        await reports.report(
            tx,
            subject=about,
            reporter=reporter.user_id,
            reason=Reason.SPAM,
            words="It sells.",
            now=MADE_AT,
        )
        await reports.decide(
            tx,
            kind=about.kind,
            subject_id=about.subject_id,
            verdict=verdict,
            note="Seen.",
            by=judge.user_id,
            now=MADE_AT,
        )


async def test_a_moderator_who_hides_a_page_hides_its_picture_until_it_is_shown_again(
    kito: Person, database: Database, client: httpx2.AsyncClient
):
    given = await kito.give(made.photo())

    about = Subject(kind=Kind.FAN, subject_id=kito.user.user_id, owner_id=kito.user.user_id)
    await hide(database, about)
    assert await statuses(given, client) == [404, 404]
    assert await statuses(given, kito.client) == [200, 200]
    await switch(database, kito, SWITCHED_ON)
    assert await statuses(given, client) == [404, 404]
    await hide(database, about, Verdict.SHOWN)
    assert await statuses(given, client) == [200, 200]


async def test_a_hidden_artists_pictures_are_there_for_who_works_for_it_alone(
    database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        analyst = await make_member(tx, artist, TeamRole.ANALYST)
        stranger = await make_user(tx)
    own = await client_for(artist.user)
    addresses = []
    for place in ("portrait", "banner"):
        answer = await own.put(of_artist(artist.artist_id, place), content=made.photo())
        addresses += [one["url"] for one in answer.json()["sizes"]]
    assert await statuses(addresses, client) == [200] * 4

    await hide(database, Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id))

    assert await statuses(addresses, client, await client_for(stranger)) == [404] * 8
    assert await statuses(addresses, own, await client_for(analyst)) == [200] * 8
    assert (await client.get(f"/api/v1/artists/{artist.artist_id}/pictures")).json() == {"pictures": []}


async def test_how_long_a_picture_may_be_kept_depends_on_who_may_see_it(
    kito: Person, database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    answer = await (await client_for(artist.user)).put(of_artist(artist.artist_id), content=made.photo())
    (fans_own, _) = await kito.give(made.photo())

    of_artist_sent = await client.get(answer.json()["sizes"][0]["url"])
    of_fan = await client.get(fans_own)
    again = await client.get(fans_own, headers={"If-None-Match": of_fan.headers["etag"]})

    assert of_artist_sent.headers["cache-control"] == "public, no-cache"
    assert of_fan.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == of_fan.headers["etag"]
    assert again.headers["cache-control"] == of_fan.headers["cache-control"]
    assert of_fan.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in of_fan.headers["content-security-policy"]
    await switch(database, kito, CLOSED)
    gone = await client.get(fans_own, headers={"If-None-Match": of_fan.headers["etag"]})
    assert gone.status_code == 404


async def test_a_picture_of_an_artist_who_is_hidden_is_gone_at_once_from_whoever_kept_it(
    database: Database, client_for: ClientFor, client: httpx2.AsyncClient, runtime: Runtime
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    answer = await (await client_for(artist.user)).put(of_artist(artist.artist_id), content=made.photo())
    address = answer.json()["sizes"][0]["url"]
    tag = (await client.get(address)).headers["etag"]
    for key in await stored(runtime):
        await runtime.objects.delete(key)  # so that an answer out of the store would be none

    kept = [await client.get(address, headers={"If-None-Match": one}) for one in (tag, f'"x", W/{tag}', "*")]
    other = await client.get(address, headers={"If-None-Match": '"x"'})
    await hide(database, Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id))
    after = [await client.get(address, headers={"If-None-Match": one}) for one in (tag, "*")]

    assert [(one.status_code, one.content) for one in kept] == [(304, b"")] * 3
    assert other.status_code == 404
    assert [one.status_code for one in after] == [404, 404]
    assert [one.headers["cache-control"] for one in after] == ["no-store", "no-store"]


@pytest.mark.parametrize("width", ["0", "127", "129", "512.", "-128", "1e2", "../128", "99999999999999999999"])
async def test_there_are_no_other_sizes(kito: Person, width: str):
    (_, small) = await kito.give(made.photo(size=(400, 300)))

    answer = await kito.client.get(small.replace("/128.webp", f"/{width}.webp"))

    assert answer.status_code in {404, 422}


async def test_an_id_of_nothing_is_not_there(client: httpx2.AsyncClient):
    assert (await client.get(f"/pictures/{new_id()}/128.webp")).status_code == 404
    assert (await client.get("/pictures/own")).status_code in {303, 401}


async def test_ones_own_stands_in_the_header_and_nothing_to_see_before_there_is_one(kito: Person):
    before = await kito.client.get("/pictures/own")
    await kito.give(made.photo())
    after = await kito.client.get("/pictures/own")

    assert (before.status_code, before.headers["content-type"]) == (200, "image/svg+xml")
    assert (after.status_code, after.headers["content-type"]) == (200, "image/webp")
    assert after.headers["cache-control"] == "private, no-cache"


async def test_what_is_told_of_a_person_is_theirs_and_their_artists_and_all_of_it_is_erased(
    kito: Person, database: Database, client_for: ClientFor, runtime: Runtime
):
    async with database.begin() as tx:
        artist, other = await make_artist(tx, user=kito.user), await make_artist(tx)
    await kito.give(made.photo(seed=1))
    await kito.give(made.photo(seed=2), of_artist(artist.artist_id))
    await kito.give(made.photo(seed=3), of_artist(artist.artist_id, "banner"))
    theirs = await (await client_for(other.user)).put(of_artist(other.artist_id), content=made.photo(seed=4))

    async with database.begin() as tx:
        told = await PERSONAL.export(tx, kito.user.user_id)
        assert sorted(str(one["place"]) for one in told if "place" in one) == ["banner", "portrait", "portrait"]
        assert [one["sent"] for one in told if "sent" in one] == [3]
        for _ in range(2):
            await PERSONAL.erase(tx, kito.user.user_id)
        assert await PERSONAL.export(tx, kito.user.user_id) == []
    await run_jobs(database, runtime)

    left = await stored(runtime)
    assert len(left) == 2
    assert theirs.json()["sizes"][0]["url"].split("/")[2] in left[0]


async def test_pictures_are_found_by_many_ids_at_once_and_only_in_the_place_asked_for(
    kito: Person, database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        artist, bare = await make_artist(tx, user=kito.user), await make_artist(tx)
    await kito.give(made.photo())
    await kito.give(made.photo(), of_artist(artist.artist_id, "banner"))
    ids = [kito.user.user_id, artist.artist_id, bare.artist_id, new_id()]

    async with database.begin() as tx:
        portraits = await service.pictures_of(tx, subjects=ids, viewer=None)
        banners = await service.pictures_of(tx, subjects=ids, viewer=None, place=Place.BANNER)
        nothing = await service.pictures_of(tx, subjects=[], viewer=None)

    assert set(portraits) == {kito.user.user_id}
    assert set(banners) == {artist.artist_id}
    assert nothing == {}
    assert portraits[kito.user.user_id].smallest.endswith("/128.webp")
    assert banners[artist.artist_id].srcset.split(", ")[1].endswith("/750.webp 750w")

"""Moderators see what they decide about, and nothing that they do not."""

from __future__ import annotations

import httpx2

from tests.contexts.user.fans.conftest import CLOSED
from tests.contexts.user.pictures.conftest import Person, of_artist
from tests.contexts.user.pictures.test_seeing import hide, switch
from tests.factories import pictures as made
from tests.factories.music import make_music
from tests.factories.users import MADE_AT, User, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Kind, Reason, Subject, Verdict
from vibestream.platform.database import Database

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


def of_fan(person: Person) -> Subject:
    return Subject(kind=Kind.FAN, subject_id=person.user.user_id, owner_id=person.user.user_id)


def place_of(about: Subject, place: str = "portrait") -> str:
    return f"/moderation/reports/{about.kind.value}/{about.subject_id}/pictures/{place}.webp"


async def report(database: Database, about: Subject, reporter: User | None = None) -> None:
    async with database.begin() as tx:
        who = reporter or await make_user(tx)
        await reports.report(tx, subject=about, reporter=who.user_id, reason=Reason.OTHER, words="Look.", now=MADE_AT)


async def decide(database: Database, about: Subject, verdict: Verdict) -> None:
    async with database.begin() as tx:
        judge = await make_user(tx, roles=["moderator"])
        await reports.decide(
            tx,
            kind=about.kind,
            subject_id=about.subject_id,
            verdict=verdict,
            note="Seen.",
            by=judge.user_id,
            now=MADE_AT,
        )


async def moderator(database: Database, client_for: ClientFor) -> httpx2.AsyncClient:
    async with database.begin() as tx:
        judge = await make_user(tx, roles=["moderator"])
    desk: httpx2.AsyncClient = await client_for(judge)
    return desk


async def test_what_is_reported_is_seen_while_it_is_open_and_while_it_is_hidden_and_no_longer(
    kito: Person, database: Database, client_for: ClientFor
):
    (large, _) = await kito.give(made.photo())
    about, desk = of_fan(kito), await moderator(database, client_for)

    assert (await desk.get(place_of(about))).status_code == 404  # nothing was said of it
    await report(database, about)
    open_case = await desk.get(place_of(about))
    assert (open_case.status_code, open_case.headers["content-type"]) == (200, "image/webp")
    assert open_case.content == (await kito.client.get(large)).content
    assert open_case.headers["cache-control"] == "private, no-store"
    assert "default-src 'none'" in open_case.headers["content-security-policy"]

    await switch(database, kito, CLOSED)  # the owner cannot take away what is to be judged by closing the page
    assert (await desk.get(place_of(about))).status_code == 200
    await decide(database, about, Verdict.HIDDEN)
    assert (await desk.get(place_of(about))).status_code == 200
    assert (await desk.get(large)).status_code == 404  # elsewhere a moderator sees what everybody does
    await decide(database, about, Verdict.SHOWN)
    assert (await desk.get(place_of(about))).status_code == 404
    await report(database, about)
    await decide(database, about, Verdict.DISMISSED)
    assert (await desk.get(place_of(about))).status_code == 404


async def test_whoever_reported_it_or_owns_it_or_is_no_moderator_sees_nothing_through_the_case(
    kito: Person, database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    await kito.give(made.photo())
    async with database.begin() as tx:
        reporting, fan = await make_user(tx, roles=["moderator"]), await make_user(tx)
    about = of_fan(kito)
    await report(database, about, reporting)
    await report(database, about)

    assert (await (await client_for(reporting)).get(place_of(about))).status_code == 404
    assert (await (await client_for(fan)).get(place_of(about))).status_code == 403
    assert (await kito.client.get(place_of(about))).status_code == 403
    assert (await client.get(place_of(about))).status_code == 401
    assert (await (await moderator(database, client_for)).get(place_of(about))).status_code == 200


async def test_of_an_artist_there_are_both_and_of_what_has_none_none(
    kito: Person, database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        artist, music = await make_artist(tx, user=kito.user), await make_music(tx)
    await kito.give(made.photo(seed=1))
    for seed, place in ((2, "portrait"), (3, "banner")):
        await kito.give(made.photo(seed=seed), of_artist(artist.artist_id, place))
    about = Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id)
    release = Subject(kind=Kind.RELEASE, subject_id=music.release.release_id, owner_id=music.artist.user.user_id)
    await hide(database, about)
    await report(database, release)
    await report(database, of_fan(kito))
    desk = await moderator(database, client_for)

    both = [await desk.get(place_of(about, place)) for place in ("portrait", "banner")]
    none = [await desk.get(place_of(*one)) for one in ((release, "portrait"), (of_fan(kito), "banner"))]
    odd = await desk.get(place_of(about, "ceiling"))

    assert [one.status_code for one in both] == [200, 200]
    assert both[0].content != both[1].content
    assert [one.status_code for one in none] == [404, 404]
    assert odd.status_code == 422


async def test_the_page_of_a_case_has_its_pictures_folded_away_and_the_list_of_addresses_is_the_same_by_json(
    database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    own = await client_for(artist.user)
    for place in ("portrait", "banner"):
        await own.put(of_artist(artist.artist_id, place), content=made.photo())
    about = Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id)
    await report(database, about)
    desk = await moderator(database, client_for)
    path = f"moderation/reports/artist/{artist.artist_id}"

    page = (await desk.get(f"/{path}", headers=HTML)).text
    listed = (await desk.get(f"/api/v1/{path}")).json()["pictures"]
    await decide(database, about, Verdict.DISMISSED)
    after = (await desk.get(f"/{path}", headers=HTML)).text

    places = [place_of(about), place_of(about, "banner")]
    assert listed == places
    folded = page.split("<details>", 1)[1].split("</details>", 1)[0]
    assert "Its 2 pictures" in folded
    assert [f'src="{one}"' in folded for one in places] == [True, True]
    assert folded.count('loading="lazy"') == 2
    assert [one in after for one in places] == [False, False]
    assert (await desk.get(f"/api/v1/{path}")).json()["pictures"] == []

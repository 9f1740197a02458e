"""An artist sees what was published of their own artists' weeks, and nothing of anybody else's or of too few."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.listen_reward import registered
from tests.factories.music import Music, make_music
from tests.factories.users import User, make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.flows import publish_audience
from vibestream.platform.database import Tx

HTML = {"Accept": "text/html"}
WEEK = date(2026, 11, 9)
AT = datetime(2026, 11, 11, 20, tzinfo=UTC)


async def published(tx: Tx, *, listeners: int, listens: int = 1) -> tuple[Music, User]:
    music = await make_music(tx)
    track = await registered(
        tx, Track(music.track_id, music.artist.artist_id, music.artist.user_id, duration_ms=180_000)
    )
    for _ in range(listeners):
        fan = await make_user(tx)
        await heard.consent(tx, fan.user_id)
        await heard.write(tx, [Played(fan.user_id, track, AT, heard_ms=135_000)] * listens)
    return music, music.artist.user


async def publish(tx: Tx) -> None:
    await publish_audience.publish_week(tx, week=WEEK, now=AT + timedelta(days=9))


async def test_a_week_is_shown_with_its_day_and_song_and_no_exact_number(client_for, database):
    async with database.begin() as tx:
        music, owner = await published(tx, listeners=17, listens=2)
        await publish(tx)
    artist = await client_for(owner)

    shown = read(await artist.get("/studio/analytics", headers=HTML))

    assert "Nov 9, 2026 to Nov 15, 2026" in shown.text
    assert music.release.tracks[0].title in shown.text
    assert [cell for cell in ("Wed 11 Nov", "30+", "10+", "75 %") if cell not in shown.text] == []
    assert "34" not in shown.text
    assert "17" not in shown.text
    assert len(shown.all("svg", **{"class": "chart-box chart-bars"})) == 1


async def test_of_nine_listeners_the_page_says_that_nothing_can_be_told(client_for, database):
    async with database.begin() as tx:
        _, owner = await published(tx, listeners=9, listens=5)
        await publish(tx)
    artist = await client_for(owner)

    for path in ("/studio/analytics", f"/studio/analytics?week={WEEK}", "/studio/analytics?week=1999-01-04"):
        shown = read(await artist.get(path, headers=HTML))
        assert "Nothing can be told yet" in shown.text
        assert shown.all("svg", **{"class": "chart-box chart-bars"}) == []


async def test_another_artists_handle_leads_nowhere(client_for, database):
    async with database.begin() as tx:
        other, _ = await published(tx, listeners=12)
        _, owner = await published(tx, listeners=0)
        await publish(tx)
    artist = await client_for(owner)

    answer = await artist.get(f"/studio/analytics?artist={other.artist.handle}&week={WEEK}", headers=HTML)

    assert answer.status_code == 404
    assert other.artist.handle not in read(answer).text


async def test_whoever_works_for_no_artist_is_led_to_where_one_is_made(client, client_for, database):
    async with database.begin() as tx:
        fan = await make_user(tx)

    answer = await (await client_for(fan)).get("/studio/analytics", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio")
    assert (await client.get("/studio/analytics", headers=HTML)).status_code in {303, 401}


async def test_whoever_has_the_role_and_no_profile_is_led_to_where_one_is_made(client_for, database):
    async with database.begin() as tx:
        somebody = await make_user(tx, roles=["artist"])

    answer = await (await client_for(somebody)).get("/studio/analytics", headers=HTML)

    assert (answer.status_code, answer.headers["location"]) == (303, "/studio")

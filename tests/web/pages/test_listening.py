"""One's own listening: nothing without agreement, everything of oneself and nobody else with it, nothing after it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.listen_reward import GENEROUS, NOON, registered
from tests.factories.music import make_music
from tests.factories.pool_policies import approved
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.warming import service as warming
from vibestream.contexts.user.consents.domain import VERSIONS
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.notifications import service as notifications
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

HTML = {"Accept": "text/html"}
VERSION = {"version": str(VERSIONS[Purpose.ANALYTICS])}


async def song(tx: Tx, title: str = "Nebula") -> Track:
    music = await make_music(tx, titles=(title,))
    return await registered(
        tx, Track(music.track_id, music.artist.artist_id, music.artist.user_id, duration_ms=180_000)
    )


async def rows_of(database: Database, user_id: UserId) -> int:
    async with database.begin() as tx:
        return int(await tx.value("SELECT count(*) FROM users.listening_clock WHERE user_id = %s", [user_id]))


async def test_nothing_is_counted_before_somebody_agrees_and_all_of_it_is_shown_to_them_alone_afterwards(
    client_for, database
):
    now = utc_now()
    async with database.begin() as tx:
        ana, eve = await make_user(tx), await make_user(tx)
        await notifications.choose_hours(
            tx, user_id=ana.user_id, time_zone="Europe/Madrid", quiet_from="", quiet_until=""
        )
        nebula = await song(tx)
        listens = [Played(ana.user_id, nebula, now - timedelta(hours=n), heard_ms=180_000) for n in (30, 5, 4)]
        await heard.write(tx, [*listens, Played(eve.user_id, await song(tx, "Only Eve's"), now)])
    fan, other = await client_for(ana), await client_for(eve)

    asked = read(await fan.get("/account/listening", headers=HTML))
    assert "Shall your listening be counted?" in asked.text
    assert "Nebula" not in asked.text
    assert await rows_of(database, ana.user_id) == 0

    answer = await fan.post("/account/listening", data=VERSION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/listening?done=begun")
    shown = read(await fan.get("/account/listening", headers=HTML))
    for words in ("9\N{NO-BREAK SPACE}min", "3 listens", "Nebula", "Europe/Madrid"):
        assert words in shown.text, words
    assert "Only Eve's" not in shown.text
    assert "Nebula" not in read(await other.get("/account/listening", headers=HTML)).text


async def test_each_chart_is_a_picture_with_a_name_and_the_same_figures_as_a_table(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        await heard.write(tx, [Played(ana.user_id, await song(tx), utc_now(), heard_ms=120_000)])
    fan = await client_for(ana)
    await fan.post("/account/listening", data=VERSION)

    shown = read(await fan.get("/account/listening", headers=HTML))

    pictures = shown.all("svg", **{"class": "chart-box chart-bars", "role": "img"})
    assert len(pictures) == 3
    assert all("2\N{NO-BREAK SPACE}min" in one["aria-label"] for one in pictures)
    assert len(shown.all("rect", **{"class": "chart-bar"})) == 3
    assert len(shown.all("caption")) == 3


async def test_a_year_is_told_in_words_and_a_year_without_anything_is_empty(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        track = await song(tx, "Quasar")
        title = await tx.value("SELECT title FROM music.track WHERE track_id = %s", [track.track_id])
        began = datetime(2025, 5, 1, 18, tzinfo=UTC)
        await heard.write(
            tx, [Played(ana.user_id, track, began + timedelta(days=n), heard_ms=150_000) for n in (0, 1, 2, 9)]
        )
    fan = await client_for(ana)
    await fan.post("/account/listening", data=VERSION)

    said = read(await fan.get("/account/listening?year=2025", headers=HTML)).text

    assert "You listened for 10\N{NO-BREAK SPACE}min, on 4 days." in said
    assert f"Your song was {title}." in said
    assert "Most of it was between 18:00 and 19:00." in said
    assert "You listened" not in read(await fan.get("/account/listening?year=2024", headers=HTML)).text
    assert (await fan.get("/account/listening?year=99999", headers=HTML)).status_code == 422


async def test_stopping_deletes_everything_and_says_so(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        await heard.write(tx, [Played(ana.user_id, await song(tx), utc_now())])
    fan = await client_for(ana)
    await fan.post("/account/listening", data=VERSION)
    assert await rows_of(database, ana.user_id) == 1

    answer = await fan.post("/account/listening/stop")

    assert answer.headers["location"] == "/account/listening?done=stopped"
    assert await rows_of(database, ana.user_id) == 0
    ended = read(await fan.get("/account/listening?done=stopped", headers=HTML)).text
    assert "everything that was counted is deleted" in ended
    assert "Nebula" not in ended


async def test_agreeing_to_another_text_than_the_present_one_counts_nothing(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
    fan = await client_for(ana)

    answer = await fan.post("/account/listening", data={"version": "3"}, headers=HTML)

    assert answer.status_code == 409
    assert "The text has changed since you read it." in read(answer).text
    assert await rows_of(database, ana.user_id) == 0


async def test_a_withdrawal_elsewhere_hides_the_figures_at_once(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        await heard.write(tx, [Played(ana.user_id, await song(tx), utc_now())])
    fan = await client_for(ana)
    await fan.post("/account/listening", data=VERSION)
    async with database.begin() as tx:
        await heard.withdraw(tx, ana.user_id)

    assert "Nebula" not in read(await fan.get("/account/listening", headers=HTML)).text


async def test_what_was_taken_down_keeps_its_name_without_a_link_and_what_is_gone_has_none(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        down, gone = await song(tx, "Taken Down"), await song(tx, "Gone")
        await heard.write(tx, [Played(ana.user_id, one, utc_now()) for one in (down, gone)])
        await tx.execute(
            "UPDATE music.track SET withdrawn_by = 'artist', withdrawn_at = now() WHERE track_id = %s", [down.track_id]
        )
        await tx.execute("UPDATE music.track SET published_at = NULL WHERE track_id = %s", [gone.track_id])
    fan = await client_for(ana)
    await fan.post("/account/listening", data=VERSION)

    shown = read(await fan.get("/account/listening", headers=HTML))

    assert "Taken Down" in shown.text
    assert "A song that is gone" in shown.text
    assert shown.all("a", href=f"/tracks/{down.track_id}") == []


async def test_saying_it_on_the_page_of_ones_data_counts_and_deletes_in_the_same_moment(client_for, database):
    async with database.begin() as tx:
        ana = await make_user(tx)
        await heard.write(tx, [Played(ana.user_id, await song(tx), utc_now())])
    fan = await client_for(ana)
    said = {"purpose": "analytics", **VERSION}

    await fan.post("/account/privacy/consents", data={**said, "said": "yes"})
    assert await rows_of(database, ana.user_id) == 1
    await fan.post("/account/privacy/consents", data={**said, "said": "no"})

    assert await rows_of(database, ana.user_id) == 0


async def test_whoever_is_new_reads_when_their_first_listens_are_paid(client_for, database):
    await approved(database, warm_up_days=3)
    async with database.begin() as tx:
        await pools.open_epochs(tx, policy=GENEROUS, now=NOON)
        new, old = await make_user(tx), await make_user(tx)
        track = await song(tx)
        (listen,) = await heard.write(tx, [Played(new.user_id, track, NOON)])
        waits = warming.Heard(listen, new.user_id, track.owner_user_id, track.track_id, NOON, heard_s=40)
        assert await warming.hold_back(tx, accepted=[waits]) == []
    page = "/account/listening"

    assert "Nothing is lost by that" not in read(await (await client_for(old)).get(page, headers=HTML)).text
    shown = read(await (await client_for(new)).get(page, headers=HTML)).text
    assert "You are new here: what 1 listen of yours earns is decided by Mar 4, 2026." in shown

"""The player: what it keeps through navigation, reloads, other tabs, lost connections and addresses that run out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.journeys import people
from tests.journeys.conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def context(browser_for: Callable[..., BrowserContext], stage: Stage) -> BrowserContext:
    """The fan's browser."""
    return browser_for(storage_state=stage.states["fan"])


@pytest.fixture
def playing(context: BrowserContext, stage: Stage) -> Page:
    """The release's page, its first song on."""
    page = context.new_page()
    page.goto(stage.release)
    page.get_by_role("button", name="Play", exact=True).first.click()
    people.plays_on(page, for_s=1)
    return page


def _is_paused(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('vs-player audio').paused"))


def _title(page: Page) -> str:
    return str(page.locator(".player-bar [data-part=title]").inner_text())


def test_a_second_tab_that_plays_pauses_the_first(context: BrowserContext, playing: Page, stage: Stage):
    other = context.new_page()
    other.goto(stage.release)
    other.get_by_role("button", name="Play Salitre").click()
    people.plays_on(other, for_s=1)

    assert _is_paused(playing)
    assert not _is_paused(other)
    expect(playing.locator(".player-bar").get_by_role("button", name="Play", exact=True).first).to_be_visible()


def test_keys_pause_skip_and_mute_but_not_while_somebody_types(playing: Page):
    playing.locator("h1").click()
    playing.keyboard.press("k")
    playing.wait_for_function("document.querySelector('vs-player audio').paused")
    playing.keyboard.press("Space")
    playing.wait_for_function("!document.querySelector('vs-player audio').paused")
    before = people.position_s(playing)
    playing.keyboard.press("l")
    playing.wait_for_function("from => document.querySelector('vs-player audio').currentTime > from + 9", arg=before)
    playing.keyboard.press("n")
    expect(playing.locator(".player-bar [data-part=title]")).to_have_text("Salitre")
    playing.keyboard.press("m")
    assert playing.evaluate("document.querySelector('vs-player audio').muted")
    playing.keyboard.press("?")
    expect(playing.get_by_role("dialog", name="Keys")).to_be_visible()
    playing.get_by_label("Use single keys on this browser").uncheck()
    playing.keyboard.press("Escape")
    playing.keyboard.press("m")
    assert playing.evaluate("document.querySelector('vs-player audio').muted")


def test_a_song_that_ends_is_followed_by_the_next_of_the_queue(playing: Page):
    playing.evaluate("document.querySelector('vs-player audio').currentTime = 42.5")
    expect(playing.locator(".player-bar [data-part=title]")).to_have_text("Salitre", timeout=15_000)
    people.plays_on(playing, for_s=1)
    row = playing.get_by_role("row").filter(has_text="Salitre")
    expect(row).to_have_attribute("aria-current", "true")
    playing.get_by_role("button", name="Queue", exact=True).click()
    expect(playing.get_by_role("dialog", name="Now playing").get_by_text("Norte")).to_be_visible()


def test_a_reload_goes_on_where_it_was_in_the_same_listen(playing: Page):
    listens: list[str] = []
    playing.on("request", lambda request: _note_listen(request, listens))
    people.plays_on(playing, for_s=2)
    at_s = people.position_s(playing)
    playing.reload()
    people.plays_on(playing, for_s=2)

    assert people.position_s(playing) >= at_s
    assert _title(playing) == "Media luna"
    playing.wait_for_timeout(1_000)
    assert "opened" not in listens
    assert len({each for each in listens if each != "opened"}) == 1


def test_a_press_on_the_waveform_moves_the_song_and_keys_move_it_too(playing: Page):
    wave = playing.get_by_role("slider", name="Position in Media luna")
    box = wave.bounding_box()
    assert box is not None
    playing.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    playing.wait_for_function("Math.abs(document.querySelector('vs-player audio').currentTime - 22) < 2")
    wave.press("End")
    playing.wait_for_function("document.querySelector('vs-player audio').currentTime > 42")


def test_lossless_is_a_choice_that_keeps_the_place(playing: Page):
    people.plays_on(playing, for_s=1)
    at_s = people.position_s(playing)
    with playing.expect_request(re.compile(r"/media/.*lossless\.m3u8")):
        playing.locator(".player-bar").get_by_role("button", name="Lossless").click()
    people.plays_on(playing, for_s=2)

    assert people.position_s(playing) > at_s
    expect(playing.locator(".player-bar").get_by_role("button", name="Lossless")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_addresses_that_ran_out_are_asked_for_again_and_the_song_goes_on(context: BrowserContext, stage: Stage):
    page = context.new_page()
    refused: list[str] = []
    granted: list[str] = []

    def expire(route: Route) -> None:
        if len(refused) == 2:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=403, content_type="application/problem+json", body="{}")

    page.route(re.compile(r"/media/.*\.m4s"), expire)

    def count_grants(request: Request) -> None:
        if request.url.endswith("/playback"):
            granted.append(request.url)

    page.on("request", count_grants)
    page.goto(stage.release)
    page.get_by_role("button", name="Play", exact=True).first.click()
    people.plays_on(page, for_s=2)

    assert len(granted) == 3


def test_heartbeats_survive_a_lost_network_in_order_and_without_a_gap(playing: Page):
    taken: list[int] = []
    lost = {"yes": False}

    def pass_on(route: Route) -> None:
        if lost["yes"]:
            route.abort()
            return
        taken.extend(beat["seq"] for beat in json.loads(route.request.post_data or "{}")["beats"])
        route.continue_()

    playing.route(re.compile(r"/heartbeats$"), pass_on)
    lost["yes"] = True
    for _ in range(3):
        playing.keyboard.press("k")
        playing.wait_for_timeout(300)
        playing.keyboard.press("k")
        playing.wait_for_timeout(300)
    lost["yes"] = False
    playing.evaluate("dispatchEvent(new Event('online'))")
    playing.wait_for_timeout(2_500)

    assert len(taken) >= 6
    assert taken == list(range(taken[0], taken[0] + len(taken)))


def test_the_systems_controls_know_the_song(playing: Page):
    shown = playing.evaluate(
        "({...{title: navigator.mediaSession.metadata.title}, state: navigator.mediaSession.playbackState})"
    )

    assert shown == {"title": "Media luna", "state": "playing"}


def test_somebody_who_is_not_signed_in_hears_music_and_opens_no_listen(
    browser_for: Callable[..., BrowserContext], stage: Stage
):
    page = browser_for().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(stage.release)
    page.get_by_role("button", name="Play", exact=True).first.click()
    people.plays_on(page, for_s=2)

    assert not any("/api/v1/listens" in url for url in asked)


def _note_listen(request: Request, seen: list[str]) -> None:
    if request.method != "POST" or "/api/v1/listens" not in request.url:
        return
    found = re.search(r"/listens/([0-9a-f-]{36})/heartbeats", request.url)
    seen.append(found[1] if found else "opened")

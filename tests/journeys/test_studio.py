"""The studio: uploads that survive a reload, drafts that are edited while their songs are prepared, taking down."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.journeys import people
from tests.journeys.conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def page(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The artist's browser."""
    return browser_for(storage_state=stage.states["artist"]).new_page()


def test_an_upload_that_a_reload_interrupts_goes_on_where_it_stopped(page: Page, tmp_path: Path):
    song = _noise(tmp_path / "long.wav", megabytes=24)
    page.goto("/studio/new")
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 4 * 1024 * 1024},
    )
    page.locator("#files").set_input_files(song)
    row = page.locator("vs-uploader .file").filter(has_text="long.wav")
    expect(row.locator("[data-part=says]")).to_have_text(re.compile(r"^[1-9]\d? %$"), timeout=30_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    interrupted = page.locator("#arrived .file").filter(has_text="long.wav")
    expect(interrupted).to_contain_text("goes on where it stopped")
    offsets: list[int] = []
    page.on("request", lambda request: _note_offset(request, offsets))
    page.locator("#files").set_input_files(song)

    expect(page.get_by_role("checkbox", name="Take long.wav")).to_be_checked(timeout=60_000)
    assert offsets
    assert offsets[0] > 0


def test_an_upload_goes_on_while_its_artist_looks_at_another_page(page: Page, tmp_path: Path):
    song = _noise(tmp_path / "elsewhere.wav", megabytes=12)
    page.goto("/studio/new")
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 4 * 1024 * 1024},
    )
    page.locator("#files").set_input_files(song)
    expect(page.locator("vs-uploader .file").filter(has_text="elsewhere.wav")).to_be_visible()
    page.get_by_role("link", name="Listen").first.click()
    expect(page.get_by_role("heading", name="New releases")).to_be_visible()
    expect(page.locator("[data-uploads]").first).to_have_text(re.compile(r"\d+ %"))
    expect(page.get_by_text("Every file has arrived.")).to_be_visible(timeout=30_000)


def test_a_file_that_is_no_sound_is_refused_with_what_to_do(page: Page, tmp_path: Path):
    nothing = tmp_path / "really-a-playlist.mp3"
    nothing.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    page.goto("/studio/new")
    page.locator("#files").set_input_files(nothing)
    row = page.locator("#arrived .file").filter(has_text="really-a-playlist.mp3")

    expect(row).to_contain_text("Upload the sound file that it points to", timeout=30_000)
    expect(row.get_by_role("checkbox")).to_have_count(0)


def test_songs_are_moved_renamed_and_saved_by_keyboard_alone(page: Page, stage: Stage):
    page.goto(stage.release.replace("/releases/", "/studio/releases/"))
    page.get_by_role("textbox", name="Title of song 2").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Salitre y sal")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Move Salitre y sal up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title of song 1")).to_have_value("Salitre y sal")

    page.get_by_role("button", name="Move Salitre y sal down").press("Enter")
    expect(page.get_by_role("textbox", name="Title of song 2")).to_have_value("Salitre y sal")
    page.get_by_role("textbox", name="Title of song 2").fill("Salitre")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_what_another_tab_saved_meanwhile_is_kept_and_a_clash_is_told(
    page: Page, stage: Stage, browser_for: Callable[..., BrowserContext]
):
    address = stage.release.replace("/releases/", "/studio/releases/")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(address)
    other.get_by_label("Story").fill("Recorded on one microphone.")
    other.get_by_role("button", name="Save").last.click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Genres").fill("ambient, field recording")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Story")).to_have_value("Recorded on one microphone.")

    other.get_by_label("Genres").fill("noise")
    other.get_by_role("button", name="Save").last.click()
    expect(other.get_by_role("alert")).to_contain_text("changed meanwhile")
    expect(other.get_by_role("alert")).to_be_in_viewport()
    expect(other.get_by_label("Genres")).to_have_value("noise")


def test_a_cover_is_given_and_stands_on_the_release(page: Page, stage: Stage, tmp_path: Path):
    picture = _picture(tmp_path / "cover.png")
    page.goto(stage.release.replace("/releases/", "/studio/releases/"))
    page.locator("#cover").set_input_files(picture)
    expect(page.get_by_text("The cover was changed.")).to_be_visible(timeout=30_000)
    page.goto(stage.release)
    art = page.locator(".record .art")

    assert "/media/" in (art.get_attribute("src") or "")
    assert art.evaluate("image => image.complete && image.naturalWidth") >= 600


def test_a_release_that_is_taken_down_is_gone_and_comes_back(
    page: Page, stage: Stage, browser_for: Callable[..., BrowserContext]
):
    address = stage.release.replace("/releases/", "/studio/releases/")
    page.goto(address)
    page.get_by_role("button", name="Take it down").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Take it down").click()
    expect(page.get_by_text("Its addresses stop working within seconds.")).to_be_visible()
    visitor = browser_for().new_page()
    gone = visitor.goto(stage.release)
    assert gone is not None
    assert gone.status == 410
    expect(visitor.get_by_role("heading", name="There is nothing here")).to_be_visible()

    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Everybody can hear it now")).to_be_visible()
    back = visitor.goto(stage.release)
    assert back is not None
    assert back.status == 200


def test_a_draft_takes_edits_while_its_songs_are_still_being_prepared(page: Page, tmp_path: Path):
    page.goto("/studio/new")
    people.uploads(page, [people.MUSIC / "Coherence.ogg"])
    page.get_by_role("button", name="Make a draft").click()
    page.wait_for_url("**/studio/releases/*")
    page.get_by_label("Story").fill("Written while the song was being prepared.")
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_enabled(timeout=90_000)
    page.get_by_role("button", name="Save").last.click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Story")).to_have_value("Written while the song was being prepared.")
    expect(page.get_by_role("textbox", name="Title of song 1")).to_have_value("Coherence")
    page.get_by_role("button", name="Delete the draft").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the draft").click()
    page.wait_for_url(re.compile(r"/studio\?artist="))


def _note_offset(request: Request, offsets: list[int]) -> None:
    if request.method == "PATCH":
        offsets.append(int(request.headers["upload-offset"]))


def _noise(path: Path, *, megabytes: int) -> Path:
    """Write a WAV of silence with its size in its header: large on the wire, and quickly packaged."""
    size = megabytes * 1024 * 1024
    head = b"RIFF" + (size + 36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") + (2).to_bytes(2, "little") + (96_000).to_bytes(4, "little")
    rate = (96_000 * 4).to_bytes(4, "little") + (4).to_bytes(2, "little") + (16).to_bytes(2, "little")
    path.write_bytes(head + form + rate + b"data" + size.to_bytes(4, "little") + b"\x01\x00\x02\x00" * (size // 4))
    return path


def _picture(path: Path) -> Path:
    from PIL import Image

    Image.linear_gradient("L").resize((900, 900)).convert("RGB").save(path)
    return path

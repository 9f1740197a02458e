"""A fan opens a page, follows an artist and blocks somebody; an artist changes its page: seen wide, narrow, dark, in Spanish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import pictures as made
from tests.journeys import people
from tests.journeys.conftest import Product, own_installation
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, _ = own_installation()

_EVIDENCE = "My site leads to this page, at the foot of its first page."


def _artist(page: Page) -> Person:
    person = people.somebody("Ana Soler")
    people.signs_up(page, person)
    people.becomes_artist(page, name="Ana Soler", handle="ana.soler")
    page.goto("/studio")
    return person


def _opens_page(page: Page, handle: str) -> None:
    page.goto("/account/page")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("About you").fill("Nights, mostly: long records that take their time.\n\nCádiz.")
    page.get_by_label("What you like").fill("ambient, dub techno, copla")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your page was saved.")).to_be_visible()


def test_a_fan_opens_a_page_follows_an_artist_and_wants_nothing_of_somebody(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    artist, fan, stranger = (browser_for().new_page() for _ in range(3))
    _artist(artist)
    people.signs_up(fan, people.somebody("Kito"))
    people.signs_up(stranger, people.somebody("Nil Ferrer"))
    artist.get_by_role("link", name="Page and team Ana Soler").click()
    artist.get_by_label("About the artist").fill(
        "Piano and tape, recorded at night.\n\nThe records come out when they are done."
    )
    artist.get_by_label("Name of link 1").fill("Site")
    artist.get_by_label("Address of link 1").fill("https://ana-soler.example.org/")
    artist.get_by_role("button", name="Save").click()
    expect(artist.get_by_text("The artist's page was saved.")).to_be_visible()
    look_in_both_languages(artist, "artist-profile", shots=shots, widths=DOWN_TO_SMALL)

    _opens_page(fan, "kito")
    fan.goto("/artists/ana.soler")
    fan.get_by_role("button", name="Follow").click()
    expect(fan.get_by_role("button", name="Stop following")).to_be_visible()
    expect(fan.get_by_text("1 follower")).to_be_visible()
    fan.goto("/artists/ana.soler")  # the pointer rests on what was pressed, and its colour would still be changing
    look_in_both_languages(fan, "artist-followed", shots=shots, widths=DOWN_TO_SMALL)

    stranger.goto("/u/kito")
    expect(stranger.get_by_role("link", name="Ana Soler")).to_be_visible()
    look_in_both_languages(stranger, "person", shots=shots, widths=DOWN_TO_SMALL)
    stranger.get_by_text("Block or report").click()
    stranger.get_by_role("button", name="Block Kito").click()
    expect(stranger.get_by_text("Blocked. Neither of you sees")).to_be_visible()
    look_in_both_languages(stranger, "own-page-blocked", shots=shots, widths=DOWN_TO_SMALL)
    assert stranger.goto("/u/kito").status == 404  # type: ignore[union-attr]

    fan.goto("/account/page")
    look_in_both_languages(fan, "own-page", shots=shots, widths=DOWN_TO_SMALL)
    fan.get_by_label("My page is open").uncheck()
    fan.get_by_role("button", name="Save").click()
    expect(fan.get_by_text("Your page was saved.")).to_be_visible()
    assert artist.goto("/u/kito").status == 404  # type: ignore[union-attr]


def test_an_artist_is_verified_by_a_moderator_who_is_somebody_else(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    artist, moderator, anybody = (browser_for().new_page() for _ in range(3))
    people.signs_up(artist, people.somebody("Mar Soler"))
    people.becomes_artist(artist, name="Río Lento", handle="rio.lento")
    judge = people.somebody("Olga Petit")
    people.signs_up(moderator, judge)
    assert moderator.goto("/moderation").status == 403  # type: ignore[union-attr]
    product.command("grant-role", judge.email, "moderator")
    moderator.context.clear_cookies()
    people.signs_in(moderator, judge)

    for words, verdict in (("Trust me.", "Refuse"), (_EVIDENCE, "Verify")):
        _asks(artist, words)
        if verdict == "Verify":
            look_in_both_languages(artist, "verification-waits", shots=shots, widths=DOWN_TO_SMALL)
        moderator.goto("/")
        moderator.get_by_role("link", name="Moderation").first.click()
        moderator.get_by_role("link", name="Río Lento").wait_for()
        look_in_both_languages(moderator, "moderation", shots=shots, widths=DOWN_TO_SMALL)
        moderator.get_by_role("link", name="Río Lento").click()
        expect(moderator.get_by_text(words)).to_be_visible()
        look_in_both_languages(moderator, f"verification-{verdict}", shots=shots, widths=DOWN_TO_SMALL)
        moderator.get_by_label("Why, in your words").fill(f"{verdict}: the site was looked at.")
        moderator.get_by_role("button", name=verdict, exact=True).click()
        expect(moderator.get_by_text(f"{verdict}: the site was looked at.")).to_be_visible()
        artist.goto("/studio")
        artist.get_by_role("link", name="Page and team Río Lento").click()
        if verdict == "Refuse":
            expect(artist.get_by_text("Refuse: the site was looked at.")).to_be_visible()
            look_in_both_languages(artist, "verification-refused", shots=shots, widths=DOWN_TO_SMALL)
    artist.goto("/notifications")
    expect(artist.get_by_text("An artist of yours is verified")).to_be_visible()
    anybody.goto("/artists/rio.lento")
    expect(anybody.get_by_text("Verified", exact=True)).to_be_visible()
    look_in_both_languages(anybody, "artist-verified", shots=shots, widths=DOWN_TO_SMALL)


def _asks(artist: Page, words: str) -> None:
    artist.goto("/studio")
    artist.get_by_role("link", name="Page and team Río Lento").click()
    artist.get_by_label("What shows that it is you").fill(words)
    artist.get_by_label("Addresses", exact=True).fill("https://rio-lento.example.org/")
    artist.get_by_role("button", name="Ask to be verified").click()
    expect(artist.get_by_text("Asked. A moderator will look at it")).to_be_visible()


def test_a_page_that_was_reported_is_hidden_by_a_moderator_and_its_owner_reads_why(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    owner, reporter, moderator = (browser_for().new_page() for _ in range(3))
    people.signs_up(owner, people.somebody("Pol Vidal"))
    _opens_page(owner, "pol.vidal")
    owner.locator("#picture").set_input_files({"name": "IMG_7.JPG", "mimeType": "image/jpeg", "buffer": made.photo()})
    expect(owner.get_by_text("Your picture was changed.")).to_be_visible(timeout=30_000)
    people.signs_up(reporter, people.somebody("Lola Prats"))
    judge = people.somebody("Olga Petit")
    people.signs_up(moderator, judge)
    product.command("grant-role", judge.email, "moderator")
    moderator.context.clear_cookies()
    people.signs_in(moderator, judge)

    reporter.goto("/u/pol.vidal")
    address = reporter.get_by_role("img", name="Picture of Pol Vidal").get_attribute("src")
    reporter.get_by_text("Block or report").click()
    look_in_both_languages(reporter, "person-menu", shots=shots, widths=DOWN_TO_SMALL)
    reporter.get_by_text("Block or report").click()
    reporter.get_by_role("link", name="Report Pol Vidal to the moderators").click()
    look_in_both_languages(reporter, "report", shots=shots, widths=DOWN_TO_SMALL)
    reporter.get_by_label("What is wrong with it?").select_option("spam")
    reporter.get_by_label("In your words").fill("It sells places in playlists.")
    reporter.get_by_role("button", name="Report").click()
    expect(reporter.get_by_text("You will be told when somebody has looked.")).to_be_visible()

    moderator.goto("/moderation")
    look_in_both_languages(moderator, "moderation-reports", shots=shots, widths=DOWN_TO_SMALL)
    moderator.get_by_role("link", name="Pol Vidal").click()
    expect(moderator.get_by_text("It sells places in playlists.")).to_be_visible()
    look_in_both_languages(moderator, "reported", shots=shots, widths=DOWN_TO_SMALL)
    _judges_picture(moderator, shots)
    moderator.get_by_label("Why").fill("Places in playlists are not sold here.")
    moderator.get_by_role("button", name="Hide the page").click()
    expect(moderator.get_by_role("button", name="Let it be seen again")).to_be_visible()
    _judges_picture(moderator)

    kept = "path => fetch(path).then(answer => answer.status)"  # as the browser asks for what it has in its cache
    assert reporter.evaluate(kept, address) == 404
    assert reporter.goto("/u/pol.vidal").status == 404  # type: ignore[union-attr]
    owner.goto("/notifications")
    owner.get_by_role("button", name="Open: A page of yours was hidden").click()
    expect(owner.get_by_text("Places in playlists are not sold here.")).to_be_visible()
    look_in_both_languages(owner, "own-page-hidden", shots=shots, widths=DOWN_TO_SMALL)


def _judges_picture(moderator: Page, shots: Path | None = None) -> None:
    """What is reported is folded away until the moderator wants to see it, hidden or not."""
    image = moderator.get_by_role("img", name="Picture beside the name")
    expect(image).to_be_hidden()
    moderator.get_by_text("Its picture", exact=True).click()
    moderator.wait_for_function("image => image.complete && image.naturalWidth > 1", arg=image.element_handle())
    if shots is not None:
        look(moderator, "reported-picture", shots=shots, widths=DOWN_TO_SMALL)
        moderator.get_by_text("Its picture", exact=True).click()


def test_somebody_joins_an_artists_team_by_typing_a_code_and_is_taken_out_again(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    owner, editor = (browser_for().new_page() for _ in range(2))
    people.signs_up(owner, people.somebody("Iris Roca"))
    people.becomes_artist(owner, name="Salitre", handle="salitre")
    people.signs_up(editor, people.somebody("Teo Marin"))
    owner.goto("/studio")
    owner.get_by_role("link", name="Page and team Salitre").click()
    owner.get_by_label("Invite as").select_option("editor")
    owner.get_by_role("button", name="Make a code").click()
    code = owner.locator("[data-code]").inner_text()
    look(owner, "team-code", shots=shots, widths=DOWN_TO_SMALL)

    editor.goto("/studio")
    editor.get_by_role("link", name="Join a team by a code").click()
    editor.get_by_label("Code").fill("00000-00000")
    editor.get_by_role("button", name="Join").click()
    expect(editor.get_by_text("No invitation is good under this code.")).to_be_visible()
    editor.goto("/studio/join")
    look_in_both_languages(editor, "join-team", shots=shots, widths=DOWN_TO_SMALL)
    editor.get_by_label("Code").fill(code.lower().replace("-", " "))
    editor.get_by_role("button", name="Join").click()
    expect(editor.get_by_text("You are in the team now.")).to_be_visible()
    editor.get_by_label("About the artist").fill("Written by the editor.")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("The artist's page was saved.")).to_be_visible()
    look_in_both_languages(editor, "team-editor", shots=shots, widths=DOWN_TO_SMALL)

    owner.goto("/studio")
    owner.get_by_role("link", name="Page and team Salitre").click()
    expect(owner.get_by_label("About the artist")).to_have_value("Written by the editor.")
    look_in_both_languages(owner, "team-owner", shots=shots, widths=DOWN_TO_SMALL)
    owner.get_by_role("button", name="Take out Teo Marin").click()
    expect(owner.get_by_text("That member is in the team no more.")).to_be_visible()
    editor.get_by_label("About the artist").fill("Too late.")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("There is no such artist.")).to_be_visible()

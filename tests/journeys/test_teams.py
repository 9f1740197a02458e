"""An artist's people at work: an editor brings out a song, an analyst looks at figures, and both are out at a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people, test_figures
from tests.journeys.conftest import Product, own_installation
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from vibestream.platform.database import Tx

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, _ = own_installation()

_OUT = "async path => (await fetch(path)).status"


def _joins(owner: Page, member: Page, *, role: str, artist: str) -> None:
    """The owner makes a code, the member types it in, in the owner's words and small letters."""
    owner.goto("/studio")
    owner.get_by_role("link", name=f"Page and team {artist}").click()
    owner.get_by_label("Invite as").select_option(role)
    owner.get_by_role("button", name="Make a code").click()
    code = owner.locator("[data-code]").inner_text().strip()
    member.goto("/studio/join")
    member.get_by_label("Code").fill(code.lower())
    member.get_by_role("button", name="Join").click()
    expect(member.get_by_text("You are in the team now.")).to_be_visible()


def _takes_out(owner: Page, *, artist: str, name: str) -> None:
    owner.goto("/studio")
    owner.get_by_role("link", name=f"Page and team {artist}").click()
    owner.get_by_role("button", name=f"Take out {name}").click()
    expect(owner.get_by_text("That member is in the team no more.")).to_be_visible()


def test_an_editor_publishes_an_analyst_looks_on_and_both_are_out_at_once(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path, tmp_path: Path
):
    owner, editor, analyst = (browser_for().new_page() for _ in range(3))
    people.signs_up(owner, people.somebody("Ana Soler"))
    people.becomes_artist(owner, name="Ana Soler", handle="ana.soler")
    people.signs_up(editor, people.somebody("Berta Puig"))
    people.signs_up(analyst, people.somebody("Nil Ferrer"))
    _joins(owner, editor, role="editor", artist="Ana Soler")
    _joins(owner, analyst, role="analyst", artist="Ana Soler")
    owner.goto("/studio")
    owner.get_by_role("link", name="Page and team Ana Soler").click()
    look_in_both_languages(owner, "team-of-an-artist", shots=shots, widths=DOWN_TO_SMALL)
    analyst.goto("/studio/join")
    expect(analyst.get_by_text("what you hear of the artist earns you nothing")).to_be_visible()
    look_in_both_languages(analyst, "join-a-team", shots=shots, widths=DOWN_TO_SMALL)

    release = _brings_out_a_song(editor, tmp_path, shots)
    draft = release.replace("/releases/", "/studio/releases/")
    expect(owner.get_by_role("link", name="Studio").first).to_be_visible()
    owner.goto("/studio")
    expect(owner.get_by_role("link", name="Nocturna")).to_be_visible()

    test_figures._done(product, test_figures._an_audience)
    _looks_on(analyst, draft, shots)

    editor.goto(draft)  # a tab that stays open
    for name in ("Berta Puig", "Nil Ferrer"):
        _takes_out(owner, artist="Ana Soler", name=name)
    editor.get_by_label("Title", exact=True).fill("Mine now")
    editor.get_by_role("button", name="Save").last.click()
    expect(editor.get_by_role("heading", name="There is nothing here")).to_be_visible()
    for page in (editor, analyst):
        for path in (draft, "/studio?artist=ana.soler", "/studio/analytics?artist=ana.soler", f"/api/v1{draft}"):
            assert page.evaluate(_OUT, path) == 404, path
        page.goto("/studio")
        expect(page.get_by_label("Artist name")).to_be_visible()
    owner.goto(release)
    expect(owner.get_by_role("heading", name="Nocturna")).to_be_visible()


def _brings_out_a_song(editor: Page, folder: Path, shots: Path) -> str:
    editor.get_by_role("link", name="Studio").first.click()
    expect(editor.get_by_role("heading", name="Studio")).to_be_visible()
    expect(editor.get_by_role("link", name="Royalties")).to_have_count(0)
    expect(editor.get_by_role("link", name="Payouts")).to_have_count(0)
    look_in_both_languages(editor, "studio-of-an-editor", shots=shots, widths=DOWN_TO_SMALL)
    editor.get_by_role("link", name="New release").click()
    people.uploads(editor, people.cut_songs(folder)[:1])
    release = people.publishes(editor, title="Nocturna")
    expect(editor.get_by_role("link", name="Who earns by it")).to_have_count(0)
    return release


def _looks_on(analyst: Page, draft: str, shots: Path) -> None:
    analyst.goto("/")
    analyst.get_by_role("link", name="Studio").first.click()
    expect(analyst.get_by_role("link", name="New release")).to_have_count(0)
    look_in_both_languages(analyst, "studio-of-an-analyst", shots=shots, widths=DOWN_TO_SMALL)
    analyst.locator("main").get_by_role("link", name="Nocturna").click()
    analyst.wait_for_url(f"**{draft}")
    expect(analyst.get_by_text("You are an analyst in this team")).to_be_visible()
    _writes_nothing(analyst)
    look_in_both_languages(analyst, "release-of-an-analyst", shots=shots, widths=DOWN_TO_SMALL)
    analyst.goto("/studio?artist=ana.soler")
    analyst.get_by_role("link", name="Audience").click()
    expect(analyst.get_by_role("img", name="By day.")).to_be_visible()
    _writes_nothing(analyst)
    expect(analyst.get_by_role("link", name="See your statements")).to_have_count(0)
    look_in_both_languages(analyst, "audience-of-an-analyst", shots=shots, widths=DOWN_TO_SMALL)
    analyst.goto("/studio")
    _writes_nothing(analyst)


def _writes_nothing(page: Page) -> None:
    """Nothing on the page itself sends a form."""
    expect(page.locator("main form[method=post]")).to_have_count(0)
    expect(page.locator("main button:not([type=button])")).to_have_count(0)


def test_a_label_asks_the_owner_proves_that_it_is_them_and_says_yes_and_ends_it(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    owner, label = (browser_for().new_page() for _ in range(2))
    artist, acts = people.somebody("Mar Soler"), people.somebody("Casa Sur")
    people.signs_up(owner, artist)
    people.becomes_artist(owner, name="Río Lento", handle="rio.lento")
    people.signs_up(label, acts)
    people.opens_page(label, handle="casa.sur")
    product.command("grant-role", acts.email, "label")
    label.goto("/")
    label.get_by_role("link", name="Label").first.click()
    look_in_both_languages(label, "roster-empty", shots=shots, widths=DOWN_TO_SMALL)
    label.get_by_label("Handle of the artist").fill("@rio.lento")
    label.get_by_label("As", exact=True).select_option("editor")
    label.get_by_role("button", name="Ask", exact=True).click()
    expect(label.get_by_text("Asked. The artist's owner is told")).to_be_visible()
    look_in_both_languages(label, "roster-asked", shots=shots, widths=DOWN_TO_SMALL)

    owner.goto("/notifications")
    owner.get_by_role("button", name="Open: A label would like to work").click()
    owner.wait_for_url("**/labels")
    look_in_both_languages(owner, "artist-labels-asked", shots=shots, widths=DOWN_TO_SMALL)
    test_figures._done(product, lambda tx: _proved_long_ago(tx, artist.email))
    owner.get_by_role("button", name="Accept Casa Sur").click()
    owner.locator("[name=proof_code]").fill(people.PASSWORD)
    owner.locator("form[action='/step-up'] button.primary").click()
    expect(owner.get_by_text("The label works for the artist now.")).to_be_visible()
    look_in_both_languages(owner, "artist-labels", shots=shots, widths=DOWN_TO_SMALL)

    label.goto("/label")
    look_in_both_languages(label, "roster", shots=shots, widths=DOWN_TO_SMALL)
    label.locator("main").get_by_role("link", name="Río Lento").click()
    expect(label.get_by_role("link", name="New release")).to_be_visible()
    expect(label.get_by_role("link", name="Royalties")).to_have_count(0)
    owner.get_by_role("button", name="End Casa Sur").click()
    expect(owner.get_by_text("It is ended.")).to_be_visible()
    assert label.evaluate(_OUT, "/studio?artist=rio.lento") == 404
    label.goto("/label")
    expect(label.get_by_text("No artist yet")).to_be_visible()


async def _proved_long_ago(tx: Tx, email: str) -> None:
    await tx.execute(
        "UPDATE users.session SET proved_at = proved_at - interval '1 hour' WHERE user_id ="
        " (SELECT user_id FROM users.address WHERE email = %s)",
        [email],
    )

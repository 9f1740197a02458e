"""Somebody has a copy made of all that is held of them, watches it in another tab, fetches it, and checks it offline."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from vibestream.cli.connection import embedded_root
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LISTENING: Final = """() => { window.told = []; const stream = new EventSource("/events");
    stream.addEventListener("export.progress", event => window.told.push(JSON.parse(event.data)));
    return new Promise(done => stream.addEventListener("open", () => done(true))); }"""


def test_a_copy_is_asked_for_watched_fetched_and_checked(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path, tmp_path: Path
):
    context = browser_for()
    page, person = context.new_page(), people.somebody("Berta Soler")
    people.signs_up(page, person)
    page.goto("/account")
    page.get_by_role("link", name="See your data").click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    look_in_both_languages(page, "privacy-none", shots=shots, widths=DOWN_TO_SMALL)
    _an_hour_passes(product)
    page.goto("/account/receipts/secret")
    _shows_that_it_is_them(page)
    # Only now: a proof ends the streams of the token before it, and what is told until a browser is back is not told again.
    other = context.new_page()
    other.goto("/account/privacy")
    assert other.evaluate(LISTENING)

    page.goto("/account/privacy")
    page.get_by_role("button", name="Make a copy").click()
    expect(page).to_have_url(f"{product.url}/account/privacy")
    expect(other.get_by_text("ready", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    told = other.evaluate("window.told")
    assert [one["done"] for one in told] == sorted(one["done"] for one in told), "it goes forward"
    assert (told[-1]["state"], told[-1]["done"]) == ("ready", told[-1]["total"])
    assert len(told) > told[-1]["total"] / 2, "part by part"
    look_in_both_languages(page, "privacy-ready", shots=shots, widths=DOWN_TO_SMALL)

    _an_hour_passes(product)
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download").click()
        _shows_that_it_is_them(page)
    assert fetched.value.suggested_filename.startswith("vibestream-export-20")
    copy = tmp_path / fetched.value.suggested_filename
    fetched.value.save_as(copy)
    with zipfile.ZipFile(copy) as archive:
        assert json.loads(archive.read("data/user.accounts.json"))[0]["email"] == person.email
    _is_checked_offline(page, product, copy, tmp_path)


def test_consent_is_given_and_taken_back_with_one_press_each(browser_for: Callable[..., BrowserContext], shots: Path):
    page = browser_for().new_page()
    people.signs_up(page, people.somebody("Kito"))
    page.goto("/account/privacy")
    expect(page.get_by_text("not agreed", exact=True)).to_have_count(3)
    page.get_by_role("button", name="Agree: Statistics about your listening").press("Enter")
    expect(page.get_by_text("You agreed. You can take it back here at any time.")).to_be_visible()
    expect(page.get_by_text("agreed", exact=True)).to_have_count(1)
    look_in_both_languages(page, "privacy-agreed", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Withdraw: Statistics about your listening").press("Enter")
    expect(page.get_by_text("It ends now.")).to_be_visible()
    expect(page.get_by_text("not agreed", exact=True)).to_have_count(3)


def _is_checked_offline(page: Page, product: Product, copy: Path, folder: Path) -> None:
    keys = folder / "keys.json"
    keys.write_bytes(page.request.get("/.well-known/vibestream-export-keys.json").body())
    assert "whole" in product.command("verify-export", str(copy), "--keys", str(keys))
    content = bytearray(copy.read_bytes())
    content[len(content) // 3] ^= 1
    changed = folder / "changed.zip"
    changed.write_bytes(content)
    refused = subprocess.run(
        [sys.executable, "-m", "vibestream.cli", "verify-export", str(changed)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},  # no settings, no data folder: it is offline
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode != 0, refused.stdout
    assert "Traceback" not in refused.stderr


def _shows_that_it_is_them(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Go on").click()


def _an_hour_passes(product: Product) -> None:
    """Let every proof be an hour old."""
    dsn = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE users.session SET proved_at = proved_at - interval '1 hour' WHERE proved_at IS NOT NULL"
        )

"""Reward pools: an operator tries a policy on a day that people really listened on, proposes it, and a colleague approves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.product import Product, running
from tests.journeys.test_held_listens import opened, operates, replay
from tests.journeys.test_power_cut import published
from vibestream.cli.story.main_job import until
from vibestream.cli.story.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

FANS = 3


@pytest.fixture(scope="module")
def listened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("pools") / "data") as product:
        yield product


def test_a_policy_is_tried_proposed_and_approved(chromium: Browser, listened: Product, shots: Path, tmp_path: Path):
    operator, complaints = operates(chromium, listened), []
    operator.on("pageerror", lambda error: complaints.append(str(error)))
    operator.goto("/operations/pools")
    expect(operator.get_by_text("Nobody has listened yet")).to_be_visible()
    look_in_both_languages(operator, "pools-empty", shots=shots, widths=DOWN_TO_SMALL)
    three_listen(listened, tmp_path)

    colleague = colleague_of(chromium, listened)
    tops_up(operator, colleague, shots)
    tries(operator, shots)
    proposes(operator, shots)
    approves(colleague, shots)

    operator.goto("/operations/pools")
    expect(operator.get_by_role("row").filter(has_text="Fewer loops")).to_contain_text("approved")
    look_in_both_languages(operator, "pools-approved", shots=shots, widths=DOWN_TO_SMALL)
    assert listened.query("SELECT state, budget, listener_cap_bp FROM listen_reward.pool_policy") == [
        ("approved", 500_000, 2_000)
    ]
    assert listened.query("SELECT source, amount FROM listen_reward.pool_policy_source") == [("marketing", 300_000)]
    assert complaints == []
    assert listened.run("audit").returncode == 0


def three_listen(product: Product, folder: Path) -> None:
    """A real song is published, and three accounts hear half a minute of it in real time."""
    with Visitor(product.url) as artist:
        artist.sign_up(email="artist@pools.example", password=people.PASSWORD, display_name="Ana Soler")
        artist.post("/api/v1/artists", {"name": "Ana Soler", "handle": "ana.soler"})
        track_id = published(artist, people.cut_songs(folder)[0])
    replay(product, track_id, [people.somebody(f"Fan {number}") for number in range(FANS)])
    until(
        lambda: product.query("SELECT count(*) FROM listen_reward.reward") == [(FANS,)],
        within_s=60,
        what="What they earned",
    )


def tops_up(one: Page, other: Page, shots: Path) -> None:
    """Points for a source: one proposes them, what is no name is refused at its field, and another issues them."""
    one.goto("/finance/books/sources")
    expect(one.get_by_text("No source yet")).to_be_visible()
    look(one, "sources-empty", shots=shots, widths=DOWN_TO_SMALL)
    one.get_by_label("Source", exact=True).fill("Marketing!")
    one.get_by_label("Amount, in VIBE").fill("400")
    one.get_by_label("Why").fill("The label pays: invoice 7")
    one.get_by_role("button", name="Propose it").click()
    expect(one.get_by_label("Source", exact=True)).to_have_attribute("aria-invalid", "true")
    one.get_by_label("Source", exact=True).fill("marketing")
    one.get_by_role("button", name="Propose it").click()
    expect(one.get_by_role("heading", name="Waiting for a second person")).to_be_visible()
    expect(one.get_by_role("button", name="Approve it")).to_have_count(0)
    other.goto("/finance/books/sources")
    look_in_both_languages(other, "sources-waiting", shots=shots, widths=DOWN_TO_SMALL)
    other.get_by_role("button", name="Approve it").click()
    expect(other.get_by_text("Approved. The points are in the source.")).to_be_visible()
    look_in_both_languages(other, "sources", shots=shots, widths=DOWN_TO_SMALL)


def tries(page: Page, shots: Path) -> None:
    """From the operations page, by figures that contradict themselves, to what a policy would have paid."""
    page.goto("/operations")
    page.get_by_role("link", name="Reward pools").click()
    expect(page.get_by_text("No policy: each listen earns")).to_be_visible()
    page.get_by_label("Budget of a day, in VIBE").fill("50")
    page.get_by_label("Most for a listener, in basis points").fill("20000")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_label("Most for a listener, in basis points")).to_have_attribute("aria-invalid", "true")
    look(page, "pools-refused", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("Most for a listener, in basis points").fill("2000")
    page.get_by_label("Most for a song").fill("10000")
    page.get_by_label("Most for an artist").fill("10000")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("3 listens counted.")).to_be_visible()
    would = page.get_by_role("listitem").filter(has_text="Would have paid")
    expect(would).to_contain_text("30.00")  # each a fifth of fifty: the cap cuts a third into that
    expect(page.get_by_role("row").filter(has_text="Ana Soler")).to_contain_text("3.00")
    look_in_both_languages(page, "pools-tried", shots=shots, widths=DOWN_TO_SMALL)


def proposes(page: Page, shots: Path) -> None:
    """What was tried is proposed; not for today, and by oneself it is not approved."""
    earliest = page.get_by_label("First day", exact=True).input_value()
    page.get_by_label("First day", exact=True).fill("2026-01-01")
    page.get_by_label("Why").fill("Fewer loops")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_label("First day", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("First day", exact=True).fill(earliest)
    page.get_by_label("marketing").fill("60")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("all together no more than the budget")).to_be_visible()
    look(page, "pools-sources-refused", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("marketing").fill("30")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("Proposed. Somebody else has to approve it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve it")).to_have_count(0)
    look_in_both_languages(page, "pools-proposed", shots=shots, widths=DOWN_TO_SMALL)


def colleague_of(chromium: Browser, product: Product) -> Page:
    """A second operator; the role is written to the table, because how admins are made is not what this is about."""
    page, person = opened(chromium, product), people.somebody("Nora")
    people.signs_up(page, person)
    granted = product.query(
        "INSERT INTO users.role_grant (user_id, role, granted_at) SELECT user_id, 'admin', now() FROM users.fan_profile"
        " WHERE display_name = 'Nora' RETURNING role"
    )
    assert granted == [("admin",)]
    page.context.clear_cookies()
    people.signs_in(page, person)
    return page


def approves(page: Page, shots: Path) -> None:
    page.goto("/operations/pools")
    expect(page.get_by_role("heading", name="Waiting for a second person")).to_be_visible()
    look_in_both_languages(page, "pools-waiting", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Approve it").click()
    expect(page.get_by_text("Approved. Every day from its first one on has it.")).to_be_visible()

"""The finance console's own work, by people of finance: a rate by two, an advance, a deny list, a policy, a webhook tried
again; and a decision of a trained model explained by bars, with the model's report. Each page is looked at in both themes and
languages, down to 320 pixels."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys import looking, paying, people
from tests.journeys.conftest import Product, Stage, own_installation
from vibestream.cli.connection import embedded_root
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(500)]

_MODEL_S = 120
_LOOKED_FOR_S = 45
"""Every process looks for a promoted model each half minute."""
_DECIDED_MS = 60_000


product, stage = own_installation()
"""A model that decides here asks the bank about payments that other journeys expect to pass."""


@pytest.fixture
def console(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody who looks after money."""
    return browser_for(storage_state=stage.states["finance"]).new_page()


@pytest.fixture
def colleague(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody else who may."""
    return browser_for(storage_state=stage.states["admin"]).new_page()


@pytest.fixture(scope="module")
def model(product: Product, chromium: Browser, stage: Stage) -> str:
    """Train a small model on the simulator, have it decide, and wait until web and worker have it; return its name."""
    said = product.command("fraud", "train", "--quick", "--promote")
    began = time.monotonic()
    context = chromium.new_context(base_url=product.url, storage_state=stage.states["finance"])
    while context.request.get("/api/v1/operations/fraud/models").json()["rules_only"]:
        assert time.monotonic() < began + _MODEL_S, "the web server does not take the model up"
        time.sleep(0.5)
    context.close()
    time.sleep(max(_LOOKED_FOR_S - (time.monotonic() - began), 0))  # the worker looks for itself, and nobody can ask it
    found = re.search(r"^([0-9a-f]{12}) +champion", said, re.MULTILINE)
    assert found, said
    return found[1]


def test_a_decision_is_explained_by_bars_and_the_model_by_its_report(
    *, browser_for: Callable[..., BrowserContext], console: Page, model: str, shots: Path
):
    payer = browser_for().new_page()
    people.signs_up(payer, people.somebody("Nils Holm"))
    paying.begins_top_up(payer, amount="490", currency="USD", method="Card")
    payer.wait_for_url(re.compile(r"/payments/|/stripe/pay/"))

    console.goto("/finance/payments")
    console.get_by_role("row").filter(has_text="Nils Holm").get_by_role("link").first.click()
    expect(console.get_by_role("heading", name="What happened")).to_be_visible()
    expect(console.get_by_text("Checked for fraud").first).to_be_visible(timeout=_DECIDED_MS)
    console.goto("/finance/reviews")
    console.locator(".case-row").filter(has_text="Nils Holm").first.click()
    expect(console.get_by_text("probability of fraud")).to_be_visible()
    bars = console.locator(".reason .bar-part")
    assert bars.count() >= 2
    widths = [int(bar.get_attribute("width") or 0) for bar in bars.all()]
    assert max(widths) == 120
    assert widths == sorted(widths, reverse=True)
    expect(console.locator(".facts")).to_contain_text(model)
    looking.look_in_both_languages(console, "finance-decision-bars", shots=shots, widths=looking.DOWN_TO_SMALL)

    console.goto("/finance/models")
    expect(console.get_by_text("Rules decide alone.")).to_have_count(0)
    expect(console.get_by_role("row").filter(has_text=model)).to_contain_text("decides")
    assert console.locator(".chart-line").count() == 3
    cheapest = console.get_by_role("row").filter(has_text="cheapest")
    expect(cheapest).to_contain_text("model and rules")
    looking.look_in_both_languages(console, "finance-models-report", shots=shots, widths=looking.DOWN_TO_SMALL)


def test_a_rate_is_proposed_by_one_and_published_by_another(console: Page, colleague: Page, shots: Path):
    console.goto("/finance/books/rates")
    looking.look_in_both_languages(console, "finance-rates", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.get_by_label("One of").select_option("GBP")
    console.get_by_label("is worth, in").select_option("EUR")
    console.get_by_label("Rate", exact=True).fill("1.17")
    console.get_by_label("Where it comes from").fill("A central bank, 24 November")
    console.get_by_role("button", name="Propose it").click()
    expect(console.get_by_label("Rate", exact=True)).to_have_attribute("aria-invalid", "true")
    console.get_by_label("One of").select_option("EUR")
    console.get_by_label("is worth, in").select_option("GBP")
    console.get_by_label("Rate", exact=True).fill("0.8547")
    console.get_by_role("button", name="Propose it").click()
    expect(console.get_by_text("You proposed it: somebody else has to publish it.")).to_be_visible()
    looking.look_in_both_languages(console, "finance-rate-own", shots=shots, widths=looking.DOWN_TO_SMALL)

    colleague.goto(console.get_by_label("Give this address to a colleague").input_value())
    looking.look_in_both_languages(colleague, "finance-rate-publish", shots=shots, widths=looking.DOWN_TO_SMALL)
    colleague.get_by_role("button", name="Publish it now").click()
    expect(colleague.get_by_text("Published. It is good from now on.")).to_be_visible()
    console.goto("/finance/books/rates")
    expect(console.get_by_role("row").filter(has_text="EUR/GBP")).to_contain_text("0.8547")
    expect(console.get_by_role("row").filter(has_text="EUR/GBP")).to_contain_text("good now")
    looking.look_in_both_languages(console, "finance-rates-after", shots=shots, widths=looking.DOWN_TO_SMALL)


def test_an_advance_is_granted_after_a_second_look_and_traced_to_its_postings(console: Page, stage: Stage, shots: Path):
    console.goto("/finance/royalties/advances")
    console.get_by_label("Payee: address, handle or id").fill("@nobody.here")
    console.get_by_label("Amount").fill("250,00")
    console.get_by_label("Why").fill("For the second album")
    console.get_by_role("button", name="Go on").click()
    expect(console.get_by_label("Payee: address, handle or id")).to_have_attribute("aria-invalid", "true")
    console.get_by_label("Payee: address, handle or id").fill(f"@{stage.handle}")
    console.get_by_role("button", name="Go on").click()
    expect(console.get_by_role("heading", name="Confirm the advance")).to_be_visible()
    expect(console.locator(".confirm")).to_contain_text("Ana Soler")
    looking.look(console, "finance-advance", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.get_by_role("button", name=re.compile(r"Grant \$250")).click()
    expect(console.get_by_text("Granted. The payee can have it paid out at once.")).to_be_visible()
    looking.look_in_both_languages(console, "finance-advances", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.get_by_role("link", name="Transaction").first.click()
    legs = console.get_by_role("table").first.get_by_role("row")
    expect(legs.filter(has_text="Advances")).to_contain_text("250.00")
    expect(legs.filter(has_text="Royalties, available")).to_contain_text("250.00")


def test_a_network_is_denied_and_taken_off_again(console: Page, shots: Path):
    console.goto("/finance/models/denied")
    looking.look_in_both_languages(console, "finance-denied-empty", shots=shots, widths=looking.DOWN_TO_SMALL)
    _denies(console, "country", "Spain", "Too many stolen cards")
    expect(console.get_by_label("Value")).to_have_attribute("aria-invalid", "true")
    value = f"198.51.{secrets.randbelow(255)}.0/24"
    _denies(console, "network", value, "Card testing on Sunday night")
    expect(console.get_by_text("It is denied from now on.")).to_be_visible()
    expect(console.get_by_text(value)).to_be_visible()
    looking.look_in_both_languages(console, "finance-denied", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.get_by_role("button", name=f"Take off the list: {value}").click()
    expect(console.get_by_text("It is denied no longer.")).to_be_visible()
    expect(console.get_by_text(value)).to_have_count(0)


def test_the_policies_are_read_and_the_next_royalty_policy_is_made(console: Page, shots: Path):
    console.goto("/finance/models/policy")
    expect(console.get_by_role("heading", name="Version 1")).to_be_visible()
    looking.look_in_both_languages(console, "finance-risk-policy", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.goto("/finance/royalties/policies")
    console.get_by_label("From this month on").fill("2040-01")
    console.get_by_label("Least listens of a song in a month").fill("1000")
    console.get_by_label("Why").fill("As others do since 2024")
    console.get_by_role("button", name="Make the policy").click()
    expect(console.get_by_text("Made. It counts from its month on")).to_be_visible()
    expect(console.get_by_text("From January 2040 on")).to_be_visible()
    looking.look_in_both_languages(console, "finance-royalty-policies", shots=shots, widths=looking.DOWN_TO_SMALL)


def test_a_webhook_that_failed_says_why_and_is_worked_off_at_the_second_try(
    console: Page, product: Product, stage: Stage, shots: Path
):
    del stage  # whose fan has paid, so that there is a webhook
    console.goto("/finance/reconciliation/webhooks")
    looking.look_in_both_languages(console, "finance-webhooks-none", shots=shots, widths=looking.DOWN_TO_SMALL)
    webhook = _fails_one(product)
    console.goto("/finance/reconciliation/webhooks")
    looking.look_in_both_languages(console, "finance-webhooks", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.locator(f"a[href$='{webhook}']").click()
    expect(console.get_by_text("It was tried twenty times")).to_be_visible()
    looking.look_in_both_languages(console, "finance-webhook", shots=shots, widths=looking.DOWN_TO_SMALL)
    console.get_by_role("button", name="Try it again").click()
    expect(console.get_by_text("A worker tries it again now.")).to_be_visible()
    deadline = time.monotonic() + 30
    while not console.locator("main .chip.good").count():
        assert time.monotonic() < deadline, "nobody worked it off"
        time.sleep(0.5)
        console.goto(f"/finance/reconciliation/webhooks/{webhook}")
    expect(console.locator("main .chip.good")).to_have_text("worked off")


def _denies(console: Page, list_: str, value: str, reason: str) -> None:
    form = console.locator("section[aria-labelledby=new]")
    form.get_by_label("List").select_option(list_)
    form.get_by_label("Value").fill(value)
    form.get_by_label("Why").fill(reason)
    form.get_by_role("button", name="Deny it").click()


def _fails_one(product: Product) -> str:
    """Leave a webhook of a payment as it would be after twenty tries: an accident that cannot be had in a minute otherwise."""
    dsn = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "UPDATE payment.webhook SET state = 'failed', error = 'gave_up', attempts = 20 WHERE webhook_id = (SELECT webhook_id"
            " FROM payment.webhook WHERE kind = 'payment' AND state = 'done' ORDER BY received_at LIMIT 1) RETURNING webhook_id"
        ).fetchone()
    assert row is not None, "no webhook has come"
    return str(row[0])

"""In Chromium on real music: listen, close the day, let the browser prove, be paid to a wallet without a name, and spend it.

The proof that the browser sent is judged again by Python, by snarkjs and by the contract on a chain, and so is each of its
signals changed by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from playwright.sync_api import Error as PlaywrightError

from bench._browser import prove_in
from tests.circuits.chain import deployed, points
from tests.circuits.peer import ask
from tests.journeys import people
from tests.journeys.looking import look, look_in_both_languages
from tests.journeys.product import Product, running
from tools import build_circuits
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.proof import read_proof
from vibestream.contexts.listen_reward.claims.service import PublicSignals

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]

PROVED_WITHIN_MS = 120_000
CODE = re.compile(r"([0-9A-HJKMNP-TV-Z]{6}-){8}[0-9A-HJKMNP-TV-Z]{6}")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product whose claims are sent within two seconds."""
    with running(tmp_path_factory.mktemp("receipts") / "data", VIBESTREAM_CLAIM_DELAY_S="2") as product:
        yield product


def opened(chromium: Browser, product: Product, **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=product.url, locale="en-GB", **options)
    context.set_default_timeout(30_000)
    return context


def test_a_browser_proves_and_is_paid_without_a_name_and_everybody_who_verifies_agrees(
    chromium: Browser, quick: Product, shots: Path, tmp_path: Path
):
    artist_page = opened(chromium, quick).new_page()
    people.signs_up(artist_page, people.somebody("Ana Soler"))
    people.becomes_artist(artist_page, name="Ana Soler", handle="ana.soler")
    people.uploads(artist_page, people.cut_songs(tmp_path))
    release = people.publishes(artist_page, title="Media luna")

    fan = opened(chromium, quick)
    page, complaints = fan.new_page(), listen_to(fan)
    person = people.somebody("Kito")
    people.signs_up(page, person)
    quick.query("UPDATE users.session SET proved_at = proved_at - interval '1 hour' RETURNING 1")
    page.goto("/account/receipts")
    look_in_both_languages(page, "receipts-before-proof", shots=shots)
    page.get_by_role("link", name="Make my secret").click()
    page.locator("[name=proof_code]").fill(people.PASSWORD)
    page.locator("form[action='/step-up'] button.primary").click()
    page.get_by_role("button", name="Make my secret").click()
    code = page.get_by_text(CODE).inner_text()
    look(page, "receipts-secret", shots=shots)
    earn(page, quick, release)

    sent = claim(page)
    expect(page.get_by_text("Paid: 1.00 VIBE.")).to_be_visible(timeout=60_000)
    judged(sent, tmp_path)

    recovered = opened(chromium, quick)
    elsewhere = recovered.new_page()
    people.signs_in(elsewhere, person)
    brings_back(elsewhere, code)

    give_to_the_artist(page)
    look_in_both_languages(page, "receipts", shots=shots)
    narrow(page)
    assert quick.query("SELECT count(*) FROM payment.transaction WHERE kind IN ('reward_claim', 'claim_order')") == [
        (2,)
    ]
    assert quick.query("SELECT count(*) FROM payment.transaction WHERE kind = 'reward'") == [(0,)]
    assert quick.run("audit").returncode == 0
    assert complaints == []


def earn(page: Page, product: Product, release: str) -> None:
    """Play until a receipt is written, then close the day."""
    page.goto(release)
    page.get_by_role("button", name="Play", exact=True).first.click()
    people.plays_on(page, for_s=3)
    product.close_day(receipts=1, within_s=120)


def claim(page: Page) -> dict[str, Any]:
    """Have the browser prove; first cancelled, then on one core after nothing got on. Return what was sent, which named nobody."""
    page.goto("/account/receipts")
    expect(page.get_by_text("That is few: fewer than 20")).to_be_visible()
    button = page.get_by_role("button", name="Prove and claim")
    expect(button).to_be_disabled()
    page.get_by_label("Claim although it may be guessed").check()
    button.click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. Nothing was sent.")).to_be_visible()

    page.evaluate("document.querySelector('vs-receipts').dataset.silentMs = '1'")
    button.click()
    expect(page.get_by_text("The proof does not get on in this browser.")).to_be_visible()
    page.evaluate("delete document.querySelector('vs-receipts').dataset.silentMs")
    page.get_by_label("Prove on one core only").check()

    def is_claim(request: Request) -> bool:
        return request.method == "POST" and request.url.endswith("/api/v1/claims")

    with page.expect_request(is_claim, timeout=PROVED_WITHIN_MS) as asked:
        button.click()
    headers = asked.value.all_headers()
    assert "cookie" not in headers
    assert "referer" not in headers
    sent: dict[str, Any] = json.loads(asked.value.post_data or "")
    assert sent["expires_at"].endswith("T00:00:00.000Z")
    return sent


def judged(sent: dict[str, Any], folder: Path) -> None:
    """Python, snarkjs and the contract accept what the browser proved, and refuse it with any signal changed."""
    build_circuits.install()
    keys = claims.claim_keys(is_production=False)
    verifier, chain = claims.open_verifier(keys=keys), deployed(keys, folder)
    proof, signals = sent["proof"], sent["public_signals"]
    said = [signals] + [[*signals[:at], str(int(signals[at]) + 1), *signals[at + 1 :]] for at in range(6)]
    by_python = [claims.verify_claim(verifier=verifier, proof=proof, signals=one) for one in said]
    key = json.loads(keys.verifying_key)
    by_node = ask(*({"task": "verify", "key": key, "proof": proof, "publicSignals": one} for one in said))
    by_chain = [chain(points(read_proof(proof)), [int(each) for each in one]) for one in said]

    only_the_first = [True] + [False] * 6
    assert [isinstance(one, PublicSignals) for one in by_python] == only_the_first
    assert by_node == only_the_first
    assert by_chain == only_the_first


def brings_back(page: Page, code: str) -> None:
    """In another browser the code alone brings the secret back; a letter that was misread is noticed."""
    page.goto("/account/receipts")
    field = page.get_by_label("Code of your secret")
    field.fill(("1" if code[0] == "0" else "0") + code[1:])
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("This is not a whole code")).to_be_visible()
    field.fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("Your secret is in this browser.")).to_be_visible()
    page.get_by_label("Claim although it may be guessed").check()
    page.get_by_role("button", name="Prove and claim").click()
    # Claimed before, to this very wallet, which the secret makes again: so it is paid, and not twice.
    expect(page.get_by_text("Paid: 1.00 VIBE.")).to_be_visible(timeout=PROVED_WITHIN_MS)


def give_to_the_artist(page: Page) -> None:
    page.get_by_label("Move it to").select_option("account")
    expect(page.get_by_text("This links the claim with your account")).to_be_visible()
    page.get_by_label("Move it to").select_option("artist")
    page.get_by_label("The artist's handle").fill("nobody.at.all")
    page.get_by_role("button", name="Move all of it").click()
    expect(page.get_by_text("There is no such artist.")).to_be_visible()
    page.get_by_label("The artist's handle").fill("ana.soler")
    page.get_by_role("button", name="Move all of it").click()
    expect(page.get_by_text("1.00 VIBE went to the artist.")).to_be_visible()
    page.get_by_role("button", name="Move all of it").click()
    expect(page.get_by_text("This wallet is empty")).to_be_visible()


def narrow(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def listen_to(context: BrowserContext) -> list[str]:
    """Errors of scripts and of the page's policy, as they come."""
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )

    for page in context.pages:
        listen(page)
    context.on("page", listen)
    return complaints


def test_where_there_may_be_no_helpers_one_core_proves_and_otherwise_nothing_ever_comes(chromium: Browser):
    """What the clock on the page is for: snarkjs waits for helpers that a policy refuses, and says nothing."""
    alone = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

    assert prove_in(chromium, single_thread=True, proofs=1, policy=alone) > 0
    with pytest.raises(PlaywrightError, match="the prover said nothing"):
        prove_in(chromium, single_thread=False, proofs=1, policy=alone, within_ms=45_000)

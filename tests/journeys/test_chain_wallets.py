"""Somebody connects a wallet of a chain: a provider as EIP-1193 and EIP-6963 have it, which signs with a real key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories.chain_wallets import Wallet, other_form, wallet
from tests.journeys import people
from tests.journeys.conftest import Product
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

_ANNOUNCES: str = """
const provider = {request: ({method, params}) => window.wallet(method, params ?? []).then(told => {
    if (told.refused) throw Object.assign(new Error("refused"), {code: told.refused});
    return told.given;
})};
const info = {uuid: "6963", name: "Larkspur", icon: "", rdns: "example.larkspur"};
const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", {detail: {info, provider}}));
addEventListener("eip6963:requestProvider", announce);
"""


def has_wallet(context: BrowserContext, key: Callable[[], Wallet]) -> tuple[dict[str, bool], list[str]]:
    """Give a browser a wallet of whichever key it has then; return how it behaves, which can be changed, and what it was shown."""
    behaves, shown = {"cancels": False, "mangles": False}, list[str]()

    def asked(method: str, params: list[str]) -> dict[str, object]:
        if method == "eth_requestAccounts":
            return {"given": [key().address.lower()]}
        assert method == "personal_sign"
        assert params[1] == key().address.lower()
        shown.append(bytes.fromhex(params[0][2:]).decode())
        signature = key().sign(shown[-1])
        return (
            {"refused": 4001}
            if behaves["cancels"]
            else {"given": other_form(signature) if behaves["mangles"] else signature}
        )

    context.expose_function("wallet", asked)
    context.add_init_script(_ANNOUNCES)
    return behaves, shown


def _goes_to_wallets(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("link", name="Your wallets of a chain").click()
    expect(page.get_by_text("No wallet is connected.")).to_be_visible()


def test_somebody_connects_a_wallet_and_removes_it(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    context, key = browser_for(), wallet(77)
    behaves, shown = has_wallet(context, lambda: key)
    page = context.new_page()
    people.signs_up(page, people.somebody("Vera Lledó"))
    _goes_to_wallets(page)
    look_in_both_languages(page, "wallets-none", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("link", name="Connect a wallet").click()
    use = page.get_by_role("button", name="Use Larkspur")
    expect(use).to_be_visible()
    look_in_both_languages(page, "wallet-new", shots=shots, widths=DOWN_TO_SMALL)

    behaves["cancels"] = True
    use.click()
    expect(page.get_by_text("It was cancelled in the wallet. Nothing is connected.")).to_be_visible()
    behaves["cancels"], behaves["mangles"] = False, True
    use.click()
    expect(page.get_by_text("This is not a signature of that wallet.")).to_be_visible()
    behaves["mangles"] = False
    use.click()
    expect(page.get_by_text("Your wallet is connected.")).to_be_visible()
    expect(page.get_by_text(key.address)).to_be_visible()
    look_in_both_languages(page, "wallets", shots=shots, widths=DOWN_TO_SMALL)
    host = product.url.removeprefix("http://")
    assert [text.split("\n")[0] for text in shown] == [f"{host} wants you to sign in with your Ethereum account:"] * 3

    page.get_by_role("button", name=f"Remove {key.address}").click()
    expect(page.get_by_text("That wallet was removed.")).to_be_visible()


def test_a_browser_without_a_wallet_says_so(browser_for: Callable[..., BrowserContext], shots: Path):
    page = browser_for().new_page()
    people.signs_up(page, people.somebody("Pau Serra"))
    page.goto("/account/wallets/new")
    expect(page.get_by_text("This browser has no wallet.")).to_be_visible()
    look_in_both_languages(page, "wallet-missing", shots=shots)

"""Every page of the product that stands by itself: its name, whose eyes see it, and where it is.

`tests/architecture/test_pages.py` fails on a page that is neither here nor looked at in a journey of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.conftest import Product, Stage

PAGES: Final = (
    ("home", "fan", "/"),
    ("home-anonymous", "", "/"),
    ("artist", "fan", "/artists/{handle}"),
    ("artist-perks", "fan", "/artists/{handle}/perks"),
    ("artist-report", "fan", "/artists/{handle}/report"),
    ("release", "fan", "/releases/{release_id}"),
    ("release-report", "fan", "/releases/{release_id}/report"),
    ("track", "fan", "/tracks/{track_id}"),
    ("person", "fan", "/u/{person}"),
    ("person-report", "fan", "/u/{person}/report"),
    ("sign-up", "", "/sign-up"),
    ("sign-in", "", "/sign-in"),
    ("verify", "", "/verify"),
    ("forgot-password", "", "/forgot-password"),
    ("undo-email", "", "/undo-email"),
    ("goodbye", "", "/goodbye"),
    ("offline", "", "/offline"),
    ("account", "fan", "/account"),
    ("account-app", "fan", "/account/app"),
    ("account-apps", "fan", "/account/apps"),
    ("account-connected", "fan", "/account/connected"),
    ("account-delete", "fan", "/account/delete"),
    ("account-developer", "fan", "/account/developer"),
    ("account-email", "fan", "/account/email"),
    ("account-held-listens", "fan", "/account/held-listens"),
    ("account-listening", "fan", "/account/listening"),
    ("account-page", "fan", "/account/page"),
    ("account-passkey", "fan", "/account/passkeys/new"),
    ("account-portfolio", "fan", "/account/portfolio"),
    ("account-privacy", "fan", "/account/privacy"),
    ("account-receipts", "fan", "/account/receipts"),
    ("account-tokens", "fan", "/account/tokens"),
    ("account-wallets", "fan", "/account/wallets"),
    ("account-wallet", "fan", "/account/wallets/new"),
    ("device", "fan", "/device"),
    ("become-artist", "fan", "/studio"),
    ("studio", "artist", "/studio"),
    ("studio-analytics", "artist", "/studio/analytics"),
    ("studio-artist", "artist", "/studio/artists/{artist_id}"),
    ("studio-labels", "artist", "/studio/artists/{artist_id}/labels"),
    ("studio-join", "artist", "/studio/join"),
    ("studio-perks", "artist", "/studio/perks"),
    ("upload", "artist", "/studio/new"),
    ("draft", "artist", "/studio/releases/{release_id}"),
    ("wallet", "fan", "/wallet"),
    ("payments", "fan", "/payments"),
    ("subscription", "fan", "/subscription"),
    ("subscription-change", "fan", "/subscription/change"),
    ("subscription-order", "fan", "/subscription/order?plan=premium&cycle=yearly&currency=EUR"),
    ("family-join", "fan", "/subscription/join"),
    ("tip", "fan", "/artists/{handle}/tip"),
    ("royalties", "artist", "/studio/royalties"),
    ("splits", "artist", "/studio/splits"),
    ("splits-of-song", "artist", "/studio/splits/tracks/{track_id}"),
    ("payouts", "artist", "/studio/payouts"),
    ("payout-history", "artist", "/studio/payouts/history"),
    ("perks-to-open", "fan", "/account/perks"),
    ("notifications", "fan", "/notifications"),
    ("notification-choices", "fan", "/notifications/choices"),
    ("unsubscribe-unknown", "", "/unsubscribe/{token}"),
    ("operations", "admin", "/operations"),
    ("operations-accounts", "admin", "/operations/accounts"),
    ("operations-account", "admin", "/operations/accounts/{user_id}"),
    ("operations-listens", "admin", "/operations/listens"),
    ("operations-pools", "admin", "/operations/pools"),
    ("operations-rewards", "admin", "/operations/rewards"),
    ("operations-roles", "admin", "/operations/roles"),
    ("audit-log", "admin", "/operations/audit-log"),
    ("moderation", "moderator", "/moderation"),
    ("finance", "finance", "/finance"),
    ("finance-payments", "finance", "/finance/payments"),
    ("finance-reviews", "finance", "/finance/reviews"),
    ("finance-reviews-decided", "finance", "/finance/reviews/decided"),
    ("finance-payouts", "finance", "/finance/payouts"),
    ("finance-royalties", "finance", "/finance/royalties"),
    ("finance-royalties-policies", "finance", "/finance/royalties/policies"),
    ("finance-royalties-advances", "finance", "/finance/royalties/advances"),
    ("finance-month", "finance", "/finance/royalties/{month}/{currency}?preview=1"),
    ("finance-reconciliation", "finance", "/finance/reconciliation"),
    ("finance-reconciliation-webhooks", "finance", "/finance/reconciliation/webhooks"),
    ("finance-models", "finance", "/finance/models"),
    ("finance-models-policy", "finance", "/finance/models/policy"),
    ("finance-models-denied", "finance", "/finance/models/denied"),
    ("finance-books", "finance", "/finance/books"),
    ("finance-books-accounts", "finance", "/finance/books/accounts"),
    ("finance-books-account", "finance", "/finance/books/accounts/{account_id}"),
    ("finance-books-transactions", "finance", "/finance/books/transactions?key=payment:"),
    ("finance-books-sources", "finance", "/finance/books/sources"),
    ("finance-books-seals", "finance", "/finance/books/seals"),
    ("finance-books-rates", "finance", "/finance/books/rates"),
    ("forbidden", "fan", "/operations"),
    ("missing", "fan", "/nothing/here"),
    ("mail", "", "/sandbox/mail"),
)
"""Name, whose eyes see it (empty: anybody's), and the address with places for what a stage has."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "/account/email/code": "test_address.py",
    "/finance/books/rates/proposals/{text}": "test_finance_pages.py",
    "/finance/books/transactions/{transaction_id}": "test_money_traced.py",
    "/finance/payments/{payment_id}": "test_money_traced.py",
    "/finance/payouts/{payout_id}": "test_money_artist.py",
    "/finance/reconciliation/webhooks/{webhook_id}": "test_finance_pages.py",
    "/finance/reconciliation/{finding_id}": "test_finance_pages.py",
    "/finance/reviews/{decision_id}": "test_money_artist.py",
    "/finance/royalties/runs/{run_id}": "test_money_artist.py",
    "/label": "test_teams.py",
    "/moderation/reports/{kind}/{subject_id}": "test_profiles.py",
    "/moderation/verifications/{verification_id}": "test_profiles.py",
    "/oauth/authorize": "test_apps.py",
    "/operations/listens/{case_id}": "test_held_listens.py",
    "/account/receipts/secret": "test_receipts.py",
    "/payments/{payment_id}": "test_money_back.py",
    "/reset-password": "test_access_factors.py",
    "/sign-in-with": "test_sign_in_with.py",
    "/sign-in/second": "test_access_factors.py",
    "/studio/payouts/{payout_id}": "test_money_artist.py",
    "/studio/royalties/{month}": "test_money_artist.py",
    "/wallet/exchanges/{quote_id}": "test_money_back.py",
}
"""Pages that are only there in the middle of something, and the journey that looks at each."""


def pages_of(stage: Stage, open_page: Callable[[str], Page]) -> Iterator[tuple[str, str, str]]:
    """Yield every page of a stage: its name, whose eyes see it, its address."""
    listed = open_page("")
    listed.goto(stage.release)
    me = open_page("artist").request.get("/api/v1/me").json()
    books = open_page("finance")
    books.goto("/finance/books/accounts")
    account = str(books.locator("a[href^='/finance/books/accounts/']").first.get_attribute("href"))
    there = {
        "handle": stage.handle,
        "person": stage.moderator.name.split()[0].lower(),
        "release_id": stage.release.rpartition("/")[2],
        "track_id": str(listed.locator(".song-link").first.get_attribute("href")).rpartition("/")[2],
        "artist_id": me["artists"][0]["artist_id"],
        "user_id": me["user_id"],
        "account_id": account.partition("?")[0].rpartition("/")[2],
        "token": "none",
        "month": "2026-10",
        "currency": "USD",
    }
    for name, who, address in PAGES:
        yield name, who, address.format_map(there)


class Browsers:
    """Opens a page for whoever's eyes are wanted, in one browser a person."""

    def __init__(self, chromium: Browser, product: Product, stage: Stage, *, theme: str, width: int, language: str):
        self._make: Callable[[str], BrowserContext] = lambda who: _context(
            chromium, product, stage, who, theme=theme, width=width, language=language
        )
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Callable[[str], Page]:
        return self._open

    def __exit__(self, *_: object) -> None:
        for who, page in self._pages.items():
            if who:
                _prefer(page.context, language="en", theme="auto")
            page.context.close()

    def _open(self, who: str) -> Page:
        if who not in self._pages:
            self._pages[who] = self._make(who).new_page()
        return self._pages[who]


def _context(
    chromium: Browser, product: Product, stage: Stage, who: str, *, theme: str, width: int, language: str
) -> BrowserContext:
    options: dict[str, Any] = {"storage_state": stage.states[who]} if who else {}
    context = chromium.new_context(
        base_url=product.url,
        viewport={"width": width, "height": 844},
        locale=language,
        has_touch=width < 500,
        **options,
    )
    chosen = {"vs_theme": theme, "vs_locale": language}
    context.add_cookies([{"name": name, "value": value, "url": product.url} for name, value in chosen.items()])
    if who:
        _prefer(context, language=language, theme=theme)
    return context


def _prefer(context: BrowserContext, *, language: str, theme: str) -> None:
    """Choose for the account, whose choice wins over the browser's."""
    answer = context.request.post("/preferences", form={"language": language, "theme": theme}, max_redirects=0)
    assert answer.status == 303

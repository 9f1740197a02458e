"""Everybody can use it: no violation that axe knows, no keyboard trap, no page wider than a small screen, no script needed
to sign in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys import looking, people
from tests.journeys.conftest import Product, Stage
from tests.journeys.pages import Browsers, pages_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

_CLIPPED = """() => [...document.querySelectorAll('main *, .player-bar *, nav *')].filter(element => {
    const style = getComputedStyle(element);
    if (style.visibility === 'hidden' || !element.checkVisibility() || element.closest('.aloud, .clip, svg, select')) return false;
    if (!['hidden', 'clip'].includes(style.overflowX) && !['hidden', 'clip'].includes(style.overflowY)) return false;
    return element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
}).map(element => element.outerHTML.slice(0, 120))"""
_NAME = """(focused => {
    const texts = document.createTreeWalker(focused, NodeFilter.SHOW_TEXT), said = [];
    while (texts.nextNode()) if (!texts.currentNode.parentElement.closest('[aria-hidden=true]')) said.push(texts.currentNode.data);
    return focused.getAttribute('aria-label') || said.join('').trim() || focused.id;
})(document.activeElement)"""
_NAMELESS_GLYPHS = """() => [...document.querySelectorAll('svg.icon use')].filter(use => {
    const box = use.getBBox ? use.getBBox() : {width: 1};
    return use.closest('svg').checkVisibility() && box.width === 0;
}).map(use => use.getAttribute('href'))"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_any_page(chromium: Browser, product: Product, stage: Stage, theme: str, width: int):
    found: list[str] = []
    with Browsers(chromium, product, stage, theme=theme, width=width, language="en") as open_page:
        for name, who, address in pages_of(stage, open_page):
            page = open_page(who)
            page.goto(address)
            page.evaluate(looking.AXE.read_text())
            found += [f"{name}: {violation}" for violation in page.evaluate(looking.VIOLATIONS)]
    assert found == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_page_is_wider_than_a_small_screen_or_clips_its_text(
    chromium: Browser, product: Product, stage: Stage, language: str
):
    found: list[str] = []
    with Browsers(chromium, product, stage, theme="light", width=320, language=language) as open_page:
        for name, who, address in pages_of(stage, open_page):
            page = open_page(who)
            page.goto(address)
            page.wait_for_load_state("networkidle") if who == "" else page.wait_for_timeout(150)
            if page.evaluate(looking.OUTSIDE):
                found.append(f"{name}: wider than the screen")
            found += [f"{name}: clipped {what}" for what in page.evaluate(_CLIPPED)]
            found += [f"{name}: no drawing {what}" for what in page.evaluate(_NAMELESS_GLYPHS)]
    assert found == []


def test_the_keyboard_reaches_everything_in_order_and_is_never_trapped(
    browser_for: Callable[..., BrowserContext], stage: Stage
):
    page = browser_for(storage_state=stage.states["fan"]).new_page()
    page.goto(stage.release)
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the page"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert _focused(page) == "Ana Soler"
    page.keyboard.press("Tab")
    assert _focused(page) == "Play"
    page.keyboard.press("Enter")
    people.plays_on(page, for_s=1)
    seen = [_tab(page) for _ in range(60)]

    assert "Volume" in seen
    assert "Queue" in seen
    assert seen.count("Queue") <= 2


def test_a_page_that_is_navigated_to_is_said_aloud_and_takes_the_focus(
    browser_for: Callable[..., BrowserContext], stage: Stage
):
    page = browser_for(storage_state=stage.states["fan"]).new_page()
    page.goto("/")
    page.get_by_role("link", name="Wallet").first.click()
    expect(page.locator("#aloud")).to_have_text("Wallet")
    expect(page.get_by_role("link", name="Wallet").first).to_have_attribute("aria-current", "page")

    assert page.evaluate("document.activeElement.id") == "main"
    assert page.title() == "Wallet · VibeStream"


def test_somebody_without_scripts_signs_up_signs_out_and_in_again_and_becomes_an_artist(
    chromium: Browser, product: Product
):
    context = chromium.new_context(base_url=product.url, locale="es-ES", java_script_enabled=False)
    page = context.new_page()
    person = people.somebody("Inés Núñez")
    page.goto("/sign-up")
    page.get_by_label("Nombre").fill(person.name)
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña").fill("corta")
    page.get_by_role("button", name="Enviar el código").click()
    expect(page.get_by_label("Contraseña")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Correo electrónico")).to_have_value(person.email)
    page.get_by_label("Contraseña").fill(people.PASSWORD)
    page.get_by_role("button", name="Enviar el código").click()
    page.get_by_label("Código").fill(people.mailed_code(page, person))
    page.get_by_role("button", name="Confirmar").click()
    page.get_by_role("button", name="Salir").first.click()
    page.get_by_role("link", name="Entrar").first.click()
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña").fill(people.PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.get_by_role("link", name="Estudio").first.click()
    page.get_by_label("Nombre artístico").fill(person.name)
    page.get_by_label("Alias").fill("ines.nunez")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", name="Nuevo lanzamiento")).to_be_visible()
    page.get_by_role("button", name="Oscuro").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


def test_a_browser_without_a_connection_shows_a_page_of_ours_and_goes_on_when_it_is_back(
    browser_for: Callable[..., BrowserContext], stage: Stage
):
    context = browser_for(storage_state=stage.states["fan"])
    page = context.new_page()
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    context.set_offline(True)
    page.goto("/wallet")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    assert "Bricolage" in page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Wallet")).to_be_visible()


def _focused(page: Page) -> str:
    return str(page.evaluate(_NAME)).strip()


def _tab(page: Page) -> str:
    page.keyboard.press("Tab")
    return re.sub(r"\s+", " ", _focused(page))

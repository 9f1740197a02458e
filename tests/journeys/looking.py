"""Looking at a page that is only there in the middle of something: in both themes, wide and narrow, by axe and in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

AXE: Final = Path(__file__).parents[2] / "src/vibestream/web/frontend/node_modules/axe-core/axe.min.js"
VIOLATIONS: Final = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`))"""
OUTSIDE: Final = "document.documentElement.scrollWidth > innerWidth"
_THEMED: Final = "theme => { document.documentElement.dataset.theme = theme }"
# What is folded up in a <details> stands still: its transitions would never end.
_STILL: Final = """() => Promise.all(document.getAnimations().filter(one => one.effect.target.checkVisibility())
    .map(one => one.finished.catch(() => undefined)))"""
_WIDTHS: Final = (1280, 390)
DOWN_TO_SMALL: Final = (*_WIDTHS, 320)


def look(page: Page, name: str, *, shots: Path, language: str = "en", widths: tuple[int, ...] = _WIDTHS) -> None:
    """Have axe look at the page as it stands in both themes, wide and narrow, and keep a picture of each.

    The page is left as it was found.

    Raises:
        AssertionError: axe finds a violation, or the page is wider than the screen.
    """
    before, theme = page.viewport_size, page.evaluate("document.documentElement.dataset.theme || 'auto'")
    page.evaluate(AXE.read_text())
    found: list[str] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        for shade in ("dark", "light"):
            page.evaluate(_THEMED, shade)
            page.evaluate(_STILL)
            where = f"{name} {width} {shade}"
            found += [f"{where}: {violation}" for violation in page.evaluate(VIOLATIONS)]
            found += [f"{where}: wider than the screen"] if page.evaluate(OUTSIDE) else []
            page.screenshot(path=shots / f"{name}-{shade}-{width}-{language}.png", full_page=True)
    page.evaluate(_THEMED, theme)
    if before is not None:
        page.set_viewport_size(before)
    assert found == [], "\n".join(found)


def look_in_both_languages(page: Page, name: str, *, shots: Path, widths: tuple[int, ...] = _WIDTHS) -> None:
    """Look at the page in English, then again in Spanish, which it can be asked for by its address; and go back to English.

    Raises:
        AssertionError: as `look`; or a page's language is not the one that was asked for.
    """
    look(page, name, shots=shots, widths=widths)
    _speak(page, "es")
    look(page, name, shots=shots, language="es", widths=widths)
    _speak(page, "en")


def _speak(page: Page, language: str) -> None:
    form: dict[str, str | float | bool] = {"language": language, "theme": "auto"}
    assert page.request.post("/preferences", form=form, max_redirects=0).status == 303
    page.reload()
    assert page.evaluate("document.documentElement.lang").startswith(language)

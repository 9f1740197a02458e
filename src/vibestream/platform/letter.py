"""A letter: sentences in the house's one form, as text and as HTML that says the same in the same words.

The HTML is written in MJML, which knows what each mail program can show, and follows the reader's theme. Nothing is loaded
from anywhere, so that opening a letter tells nobody. Addresses of this site are links to themselves; any other text stays
text, whoever wrote it.

Source: MJML documentation, https://documentation.mjml.io (rendered by mrml).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import mrml
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

_GREETING: Final = {"en": "Hello,", "es": "Hola:"}
_SENDER: Final = {
    "en": "This message was sent by VibeStream, {url}.",
    "es": "Este mensaje fue enviado por VibeStream, {url}.",
}
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:]")
_RENDER: Final = mrml.RenderOptions(disable_comments=False, fonts={})
"""No font is fetched: the reader's own is taken."""


class LetterBroken(RuntimeError):
    """The house's form is no MJML; a fault of ours, whatever the letter says."""


class Code(str):
    """A paragraph that is a code to be typed: shown large, by itself."""

    __slots__ = ()


class Heading(str):
    """A paragraph that is the title of the next one."""

    __slots__ = ()


def text_of(paragraphs: Sequence[str], closing: Sequence[str] = (), *, locale: str, url: str) -> str:
    """Return a letter as plain text: the greeting, its paragraphs, and how it ends with who sent it."""
    foot = "\n".join((*closing, _SENDER[locale].format(url=url)))
    return "\n\n".join((_GREETING[locale], *paragraphs, "--\n" + foot)) + "\n"


def html_of(subject: str, paragraphs: Sequence[str], closing: Sequence[str] = (), *, locale: str, url: str) -> str:
    """Return the same letter as HTML.

    Raises:
        LetterBroken: the form cannot be rendered.
    """
    written = _form().render(
        locale=locale,
        subject=subject,
        preview=next((part for part in paragraphs if not isinstance(part, Code)), subject),
        paragraphs=(_GREETING[locale], *paragraphs),
        closing=(*closing, _SENDER[locale].format(url=url)),
        url=url,
    )
    rendered = mrml.to_html(written, render_options=_RENDER)
    if rendered.warnings:
        raise LetterBroken(f"The form of letters is not as MJML wants it: {rendered.warnings}")
    return str(rendered.content)


@cache
def _form() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["linked"] = _linked
    environment.tests["code"] = lambda part: isinstance(part, Code)
    environment.tests["heading"] = lambda part: isinstance(part, Heading)
    return environment.from_string(files(__package__).joinpath("letter.mjml").read_text("utf-8"))


def _linked(sentence: str, url: str) -> Markup:
    """Return a sentence as HTML in which addresses of this site are links; what an artist may call themselves is none."""
    parts, at = [], 0
    for found in _ADDRESS.finditer(sentence):
        if found[0] == url or found[0].startswith(f"{url}/"):
            parts += [escape(sentence[at : found.start()]), Markup('<a href="{0}">{0}</a>').format(found[0])]
            at = found.end()
    return Markup("").join((*parts, escape(sentence[at:])))

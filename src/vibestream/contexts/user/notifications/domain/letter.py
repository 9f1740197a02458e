"""The two forms of a mail: text, and HTML that says the same in the same words.

The HTML is one table-free column with its style written inline, which every mail program shows; nothing is loaded from
anywhere, so that opening a mail tells nobody. Addresses in the sentences are links to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

_GREETING: Final = {"en": "Hello,", "es": "Hola:"}
_SENDER: Final = {
    "en": "This message was sent by VibeStream, {url}.",
    "es": "Este mensaje fue enviado por VibeStream, {url}.",
}
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:]")


def text_of(paragraphs: Sequence[str], closing: Sequence[str], *, locale: str, url: str) -> str:
    """Return a mail as plain text."""
    foot = "\n".join((*closing, _SENDER[locale].format(url=url)))
    return "\n\n".join((_GREETING[locale], *paragraphs, "--\n" + foot)) + "\n"


def html_of(subject: str, paragraphs: Sequence[str], closing: Sequence[str], *, locale: str, url: str) -> str:
    """Return the same mail as HTML."""
    body = "".join(f'<p style="margin:0 0 16px">{_linked(part)}</p>' for part in (_GREETING[locale], *paragraphs))
    foot = "<br>".join(_linked(line) for line in (*closing, _SENDER[locale].format(url=url)))
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title></head>"
        '<body style="margin:0;padding:24px;background:#fbfaf7;color:#1b1916;font:16px/1.5 system-ui,sans-serif">'
        f'<div style="max-width:560px;margin:auto">{body}'
        f'<p style="margin:28px 0 0;padding-top:12px;border-top:1px solid #ddd8cf;color:#625d55;font-size:13px">{foot}</p>'
        "</div></body></html>\n"
    )


def _linked(sentence: str) -> str:
    parts, at = [], 0
    for found in _ADDRESS.finditer(sentence):
        address = escape(found[0])
        parts += [escape(sentence[at : found.start()]), f'<a href="{address}" style="color:#8a5a00">{address}</a>']
        at = found.end()
    return "".join((*parts, escape(sentence[at:])))

"""Reading pages as a browser would: its elements, what a reader sees, and that its markup is what it seems."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2

_VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "use", "path", "rect", "circle", "audio", "template"})


@dataclass
class PageReader(HTMLParser):
    """A page, read strictly: every element is closed, no attribute is there twice or made of two that ran together."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    problems: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice: {names}")
        for name in names:
            if not name.replace("-", "").replace(":", "").isalnum() or len(name) > 24:
                self.problems.append(f"<{tag}> has a broken attribute: {name}")
            if name.startswith("on") or name == "style":
                self.problems.append(f"<{tag}> has {name}, which the page's policy refuses")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self._open[-3:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in {"script", "style"}:
            self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Return the attributes of every element of a tag that has these."""
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]


def read(answer: httpx2.Response) -> PageReader:
    """Read a page; broken markup fails the test."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text[:500]
    reader = PageReader()
    reader.feed(answer.text)
    reader.close()
    assert reader.problems == []
    return reader

"""What is written to people."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest

from vibestream.contexts.user import mails
from vibestream.platform.mail import Mail

ID = UUID("019ab000-0000-7000-8000-000000000001")


class Words(HTMLParser):
    """The words that a letter shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = ""
        self.skipped = False

    @property
    def words(self) -> list[str]:
        return self.shown.split()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.skipped = tag in ("title", "style") or "display:none" in (dict(attrs).get("style") or "")

    def handle_endtag(self, tag: str) -> None:
        self.skipped = False
        self.shown += "" if tag == "a" else " "

    def handle_data(self, data: str) -> None:
        self.shown += "" if self.skipped else data


def every(locale: str) -> list[Mail]:
    common: dict[str, Any] = {
        "mail_id": ID,
        "to": "ana@example.org",
        "locale": locale,
        "url": "https://vibestream.example",
    }
    return [
        mails.verification(**common, code="01234567", good_for=timedelta(minutes=10)),
        mails.already_registered(**common),
        mails.password_changed(**common, when="2026-11-24 09:00"),
    ]


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("which", range(3))
def test_the_html_says_what_the_text_says(locale: str, which: int):
    mail = every(locale)[which]
    shown = Words()
    shown.feed(mail.html)
    assert shown.words == ["VibeStream", *(word for word in mail.text.split() if word != "--")]
    assert f'<html lang="{locale}"' in mail.html
    for left_over in ("{", "}", "⟨", "None"):
        assert left_over not in mail.subject + mail.text


def test_the_languages_differ_in_every_message():
    for english, spanish in zip(every("en"), every("es"), strict=True):
        assert english.subject != spanish.subject
        assert english.text.splitlines()[2] != spanish.text.splitlines()[2]


def test_the_verification_brings_the_code_and_how_long_it_is_good():
    mail = every("en")[0]
    assert mail.subject == "Your code for VibeStream"  # the code is not shown on a locked screen
    assert "\n0123 4567\n" in mail.text
    assert "10 minutes" in mail.text

"""What is written about second factors."""

from __future__ import annotations

import pytest

from tests.contexts.user.test_mails import ID, Words
from vibestream.contexts.user.factor_mails import FactorNotice, factor_notice


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("notice", FactorNotice)
def test_a_notice_says_when_and_what_to_do_and_the_html_says_the_same(locale: str, notice: FactorNotice):
    mail = factor_notice(
        mail_id=ID,
        to="ana@example.org",
        locale=locale,
        url="https://vibestream.example",
        notice=notice,
        when="2026-11-24 09:00",
    )
    shown = Words()
    shown.feed(mail.html)

    assert shown.words == ["VibeStream", *(word for word in mail.text.split() if word != "--")]
    assert "2026-11-24 09:00 UTC" in mail.text
    assert "{" not in mail.subject + mail.text


def test_each_notice_has_a_subject_of_its_own_in_each_language():
    subjects = {
        factor_notice(mail_id=ID, to="a@example.org", locale=locale, url="", notice=notice, when="").subject
        for locale in ("en", "es")
        for notice in FactorNotice
    }
    assert len(subjects) == 2 * len(FactorNotice) == 28

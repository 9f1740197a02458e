"""Languages: which one answers, what is written how, and that Spanish says everything English says."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from starlette.requests import Request

from tools.build_web import ROOT, Web
from vibestream.kernel.money import EUR, USD, VIBE, Currency, Money
from vibestream.web.localization import LOCALES, choose, clock, language

ES = Path(ROOT) / "src/vibestream/web/locale/es/LC_MESSAGES/messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


def _request(*, accept: str = "", cookie: str = "") -> Request:
    headers = [(b"accept-language", accept.encode()), (b"cookie", cookie.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "cookie", "account", "code"),
    [
        ("", "", None, "en"),
        ("es-AR,es;q=0.9,en;q=0.5", "", None, "es"),
        ("fr,de;q=0.9,es;q=0.1,en;q=0.05", "", None, "es"),
        ("es;q=0.2,en;q=0.8", "", None, "en"),
        ("es;q=0", "", None, "en"),
        ("es;q=nonsense,en", "", None, "en"),
        ("en", "vs_locale=es", None, "es"),
        ("en", "vs_locale=../../etc", None, "en"),
        ("es", "vs_locale=es", "en", "en"),
        ("es", "", "xx", "es"),
    ],
)
def test_the_account_decides_then_the_cookie_then_the_browser(accept: str, cookie: str, account: str | None, code: str):
    assert choose(_request(accept=accept, cookie=cookie), account=account).code == code


@pytest.mark.parametrize(
    ("money", "english", "spanish"),
    [
        (Money(42, VIBE), "0.0042\xa0VIBE", "0,0042\xa0VIBE"),
        (Money(10_000, VIBE), "1.00\xa0VIBE", "1,00\xa0VIBE"),
        (Money(-123_456_789_012, VIBE), "-12,345,678.9012\xa0VIBE", "-12.345.678,9012\xa0VIBE"),
        (Money(125, EUR), "€1.25", "1,25\xa0€"),
        (Money(9_007_199_254_740_993, USD), "$90,071,992,547,409.93", "90.071.992.547.409,93\xa0US$"),
        (Money(500, Currency.of("JPY")), "¥500", "500\xa0JPY"),
    ],
)
def test_money_is_written_exactly_and_as_each_language_does(money: Money, english: str, spanish: str):
    assert language("en").money(money) == english
    assert language("es").money(money) == spanish


def test_a_sum_over_many_accounts_may_be_larger_than_one_account_holds():
    assert language("en").minor(-(2**70), VIBE) == "-118,059,162,071,741,130.3424\xa0VIBE"


def test_a_rate_is_written_with_all_its_decimals_and_each_languages_comma():
    assert language("en").decimal(Decimal("1.0842")) == "1.0842"
    assert language("es").decimal(Decimal("1.1")) == "1,1"
    assert language("es").decimal(Decimal("0.0000000001")) == "0,0000000001"


@pytest.mark.parametrize(
    ("duration_ms", "written"),
    [(0, "0:00"), (999, "0:00"), (61_000, "1:01"), (3_599_999, "59:59"), (3_600_000, "1:00:00")],
)
def test_a_duration_is_written_as_players_do(duration_ms: int, written: str):
    assert clock(duration_ms) == written


@pytest.mark.parametrize(
    ("count", "written"),
    [(0, "0\xa0B"), (999, "999\xa0B"), (1_000, "1\xa0kB"), (4_840_000, "4.8\xa0MB"), (2 * 10**9, "2\xa0GB")],
)
def test_a_size_is_written_in_the_unit_that_people_read(count: int, written: str):
    assert language("en").size(count) == written


def test_the_catalogue_holds_what_the_sources_say_and_nothing_else():
    said = {_key(message) for message in Web(ROOT).extracted() if message.id}
    translated = {_key(message) for message in _catalogue() if message.id}

    assert said - translated == set(), "run `make messages` and translate"
    assert translated - said == set(), "run `make messages`"


def test_every_message_is_said_in_spanish_with_the_same_placeholders():
    wrong = []
    for message in _catalogue():
        if not message.id:
            continue
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
        holds = {name for source in sources for name in PLACEHOLDER.findall(source)}
        if len(texts) != len(sources) or not all(texts) or message.fuzzy:
            wrong.append(f"not translated: {message.id}")
        elif any(set(PLACEHOLDER.findall(text)) - holds for text in texts) or (
            holds - {name for text in texts for name in PLACEHOLDER.findall(text)}
        ):
            wrong.append(f"other placeholders: {message.id}")
    assert wrong == []


def test_every_language_can_be_spoken():
    assert [language(code).code for code in LOCALES] == ["en", "es"]
    assert language("es").gettext("Wallet") == "Cartera"
    assert language("es").ngettext("%(n)s song", "%(n)s songs", 2) == "%(n)s canciones"


def _catalogue() -> Catalog:
    return read_po(BytesIO(ES.read_bytes()), locale="es")


def _key(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


@pytest.mark.parametrize(
    ("code", "month", "words"),
    [
        ("en", "2026-11", "November 2026"),
        ("es", "2026-11", "noviembre de 2026"),
        ("en", date(2026, 1, 1), "January 2026"),
        ("es", date(2026, 1, 31), "enero de 2026"),
        ("en", "2026-13", "2026-13"),
        ("en", "stripe", "stripe"),
        ("es", "٢٠٢٦-11", "٢٠٢٦-11"),
    ],
)
def test_a_month_is_written_in_words_and_what_is_none_is_left_alone(code: str, month: date | str, words: str):
    assert language(code).month(month) == words


def test_every_country_is_there_by_its_name_in_the_order_of_the_language():
    english, spanish = language("en").countries, language("es").countries

    assert len(english) == len(spanish) == 249  # ISO 3166-1: countries and territories, without what is only reserved
    assert dict(spanish)["ES"] == "España"
    assert dict(english)["CI"] == "Côte d\N{RIGHT SINGLE QUOTATION MARK}Ivoire"
    assert {"EU", "ZZ", "XA", "UN"} & set(dict(english)) == set()
    names = [name for _, name in spanish]
    assert names.index("Afganistán") == 0
    assert names.index("Emiratos Árabes Unidos") < names.index("España") < names.index("Estonia")

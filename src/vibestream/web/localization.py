"""Languages: which one a request is answered in, what is said in it, and how dates, numbers and money are written.

The sources say everything in English; a catalogue per other language translates it. A person's account decides, then
the browser's cookie, then its Accept-Language header.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations
from starlette.requests import HTTPConnection

from vibestream.kernel.money import Currency, Money

LOCALES: Final = ("en", "es")
"""What the product speaks, the source language first."""
NAMES: Final = {"en": "English", "es": "Español"}
COOKIE: Final = "vs_locale"
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_NO_COUNTRIES: Final = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)
"""What CLDR calls a territory and ISO 3166-1 does not: 249 are left. Source: ISO 3166 Maintenance Agency, reserved codes."""
_CATALOGUES: Final = Path(__file__).parent / "locale"
_POINTS: Final = frozenset({"VIBE", "USDC"})
"""Currencies that ISO 4217 does not know: written with their code after the amount."""


class TranslationsMissing(FileNotFoundError):
    """The message catalogues were not compiled; a checkout compiles them with `make assets`, a wheel carries them."""


@dataclass(frozen=True)
class Language:
    """One language, ready to speak."""

    code: str
    translations: gettext.NullTranslations
    locale: Locale

    def gettext(self, message: str) -> str:
        """Say a sentence."""
        return self.translations.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Say a sentence about a count."""
        return self.translations.ngettext(one, many, count)

    def number(self, value: int) -> str:
        """Write a whole number, grouped."""
        return format_decimal(value, locale=self.locale)

    def decimal(self, value: Decimal) -> str:
        """Write a number with all the decimals that it has."""
        return format_decimal(value, locale=self.locale, decimal_quantization=False)

    def percent(self, share: Decimal, *, exact: bool = False) -> str:
        """Write a share of one as a percentage: in whole percents, or with all its decimals."""
        return format_percent(share, locale=self.locale, decimal_quantization=not exact)

    def amount(self, money: Money, *, signed: bool = False) -> str:
        """Write an amount exactly, without its currency; at least two decimals where the currency has them."""
        exponent = money.currency.exponent
        least = min(2, exponent)
        decimals = "." + "0" * least + "#" * (exponent - least) if exponent else ""
        pattern = f"+#,##0{decimals};-#,##0{decimals}" if signed and money.minor else f"#,##0{decimals}"
        return format_decimal(Decimal(money.decimal), format=pattern, locale=self.locale)

    def minor(self, minor: int, currency: Currency) -> str:
        """Write a signed sum of minor units exactly, however large, with its currency."""
        value = Decimal(minor).scaleb(-currency.exponent)
        decimals = "." + "0" * currency.exponent if currency.exponent else ""
        pattern = f"+#,##0{decimals};-#,##0{decimals}" if minor else f"#,##0{decimals}"
        written = format_decimal(value, format=pattern, locale=self.locale)
        return f"{written}\N{NO-BREAK SPACE}{currency.code}"

    def money(self, money: Money) -> str:
        """Write an amount exactly, with its currency, as the language does."""
        if money.currency.code in _POINTS:
            return f"{self.amount(money)}\N{NO-BREAK SPACE}{money.currency.code}"
        return format_currency(Decimal(money.decimal), money.currency.code, locale=self.locale, currency_digits=True)

    def month(self, month: date | str) -> str:
        """Write a month in words, such as November 2026; of text it is given as 2026-11, and other text is left as it is."""
        if isinstance(month, str):
            if _MONTH.fullmatch(month) is None:
                return month
            month = date.fromisoformat(f"{month}-01")
        return format_skeleton("yMMMM", month, locale=self.locale)

    def date(self, day: date | datetime) -> str:
        """Write a day."""
        return format_date(day, format="medium", locale=self.locale)

    def moment(self, instant: datetime) -> str:
        """Write an instant in UTC; the page's script writes it again in the reader's own time zone."""
        written = format_datetime(instant.astimezone(UTC), format="medium", locale=self.locale, tzinfo=UTC)
        return f"{written} UTC"

    @cached_property
    def countries(self) -> tuple[tuple[str, str], ...]:
        """The countries with their two letters, as the language calls and sorts them. Source: CLDR, by Babel."""
        named = [(code, name) for code, name in self.locale.territories.items() if _COUNTRY.fullmatch(code)]
        there = [(code, name) for code, name in named if code not in _NO_COUNTRIES]
        return tuple(sorted(there, key=lambda one: _plain(one[1])))

    def size(self, count: int) -> str:
        """Write a number of bytes in the unit that people read."""
        units = ("B", "kB", "MB", "GB", "TB")
        step, scaled = 0, Decimal(count)
        while scaled >= 1000 and step < len(units) - 1:  # noqa: PLR2004 - the SI step
            step, scaled = step + 1, scaled / 1000
        pattern = "#,##0.#" if step > 1 else "#,##0"
        return f"{format_decimal(scaled, format=pattern, locale=self.locale)}\N{NO-BREAK SPACE}{units[step]}"


@cache
def language(code: str) -> Language:
    """Return a language of `LOCALES`.

    Raises:
        TranslationsMissing: its catalogue was not compiled.
    """
    locale = Locale.parse(code)
    if code == LOCALES[0]:
        return Language(code, gettext.NullTranslations(), locale)
    found = Translations.load(_CATALOGUES, [code], domain="messages")
    if not isinstance(found, Translations):
        raise TranslationsMissing(f"The {NAMES[code]} catalogue was not compiled: run `make assets`.")
    return Language(code, found, locale)


def choose(connection: HTTPConnection, *, account: str | None = None) -> Language:
    """Return the language that a request is answered in."""
    accepted = _accepted(connection.headers.get("accept-language", ""))
    wishes = [account or "", connection.cookies.get(COOKIE, ""), *accepted]
    return language(next((known for wish in wishes if (known := _known(wish))), LOCALES[0]))


def clock(duration_ms: int) -> str:
    """Write a duration as m:ss, or h:mm:ss from an hour on."""
    seconds = max(0, duration_ms) // 1000
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _plain(name: str) -> str:
    """Return a name without its accents and capitals, to sort it by."""
    apart = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _known(wish: str) -> str | None:
    code = wish.replace("_", "-").partition("-")[0].lower()
    return code if code in LOCALES else None


def _accepted(header: str) -> Iterable[str]:
    """Return the header's languages, the most wanted first. Source: RFC 9110, 12.5.4."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(header.split(",")[:20]):
        tag, _, weight = item.strip().partition(";q=")
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and wanted > 0:
            ranked.append((-wanted, place, tag))
    return [tag for _, _, tag in sorted(ranked)]

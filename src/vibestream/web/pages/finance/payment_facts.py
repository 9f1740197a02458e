"""What the events of a payment tell, in the reader's words: the name of each fact, and its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.checkout.service import Fact
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.kernel.money import Money
from vibestream.web.localization import Language
from vibestream.web.pages.finance import words
from vibestream.web.rendering import gateway_name
from vibestream.web.sentences import N_

_NAMES: Final[Mapping[str, str]] = {
    "gateway": N_("Gateway"),
    "number": N_("Attempt"),
    "payment_ref": N_("Its id there"),
    "refund_ref": N_("The refund's id there"),
    "dispute_ref": N_("The dispute's id there"),
    "warning_ref": N_("The warning's id there"),
    "amount": N_("Amount"),
    "fee": N_("Fee"),
    "verdict": N_("Verdict"),
    "reasons": N_("Because"),
    "approved": N_("May go on"),
    "won": N_("Won"),
    "found": N_("Result"),
    "act": N_("Asked to"),
    "reason": N_("Because"),
    "detail": N_("In detail"),
    "key": N_("Under the key"),
}
_ACTS: Final[Mapping[str, str]] = {
    "open": N_("open it"),
    "charge": N_("charge the stored method"),
    "capture": N_("take what was set aside"),
    "cancel": N_("give it up"),
    "refund": N_("give it back"),
}


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact as it is read."""

    name: str
    value: str
    is_id: bool
    """An identifier of ours or of the gateway's, which is written as such."""


def fact_rows(facts: Iterable[Fact], spoken: Language) -> tuple[FactRow, ...]:
    """Return facts in the reader's words, in their order."""
    return tuple(
        FactRow(
            spoken.gettext(_NAMES[fact.name]),
            _value(fact, spoken),
            is_id=fact.name == "key" or fact.name.endswith("_ref"),
        )
        for fact in facts
    )


def _value(fact: Fact, spoken: Language) -> str:
    match fact.value:
        case bool():
            return spoken.gettext("yes") if fact.value else spoken.gettext("no")
        case Money():
            return spoken.money(fact.value)
        case tuple():
            return "; ".join(fraud.words_of(code, locale=spoken.code) for code in fact.value)
        case int():
            return spoken.number(fact.value)
        case _:
            return _word(fact.name, fact.value, spoken)


def _word(name: str, value: str, spoken: Language) -> str:
    match name:
        case "gateway":
            return gateway_name(value)
        case "verdict":
            return words.chip(words.VERDICTS, value, spoken).word
        case "found":
            return words.chip(words.PAYMENT_STATES, value, spoken).word
        case "act":
            return spoken.gettext(_ACTS[value])
        case "reason":
            return words.plain(value)
        case _:
            return value

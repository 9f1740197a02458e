"""Reasons in plain words, for reviewers; the payer is never told them.

A reason has a stable code: a rule's, a list's, or that of the family of a feature. English and Spanish stand side by side
here because codes are put together from parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vibestream.contexts.payment.fraud.domain.facts import Reason

LOCALES: Final = ("en", "es")

Words = tuple[str, str]

_ENTITIES: Final[Mapping[str, Words]] = {
    "user": ("this person", "esta persona"),
    "method": ("this card or account", "esta tarjeta o cuenta"),
    "device": ("this device", "este dispositivo"),
    "network": ("this network", "esta red"),
    "domain": ("addresses of this mail provider", "direcciones de este proveedor de correo"),
    "payee": ("this payee", "este beneficiario"),
}
_MANY: Final[Mapping[str, Words]] = {
    "user": ("people", "personas"),
    "method": ("cards or accounts", "tarjetas o cuentas"),
    "device": ("devices", "dispositivos"),
    "country": ("countries", "países"),
    "payee": ("payees", "beneficiarios"),
}
_ONE: Final[Mapping[str, Words]] = {
    "user": ("person", "persona"),
    "method": ("card or account", "tarjeta o cuenta"),
    "device": ("device", "dispositivo"),
    "country": ("country", "país"),
    "payee": ("payee", "beneficiario"),
}
_FAMILIES: Final[Mapping[str, Words]] = {
    "velocity": (
        "How often and how much was paid lately with {entity}",
        "Frecuencia e importe de los pagos recientes con {entity}",
    ),
    "declines": ("Refusals in a row with {entity}", "Rechazos seguidos con {entity}"),
    "history": (
        "How long {entity} has been known and when last seen",
        "Desde cuándo y hasta cuándo se conoce {entity}",
    ),
    "amount": (
        "The amount, compared with what is usual for {entity}",
        "El importe, comparado con lo habitual de {entity}",
    ),
    "risk": (
        "Whether earlier payments with {entity} were fraud",
        "Si pagos anteriores con {entity} fueron fraude",
    ),
    "many": ("Many different {many} with {entity}", "Gran variedad de {many} con {entity}"),
    "new": ("A {one} that was never seen with {entity}", "Algo nunca visto con {entity}: {one}"),
}
_PLAIN: Final[Mapping[str, Words]] = {
    "amount": ("The amount", "El importe"),
    "time": ("The time of day or week", "La hora o el día"),
    "account_age": ("The age of the account", "La antigüedad de la cuenta"),
    "own_payee": ("The payee pays itself", "El beneficiario se paga a sí mismo"),
    "destination_age": (
        "How lately the payout's destination was changed",
        "Lo reciente del cambio de destino del cobro",
    ),
    "purpose": ("What it is for", "Aquello para lo que es"),
    "signal.radar": ("Stripe Radar's view", "La valoración de Stripe Radar"),
    "signal.minfraud": ("minFraud's view", "La valoración de minFraud"),
    "signal.listens": ("Few accounts behind most of the listens", "Pocas cuentas tras la mayoría de las escuchas"),
    "model": ("The model's score as a whole", "La puntuación del modelo en conjunto"),
    "no_model": ("No model was there to ask, and the amount is large", "No había modelo y el importe es alto"),
    "review_refused": ("A reviewer refused it before", "Un revisor ya lo rechazó"),
    "rule.own_payee": ("Rule: an artist pays itself", "Regla: un artista se paga a sí mismo"),
    "rule.card_testing_device": (
        "Rule: several cards tried with small amounts on one device",
        "Regla: varias tarjetas probadas con importes pequeños en un dispositivo",
    ),
    "rule.card_testing_person": (
        "Rule: one person tries card after card",
        "Regla: una persona prueba una tarjeta tras otra",
    ),
    "rule.card_testing_network": (
        "Rule: many cards tried with small amounts from one network",
        "Regla: muchas tarjetas probadas con importes pequeños desde una red",
    ),
    "rule.declined_network": (
        "Rule: small amounts refused again and again from one network",
        "Regla: importes pequeños rechazados repetidamente desde una red",
    ),
    "rule.declined_person": ("Rule: refused again and again", "Regla: rechazos repetidos"),
    "rule.declined_device": (
        "Rule: refused again and again on one device",
        "Regla: rechazos repetidos en un dispositivo",
    ),
    "rule.velocity_person_5m": ("Rule: too many payments in five minutes", "Regla: demasiados pagos en cinco minutos"),
    "rule.velocity_device_1h": (
        "Rule: too many payments from one device in an hour",
        "Regla: demasiados pagos de un dispositivo en una hora",
    ),
    "rule.velocity_person_24h": ("Rule: very much paid in a day", "Regla: importe muy alto en un día"),
    "rule.shared_method": ("Rule: one card, many people", "Regla: una tarjeta, muchas personas"),
    "rule.known_fraud_method": (
        "Rule: this card or account was used for fraud",
        "Regla: esta tarjeta o cuenta se usó para un fraude",
    ),
    "rule.gateway_highest_risk": (
        "Rule: the gateway sees the highest risk",
        "Regla: la pasarela ve el riesgo más alto",
    ),
    "rule.outside_score": ("Rule: minFraud's score is high", "Regla: la puntuación de minFraud es alta"),
    "rule.payout_change": (
        "Rule: the payout's destination was set or changed less than 72 hours ago",
        "Regla: el destino del cobro se fijó o cambió hace menos de 72 horas",
    ),
    "rule.payout_outside_score": (
        "Rule: minFraud's score of the payout is high",
        "Regla: la puntuación de minFraud del cobro es alta",
    ),
    "rule.payout_young": ("Rule: a large payout of a young account", "Regla: cobro alto de una cuenta reciente"),
    "rule.payout_concentrated": (
        "Rule: ten accounts make up most of the listens",
        "Regla: diez cuentas suman la mayoría de las escuchas",
    ),
    "rule.payout_often": ("Rule: several payouts in a day", "Regla: varios cobros en un día"),
    "denied.user": ("This person is on the deny list", "Esta persona está en la lista de denegación"),
    "denied.method": (
        "This card or account is on the deny list",
        "Esta tarjeta o cuenta está en la lista de denegación",
    ),
    "denied.device": ("This device is on the deny list", "Este dispositivo está en la lista de denegación"),
    "denied.network": ("This network is on the deny list", "Esta red está en la lista de denegación"),
    "denied.email_domain": (
        "This mail provider is on the deny list",
        "Este proveedor de correo está en la lista de denegación",
    ),
    "denied.country": ("This country is on the deny list", "Este país está en la lista de denegación"),
    "denied.beneficiary": ("This payee is on the deny list", "Este beneficiario está en la lista de denegación"),
}
_OWN: Final[Mapping[str, str]] = {
    "amount": "amount",
    "hour": "time",
    "night": "time",
    "weekend": "time",
    "account_age_h": "account_age",
    "own_payee": "own_payee",
    "destination_age_h": "destination_age",
}
_NUMBERS: Final[Mapping[str, str]] = {
    "count": "velocity",
    "sum": "velocity",
    "streak": "declines",
    "declines": "declines",
    "since_h": "history",
    "age_h": "history",
    "mean": "amount",
    "z": "amount",
    "times_median": "amount",
    "outliers": "amount",
    "risk": "risk",
    "frauds": "risk",
    "fraud_first_h": "risk",
    "fraud_last_h": "risk",
    "honest_since": "risk",
}


def code_of(feature: str) -> str:
    """Return the code of the reason that a feature stands for, such as `velocity.user` or `many.device.method`."""
    if feature in _OWN:
        return _OWN[feature]
    entity, _, rest = feature.partition(".")
    if entity == "purpose":
        return "purpose"
    if entity == "signal":
        return "signal.listens" if rest == "listen_concentration" else f"signal.{rest.partition('_')[0]}"
    number = rest.partition(".")[0]
    if number in _NUMBERS:
        return f"{_NUMBERS[number]}.{entity}"
    if number.startswith("new_"):
        return f"new.{entity}.{number.removeprefix('new_')}"
    return f"many.{entity}.{number.removesuffix('s')}"


def words_of(code: str, *, locale: str) -> str:
    """Return what a reason says, in a locale of `LOCALES` (another reads English); a rule of one's own says its code."""
    language = 1 if locale.startswith("es") else 0
    if code in _PLAIN:
        return _PLAIN[code][language]
    family, _, rest = code.partition(".")
    entity, _, target = rest.partition(".")
    if family not in _FAMILIES or entity not in _ENTITIES:
        return ("Rule: {}", "Regla: {}")[language].format(code.removeprefix("rule."))
    return _FAMILIES[family][language].format(
        entity=_ENTITIES[entity][language],
        many=_MANY.get(target, ("", ""))[language],
        one=_ONE.get(target, ("", ""))[language],
    )


def from_model(explained: Sequence[tuple[str, str, float]], *, most: int) -> list[Reason]:
    """Return up to so many reasons from features (the weightiest first), one per code.

    Args:
        explained: each feature, what it was, and how much it spoke for fraud, in log-odds.
        most: how many at most.
    """
    reasons: dict[str, Reason] = {}
    for feature, value, pull in explained:
        code = code_of(feature)
        if code not in reasons:
            reasons[code] = Reason(code, {"feature": feature, "value": value, "pull": f"{pull:.3f}"})
    return list(reasons.values())[:most] or [Reason("model", {})]

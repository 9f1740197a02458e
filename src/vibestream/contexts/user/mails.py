"""What the user context writes to people: each message in English and Spanish, as a letter of the house.

Pure: given the facts, returns the message. Nothing that a person typed is in them, not even a name: a sign-up with
somebody else's address must not carry anybody's words into that mailbox.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Final
from uuid import UUID

from vibestream.platform import letter
from vibestream.platform.mail import Mail

CODE: Final = "\u27e8code\u27e9"
"""Stands where the code goes."""

_VERIFY: Final = {
    "en": (
        "Your code for VibeStream",
        "Enter this code in the browser in which you signed up:",
        CODE,
        "It is good for {minutes} minutes and works only there. Nobody from VibeStream will ever ask you for it.",
        "If you did not sign up, do nothing: without the code, nobody can use your address.",
    ),
    "es": (
        "Tu código de VibeStream",
        "Escribe este código en el navegador en el que te registraste:",
        CODE,
        "Vale durante {minutes} minutos y solo allí. Nadie de VibeStream te lo pedirá nunca.",
        "Si no te has registrado, no hagas nada: sin el código, nadie puede usar tu dirección.",
    ),
}
_ALREADY: Final = {
    "en": (
        "You already have an account at VibeStream",
        "Somebody, perhaps you, tried to sign up at VibeStream with this address. It already has an account.",
        "If it was you, sign in at {url}/sign-in with the password you have.",
        "If it was not you, do nothing: your account is as it was, and whoever tried was told nothing about it.",
    ),
    "es": (
        "Ya tienes una cuenta en VibeStream",
        "Alguien, quizá tú, intentó registrarse en VibeStream con esta dirección. Ya tiene una cuenta.",
        "Si fuiste tú, inicia sesión en {url}/sign-in con la contraseña que ya tienes.",
        "Si no fuiste tú, no hagas nada: tu cuenta sigue igual y a quien lo intentó no se le dijo nada de ella.",
    ),
}
_PASSWORD_CHANGED: Final = {
    "en": (
        "Your password was changed",
        "The password of your VibeStream account was changed on {when} UTC, and every other session was ended.",
        "If this was not you, somebody knows your password: sign in at {url}/sign-in and write to us at once.",
    ),
    "es": (
        "Tu contraseña ha cambiado",
        "La contraseña de tu cuenta de VibeStream se cambió el {when} UTC y se cerraron todas las demás sesiones.",
        "Si no fuiste tú, alguien conoce tu contraseña: inicia sesión en {url}/sign-in y escríbenos enseguida.",
    ),
}

_DESTINATION_CHANGED: Final = {
    "en": (
        "Your payouts will go somewhere else",
        "From {when} UTC on, money that you earn at VibeStream is sent to another account at {method}.",
        "If this was not you, somebody is in your account: undo the change at {url}/studio/payouts and change your password.",
        "Nothing is paid out while a change waits.",
    ),
    "es": (
        "Tus pagos irán a otro lugar",
        "Desde el {when} UTC, el dinero que ganes en VibeStream se enviará a otra cuenta de {method}.",
        "Si no fuiste tú, alguien está en tu cuenta: deshaz el cambio en {url}/studio/payouts y cambia tu contraseña.",
        "Mientras un cambio espera, no se paga nada.",
    ),
}
_METHODS: Final = {"stripe": "Stripe", "paypal": "PayPal"}


class MoneyNotice(enum.StrEnum):
    """What people are told about their money."""

    RECEIPT = "receipt"
    REFUND = "refund"
    RENEWAL_FAILED = "renewal_failed"
    RENEWAL_DUE = "renewal_due"
    SUBSCRIPTION_UNPAID = "subscription_unpaid"
    TRIAL_ENDS = "trial_ends"


_MONEY: Final[dict[MoneyNotice, dict[str, tuple[str, ...]]]] = {
    MoneyNotice.RECEIPT: {
        "en": (
            "Receipt: {amount}",
            "We received {amount} from you on {when} UTC ({what}). Thank you.",
            "Every cent of it is listed at {url}/wallet.",
        ),
        "es": (
            "Recibo: {amount}",
            "Recibimos {amount} de tu parte el {when} UTC ({what}). Gracias.",
            "Cada céntimo figura en {url}/wallet.",
        ),
    },
    MoneyNotice.REFUND: {
        "en": (
            "Refund: {amount}",
            "{amount} of a payment ({what}) went back to you on {when} UTC. Banks take up to ten days to show it.",
        ),
        "es": (
            "Reembolso: {amount}",
            "{amount} de un pago ({what}) volvió a ti el {when} UTC. Los bancos tardan hasta diez días en mostrarlo.",
        ),
    },
    MoneyNotice.RENEWAL_FAILED: {
        "en": (
            "Your VibeStream subscription could not be renewed",
            "{amount} for {what} could not be charged. We try again on {when} UTC.",
            "To pay otherwise, or to cancel: {url}/subscription.",
        ),
        "es": (
            "No se pudo renovar tu suscripción a VibeStream",
            "No se pudieron cobrar {amount} por {what}. Lo intentaremos de nuevo el {when} UTC.",
            "Para pagar de otra forma, o cancelar: {url}/subscription.",
        ),
    },
    MoneyNotice.RENEWAL_DUE: {
        "en": (
            "Your VibeStream subscription needs you to be renewed",
            "The period of your subscription to {what} ends on {when} UTC. The next one costs {amount}.",
            "We have no payment method to charge. Pay here: {url}/subscription.",
        ),
        "es": (
            "Tu suscripción a VibeStream te necesita para renovarse",
            "El periodo de tu suscripción a {what} termina el {when} UTC. El siguiente cuesta {amount}.",
            "No tenemos ningún método de pago que cargar. Paga aquí: {url}/subscription.",
        ),
    },
    MoneyNotice.SUBSCRIPTION_UNPAID: {
        "en": (
            "Your VibeStream subscription has ended",
            "{amount} for {what} could not be charged several times, so your subscription has ended. Nothing is owed.",
            "Your music, lists and wallet are as they were. Subscribe again whenever you like: {url}/subscription.",
        ),
        "es": (
            "Tu suscripción a VibeStream ha terminado",
            "No se pudieron cobrar {amount} por {what} varias veces, así que tu suscripción ha terminado. No debes nada.",
            "Tu música, tus listas y tu cartera siguen igual. Suscríbete de nuevo cuando quieras: {url}/subscription.",
        ),
    },
    MoneyNotice.TRIAL_ENDS: {
        "en": (
            "Your VibeStream trial ends soon",
            "Your trial of {what} ends on {when} UTC. Nothing is charged by itself.",
            "To go on for {amount}: {url}/subscription.",
        ),
        "es": (
            "Tu prueba de VibeStream termina pronto",
            "Tu prueba de {what} termina el {when} UTC. Nada se cobra por sí solo.",
            "Para seguir por {amount}: {url}/subscription.",
        ),
    },
}
_PAID_FOR: Final = {
    "en": {
        "wallet_top_up": "wallet top-up",
        "subscription": "subscription",
        "tip": "tip",
        "share_purchase": "purchase of shares",
        "campaign_purchase": "campaign",
    },
    "es": {
        "wallet_top_up": "recarga de la cartera",
        "subscription": "suscripción",
        "tip": "propina",
        "share_purchase": "compra de participaciones",
        "campaign_purchase": "campaña",
    },
}


def money_notice(
    *, mail_id: UUID, to: str, locale: str, url: str, notice: MoneyNotice, amount: str, what: str, when: str
) -> Mail:
    """Return a notice about money.

    Args:
        mail_id: becomes the Message-ID.
        to: where it goes.
        locale: the reader's language.
        url: of this site.
        notice: which one.
        amount: with its currency.
        what: the purpose of a payment, or a plan's code.
        when: the UTC minute that it names.
    """
    named = _PAID_FOR[locale].get(what) or what.capitalize()
    return compose(
        _MONEY[notice][locale], mail_id=mail_id, to=to, locale=locale, url=url, amount=amount, what=named, when=when
    )


def verification(*, mail_id: UUID, to: str, locale: str, url: str, code: str, good_for: timedelta) -> Mail:
    """Return the message that brings a code to whoever signs up with an address."""
    minutes = str(int(good_for.total_seconds()) // 60)
    return compose(_VERIFY[locale], mail_id=mail_id, to=to, locale=locale, url=url, code=code, minutes=minutes)


def already_registered(*, mail_id: UUID, to: str, locale: str, url: str) -> Mail:
    """Return the message to the owner of an account whose address somebody tried to sign up with."""
    return compose(_ALREADY[locale], mail_id=mail_id, to=to, locale=locale, url=url)


def password_changed(*, mail_id: UUID, to: str, locale: str, url: str, when: str) -> Mail:
    """Return the notice that an account's password was changed; `when` is the UTC minute."""
    return compose(_PASSWORD_CHANGED[locale], mail_id=mail_id, to=to, locale=locale, url=url, when=when)


def payout_destination_changed(*, mail_id: UUID, to: str, locale: str, url: str, method: str, when: str) -> Mail:
    """Return the notice that money will be sent to another account at `method` from `when` on, the UTC minute."""
    texts, shown = _DESTINATION_CHANGED[locale], _METHODS[method]
    return compose(texts, mail_id=mail_id, to=to, locale=locale, url=url, method=shown, when=when)


def compose(
    texts: tuple[str, ...], *, mail_id: UUID, to: str, locale: str, url: str, code: str = "", **facts: str
) -> Mail:
    """Return the message of these texts, the subject first; `facts` fill their places."""
    subject, *body = (text.format(url=url, **facts) for text in texts)
    shown = letter.Code(f"{code[:4]} {code[4:]}")
    paragraphs = [shown if part == CODE else part for part in body]
    return Mail(
        mail_id=mail_id,
        to=to,
        subject=subject,
        text=letter.text_of(paragraphs, locale=locale, url=url),
        html=letter.html_of(subject, paragraphs, locale=locale, url=url),
    )

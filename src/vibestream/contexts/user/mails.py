"""What the user context writes to people: each message in English and Spanish, as a letter of the house.

Pure: given the facts, returns the message. Nothing that a person typed is in them, not even a name: a sign-up with
somebody else's address must not carry anybody's words into that mailbox.
"""

from __future__ import annotations

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
_SIGN_IN: Final = {
    "en": (
        "Your code to sign in",
        "Your address and your password were entered in a browser that your VibeStream account does not know.",
        "Passwords are being guessed at many accounts just now, so we ask for more. If it was you, enter this code there:",
        CODE,
        "It is good for {minutes} minutes and works only there. Nobody from VibeStream will ever ask you for it.",
        "If it was not you, somebody knows your password, but does not get in: choose another at {url}/forgot-password.",
    ),
    "es": (
        "Tu código para iniciar sesión",
        "Alguien escribió tu dirección y tu contraseña en un navegador que tu cuenta de VibeStream no conoce.",
        "Ahora mismo se prueban contraseñas en muchas cuentas, por eso pedimos algo más. Si fuiste tú, escribe allí este código:",
        CODE,
        "Vale durante {minutes} minutos y solo allí. Nadie de VibeStream te lo pedirá nunca.",
        "Si no fuiste tú, alguien conoce tu contraseña, pero no puede entrar: elige otra en {url}/forgot-password.",
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


def verification(*, mail_id: UUID, to: str, locale: str, url: str, code: str, good_for: timedelta) -> Mail:
    """Return the message that brings a code to whoever signs up with an address."""
    minutes = str(int(good_for.total_seconds()) // 60)
    return compose(_VERIFY[locale], mail_id=mail_id, to=to, locale=locale, url=url, code=code, minutes=minutes)


def sign_in_code(*, mail_id: UUID, to: str, locale: str, url: str, code: str, good_for: timedelta) -> Mail:
    """Return the message that brings a code to whoever has shown the password of an account during an attack."""
    minutes = str(int(good_for.total_seconds()) // 60)
    return compose(_SIGN_IN[locale], mail_id=mail_id, to=to, locale=locale, url=url, code=code, minutes=minutes)


def already_registered(*, mail_id: UUID, to: str, locale: str, url: str) -> Mail:
    """Return the message to the owner of an account whose address somebody tried to sign up with."""
    return compose(_ALREADY[locale], mail_id=mail_id, to=to, locale=locale, url=url)


def password_changed(*, mail_id: UUID, to: str, locale: str, url: str, when: str) -> Mail:
    """Return the notice that an account's password was changed; `when` is the UTC minute."""
    return compose(_PASSWORD_CHANGED[locale], mail_id=mail_id, to=to, locale=locale, url=url, when=when)


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

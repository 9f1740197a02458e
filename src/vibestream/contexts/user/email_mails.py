"""What is written about changes of an account's address, in English and Spanish. Pure, like `mails`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user.mails import CODE, compose
from vibestream.platform.mail import Mail

_NEW: Final = {
    "en": (
        "Your code for your new address",
        "Enter this code in the browser in which you asked to use this address for your VibeStream account:",
        CODE,
        "It is good for {minutes} minutes and works only there. Nobody from VibeStream will ever ask you for it.",
        "If you did not ask, do nothing: without the code, nobody can use your address.",
    ),
    "es": (
        "Tu código para la nueva dirección",
        "Escribe este código en el navegador en el que pediste usar esta dirección en tu cuenta de VibeStream:",
        CODE,
        "Vale durante {minutes} minutos y solo allí. Nadie de VibeStream te lo pedirá nunca.",
        "Si no lo has pedido, no hagas nada: sin el código, nadie puede usar tu dirección.",
    ),
}
_WANTED: Final = {
    "en": (
        "Somebody wanted to use your address",
        "Somebody, perhaps you, asked to use this address for another VibeStream account. It has an account already.",
        "Nothing was changed, and whoever asked was told nothing about your account. You need not do anything.",
    ),
    "es": (
        "Alguien quiso usar tu dirección",
        "Alguien, quizá tú, pidió usar esta dirección en otra cuenta de VibeStream. Ya tiene una cuenta.",
        "No ha cambiado nada, y a quien lo pidió no se le dijo nada de tu cuenta. No tienes que hacer nada.",
    ),
}
_UNDO: Final = {
    "en": (
        "The address of your account was changed",
        "On {when} UTC, your VibeStream account was given another e-mail address. It no longer uses this one.",
        "If this was you, do nothing.",
        "If it was not you, undo the change until {until} UTC: {url}/undo-email#{undo}",
        "Press the button there. This address is put back, everybody is signed out, and you choose a new password.",
        "Should the link not work, open {url}/undo-email and enter this code:",
        "{undo}",
    ),
    "es": (
        "La dirección de tu cuenta ha cambiado",
        "El {when} UTC se dio otra dirección de correo a tu cuenta de VibeStream. Ya no usa esta.",
        "Si fuiste tú, no hagas nada.",
        "Si no fuiste tú, deshaz el cambio hasta el {until} UTC: {url}/undo-email#{undo}",
        "Pulsa allí el botón. Se vuelve a poner esta dirección, se cierran todas las sesiones y eliges una contraseña nueva.",
        "Si el enlace no funciona, abre {url}/undo-email y escribe este código:",
        "{undo}",
    ),
}


def new_address_code(*, mail_id: UUID, to: str, locale: str, url: str, code: str, good_for: timedelta) -> Mail:
    """Return the message that brings a code to an address that somebody wants to use for their account."""
    minutes = str(int(good_for.total_seconds()) // 60)
    return compose(_NEW[locale], mail_id=mail_id, to=to, locale=locale, url=url, code=code, minutes=minutes)


def address_wanted(*, mail_id: UUID, to: str, locale: str, url: str) -> Mail:
    """Return the message to the owner of an account whose address somebody wanted for theirs."""
    return compose(_WANTED[locale], mail_id=mail_id, to=to, locale=locale, url=url)


def address_changed(*, mail_id: UUID, to: str, locale: str, url: str, when: str, until: str, undo: str) -> Mail:
    """Return the message to the address that an account had, with the code that puts it back; instants are UTC minutes."""
    return compose(_UNDO[locale], mail_id=mail_id, to=to, locale=locale, url=url, when=when, until=until, undo=undo)

"""What is written to people who have forgotten their password, in English and Spanish. Pure, like `mails`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user.mails import CODE, compose
from vibestream.platform.mail import Mail

_RESET: Final = {
    "en": (
        "Your code to reset your password",
        "Enter this code in the browser in which you asked to reset your VibeStream password:",
        CODE,
        "It is good for {minutes} minutes and works only there. Nobody from VibeStream will ever ask you for it.",
        "If you did not ask, do nothing: your password is as it was, and without the code nobody can change it.",
    ),
    "es": (
        "Tu código para restablecer la contraseña",
        "Escribe este código en el navegador en el que pediste restablecer tu contraseña de VibeStream:",
        CODE,
        "Vale durante {minutes} minutos y solo allí. Nadie de VibeStream te lo pedirá nunca.",
        "Si no lo has pedido, no hagas nada: tu contraseña sigue igual, y sin el código nadie puede cambiarla.",
    ),
}


def reset_code(*, mail_id: UUID, to: str, locale: str, url: str, code: str, good_for: timedelta) -> Mail:
    """Return the message that brings a code to whoever asked to reset the password of an account."""
    minutes = str(int(good_for.total_seconds()) // 60)
    return compose(_RESET[locale], mail_id=mail_id, to=to, locale=locale, url=url, code=code, minutes=minutes)

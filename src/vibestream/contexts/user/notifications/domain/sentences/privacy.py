"""What people are told about their data, what they agreed to, and how they are reached, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

PRIVACY: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    Kind.EXPORT_READY: {
        "en": (
            "The copy of your data is ready",
            "The copy of your data that was asked for can be fetched until {when} UTC.",
            "Fetch it here, signed in: {here}.",
            "If you did not ask for it, somebody is in your account: delete the copy there and change your password.",
        ),
        "es": (
            "La copia de tus datos está lista",
            "La copia de tus datos que se pidió se puede descargar hasta el {when} UTC.",
            "Descárgala aquí, con la sesión iniciada: {here}.",
            "Si no la pediste, alguien está en tu cuenta: borra la copia allí y cambia tu contraseña.",
        ),
    },
    Kind.CONSENT_ENDED: {
        "en": (
            "What you agreed to has another text",
            "The text about {purpose} changed. You had agreed to the earlier one: that ended, and it is not done any more.",
            "Read the new text, and say whether you agree to it: {here}. If you do nothing, it stays off.",
        ),
        "es": (
            "Lo que aceptaste tiene otro texto",
            "El texto sobre {purpose} cambió. Habías aceptado el anterior: eso terminó, y ya no se hace.",
            "Lee el texto nuevo y di si lo aceptas: {here}. Si no haces nada, queda desactivado.",
        ),
    },
    Kind.MAIL_BOUNCED: {
        "en": (
            "Mail to you comes back",
            "A mail server said that there is no mailbox of your address ({when} UTC). No more mail is sent to it.",
            "If your address is right, say so here, and it is tried again: {here}.",
        ),
        "es": (
            "El correo que te enviamos vuelve",
            "Un servidor de correo dijo que no hay buzón con tu dirección ({when} UTC). Ya no se le envía correo.",
            "Si tu dirección es correcta, dilo aquí y se intentará de nuevo: {here}.",
        ),
    },
}
"""Title, what happened, then what else a mail says, by language."""

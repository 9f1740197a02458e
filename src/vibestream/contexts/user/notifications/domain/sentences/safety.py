"""What people are told lest somebody else takes their account or their money, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

SAFETY: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    Kind.DESTINATION_SET: {
        "en": (
            "Your payouts have somewhere to go",
            "Since {when} UTC, money that you earn at VibeStream can be sent to an account at {method}.",
            "If this was not you, somebody is in your account: change it at {here} and change your password.",
        ),
        "es": (
            "Tus cobros ya tienen destino",
            "Desde el {when} UTC, el dinero que ganes en VibeStream se puede enviar a una cuenta de {method}.",
            "Si no fuiste tú, alguien está en tu cuenta: cámbialo en {here} y cambia tu contraseña.",
        ),
    },
    Kind.DESTINATION_CHANGED: {
        "en": (
            "Your payouts will go somewhere else",
            "From {when} UTC on, money that you earn at VibeStream is sent to another account at {method}.",
            "If this was not you, somebody is in your account: undo the change at {here} and change your password.",
            "Nothing is paid out while a change waits.",
        ),
        "es": (
            "Tus pagos irán a otro lugar",
            "Desde el {when} UTC, el dinero que ganes en VibeStream se enviará a otra cuenta de {method}.",
            "Si no fuiste tú, alguien está en tu cuenta: deshaz el cambio en {here} y cambia tu contraseña.",
            "Mientras un cambio espera, no se paga nada.",
        ),
    },
    Kind.NEW_DEVICE: {
        "en": (
            "Your account was entered from a new place",
            "On {when} UTC somebody signed in to your account with {device}, from the network {network}.",
            "If this was not you, end that session and change your password at once: {here}.",
        ),
        "es": (
            "Se ha entrado en tu cuenta desde un lugar nuevo",
            "El {when} UTC alguien inició sesión en tu cuenta con {device}, desde la red {network}.",
            "Si no fuiste tú, cierra esa sesión y cambia tu contraseña enseguida: {here}.",
        ),
    },
    Kind.APP_ENDED: {
        "en": (
            "An app's access to your account was ended",
            "On {when} UTC a key that an app had been given for your account was used twice: somebody may have copied it.",
            "Nothing that came of it is good for anything any more, so whoever has it is out.",
            "Let the app in again if you trust it, or take back what it may do: {here}.",
        ),
        "es": (
            "Se terminó el acceso de una aplicación a tu cuenta",
            "El {when} UTC se usó dos veces una llave de tu cuenta que tenía una aplicación: puede que alguien la copiara.",
            "Nada de lo que salió de ella sirve ya, así que quien la tenga está fuera.",
            "Vuelve a dejar entrar a la aplicación si confías en ella, o retira lo que puede hacer: {here}.",
        ),
    },
    Kind.EMAIL_CHANGED: {
        "en": (
            "Your account has a new address",
            "On {when} UTC the e-mail address of your account was changed. Nothing is paid out for 72 hours.",
            "The address before was told, and can undo the change for a week. See {here}.",
        ),
        "es": (
            "Tu cuenta tiene una dirección nueva",
            "El {when} UTC cambió la dirección de correo de tu cuenta. No se paga nada durante 72 horas.",
            "Se avisó a la dirección anterior, que puede deshacer el cambio durante una semana. Mira {here}.",
        ),
    },
    Kind.EMAIL_RESTORED: {
        "en": (
            "A change of your address was undone",
            "On {when} UTC your account got its former e-mail address back, and everybody was signed out.",
            "Your password is good for nothing any more. Choose another at {here}.",
            "Passkeys and accounts elsewhere that were added since were removed. Nothing is paid out for 72 hours.",
        ),
        "es": (
            "Se deshizo un cambio de tu dirección",
            "El {when} UTC tu cuenta recuperó su dirección de correo anterior y se cerraron todas las sesiones.",
            "Tu contraseña ya no vale. Elige otra en {here}.",
            "Se quitaron las claves de acceso y las cuentas conectadas añadidas desde el cambio. No se paga nada durante 72 horas.",
        ),
    },
    Kind.ROLE_GRANTED: {
        "en": (
            "You have another role: {role}",
            "On {when} UTC you were given the role {role} at VibeStream.",
            "If you do not know why, write to us. New administrators sign in again.",
        ),
        "es": (
            "Tienes otro rol: {role}",
            "El {when} UTC se te dio el rol de {role} en VibeStream.",
            "Si no sabes por qué, escríbenos. Quien administra por primera vez inicia sesión de nuevo.",
        ),
    },
    Kind.ROLE_TAKEN: {
        "en": (
            "You no longer have a role: {role}",
            "On {when} UTC the role {role} at VibeStream was taken from you.",
            "If you do not know why, write to us.",
        ),
        "es": (
            "Ya no tienes un rol: {role}",
            "El {when} UTC se te retiró el rol de {role} en VibeStream.",
            "Si no sabes por qué, escríbenos.",
        ),
    },
    Kind.ACCOUNT_LOCKED: {
        "en": (
            "Your account was locked",
            "On {when} UTC your VibeStream account was locked, because {reason}. Everybody was signed out.",
            "Nobody can sign in until we unlock it. Your music, your wallet and what you earn stay yours.",
            "If you think that this is wrong, answer this message.",
        ),
        "es": (
            "Se bloqueó tu cuenta",
            "El {when} UTC se bloqueó tu cuenta de VibeStream, porque {reason}. Se cerraron todas las sesiones.",
            "Nadie puede entrar hasta que la desbloqueemos. Tu música, tu cartera y lo que ganas siguen siendo tuyos.",
            "Si crees que es un error, responde a este mensaje.",
        ),
    },
    Kind.ACCOUNT_UNLOCKED: {
        "en": (
            "Your account was unlocked",
            "On {when} UTC your VibeStream account was unlocked.",
            "Sign in as before: {here}.",
        ),
        "es": (
            "Se desbloqueó tu cuenta",
            "El {when} UTC se desbloqueó tu cuenta de VibeStream.",
            "Inicia sesión como antes: {here}.",
        ),
    },
}

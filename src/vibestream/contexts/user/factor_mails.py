"""What is written to people about their second factor, and about the end of their account, in English and Spanish. Pure, like `mails`."""

from __future__ import annotations

import enum
from typing import Final
from uuid import UUID

from vibestream.contexts.user.mails import compose
from vibestream.platform.mail import Mail


class FactorNotice(enum.StrEnum):
    """What happened."""

    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    RECOVERY_MADE = "recovery_made"
    RECOVERY_USED = "recovery_used"
    ATTACKED = "attacked"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_COPIED = "passkey_copied"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_REMOVED = "identity_removed"
    WALLET_LINKED = "wallet_linked"
    WALLET_REMOVED = "wallet_removed"
    ERASURE_ASKED = "erasure_asked"
    """`when` is until when it can be cancelled."""
    ERASURE_REFUSED = "erasure_refused"


_TEXTS: Final[dict[FactorNotice, dict[str, tuple[str, ...]]]] = {
    FactorNotice.TOTP_ADDED: {
        "en": (
            "Signing in now asks for a second factor",
            "An authenticator app was set up for your VibeStream account on {when} UTC.",
            "If this was not you, somebody is in your account: write to us at once.",
        ),
        "es": (
            "Iniciar sesión pide ahora un segundo factor",
            "El {when} UTC se configuró una aplicación de autenticación para tu cuenta de VibeStream.",
            "Si no fuiste tú, alguien está en tu cuenta: escríbenos enseguida.",
        ),
    },
    FactorNotice.ERASURE_ASKED: {
        "en": (
            "Your account will be deleted",
            "You asked us to delete your VibeStream account. It is done on {when} UTC.",
            "If you want to keep it, or if this was not you, sign in before then at {url}/sign-in: that cancels it.",
        ),
        "es": (
            "Tu cuenta se eliminará",
            "Nos has pedido eliminar tu cuenta de VibeStream. Se hará el {when} UTC.",
            "Si quieres conservarla, o si no fuiste tú, inicia sesión antes en {url}/sign-in: eso lo cancela.",
        ),
    },
    FactorNotice.ERASURE_REFUSED: {
        "en": (
            "Your account was not deleted",
            "Your VibeStream account was to be deleted on {when} UTC, but money of yours was still on its way, or left.",
            "Nothing was deleted. Sign in at {url}/account, see to it, and ask again.",
        ),
        "es": (
            "Tu cuenta no se eliminó",
            "Tu cuenta de VibeStream iba a eliminarse el {when} UTC, pero aún había dinero tuyo en camino o sin retirar.",
            "No se ha eliminado nada. Entra en {url}/account, resuélvelo y vuelve a pedirlo.",
        ),
    },
    FactorNotice.TOTP_REMOVED: {
        "en": (
            "Your second factor was removed",
            "The authenticator app of your VibeStream account was removed on {when} UTC. The password alone signs in now.",
            "If this was not you, sign in at {url}/account, change your password and set the app up again.",
        ),
        "es": (
            "Se quitó tu segundo factor",
            "El {when} UTC se quitó la aplicación de autenticación de tu cuenta de VibeStream. Ahora basta la contraseña.",
            "Si no fuiste tú, entra en {url}/account, cambia la contraseña y configura de nuevo la aplicación.",
        ),
    },
    FactorNotice.RECOVERY_MADE: {
        "en": (
            "You have new recovery codes",
            "New recovery codes of your VibeStream account were made on {when} UTC. Those before are void.",
            "If this was not you, somebody is in your account: change your password at {url}/account.",
        ),
        "es": (
            "Tienes códigos de recuperación nuevos",
            "El {when} UTC se crearon códigos de recuperación nuevos de tu cuenta de VibeStream. Los anteriores no valen.",
            "Si no fuiste tú, alguien está en tu cuenta: cambia la contraseña en {url}/account.",
        ),
    },
    FactorNotice.RECOVERY_USED: {
        "en": (
            "A recovery code was used",
            "One of the recovery codes of your VibeStream account was used on {when} UTC.",
            "If this was not you, somebody knows your password and a code: change both at {url}/account at once.",
        ),
        "es": (
            "Se usó un código de recuperación",
            "El {when} UTC se usó uno de los códigos de recuperación de tu cuenta de VibeStream.",
            "Si no fuiste tú, alguien conoce tu contraseña y un código: cambia ambos enseguida en {url}/account.",
        ),
    },
    FactorNotice.ATTACKED: {
        "en": (
            "Somebody is guessing the codes of your app",
            "Up to {when} UTC, ten wrong codes in a row were entered for your VibeStream account.",
            "If this was not you, somebody may know your password: sign in with a recovery code at {url}/sign-in and change it.",
        ),
        "es": (
            "Alguien está adivinando los códigos de tu aplicación",
            "Hasta el {when} UTC se escribieron diez códigos seguidos equivocados para tu cuenta de VibeStream.",
            "Si no fuiste tú, alguien puede saber tu contraseña: entra en {url}/sign-in con un código de recuperación y cámbiala.",
        ),
    },
    FactorNotice.PASSKEY_ADDED: {
        "en": (
            "A passkey was added to your account",
            "A passkey was added to your VibeStream account on {when} UTC. It signs in by itself.",
            "If this was not you, somebody is in your account: remove the passkey at {url}/account and change your password.",
        ),
        "es": (
            "Se añadió una clave de acceso a tu cuenta",
            "El {when} UTC se añadió una clave de acceso a tu cuenta de VibeStream. Con ella sola se inicia sesión.",
            "Si no fuiste tú, alguien está en tu cuenta: quita la clave en {url}/account y cambia la contraseña.",
        ),
    },
    FactorNotice.PASSKEY_REMOVED: {
        "en": (
            "A passkey was removed from your account",
            "A passkey of your VibeStream account was removed on {when} UTC. It does not sign in any more.",
            "If this was not you, somebody is in your account: change your password at {url}/account.",
        ),
        "es": (
            "Se quitó una clave de acceso de tu cuenta",
            "El {when} UTC se quitó una clave de acceso de tu cuenta de VibeStream. Ya no sirve para entrar.",
            "Si no fuiste tú, alguien está en tu cuenta: cambia la contraseña en {url}/account.",
        ),
    },
    FactorNotice.IDENTITY_LINKED: {
        "en": (
            "An account elsewhere was connected with yours",
            "An account at another provider was connected with your VibeStream account on {when} UTC. It signs in from now on.",
            "If this was not you, remove it at {url}/account/connected and change your password.",
        ),
        "es": (
            "Se conectó una cuenta de otro proveedor con la tuya",
            "El {when} UTC se conectó una cuenta de otro proveedor con tu cuenta de VibeStream. Desde ahora sirve para entrar.",
            "Si no fuiste tú, quítala en {url}/account/connected y cambia la contraseña.",
        ),
    },
    FactorNotice.IDENTITY_REMOVED: {
        "en": (
            "A connected account was removed",
            "An account at another provider was removed from your VibeStream account on {when} UTC. It does not sign in any more.",
            "If this was not you, somebody is in your account: change your password at {url}/account.",
        ),
        "es": (
            "Se quitó una cuenta conectada",
            "El {when} UTC se quitó de tu cuenta de VibeStream una cuenta de otro proveedor. Ya no sirve para entrar.",
            "Si no fuiste tú, alguien está en tu cuenta: cambia la contraseña en {url}/account.",
        ),
    },
    FactorNotice.WALLET_LINKED: {
        "en": (
            "A wallet was connected with your account",
            "A wallet of a chain was connected with your VibeStream account on {when} UTC. It neither signs in nor moves money.",
            "If this was not you, somebody is in your account: remove it at {url}/account/wallets and change your password.",
        ),
        "es": (
            "Se conectó un monedero con tu cuenta",
            "El {when} UTC se conectó un monedero de una cadena con tu cuenta de VibeStream. Ni sirve para entrar ni mueve dinero.",
            "Si no fuiste tú, alguien está en tu cuenta: quítalo en {url}/account/wallets y cambia la contraseña.",
        ),
    },
    FactorNotice.WALLET_REMOVED: {
        "en": (
            "A wallet was removed from your account",
            "A wallet of a chain was removed from your VibeStream account on {when} UTC.",
            "If this was not you, somebody is in your account: change your password at {url}/account.",
        ),
        "es": (
            "Se quitó un monedero de tu cuenta",
            "El {when} UTC se quitó de tu cuenta de VibeStream un monedero de una cadena.",
            "Si no fuiste tú, alguien está en tu cuenta: cambia la contraseña en {url}/account.",
        ),
    },
    FactorNotice.PASSKEY_COPIED: {
        "en": (
            "A passkey of yours was stopped",
            "On {when} UTC a passkey of your VibeStream account was shown in a way that only a copy of it explains.",
            "It does not sign in any more. Sign in by your password, remove it at {url}/account and make a new one.",
        ),
        "es": (
            "Se bloqueó una de tus claves de acceso",
            "El {when} UTC se usó una clave de acceso de tu cuenta de VibeStream de un modo que solo se explica por una copia.",
            "Ya no sirve para entrar. Entra con tu contraseña, quítala en {url}/account y crea una nueva.",
        ),
    },
}


def factor_notice(*, mail_id: UUID, to: str, locale: str, url: str, notice: FactorNotice, when: str) -> Mail:
    """Return the notice of what happened to an account's second factor; `when` is the UTC minute."""
    return compose(_TEXTS[notice][locale], mail_id=mail_id, to=to, locale=locale, url=url, when=when)

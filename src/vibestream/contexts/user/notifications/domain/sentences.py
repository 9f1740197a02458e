"""The sentences of notifications: title, what happened, then what else a mail says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.judged import JUDGED
from vibestream.contexts.user.notifications.domain.kinds import Kind

Sentences = Mapping[str, tuple[str, ...]]

PLACES: Final[Mapping[Kind, str]] = {
    Kind.REWARD_PAID: "/wallet",
    Kind.TIP_RECEIVED: "/wallet",
    Kind.RECEIPT: "/wallet",
    Kind.REFUND: "/wallet",
    Kind.RENEWAL_FAILED: "/subscription",
    Kind.RENEWAL_DUE: "/subscription",
    Kind.SUBSCRIPTION_UNPAID: "/subscription",
    Kind.TRIAL_ENDS: "/subscription",
    Kind.DESTINATION_SET: "/studio/payouts",
    Kind.DESTINATION_CHANGED: "/studio/payouts",
    Kind.PAYOUT_PAID: "/studio/payouts",
    Kind.PAYOUT_RETURNED: "/studio/payouts",
    Kind.PAYOUT_FAILED: "/studio/payouts",
    Kind.NEW_DEVICE: "/account",
    Kind.APP_ENDED: "/account/apps",
    Kind.EMAIL_CHANGED: "/account",
    Kind.EMAIL_RESTORED: "/forgot-password",
    Kind.ROLE_GRANTED: "/account",
    Kind.ROLE_TAKEN: "/account",
    Kind.ACCOUNT_LOCKED: "/sign-in",
    Kind.ACCOUNT_UNLOCKED: "/sign-in",
    Kind.MASTER_READY: "/studio",
    Kind.MASTER_REFUSED: "/studio",
    Kind.ARTIST_VERIFIED: "/studio",
    Kind.ARTIST_NOT_VERIFIED: "/studio",
    Kind.PAGE_HIDDEN: "/account/page",
    Kind.PAGE_SHOWN: "/account/page",
    Kind.RELEASE_CONDEMNED: "/account/page",
    Kind.REPORT_DECIDED: "/",
    Kind.TEAM_JOINED: "/studio",
    Kind.LISTENS_HELD: "/account/held-listens",
    Kind.LISTENS_DECIDED: "/account/held-listens",
}
"""Where each leads."""

_MONEY: Final[Mapping[Kind, Sentences]] = {
    Kind.REWARD_PAID: {
        "en": (
            "Rewards for listening: {amount}",
            "{amount} for listening stand in your wallet. Rewards: {n}.",
            "Every one of them is listed at {here}.",
        ),
        "es": (
            "Recompensas por escuchar: {amount}",
            "Tienes {amount} en tu cartera por escuchar. Recompensas: {n}.",
            "Cada una figura en {here}.",
        ),
    },
    Kind.TIP_RECEIVED: {
        "en": (
            "A tip: {amount}",
            "A fan gave you {amount}. After costs, {earned} of it are yours.",
            "It stands in your wallet: {here}.",
        ),
        "es": (
            "Una propina: {amount}",
            "Un fan te dio {amount}. Descontados los costes, {earned} son tuyos.",
            "Está en tu cartera: {here}.",
        ),
    },
    Kind.RECEIPT: {
        "en": (
            "Receipt: {amount}",
            "We received {amount} from you on {when} UTC ({what}). Thank you.",
            "Every cent of it is listed at {here}.",
        ),
        "es": (
            "Recibo: {amount}",
            "Recibimos {amount} de tu parte el {when} UTC ({what}). Gracias.",
            "Cada céntimo figura en {here}.",
        ),
    },
    Kind.REFUND: {
        "en": (
            "Refund: {amount}",
            "{amount} of a payment ({what}) went back to you on {when} UTC. Banks take up to ten days to show it.",
        ),
        "es": (
            "Reembolso: {amount}",
            "{amount} de un pago ({what}) volvió a ti el {when} UTC. Los bancos tardan hasta diez días en mostrarlo.",
        ),
    },
}
_SUBSCRIPTIONS: Final[Mapping[Kind, Sentences]] = {
    Kind.RENEWAL_FAILED: {
        "en": (
            "Your VibeStream subscription could not be renewed",
            "{amount} for {what} could not be charged. We try again on {when} UTC.",
            "To pay otherwise, or to cancel: {here}.",
        ),
        "es": (
            "No se pudo renovar tu suscripción a VibeStream",
            "No se pudieron cobrar {amount} por {what}. Lo intentaremos de nuevo el {when} UTC.",
            "Para pagar de otra forma, o cancelar: {here}.",
        ),
    },
    Kind.RENEWAL_DUE: {
        "en": (
            "Your VibeStream subscription needs you to be renewed",
            "The period of your subscription to {what} ends on {when} UTC. The next one costs {amount}.",
            "We have no payment method to charge. Pay here: {here}.",
        ),
        "es": (
            "Tu suscripción a VibeStream te necesita para renovarse",
            "El periodo de tu suscripción a {what} termina el {when} UTC. El siguiente cuesta {amount}.",
            "No tenemos ningún método de pago que cargar. Paga aquí: {here}.",
        ),
    },
    Kind.SUBSCRIPTION_UNPAID: {
        "en": (
            "Your VibeStream subscription has ended",
            "{amount} for {what} could not be charged several times, so your subscription has ended. Nothing is owed.",
            "Your music, lists and wallet are as they were. Subscribe again whenever you like: {here}.",
        ),
        "es": (
            "Tu suscripción a VibeStream ha terminado",
            "No se pudieron cobrar {amount} por {what} varias veces, así que tu suscripción ha terminado. No debes nada.",
            "Tu música, tus listas y tu cartera siguen igual. Suscríbete de nuevo cuando quieras: {here}.",
        ),
    },
    Kind.TRIAL_ENDS: {
        "en": (
            "Your VibeStream trial ends soon",
            "Your trial of {what} ends on {when} UTC. Nothing is charged by itself.",
            "To go on for {amount}: {here}.",
        ),
        "es": (
            "Tu prueba de VibeStream termina pronto",
            "Tu prueba de {what} termina el {when} UTC. Nada se cobra por sí solo.",
            "Para seguir por {amount}: {here}.",
        ),
    },
}
_PAYOUTS: Final[Mapping[Kind, Sentences]] = {
    Kind.PAYOUT_PAID: {
        "en": (
            "Paid out: {amount}",
            "{amount} reached your account at {method} on {when} UTC.",
            "What became of each payout is listed at {here}.",
        ),
        "es": (
            "Cobro realizado: {amount}",
            "{amount} llegaron a tu cuenta de {method} el {when} UTC.",
            "Lo que fue de cada cobro figura en {here}.",
        ),
    },
    Kind.PAYOUT_RETURNED: {
        "en": (
            "A payout came back: {amount}",
            "{amount} that were sent to your account at {method} came back on {when} UTC. The money is yours again.",
            "Check where it goes, then ask anew: {here}.",
        ),
        "es": (
            "Un cobro fue devuelto: {amount}",
            "{amount} enviados a tu cuenta de {method} volvieron el {when} UTC. El dinero vuelve a ser tuyo.",
            "Comprueba adónde va y vuelve a pedirlo: {here}.",
        ),
    },
    Kind.PAYOUT_FAILED: {
        "en": (
            "A payout was not sent: {amount}",
            "{amount} were not sent to your account at {method} ({when} UTC). The money is yours again.",
            "What happened is listed at {here}.",
        ),
        "es": (
            "Un cobro no se envió: {amount}",
            "{amount} no se enviaron a tu cuenta de {method} ({when} UTC). El dinero vuelve a ser tuyo.",
            "Lo que pasó figura en {here}.",
        ),
    },
}
_SAFETY: Final[Mapping[Kind, Sentences]] = {
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
_MUSIC: Final[Mapping[Kind, Sentences]] = {
    Kind.MASTER_READY: {
        "en": (
            "Your music is prepared",
            "Files that are ready to be published in every quality: {n}.",
            "Go on at {here}.",
        ),
        "es": (
            "Tu música está preparada",
            "Archivos listos para publicarse en todas las calidades: {n}.",
            "Sigue en {here}.",
        ),
    },
    Kind.MASTER_REFUSED: {
        "en": (
            "A file of yours cannot be used",
            "One of the sound files that you uploaded cannot be prepared for playing.",
            "The studio says what is wrong with it and what to do: {here}.",
        ),
        "es": (
            "Un archivo tuyo no se puede usar",
            "Uno de los archivos de sonido que subiste no se puede preparar para su reproducción.",
            "El estudio dice qué le pasa y qué hacer: {here}.",
        ),
    },
}
_LISTENING: Final[Mapping[Kind, Sentences]] = {
    Kind.LISTENS_HELD: {
        "en": (
            "Listens of yours are being looked at",
            "Something that you heard looks like the listening of a machine. It earns nothing until a person has looked.",
            "A person should have decided by {when} UTC. Tell them what they should know: {here}.",
        ),
        "es": (
            "Se están revisando escuchas tuyas",
            "Algo que oíste parece la escucha de una máquina. No gana nada hasta que una persona la haya revisado.",
            "Una persona debería haber decidido antes del {when} UTC. Cuéntale lo que deba saber: {here}.",
        ),
    },
    Kind.LISTENS_DECIDED: {
        "en": (
            "A person has looked at your listens",
            "They decided on {when} UTC.",
            "Whether your listens count now stands at {here}.",
        ),
        "es": (
            "Una persona ha revisado tus escuchas",
            "Decidió el {when} UTC.",
            "Si tus escuchas cuentan ahora figura en {here}.",
        ),
    },
}
SENTENCES: Final[Mapping[Kind, Sentences]] = {
    **JUDGED,
    **_MONEY,
    **_SUBSCRIPTIONS,
    **_PAYOUTS,
    **_SAFETY,
    **_MUSIC,
    **_LISTENING,
}

ROLES: Final = {
    "en": {
        "artist": "artist",
        "label": "label",
        "moderator": "moderator",
        "finance": "finance",
        "admin": "administrator",
    },
    "es": {
        "artist": "artista",
        "label": "sello",
        "moderator": "moderación",
        "finance": "finanzas",
        "admin": "administración",
    },
}
"""What roles are called."""
LOCK_REASONS: Final = {
    "en": {
        "compromised": "somebody else seems to be in it",
        "abuse": "it was used against the rules",
        "fraud": "payments made with it are being looked into",
        "legal": "a court or an authority asks for it",
        "owner": "you asked for it",
    },
    "es": {
        "compromised": "parece que alguien más está en ella",
        "abuse": "se usó en contra de las normas",
        "fraud": "se están revisando pagos hechos con ella",
        "legal": "lo pide un tribunal o una autoridad",
        "owner": "tú lo pediste",
    },
}
"""Why an account was locked."""
PAID_FOR: Final = {
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
"""What a payment was for, by its purpose."""
METHODS: Final = {"stripe": "Stripe", "paypal": "PayPal"}
SETTINGS: Final = {
    "en": "Choose what you are told, and when, at {url}/notifications/choices.",
    "es": "Elige qué se te cuenta, y cuándo, en {url}/notifications/choices.",
}
STOP: Final = {
    "en": "To get no more mail of this kind: {stop}",
    "es": "Para no recibir más correo de este tipo: {stop}",
}

"""What things are called in notifications, and the last lines of mails."""

from __future__ import annotations

from typing import Final

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
PURPOSES: Final = {
    "en": {
        "analytics": "figures about your listening",
        "personalisation": "choosing by what you do what you are shown",
        "marketing_mail": "mail about what is new and on offer",
    },
    "es": {
        "analytics": "las cifras de lo que escuchas",
        "personalisation": "elegir por lo que haces lo que se te muestra",
        "marketing_mail": "el correo sobre novedades y ofertas",
    },
}
"""What consent is asked for."""
FORMS: Final = {
    "en": {"album": "a new album", "ep": "a new EP", "single": "a new single"},
    "es": {"album": "un álbum nuevo", "ep": "un EP nuevo", "single": "un sencillo nuevo"},
}
"""What an artist released, by its kind."""
SOMEBODY: Final = {"en": "An artist", "es": "Un artista"}
"""An artist who is not there any more, or hidden."""
METHODS: Final = {"stripe": "Stripe", "paypal": "PayPal"}
SETTINGS: Final = {
    "en": "Choose what you are told, and when, at {url}/notifications/choices.",
    "es": "Elige qué se te cuenta, y cuándo, en {url}/notifications/choices.",
}
DIGEST: Final = {
    "en": ("{title}, and {n} more", "This is what happened meanwhile.", "There is more. All of it: {all}"),
    "es": ("{title}, y {n} más", "Esto es lo que pasó mientras tanto.", "Hay más. Todo: {all}"),
}
"""Of a mail that says several: what it is about, how it begins, and how it ends when it does not say all."""
STOP_THESE: Final = {
    "en": "To get no more mail of these kinds: {stop}",
    "es": "Para no recibir más correo de estos tipos: {stop}",
}
STOP: Final = {
    "en": "To get no more mail of this kind: {stop}",
    "es": "Para no recibir más correo de este tipo: {stop}",
}

"""What people are told about their money, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

MONEY: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
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

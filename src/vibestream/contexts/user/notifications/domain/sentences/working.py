"""What people are told about working for artists, in teams and for labels, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

WORKING: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    Kind.TEAM_LEFT: {
        "en": (
            "Somebody is in an artist's team no more",
            "You were taken out of an artist's team, or somebody left the team of an artist of yours ({when} UTC).",
            "For whom you work, and who works for you: {here}.",
        ),
        "es": (
            "Alguien ya no está en el equipo de un artista",
            "Te sacaron del equipo de un artista, o alguien dejó el equipo de un artista tuyo ({when} UTC).",
            "Para quién trabajas y quién trabaja para ti: {here}.",
        ),
    },
    Kind.LABEL_INVITED: {
        "en": (
            "A label would like to work for an artist of yours",
            "A label asked for an artist of yours ({when} UTC). Nothing changes unless you accept within 30 days.",
            "Who it is and what it would do: {here}.",
        ),
        "es": (
            "Un sello quiere trabajar para un artista tuyo",
            "Un sello preguntó por un artista tuyo ({when} UTC). Nada cambia si no aceptas en 30 días.",
            "Quién es y qué haría: {here}.",
        ),
    },
    Kind.LABEL_JOINED: {
        "en": (
            "A label works for an artist of yours",
            "An artist of yours is on a label's roster now ({when} UTC). Money stays yours, as your splits say.",
            "What the label may do, and how to end it: {here}.",
            "If this was not you, somebody is in your account: end it and change your password.",
        ),
        "es": (
            "Un sello trabaja para un artista tuyo",
            "Un artista tuyo está ya en la lista de un sello ({when} UTC). El dinero sigue siendo tuyo, según tus repartos.",
            "Qué puede hacer el sello y cómo terminarlo: {here}.",
            "Si no fuiste tú, alguien está en tu cuenta: termínalo y cambia tu contraseña.",
        ),
    },
    Kind.LABEL_LEFT: {
        "en": (
            "A label works for an artist of yours no more",
            "A label ended its work for an artist of yours ({when} UTC). It sees and changes nothing of the music any more.",
            "The labels of this artist: {here}.",
        ),
        "es": (
            "Un sello ya no trabaja para un artista tuyo",
            "Un sello terminó su trabajo para un artista tuyo ({when} UTC). Ya no ve ni cambia nada de la música.",
            "Los sellos de este artista: {here}.",
        ),
    },
    Kind.ROSTER_ASKED: {
        "en": (
            "An artist asks your label",
            "An artist would like your label to work for them ({when} UTC). It waits for your answer for 30 days.",
            "Who it is and what you would do: {here}.",
        ),
        "es": (
            "Un artista pregunta a tu sello",
            "Un artista quiere que tu sello trabaje para él ({when} UTC). Espera tu respuesta 30 días.",
            "Quién es y qué harías: {here}.",
        ),
    },
    Kind.ROSTER_JOINED: {
        "en": (
            "An artist is on your roster",
            "An artist is on the roster of your label now ({when} UTC).",
            "Your roster: {here}.",
        ),
        "es": (
            "Un artista está en tu lista",
            "Un artista está ya en la lista de tu sello ({when} UTC).",
            "Tu lista: {here}.",
        ),
    },
    Kind.ROSTER_LEFT: {
        "en": (
            "An artist is on your roster no more",
            "An artist left the roster of your label ({when} UTC). You see and change nothing of their music any more.",
            "Your roster: {here}.",
        ),
        "es": (
            "Un artista ya no está en tu lista",
            "Un artista dejó la lista de tu sello ({when} UTC). Ya no ves ni cambias nada de su música.",
            "Tu lista: {here}.",
        ),
    },
}
"""Title, what happened, then what else a mail says, by language."""

"""What people are told about music, theirs and others', and about listening to it, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

MUSIC: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
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
    Kind.NEW_RELEASE: {
        "en": (
            "{artist} released {form}",
            "{artist}, whom you follow, has something new. It can be heard now.",
            "Listen to it: {here}.",
        ),
        "es": (
            "{artist} publicó {form}",
            "{artist}, a quien sigues, tiene algo nuevo. Ya se puede escuchar.",
            "Escúchalo: {here}.",
        ),
    },
}

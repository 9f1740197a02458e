"""What people are told about their pages and artists, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

JUDGED: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    Kind.ARTIST_VERIFIED: {
        "en": (
            "An artist of yours is verified",
            "A moderator believed what you showed ({when} UTC). The artist's page says so now.",
            "It stays so while the name and the handle are the same: {here}.",
        ),
        "es": (
            "Un artista tuyo está verificado",
            "Un moderador creyó lo que mostraste ({when} UTC). La página del artista ya lo dice.",
            "Seguirá así mientras el nombre y el alias sean los mismos: {here}.",
        ),
    },
    Kind.ARTIST_NOT_VERIFIED: {
        "en": (
            "An artist of yours was not verified",
            "A moderator did not find what you showed enough ({when} UTC). Why is said on the artist's page in the studio.",
            "You can show more and ask again: {here}.",
        ),
        "es": (
            "Un artista tuyo no fue verificado",
            "A un moderador no le bastó lo que mostraste ({when} UTC). El motivo está en la página del artista en el estudio.",
            "Puedes mostrar más y volver a pedirlo: {here}.",
        ),
    },
    Kind.PAGE_HIDDEN: {
        "en": (
            "A page of yours was hidden",
            "People reported a page of yours, and a moderator hid it ({when} UTC). Nobody but you sees it.",
            "Why, in the moderator's words: {here}.",
            "If you think that this is wrong, answer this message.",
        ),
        "es": (
            "Se ocultó una página tuya",
            "Alguien denunció una página tuya y un moderador la ocultó ({when} UTC). Nadie más que tú la ve.",
            "El porqué, con palabras del moderador: {here}.",
            "Si crees que es un error, responde a este mensaje.",
        ),
    },
    Kind.PAGE_SHOWN: {
        "en": (
            "A page of yours is seen again",
            "A moderator looked again at a page of yours that was hidden ({when} UTC). It is seen again.",
            "What it shows is up to you: {here}.",
        ),
        "es": (
            "Una página tuya se vuelve a ver",
            "Un moderador volvió a mirar una página tuya que estaba oculta ({when} UTC). Se vuelve a ver.",
            "Lo que muestra depende de ti: {here}.",
        ),
    },
    Kind.RELEASE_CONDEMNED: {
        "en": (
            "A release of yours was taken down",
            "People reported a release of yours, and a moderator took it down ({when} UTC). Nobody hears it any more.",
            "Why, in the moderator's words: {here}.",
            "If you think that this is wrong, answer this message.",
        ),
        "es": (
            "Se retiró un lanzamiento tuyo",
            "Alguien denunció un lanzamiento tuyo y un moderador lo retiró ({when} UTC). Ya nadie lo oye.",
            "El porqué, con palabras del moderador: {here}.",
            "Si crees que es un error, responde a este mensaje.",
        ),
    },
    Kind.REPORT_DECIDED: {
        "en": (
            "What you reported was looked at",
            "A moderator looked at what you reported and decided ({when} UTC). Thank you.",
        ),
        "es": (
            "Se miró lo que denunciaste",
            "Un moderador miró lo que denunciaste y decidió ({when} UTC). Gracias.",
        ),
    },
    Kind.TEAM_JOINED: {
        "en": (
            "Somebody joined the team of an artist of yours",
            "An invitation of yours was used ({when} UTC).",
            "Who it is, and how to take them out again: {here}.",
            "If you invited nobody, somebody is in your account: take them out and change your password.",
        ),
        "es": (
            "Alguien entró en el equipo de un artista tuyo",
            "Se usó una invitación tuya ({when} UTC).",
            "Quién es, y cómo sacarle de nuevo: {here}.",
            "Si no invitaste a nadie, alguien está en tu cuenta: sácale y cambia tu contraseña.",
        ),
    },
}
"""Title, what happened, then what else a mail says, by language."""

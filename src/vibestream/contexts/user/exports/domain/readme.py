"""What explains an export to its owner, in English and Spanish."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_README: Final = {
    "en": """\
Your data at VibeStream, as of {made_at}
From {url}

This is what VibeStream holds of you, and of nobody else. It is private: keep it somewhere safe.

README.txt       this text
data/            one part of VibeStream each, twice: as JSON for programs, as CSV for a spreadsheet
originals.json   the recordings that you uploaded, with the checksum (SHA-256) of each; the recordings are not in here
pictures/        the pictures of your profiles, as they are shown
MANIFEST.json    every file in here with its size and checksum
SIGNATURE        VibeStream's signature of that list

Times are in UTC. Amounts of money are in the smallest unit of their currency, such as cents.
In the tables, text that begins with = + - or @ stands behind an apostrophe, so that no spreadsheet runs it.

Never in here: your password, your authenticator app's secret, passkeys, recovery codes and tokens. Of passwords and
codes only hashes are kept, and whoever has those could try to guess them. What others wrote or did is theirs, also where
it concerns you. Messages on their way between parts of VibeStream are copies of what is in here.

To check that nothing was changed: vibestream verify-export FILE
""",
    "es": """\
Tus datos en VibeStream, a {made_at}
De {url}

Esto es lo que VibeStream guarda sobre ti, y sobre nadie más. Es privado: guárdalo en un lugar seguro.

README.txt       este texto
data/            cada parte de VibeStream, dos veces: en JSON para programas, en CSV para una hoja de cálculo
originals.json   las grabaciones que subiste, cada una con su suma de comprobación (SHA-256); no están aquí dentro
pictures/        las imágenes de tus perfiles, tal como se muestran
MANIFEST.json    cada archivo de aquí con su tamaño y su suma de comprobación
SIGNATURE        la firma de VibeStream de esa lista

Las horas están en UTC. Las cantidades de dinero, en la unidad más pequeña de su moneda, como los céntimos.
En las tablas, el texto que empieza por = + - o @ va tras un apóstrofo, para que ninguna hoja de cálculo lo ejecute.

Nunca están aquí: tu contraseña, el secreto de tu aplicación de autenticación, las llaves de acceso, los códigos de
recuperación y los tokens. De contraseñas y códigos solo se guardan resúmenes, y quien los tuviera podría intentar
adivinarlos. Lo que otros escribieron o hicieron es suyo, también cuando tiene que ver contigo. Los mensajes en camino
entre partes de VibeStream son copias de lo que hay aquí.

Para comprobar que nada ha cambiado: vibestream verify-export ARCHIVO
""",
}


def readme(*, locale: str, made_at: datetime, url: str) -> str:
    """Return the text, in the language of the account or in English."""
    return _README.get(locale, _README["en"]).format(made_at=f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", url=url)

"""An attestation: what a contributor keeps, and later finds in the keys or does not."""

from __future__ import annotations

import json
from pathlib import Path

from vibestream.contexts.listen_reward.ceremony.domain.transcript import Contribution, Half
from vibestream.contexts.listen_reward.ceremony.service.conducting import Transcript
from vibestream.kernel.errors import Conflict, InvalidInput


class NotAnAttestation(InvalidInput):
    """A file is no attestation."""

    code = "ceremony.not_an_attestation"


class LeftOut(Conflict):
    """A contribution that was attested to is not in the ceremony: whoever conducted it left it out."""

    code = "ceremony.left_out"


def attest(contribution: Contribution) -> str:
    """Return the text that a contributor keeps and publishes."""
    return (
        json.dumps(
            {
                "half": contribution.half.value,
                "number": contribution.number,
                "name": contribution.name,
                "digest": contribution.digest,
            },
            indent=2,
        )
        + "\n"
    )


def require_attested(transcript: Transcript, *, attestations: list[Path]) -> None:
    """Return when every attestation's contribution stands in the transcript at its place.

    Raises:
        NotAnAttestation: a file is none.
        LeftOut: one does not stand there.
    """
    for path in attestations:
        try:
            said = json.loads(path.read_bytes())
            attested = Contribution(Half(said["half"]), said["number"], said["name"], said["digest"], None)
        except (OSError, ValueError, KeyError, TypeError):
            raise NotAnAttestation(f"{path} is no attestation that `vibestream ceremony contribute` wrote.") from None
        if attested not in (transcript.powers if attested.half is Half.POWERS else transcript.key):
            raise LeftOut(f"What {attested.name} added to the {attested.half.value} is not in this ceremony.")

"""The ceremony. The public interface of this capability."""

from vibestream.contexts.listen_reward.ceremony.domain.transcript import (
    FEWEST,
    Contribution,
    Half,
    NotABeacon,
    NotAName,
)
from vibestream.contexts.listen_reward.ceremony.gateway.folder import (
    AlreadyACeremony,
    Folder,
    NotACeremony,
    OtherCircuit,
    TakenTurn,
)
from vibestream.contexts.listen_reward.ceremony.gateway.snarkjs import Snarkjs, StepFailed, ToolsMissing, open_snarkjs
from vibestream.contexts.listen_reward.ceremony.service.attesting import (
    LeftOut,
    NotAnAttestation,
    attest,
    require_attested,
)
from vibestream.contexts.listen_reward.ceremony.service.conducting import (
    Forged,
    NotItsTurn,
    Transcript,
    begin,
    contribute,
    end,
    verify,
)
from vibestream.contexts.listen_reward.ceremony.service.installing import NotFinished, SomethingThere, install

__all__ = [
    "FEWEST",
    "AlreadyACeremony",
    "Contribution",
    "Folder",
    "Forged",
    "Half",
    "LeftOut",
    "NotABeacon",
    "NotACeremony",
    "NotAName",
    "NotAnAttestation",
    "NotFinished",
    "NotItsTurn",
    "OtherCircuit",
    "Snarkjs",
    "SomethingThere",
    "StepFailed",
    "TakenTurn",
    "ToolsMissing",
    "Transcript",
    "attest",
    "begin",
    "contribute",
    "end",
    "install",
    "open_snarkjs",
    "require_attested",
    "verify",
]

"""Conducting a ceremony: begin, contribute in turns, end each half with a beacon, verify."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vibestream.contexts.listen_reward.ceremony.domain.transcript import (
    BEACON_EXPONENT,
    Contribution,
    Half,
    checked_beacon,
    checked_name,
    is_ended,
    lacks,
    people,
    read_transcript,
)
from vibestream.contexts.listen_reward.ceremony.gateway.folder import Folder, found
from vibestream.contexts.listen_reward.ceremony.gateway.snarkjs import Snarkjs
from vibestream.kernel.errors import Conflict

POWER: Final = 13
"""Two to this many constraints fit; the claim circuit has 5,736."""

Tell = Callable[[str], None]


class Forged(Conflict):
    """A file of the ceremony does not follow from what it says that it was made of."""

    code = "ceremony.forged"


class NotItsTurn(Conflict):
    """What is asked comes too early, too late or twice."""

    code = "ceremony.not_its_turn"


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who contributed, verified."""

    powers: tuple[Contribution, ...]
    key: tuple[Contribution, ...]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What keeps the keys from being believed, as sentences."""
        return lacks(self.powers, self.key)


def begin(
    snarkjs: Snarkjs, *, root: Path, compiled: Path, circuit: Mapping[str, str], tell: Tell, power: int = POWER
) -> Folder:
    """Begin a ceremony in an empty folder: the first powers, to which nobody has added anything.

    Args:
        snarkjs: what computes.
        root: the folder.
        compiled: where the compiled circuit lies.
        circuit: its files' names and SHA-256.
        tell: called with what is being done.
        power: two to this many constraints have room.

    Raises:
        AlreadyACeremony, OtherCircuit: see `found`.
    """
    folder = found(root, compiled=compiled, circuit=circuit)
    try:
        with folder.turn(), folder.successor(folder.powers) as made:
            snarkjs.run("begin_powers", files={"made": made}, power=power, tell=tell)
    finally:
        if not folder.powers.exists():
            shutil.rmtree(root)  # it was empty, and a ceremony without a first number can never go on
    return folder


def contribute(snarkjs: Snarkjs, *, folder: Folder, name: str, tell: Tell) -> Contribution:
    """Add one person's secret to the half that is open, and forget it. All that was added before is verified first.

    What is added comes from the system's randomness, twice: drawn here and again in snarkjs's own process, which leaves no
    core and ends at once.

    Raises:
        NotAName: see `checked_name`.
        NotItsTurn: both halves are ended, or this person was here.
        Forged: what was added before does not hold.
        NotACeremony, TakenTurn: see `Folder.turn`.
    """
    checked_name(name)
    with folder.turn():
        half = _open_half(folder)
        before = _verified(snarkjs, folder, half, _file(folder, half), tell)
        if is_ended(before):
            raise NotItsTurn(f"A beacon ended the {half.value}. {_AFTER[half]}")
        if name in people(before):
            raise NotItsTurn(f"{name} has contributed to the {half.value}: one secret of each person is enough.")
        entropy = secrets.token_hex(64)
        return _add(snarkjs, folder, half, before, tell, step=f"contribute_{half.value}", name=name, entropy=entropy)


def end(snarkjs: Snarkjs, *, folder: Folder, beacon: str, source: str, tell: Tell) -> Contribution:
    """End the open half with a public number; after the powers, prepare the key. What broke off is taken up again.

    Args:
        snarkjs: what computes.
        folder: the ceremony's.
        beacon: 32 to 64 bytes, hexadecimal, that nobody could know before the last contribution was published.
        source: where anybody finds it, such as "Bitcoin block 900000"; kept as the last contribution's name.
        tell: called with what is being done.

    Raises:
        NotABeacon, NotAName: see `checked_beacon` and `checked_name`.
        NotItsTurn: both halves are ended, or nobody has contributed.
        Forged: what was added before does not hold.
        NotACeremony, TakenTurn: see `Folder.turn`.
    """
    value = {"value": checked_beacon(beacon), "exponent": BEACON_EXPONENT}
    checked_name(source)
    with folder.turn():
        half = _open_half(folder)
        before = _verified(snarkjs, folder, half, _file(folder, half), tell)
        if is_ended(before) and half is Half.KEY:
            raise NotItsTurn(f"A beacon ended the {half.value}. {_AFTER[half]}")
        if not before:
            raise NotItsTurn(f"Nobody has contributed to the {half.value} yet.")
        if is_ended(before):
            last = before[-1]
        else:
            last = _add(snarkjs, folder, half, before, tell, step=f"end_{half.value}", name=source, beacon=value)
        if half is Half.POWERS:
            _begin_key(snarkjs, folder, tell)
        return last


def verify(snarkjs: Snarkjs, *, folder: Folder, tell: Tell) -> Transcript:
    """Verify everything in a folder, from the circuit and the first number on, and return who contributed.

    Raises:
        Forged: something does not follow from what was before it.
        NotACeremony, OtherCircuit, TakenTurn: see `Folder.turn`.
    """
    with folder.turn():
        begun = folder.key.exists()
        powers = _verified(snarkjs, folder, Half.POWERS, folder.prepared if begun else folder.powers, tell)
        return Transcript(powers, _verified(snarkjs, folder, Half.KEY, folder.key, tell) if begun else ())


_AFTER: Final = {
    Half.POWERS: "Finish with `vibestream ceremony end`, which prepares the key.",
    Half.KEY: "Verify and install it.",
}


def _open_half(folder: Folder) -> Half:
    return Half.KEY if folder.key.exists() else Half.POWERS


def _file(folder: Folder, half: Half) -> Path:
    return folder.key if half is Half.KEY else folder.powers


def _add(
    snarkjs: Snarkjs,
    folder: Folder,
    half: Half,
    before: tuple[Contribution, ...],
    tell: Tell,
    *,
    step: str,
    name: str,
    **given: object,
) -> Contribution:
    place = _file(folder, half)
    with folder.successor(place) as made:
        snarkjs.run(step, files={half.value: place, "made": made}, name=name, tell=tell, **given)
        after = _verified(snarkjs, folder, half, made, tell)
        if after[:-1] != before or after[-1].name != name:
            raise Forged("The new file does not follow from the one before: nothing was changed. Try again.")
    return after[-1]


def _begin_key(snarkjs: Snarkjs, folder: Folder, tell: Tell) -> None:
    if not folder.prepared.exists():
        with folder.successor(folder.prepared) as made:
            snarkjs.run("prepare", files={"powers": folder.powers, "made": made}, tell=tell)
    with folder.successor(folder.key) as made:
        snarkjs.run("begin_key", files={"r1cs": folder.r1cs, "prepared": folder.prepared, "made": made}, tell=tell)


def _verified(snarkjs: Snarkjs, folder: Folder, half: Half, file: Path, tell: Tell) -> tuple[Contribution, ...]:
    """Return what a file proves was contributed to it.

    A powers file that nobody contributed to verifies as nothing: snarkjs calls that an error, and it proves nothing wrong.
    """
    if half is Half.POWERS:
        answer = snarkjs.run("verify_powers", files={"powers": file}, tell=tell)
        if not answer.value and any("has no contribution" in line for line in answer.said):
            return ()
    else:
        answer = snarkjs.run(
            "verify_key", files={"r1cs": folder.r1cs, "prepared": folder.prepared, "key": file}, tell=tell
        )
    if answer.value is not True:
        refused = next((line for line in answer.said if line.startswith("refused: ")), "it does not verify")
        raise Forged(f"{file.name} was changed by hand or is damaged: {refused.removeprefix('refused: ')}.")
    return read_transcript(half, answer.said)

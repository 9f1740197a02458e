"""The folder that goes from contributor to contributor: by disk, by rsync, by any way that keeps files whole.

    ceremony.json    which circuit: the SHA-256 of its compiled form
    claim.r1cs       the circuit, compiled
    claim.wasm       its program for witnesses
    powers.ptau      the first half, as far as it is
    prepared.ptau    the first half, ended and prepared for the second
    claim.zkey       the second half, as far as it is

A file is replaced by one rename of its verified successor, so that a turn that breaks off leaves the turn before.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vibestream.kernel.errors import Conflict, InvalidInput

_ABOUT: Final = "ceremony.json"


class NotACeremony(InvalidInput):
    """A folder holds no ceremony."""

    code = "ceremony.no_ceremony"


class AlreadyACeremony(Conflict):
    """A ceremony would be begun where something is."""

    code = "ceremony.already_begun"


class OtherCircuit(Conflict):
    """A compiled circuit is not the one that the sources' digests name."""

    code = "ceremony.other_circuit"


class TakenTurn(Conflict):
    """Somebody is at work in the folder."""

    code = "ceremony.taken_turn"


@dataclass(frozen=True, slots=True)
class Folder:
    """A ceremony's files, and which circuit it has to be of: its compiled files' names and SHA-256."""

    root: Path
    circuit: Mapping[str, str]

    @property
    def r1cs(self) -> Path:
        """The compiled circuit."""
        return self.root / "claim.r1cs"

    @property
    def wasm(self) -> Path:
        """Its program for witnesses."""
        return self.root / "claim.wasm"

    @property
    def powers(self) -> Path:
        """The first half."""
        return self.root / "powers.ptau"

    @property
    def prepared(self) -> Path:
        """The first half, prepared; it is there when the second half may begin."""
        return self.root / "prepared.ptau"

    @property
    def key(self) -> Path:
        """The second half; it is there when it has begun."""
        return self.root / "claim.zkey"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the folder for one turn.

        Raises:
            NotACeremony: it holds none.
            OtherCircuit: it is of another circuit.
            TakenTurn: another process is at it.
        """
        try:
            about = (self.root / _ABOUT).open("rb")
        except OSError:
            raise NotACeremony(f"{self.root} holds no ceremony: begin one with `vibestream ceremony begin`.") from None
        with about:
            try:
                fcntl.flock(about, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TakenTurn(f"Somebody is at work in {self.root}: wait until their turn is over.") from None
            if json.load(about)["circuit"] != dict(self.circuit):
                raise OtherCircuit(f"The ceremony in {self.root} is for another circuit than the sources here.")
            check_circuit(self.root, self.circuit)
            yield

    @contextmanager
    def successor(self, of: Path) -> Iterator[Path]:
        """Yield where to write a file's successor; it takes the file's place when the block ends without an error."""
        made = of.with_name(f".{of.name}.made")
        try:
            yield made
            with made.open("rb+") as file:
                os.fsync(file.fileno())
            made.replace(of)
        finally:
            made.unlink(missing_ok=True)


def found(root: Path, *, compiled: Path, circuit: Mapping[str, str]) -> Folder:
    """Make a ceremony's folder of a compiled circuit with these digests, which it must have.

    Raises:
        AlreadyACeremony: something is there.
        OtherCircuit: the compiled circuit is another one.
    """
    check_circuit(compiled, circuit)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise AlreadyACeremony(f"{root} is not empty: name a new folder.")
    for name in circuit:
        shutil.copy(compiled / name, root / name)
    draft = root / f".{_ABOUT}"
    draft.write_text(json.dumps({"circuit": dict(circuit)}, indent=2) + "\n")
    draft.rename(root / _ABOUT)
    return Folder(root, circuit)


def check_circuit(folder: Path, circuit: Mapping[str, str]) -> None:
    """Compare a compiled circuit with its digests.

    Raises:
        OtherCircuit: a file is missing or another one.
    """
    for name, digest in circuit.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise OtherCircuit(f"{path} is not the circuit that the sources make: run `make circuits` again.")

"""The circuit with something taken out of it: every statement that constrains, one at a time, and whole groups by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import build_circuits

SOURCES: Final = build_circuits.CIRCUITS / "src"
_CONSTRAINS: Final = re.compile(r"^(?!\s*//).*(<==|===).*;", re.MULTILINE)
_MAIN: Final = "Claim(20, 16)"


@dataclass(frozen=True)
class Edit:
    """In a source, a passage and what stands there instead. The passage is there exactly once."""

    file: str
    old: str
    new: str


def unconstrained_statements() -> Iterator[tuple[str, Edit]]:
    """Yield, for each statement that constrains, its place and the edit that leaves only its value, or nothing."""
    for path in sorted(SOURCES.glob("*.circom")):
        text = path.read_text()
        for found in _CONSTRAINS.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            new = found[0].replace("<==", "<--") if found[1] == "<==" else ""
            # The statement with what is around it: the same words may stand in several templates.
            start, end = text.rfind("\n", 0, max(found.start() - 1, 0)), text.find("\n", found.end() + 1)
            around = text[start:end]
            yield f"{path.name}:{line} {found[0].strip()}", Edit(path.name, around, around.replace(found[0], new))


def compile_edited(*edits: Edit, room: Path, depth: int = 20, folding: str = "--O2") -> Path:
    """Compile the circuit with edits, over a tree of some depth; return its `.r1cs`."""
    shutil.copytree(SOURCES, room / "src")
    for edit in (*edits, Edit("claim.circom", _MAIN, f"Claim({depth}, 16)")):
        path = room / "src" / edit.file
        text = path.read_text()
        assert text.count(edit.old) == 1, edit
        path.write_text(text.replace(edit.old, edit.new))
    return build_circuits.compile_circuit(room / "src" / "claim.circom", room, folding=folding)

"""A source file, parsed once, and the findings made on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

_ALLOW: Final = re.compile(r"#\s*lint: allow\((?P<rule>[a-z-]+)\) - \S")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule refuses."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file under `src/vibestream`, named by its module path below the package."""

    path: Path
    module: tuple[str, ...]
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, filename=str(self.path))

    @property
    def floor(self) -> str:
        """The top-level package that the file belongs to, such as `contexts`."""
        return self.module[0]

    @property
    def context(self) -> str | None:
        """The context that the file belongs to, None outside contexts."""
        return self.module[1] if self.floor == "contexts" and len(self.module) > 1 else None

    @property
    def capability(self) -> str | None:
        """The capability that the file belongs to."""
        return self.module[2] if self.context and len(self.module) > 3 else None  # noqa: PLR2004 - contexts.x.y.file

    def is_part(self, name: str) -> bool:
        """Say whether the file is, or lies in, the part of a capability with this name, such as `store`."""
        return self.capability is not None and self.module[3] == name

    def finding(self, node: ast.AST, rule: str, message: str) -> Iterator[Finding]:
        """Yield a finding at a node, unless its line says `# lint: allow(rule) - reason`."""
        yield from self.finding_at(getattr(node, "lineno", 1), rule, message)

    def finding_at(self, line: int, rule: str, message: str) -> Iterator[Finding]:
        """Yield a finding at a line, unless it says `# lint: allow(rule) - reason`."""
        allowed = _ALLOW.search(self.text.splitlines()[line - 1] if self.text else "")
        if allowed is None or allowed["rule"] != rule:
            yield Finding(self.path, line, rule, message)


def load(path: Path, *, package: Path) -> Source:
    """Read a file; `package` is the folder `src/vibestream`."""
    return Source(path, path.relative_to(package).with_suffix("").parts, path.read_text())

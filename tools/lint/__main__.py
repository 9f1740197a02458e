"""Run every rule over `src/vibestream` and exit with 1 when one refuses something."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.lint.rules import RULES
from tools.lint.source import load

_PACKAGE = Path(__file__).parents[2] / "src" / "vibestream"


def main() -> int:
    """Print each finding on a line, then how many files were read."""
    sources = [
        load(path, package=_PACKAGE) for path in sorted(_PACKAGE.rglob("*.py")) if "node_modules" not in path.parts
    ]
    findings = [finding for source in sources for rule in RULES for finding in rule(source)]
    for finding in findings:
        print(finding)
    print(f"tools.lint: {len(sources)} files, {len(RULES)} rules, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

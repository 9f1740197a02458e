"""The list of every part that the product is made of, as CycloneDX 1.6: `python -m tools.sbom [FILE]`.

Made of the lock files alone, so that it lists what is installed and nothing is asked of anybody: Python's packages with
the hashes of every file that is taken for them, and the browser's with theirs. Run twice, it is the same to the byte.

Source: CycloneDX 1.6 (ECMA-424), https://cyclonedx.org/docs/1.6/json/; package URLs, ECMA-427.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PYTHON_LOCK: Final = "requirements.lock.txt"
BROWSER_LOCK: Final = "src/vibestream/web/frontend/package-lock.json"
_PINNED: Final = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ALGORITHMS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def sbom(root: Path = ROOT) -> dict[str, Any]:
    """Return the list as a CycloneDX document.

    Raises:
        ValueError: a line of the lock pins nothing, or a package stands without a hash.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    python, browser = (root / PYTHON_LOCK).read_text(), (root / BROWSER_LOCK).read_text()
    parts = [*python_parts(python), *browser_parts(browser)]
    digest = hashlib.sha256(f"{python}\0{browser}".encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32], version=4)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": project["name"], "dependsOn": [one["bom-ref"] for one in parts]}],
    }


def python_parts(lock: str) -> list[dict[str, Any]]:
    """Return the packages of a pip lock, in its order.

    Raises:
        ValueError: a line pins nothing, or a package stands without a hash.
    """
    parts: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if line.strip() and not line.startswith((" ", "#")):
            pinned = _PINNED.match(line)
            if pinned is None:
                raise ValueError(f"this pins nothing: {line}")
            name = re.sub(r"[-_.]+", "-", pinned["name"]).lower()
            parts.append(_part("pypi", name, pinned["version"], []))
        for found in _HASH.findall(line):
            parts[-1]["hashes"].append({"alg": "SHA-256", "content": found})
    _require_hashes(parts)
    return parts


def browser_parts(lock: str) -> list[dict[str, Any]]:
    """Return the packages of an npm lock, by their path.

    Raises:
        ValueError: a package stands without a hash.
    """
    parts = []
    for path, package in json.loads(lock)["packages"].items():
        if path:
            name = path.rpartition("node_modules/")[2]
            algorithm, _, digest = package.get("integrity", "").partition("-")
            hashes = [{"alg": _ALGORITHMS[algorithm], "content": base64.b64decode(digest).hex()}] if digest else []
            parts.append(_part("npm", name, package["version"], hashes))
    _require_hashes(parts)
    return parts


def _part(kind: str, name: str, version: str, hashes: list[dict[str, str]]) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version.replace('+', '%2B')}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": hashes}


def _require_hashes(parts: list[dict[str, Any]]) -> None:
    bare = [one["purl"] for one in parts if not one["hashes"]]
    if bare:
        raise ValueError(f"without a hash: {', '.join(bare)}")


if __name__ == "__main__":
    written = json.dumps(sbom(), indent=2) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(written)
    else:
        sys.stdout.write(written)

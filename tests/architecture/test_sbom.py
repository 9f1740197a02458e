"""The list of parts is whole: what is installed is on it, at its version, with the hashes that are demanded of it."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
from pathlib import Path

import pytest

from tools.sbom import BROWSER_LOCK, PYTHON_LOCK, ROOT, browser_parts, python_parts, sbom


def test_everything_that_the_product_needs_to_run_is_on_it_as_it_is_installed():
    listed = {(one["name"], one["version"]) for one in sbom()["components"] if one["purl"].startswith("pkg:pypi/")}
    wanted, seen = ["vibestream"], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # for another system
            continue
        if name != "vibestream":
            assert (name, importlib.metadata.version(name)) in listed  # what is shipped is what is tested
        wanted += [
            re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;(]", one, maxsplit=1)[0]).lower()
            for one in needs
            if ";" not in one
        ]
    assert len(seen) > 40


def test_every_line_of_the_locks_is_on_it_once_with_every_hash():
    document = sbom()
    parts = document["components"]
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert len({one["bom-ref"] for one in parts}) == len(parts)
    assert document["dependencies"][0]["dependsOn"] == [one["bom-ref"] for one in parts]
    lock = (ROOT / PYTHON_LOCK).read_text()
    of_python = [one for one in parts if one["purl"].startswith("pkg:pypi/")]
    assert len(of_python) == len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE))
    assert sum(len(one["hashes"]) for one in of_python) == lock.count("--hash=sha256:")
    packages = json.loads((ROOT / BROWSER_LOCK).read_text())["packages"]
    assert len(parts) - len(of_python) == len(packages) - 1
    lengths = {"SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
    for one in parts:
        assert one["hashes"], one["purl"]
        assert all(re.fullmatch(r"[0-9a-f]+", made["content"]) for made in one["hashes"])
        assert all(len(made["content"]) == lengths[made["alg"]] for made in one["hashes"])


def test_a_scoped_package_and_a_normalised_name_have_the_address_that_scanners_look_up():
    (one,) = python_parts(f"Zope.Interface[test]==7.2 \\\n    --hash=sha256:{'0' * 64}\n")
    assert one["purl"] == "pkg:pypi/zope-interface@7.2"
    package = {"version": "1.0.0", "integrity": "sha512-" + "A" * 86 + "=="}
    (two,) = browser_parts(json.dumps({"packages": {"": {}, "node_modules/a/node_modules/@b/c": package}}))
    assert (two["purl"], two["hashes"]) == ("pkg:npm/%40b/c@1.0.0", [{"alg": "SHA-512", "content": "0" * 128}])


@pytest.mark.parametrize("line", ["-e .", "left-pad", "left-pad>=1", "left-pad @ file:///tmp/x"])
def test_what_is_not_pinned_is_not_passed_over(line: str):
    with pytest.raises(ValueError, match="pins nothing"):
        python_parts(line + "\n")


def test_what_has_no_hash_is_not_passed_over():
    with pytest.raises(ValueError, match="without a hash: pkg:pypi/left-pad@1"):
        python_parts("left-pad==1\n")
    with pytest.raises(ValueError, match="without a hash"):
        browser_parts(json.dumps({"packages": {"node_modules/a": {"version": "1.0.0"}}}))


def test_a_changed_lock_makes_another_list_and_the_same_one_the_same(tmp_path: Path):
    for name in ("pyproject.toml", PYTHON_LOCK, BROWSER_LOCK):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert sbom(tmp_path) == sbom()
    with (tmp_path / PYTHON_LOCK).open("a") as lock:
        lock.write(f"left-pad==1 \\\n    --hash=sha256:{'a' * 64}\n")
    changed = sbom(tmp_path)
    assert changed["serialNumber"] != sbom()["serialNumber"]
    assert (
        changed["components"][-1 - len(json.loads((ROOT / BROWSER_LOCK).read_text())["packages"]) + 1]["name"]
        == "left-pad"
    )

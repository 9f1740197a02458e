"""The bundle's manifest, and what is said when there is no bundle."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from vibestream.web.assets import FOLDER, Assets, BundleMissing


def test_every_file_of_the_manifest_is_there_and_is_what_its_integrity_says():
    manifest = json.loads((FOLDER / "dist/manifest.json").read_text())

    assert {"app.js", "style.css", "icons.svg", "favicon.svg"} <= set(manifest)
    for entry in manifest.values():
        digest = hashlib.sha384((FOLDER / "dist" / entry["file"]).read_bytes()).digest()
        assert entry["integrity"] == f"sha384-{base64.b64encode(digest).decode()}"


def test_the_bundle_brings_no_address_of_another_host_and_evaluates_no_string():
    for script in (FOLDER / "dist").glob("*.js"):
        text = script.read_text()
        assert "unpkg.com" not in text
        assert "cdn.jsdelivr" not in text
    for sheet in (FOLDER / "dist").glob("*.css"):
        assert "http" not in sheet.read_text()


def test_a_bundle_that_was_not_built_says_how_to_build_it(tmp_path: Path):
    with pytest.raises(BundleMissing, match="make assets"):
        Assets(tmp_path)["app.js"]


def test_a_rebuilt_bundle_is_read_again_where_that_is_wanted(tmp_path: Path):
    manifest = tmp_path / "dist" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_text('{"app.js": {"file": "app-AAAAAAAA.js", "integrity": "sha384-a"}}')
    reread, kept = Assets(tmp_path, reread=True), Assets(tmp_path)
    assert reread["app.js"].url == kept["app.js"].url == "/static/dist/app-AAAAAAAA.js"
    manifest.write_text('{"app.js": {"file": "app-BBBBBBBB.js", "integrity": "sha384-b"}}')
    import os

    os.utime(manifest, (1, 1))

    assert reread["app.js"].url == "/static/dist/app-BBBBBBBB.js"
    assert kept["app.js"].url == "/static/dist/app-AAAAAAAA.js"


def test_what_islands_say_cannot_end_the_element_it_stands_in(tmp_path: Path):
    messages = tmp_path / "dist" / "messages.es.json"
    messages.parent.mkdir()
    messages.write_text('{"a": "</script><script>"}')

    assert Assets(tmp_path).messages("es") == '{"a": "\\u003c/script>\\u003cscript>"}'
    assert Assets(tmp_path).messages("xx") == "{}"

"""The product's own prover thread in Chromium, asked from Python: what a listener's browser would send."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Route, sync_playwright

from tests.journeys.conftest import CHROMIUM
from vibestream.contexts.listen_reward.claims.service import Keys
from vibestream.contexts.listen_reward.claims.service.browser import proving_files

DIST: Final = Path(__file__).parents[2] / "src" / "vibestream" / "web" / "static" / "dist"
ORIGIN: Final = "https://prover.test"
_ASK: Final = """([asked]) => new Promise((resolve, reject) => {
    const worker = new Worker("/prover.js");
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
        if (data.kind === "done") resolve({ proof: data.proof, publicSignals: data.publicSignals });
        if (data.kind === "failed") reject(new Error(data.reason + ": " + data.detail));
    };
    worker.postMessage(asked);
})"""


def prove(keys: Keys, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proof and the signals that the browser makes of a circuit's inputs."""
    worker = json.loads((DIST / "manifest.json").read_text())["prover.js"]["file"]
    served = {
        "/": (b"<!doctype html><title>prover</title>", "text/html"),
        "/prover.js": ((DIST / worker).read_bytes(), "text/javascript"),
    }
    files = []
    for one in proving_files(keys=keys):
        content = one.path.read_bytes()
        served[f"/{one.name}"] = (
            gzip.decompress(content) if one.is_compressed else content,
            "application/octet-stream",
        )
        files.append({"url": f"{ORIGIN}/{one.name}", "sha256": one.sha256})

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        body, kind = served.get(path, (b"", ""))
        route.fulfill(status=200 if kind else 404, body=body, content_type=kind)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.route(f"{ORIGIN}/**", answer)
        page.goto(f"{ORIGIN}/")
        made: dict[str, Any] = page.evaluate(_ASK, [{"input": dict(document), "files": files, "singleThread": False}])
        browser.close()
    return made

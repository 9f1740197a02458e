"""Proofs in Chromium by the worker that is shipped, from a server on loopback that gives it its own policy and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import json
import statistics
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service.browser import proving_files
from vibestream.platform.http.security_headers import PROVER_CSP, page_csp
from vibestream.web.assets import FOLDER, Assets

CHROMIUM: Final = "/usr/bin/chromium"
_INPUT: Final = Path(__file__).parents[1] / "tests" / "contexts" / "listen_reward" / "claims" / "input.json"
_PAGE: Final = b'<script nonce="bench">trustedTypes.createPolicy("default", {createScriptURL: url => url})</script>'
PROVE: Final = """([script, input, files, singleThread, withinMs]) => new Promise((resolve, reject) => {
    const worker = new Worker(script), began = performance.now();
    const end = (act, value) => { worker.terminate(); act(value); };
    setTimeout(() => end(reject, new Error("the prover said nothing")), withinMs);
    worker.onerror = (event) => end(reject, new Error(event.message));
    worker.onmessage = ({data}) => {
        if (data.kind === "failed") end(reject, new Error(data.detail));
        if (data.kind === "done") end(resolve, {seconds: (performance.now() - began) / 1000, ...data});
    };
    worker.postMessage({input, files, singleThread});
})"""


def prove_in_chromium(*, single_thread: bool, proofs: int) -> float:
    """Return the median of so many proofs' seconds in a Chromium of its own: see `prove_in`."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        seconds = prove_in(browser, single_thread=single_thread, proofs=proofs)
        browser.close()
    return seconds


def prove_in(
    browser: Browser, *, single_thread: bool, proofs: int, policy: str = PROVER_CSP, within_ms: int = 60_000
) -> float:
    """Return the median of so many proofs' seconds, each from a fresh worker, after one that filled the cache.

    Raises:
        RuntimeError: the browser made a proof that our verifier refuses.
        playwright.sync_api.Error: it made none.
    """
    keys = claims.claim_keys(is_production=False)
    served = {"/": ("text/html", page_csp("bench"), _PAGE)}
    script = Assets()["prover.js"].url
    served[script] = ("text/javascript", policy, (FOLDER / "dist" / script.rsplit("/", 1)[1]).read_bytes())
    named = []
    for one in proving_files(keys=keys):
        data = gzip.decompress(one.path.read_bytes()) if one.is_compressed else one.path.read_bytes()
        served[f"/{one.name}"] = ("application/octet-stream", "default-src 'none'", data)
        named.append({"url": f"/{one.name}", "sha256": hashlib.sha256(data).hexdigest()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        made = _prove(
            browser,
            f"http://localhost:{server.server_port}/",
            [script, json.loads(_INPUT.read_text()), named, single_thread, within_ms],
            proofs,
        )
    finally:
        server.shutdown()
        server.server_close()
    verifier = claims.open_verifier(keys=keys)
    for proof in made:
        said = claims.verify_claim(verifier=verifier, proof=proof["proof"], signals=proof["publicSignals"])
        if not isinstance(said, claims.PublicSignals):
            raise RuntimeError(f"the browser's proof is {said}")  # noqa: TRY004 - no caller gave it
    return float(statistics.median(proof["seconds"] for proof in made[1:]))


def _prove(browser: Browser, address: str, asked: list[Any], proofs: int) -> list[dict[str, Any]]:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        return [page.evaluate(PROVE, asked) for _ in range(1 + proofs)]
    finally:
        context.close()


def _handler(served: dict[str, tuple[str, str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, policy, data = served.get(self.path, ("text/plain", "default-src 'none'", b""))
            self.send_response(200)
            for name, value in (
                ("Content-Type", kind), ("Content-Security-Policy", policy), ("Content-Length", str(len(data))),
                ("Cache-Control", "max-age=3600"),
            ):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    return Handler

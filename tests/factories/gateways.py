"""The sandbox gateways as a running process, with a client for its switches and one that clicks through its pages.

    async def test_x(gateways: Sandbox) -> None:
        gateways.settings(data_dir=...)                   # Settings whose gateways are these stand-ins
        gateways.fault("stripe", "timeout_after_effect", on="refund", seconds=0)
        back = gateways.pay_by_card(checkout_url)          # "clicks": returns where the browser is sent afterwards

The process is shared by a session's tests; `gateways` switches every fault off, sets the clock right and keeps webhooks back
before each test. `running_sandbox()` starts one of your own, which `restart()` and `kill()` are for.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx
import pytest

from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.sandbox.gateways.keys import Keys, folder_of, load_or_make

UP_WITHIN_S: Final = 60
PROVIDERS: Final = ("stripe", "paypal", "coinbase")


@dataclass
class Sandbox:
    """A running process of stand-ins."""

    data_dir: Path
    port: int
    keys: Keys
    definitions: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=90, trust_env=False))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment by which VibeStream's processes use these stand-ins."""
        return self.keys.environment(self.address)

    def settings(self, **overrides: object) -> Settings:
        """Return settings whose gateways are these stand-ins."""
        given = {name.removeprefix("VIBESTREAM_").lower(): value for name, value in self.variables.items()}
        return load_settings(**({"environment": Environment.TEST, "data_dir": self.data_dir} | given | overrides))

    # Its life

    def start(self) -> None:
        environment = os.environ | {
            "VIBESTREAM_ENVIRONMENT": "test",
            "VIBESTREAM_DATA_DIR": str(self.data_dir),
            "VIBESTREAM_SANDBOX_GATEWAYS_PORT": str(self.port),
            "VIBESTREAM_PORT": "9",
            "VIBESTREAM_LOG_LEVEL": "warning",
        }
        if self.definitions is not None:
            environment["VIBESTREAM_SANDBOX_DEFINITIONS"] = str(self.definitions)
        self.process = subprocess.Popen([sys.executable, "-m", "vibestream.sandbox.gateways"], env=environment)
        deadline = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                answer = self.client.get(f"{self.address}/_sandbox/health")
            except httpx.TransportError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                answer.raise_for_status()
                return

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    # Its switches

    def control(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """Ask `/_sandbox/{path}`; raises when the sandbox refuses."""
        answer = self.client.request(method, f"{self.address}/_sandbox/{path}", json=body)
        if answer.is_error:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def fault(self, provider: str, kind: str, *, on: str = "*", times: int = 1, **options: Any) -> None:
        self.control(f"{provider}/faults", {"kind": kind, "on": on, "times": times} | options)

    def faults_left(self, provider: str) -> list[dict[str, Any]]:
        return list(self.control(f"{provider}/faults", method="GET")["faults"])

    def book(self, provider: str) -> list[dict[str, Any]]:
        """The provider's own books, the newest first: line, kind, object, amount, fee (minor units), currency, at, ours."""
        return list(self.control(f"{provider}/book", method="GET")["lines"])

    def dispute(self, provider: str, **body: Any) -> dict[str, Any]:
        return dict(self.control(f"{provider}/dispute", body))

    def refund(self, provider: str, **body: Any) -> dict[str, Any]:
        """A refund that the merchant's own software did not ask for; or the end of one."""
        return dict(self.control(f"{provider}/refund", body))

    def payout(self, provider: str, **body: Any) -> dict[str, Any]:
        return dict(self.control(f"{provider}/payout", body))

    def onboard(self, account: str) -> None:
        """Let a connected account of Stripe become active, as its owner's visit to the onboarding page does."""
        self.payout("stripe", account=account, status="active")

    def plant(self, provider: str, kind: str, **body: Any) -> dict[str, Any]:
        """Make its books disagree: missing_here, missing_there, amount_differs, duplicate."""
        return dict(self.control(f"{provider}/plant", {"kind": kind} | body))

    def settle(self, provider: str) -> dict[str, Any]:
        return dict(self.control(f"{provider}/settle", {}))

    def advance(self, seconds: int) -> None:
        """Move the stand-ins' time on, and do what is then due there."""
        self.control("clock", {"advance_s": seconds})

    # Its webhooks

    def webhooks_to(self, address: str | None) -> None:
        """Send webhooks to `{address}/webhooks/...` from now on (None: keep them back); those that wait are dropped."""
        self.control("webhooks", {"to": address, "forget": True})

    def deliveries(self, provider: str | None = None) -> list[dict[str, Any]]:
        query = "" if provider is None else f"?provider={provider}"
        return list(self.control(f"webhooks{query}", method="GET")["deliveries"])

    def all_delivered(self, *, within_s: float = 20) -> None:
        """Wait until no delivery waits."""
        deadline = time.monotonic() + within_s
        while self.control("webhooks/waiting", method="GET")["waiting"]:
            assert time.monotonic() < deadline, [one for one in self.deliveries() if one["state"] == "waiting"]
            time.sleep(0.02)

    # Its pages, by HTTP as a browser without script does

    def pay_by_card(self, url: str, number: str = "4242424242424242", *, recognised: bool = True) -> str:
        """Pay a Stripe Checkout page, through 3-D Secure where the card asks for it.

        Returns the address that the browser is then sent to; raises CardRefused when the page asks for another card.
        """
        here = self.click(url, "pay", number=number, email="payer@example.org", expiry="12 / 34", cvc="123")
        if "/stripe/authenticate/" in here:
            here = self.click(here, "recognised" if recognised else "refused")
        return here

    def click(self, url: str, act: str, **fields: str) -> str:
        """Load a page, fill its form, press the button `act`, and return the address that the browser is sent to."""
        page = self.client.get(url)
        assert page.status_code == 200, f"{url}: {page.status_code} {text_of(page.text)}"
        form = Form(page.text)
        assert act in form.buttons, f"no button {act} on {url}: {form.buttons}"
        answer = self.client.post(urljoin(url, form.action or url), data=form.fields | fields | {"act": act})
        if answer.status_code != 303:
            raise PageRefused(answer.status_code, text_of(answer.text))
        return urljoin(url, answer.headers["location"])


class PageRefused(Exception):
    """The page was shown again, with an error, instead of leading on."""


class Form(HTMLParser):
    """The first form of a page: what it would send, and its buttons by value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []
        self.action: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "form":
            self.action = named.get("action")
        elif tag == "input" and named.get("name"):
            self.fields[str(named["name"])] = named.get("value") or ""
        elif tag == "button":
            self.buttons.append(named.get("value") or "")


def text_of(page: str) -> str:
    """Return the words of a page."""
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign, assignment]
    parser.feed(page)
    return " ".join(" ".join(words).split())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_sandbox(data_dir: Path, *, definitions: Path | None = None) -> Iterator[Sandbox]:
    """Run a sandbox of one's own on a free port until the block ends; it keeps webhooks back until told where to."""
    sandbox = Sandbox(data_dir, free_port(), load_or_make(folder_of(data_dir)), definitions)
    sandbox.start()
    try:
        sandbox.webhooks_to(None)
        yield sandbox
    finally:
        sandbox.stop()
        sandbox.client.close()


def definitions_folder() -> Path | None:
    """Return the folder of the providers' own definitions; None where there is none."""
    named = os.environ.get("VIBESTREAM_TEST_DEFINITIONS")
    return Path(named) if named else None


@pytest.fixture(scope="session")
def shared_gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("gateways"), definitions=definitions_folder()) as sandbox:
        yield sandbox


@pytest.fixture
def gateways(shared_gateways: Sandbox) -> Sandbox:
    """The session's sandbox without faults, at the real time, its webhooks kept back."""
    for name in shared_gateways.control("health", method="GET")["gateways"]:
        shared_gateways.control(f"{name}/faults", method="DELETE")
    shared_gateways.control("clock", {"offset_s": 0})
    shared_gateways.webhooks_to(None)
    return shared_gateways

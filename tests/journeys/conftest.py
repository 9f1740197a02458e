"""The real product in one process tree of its own, and Chromium to use it with.

`product` runs `vibestream up` in a fresh data folder on a free port, with its embedded database, worker and mail; it is
started once for a session and must end with nothing left behind. `browser_for` opens a browser context: another person,
another device.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys import people
from tests.journeys.people import Person

CHROMIUM: Final = "/usr/bin/chromium"
_FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--mute-audio"),
    "--autoplay-policy=no-user-gesture-required",
)
_UP_WITHIN_S: Final = 120
_DOWN_WITHIN_S: Final = 60
_SHOTS: Final = Path(os.environ.get("VIBESTREAM_SHOTS", "/tmp/vs-shots"))


@dataclass(frozen=True)
class Product:
    """A running product."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]
    variables: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Run one of its commands against its data, and return what it printed."""
        ran = subprocess.run(
            [sys.executable, "-m", "vibestream.cli", *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, f"{arguments} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start the product, and stop it as Ctrl-C does."""
    yield from running(tmp_path_factory)


def running(
    tmp_path_factory: pytest.TempPathFactory, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Product]:
    """Start the product, with these settings; stop it, as Ctrl-C does, when the generator goes on."""
    data = tmp_path_factory.mktemp("product")
    port = port or _free_port()
    own = {"VIBESTREAM_DATA_DIR": str(data), "VIBESTREAM_PORT": str(port)}
    variables = {**os.environ, **own, **(settings or {})}
    variables.pop("DATABASE_URL", None)
    log = (data / "up.log").open("wb")
    up = [sys.executable, "-m", "vibestream.cli", "up", "--no-seed"]
    process = subprocess.Popen(up, env=variables, stdout=log, stderr=log, process_group=0)
    started = Product(f"http://localhost:{port}", data, process, variables)
    try:
        _until_ready(started)
        yield started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_DOWN_WITHIN_S)
        log.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def browser_for(
    chromium: Browser, product: Product, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser of one's own; every page of it must stay free of script errors."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _complain(complaints, page, said))

    def open_one(**options: Any) -> BrowserContext:
        settings = {"base_url": product.url, "locale": "en-GB", "viewport": {"width": 1280, "height": 760}}
        context = chromium.new_context(**{**settings, **options})
        context.set_default_timeout(20_000)
        context.on("page", listen)
        opened.append(context)
        return context

    yield open_one
    for number, context in enumerate(opened):
        for page in context.pages:
            if not page.is_closed():
                page.screenshot(path=_SHOTS / "last" / f"{request.node.name}-{number}.png")
        context.close()
    assert complaints == []


@pytest.fixture
def page(browser_for: Callable[..., BrowserContext]) -> Page:
    """A page in a browser of its own."""
    return browser_for().new_page()


@dataclass(frozen=True)
class Stage:
    """What there is to look at: an artist with a published release, a fan who has paid, people who look after it all, and
    their browsers' stored states."""

    artist: Person
    fan: Person
    admin: Person
    finance: Person
    moderator: Person
    """Who also has a page of their own, under their first name."""
    release: str
    handle: str
    states: dict[str, Any]


@pytest.fixture(scope="session")
def stage(product: Product, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Set the stage once for all that plays on it."""
    return set_stage(product, chromium, tmp_path_factory)


def set_stage(product: Product, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Publish a release of three short cuts of a real song, in FLAC; make a fan who hears every quality, and an operator."""
    cuts = people.cut_songs(tmp_path_factory.mktemp("cuts"))
    artist, fan, admin = (people.somebody(name) for name in ("Ana Soler", "Kito", "Olga Petit"))
    finance, moderator = people.somebody("Fiona Keller"), people.somebody("Mora Lind")
    states: dict[str, Any] = {}
    release = ""
    cast = {"artist": artist, "fan": fan, "admin": admin, "finance": finance, "moderator": moderator}
    for name, person in cast.items():
        context = chromium.new_context(base_url=product.url, locale="en-GB")
        context.set_default_timeout(20_000)
        page = context.new_page()
        people.signs_up(page, person)
        if person is artist:
            people.becomes_artist(page, name="Ana Soler", handle="ana.soler")
            people.uploads(page, cuts)
            release = people.publishes(page, title="Media luna")
        if person is fan:
            people.tries_premium(page)
            people.tops_up(page, "25.00")
        if person is moderator:
            people.opens_page(page, handle="mora")
        if person in {admin, finance, moderator}:
            product.command("grant-role", person.email, name)
            context.clear_cookies()
            people.signs_in(page, person)
        states[name] = context.storage_state()
        context.close()
    return Stage(artist, fan, admin, finance, moderator, release, "ana.soler", states)


def own_installation() -> tuple[Any, Any]:
    """Return the fixtures `product` and `stage` for a module whose journeys change what all others would meet."""

    @pytest.fixture(scope="module")
    def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
        yield from running(tmp_path_factory)

    @pytest.fixture(scope="module")
    def stage(product: Product, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Stage:
        return set_stage(product, chromium, tmp_path_factory)

    return product, stage


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where pictures go that people look at: outside the repository."""
    _SHOTS.mkdir(parents=True, exist_ok=True)
    return _SHOTS


def _complain(complaints: list[str], page: Page, said: Any) -> None:
    # A refusal that a test asks for, and a connection that it cuts, are errors of the network to the browser.
    expected = re.match(r"Failed to load resource: (.* 4\d\d|net::ERR_(FAILED|INTERNET_DISCONNECTED))", said.text)
    if said.type == "error" and not expected:
        complaints.append(f"{page.url}: {said.text}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_ready(product: Product) -> None:
    deadline = time.monotonic() + _UP_WITHIN_S
    while product.process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{product.url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("the product did not start:\n" + (product.data / "up.log").read_text()[-4000:])

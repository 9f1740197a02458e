"""`vibestream up`: the laptop shape, one tree of processes under one supervisor."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

import click

from vibestream.cli.connection import seed_file, start_embedded
from vibestream.cli.places import AlreadyRunning, data_folder, require_port
from vibestream.kernel.errors import Unavailable
from vibestream.platform.config import Settings, load_settings
from vibestream.platform.postgres import embedded, migrate
from vibestream.platform.processes import Child, Supervisor

_HEALTHY_WITHIN_S: Final = 60


class NotHealthy(Unavailable):
    """The web server did not become ready; the log above says why."""

    code = "up.not_healthy"


@click.command()
@click.option("--seed/--no-seed", default=True, help="On the first start, publish three short pieces to listen to.")
def command(*, seed: bool) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    Without DATABASE_URL it brings its own PostgreSQL (in VIBESTREAM_DATA_DIR) and migrates it. Without an SMTP server
    it brings a local one, whose mail you read at /sandbox/mail. Without keys of a payment gateway it brings stand-ins of
    Stripe, PayPal and Coinbase, which take test cards and move no money. Nothing is left behind: the database, the web server
    and the worker end with this command, even when it is killed. The data stays. Set VIBESTREAM_LOG_LEVEL=info to see
    every request and job.
    """
    began = time.monotonic()
    settings = load_settings()
    data_folder(settings)
    with _only_one(settings), ExitStack() as stack:
        require_port(settings)
        supervisor = Supervisor()
        variables = dict(os.environ)  # noqa: TID251 - the children inherit it
        # People watch this terminal: what they need to see is a few lines, not every request. A set level is respected.
        variables.setdefault("VIBESTREAM_LOG_LEVEL", "warning")
        variables["DATABASE_URL"] = _database(settings, supervisor, stack)
        stack.callback(supervisor.stop)
        gateways = gateways_of(settings)
        variables |= {} if gateways is None else gateways.environment
        _start_children(supervisor, settings, variables, gateways=gateways is not None)
        _until_healthy(supervisor, settings)
        _greet(settings, seconds=time.monotonic() - began, gateways=gateways)
        if seed and settings.sandboxed and not seed_file(settings).exists():
            supervisor.add(Child("seed", [*_VIBESTREAM, "demo", "--seed"], variables, once=True))
        while supervisor.wait(timeout_s=3600):
            pass
        click.echo("Stopping")


_VIBESTREAM: Final = (sys.executable, "-m", "vibestream.cli")


def _database(settings: Settings, supervisor: Supervisor, stack: ExitStack) -> str:
    """Return the address that the children use: the configured database's, or that of the embedded one, started."""
    if settings.app_dsn is not None:
        migrate.require_head(settings.app_dsn)
        return settings.app_dsn
    server = stack.enter_context(start_embedded(settings))
    supervisor.ended = lambda: "PostgreSQL ended; see its log" if server.process.poll() is not None else None
    migrate.upgrade(server.dsn())
    return server.dsn(user="vibestream_app", database=embedded.DATABASE)


@dataclass(frozen=True, slots=True)
class Gateways:
    """The stand-ins of payment gateways: where they serve, and what every child is told of them."""

    address: str
    environment: dict[str, str] = field(repr=False)


def gateways_of(settings: Settings) -> Gateways | None:
    """Return the stand-ins to start; None in production, and where a real gateway's keys are set."""
    real = (settings.stripe_secret_key, settings.paypal_client_id, settings.coinbase_api_key_id)
    if not settings.sandboxed or any(real):
        return None
    from vibestream.sandbox.gateways.keys import folder_of, load_or_make

    folder = folder_of(settings.data_dir)
    keys = load_or_make(folder)
    # The same port at every start, if it can be had: the addresses of open payment pages stay right.
    kept = folder / "port"
    before = int(kept.read_text()) if kept.exists() else None
    port = settings.sandbox_gateways_port or (before if before and _is_free(before) else _free_port())
    kept.write_text(str(port))
    address = f"http://127.0.0.1:{port}"
    return Gateways(address, keys.environment(address) | {"VIBESTREAM_SANDBOX_GATEWAYS_PORT": str(port)})


def _start_children(supervisor: Supervisor, settings: Settings, variables: dict[str, str], *, gateways: bool) -> None:
    if settings.sandboxed and settings.smtp_host is None:
        variables["VIBESTREAM_SMTP_HOST"] = "127.0.0.1"
        variables["VIBESTREAM_SMTP_PORT"] = str(_free_port())
        variables["VIBESTREAM_SMTP_TLS"] = "none"
        supervisor.add(Child("mail", [sys.executable, "-m", "vibestream.sandbox.mail"], variables))
    for name in ("web", "worker"):
        supervisor.add(Child(name, [*_VIBESTREAM, name], variables))
    if gateways:
        supervisor.add(Child("gateways", [sys.executable, "-m", "vibestream.sandbox.gateways"], variables))


def _until_healthy(supervisor: Supervisor, settings: Settings) -> None:
    deadline = time.monotonic() + _HEALTHY_WITHIN_S
    while supervisor.wait(timeout_s=0.05):
        if _is_ready(settings):
            return
        if time.monotonic() > deadline:
            raise NotHealthy(f"The web server was not ready within {_HEALTHY_WITHIN_S} s; the log above says why.")
    raise click.Abort


def _is_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{settings.host}:{settings.port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _greet(settings: Settings, *, seconds: float, gateways: Gateways | None) -> None:
    click.secho(f"VibeStream is up at {settings.base_url} (after {seconds:.1f} s)", bold=True)
    if settings.sandboxed:
        click.echo(f"Sandbox: mail arrives at {settings.base_url}/sandbox/mail; no mail or money leaves this machine.")
    if gateways is not None:
        click.echo(
            f"Sandbox gateways (Stripe, PayPal, Coinbase) at {gateways.address}. Cards, expiry and CVC as you like:"
        )
        click.echo(
            "  4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, 4000 0025 0000 3155 asks your bank first"
        )
    click.echo(f"Ctrl-C stops it; the data stays in {settings.data_dir.resolve()}")


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    with (settings.data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"VibeStream is already up on {settings.data_dir.resolve()}; stop that one, or set VIBESTREAM_DATA_DIR."
            ) from None
        yield


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""`vibestream web`."""

from __future__ import annotations

import click

from vibestream.cli.places import require_port
from vibestream.platform.config import SettingsInvalid, load_settings
from vibestream.platform.postgres import migrate


@click.command()
def command() -> None:
    """Run the web server alone.

    For deployments of many machines: any number of these beside any number of `vibestream worker`, all with the same
    settings. Needs DATABASE_URL, migrated.
    """
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    settings = load_settings()
    if settings.app_dsn is None:
        raise SettingsInvalid(
            "Settings are wrong. DATABASE_URL: the web server alone needs one; `vibestream up` brings its own"
        )
    require_port(settings)
    migrate.require_head(settings.app_dsn)  # the server's own process would say it in a traceback
    Server(
        "vibestream.app:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=1,
        loop=Loops.uvloop,
        log_enabled=True,
        log_level=LogLevels.warning,
        workers_kill_timeout=5,
    ).serve()

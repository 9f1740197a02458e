"""Where a command listens and writes: looked at first, so that what is wrong is said with what to do about it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Final

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.platform.config import Settings

_OF_ROOT: Final = 1024
"""Ports below are root's. Source: Linux, net.ipv4.ip_unprivileged_port_start."""


class AlreadyRunning(Conflict):
    """Another `vibestream up` uses the same data folder, or something else the same port."""

    code = "up.already_running"


class PlaceUnusable(InvalidInput):
    """The port, the address or the data folder that the settings name cannot be used; the message says why, and what to set."""

    code = "cli.place_unusable"


def require_port(settings: Settings) -> None:
    """Return when the web server can listen where the settings say.

    Raises:
        AlreadyRunning: something listens there.
        PlaceUnusable: the address is not this machine's, or the port may not be used.
    """
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise PlaceUnusable(
            f"VIBESTREAM_HOST: {host} is no address; 127.0.0.1 is this machine alone, 0.0.0.0 every way to it."
        ) from None
    family, _, _, _, address = found[0]
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise _not_bound(error, host, port) from None


def data_folder(settings: Settings) -> Path:
    """Return the data folder, made when it is not there.

    Raises:
        PlaceUnusable: it cannot be made, or nothing may be written into it.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(folder, error.strerror or type(error).__name__) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _no_folder(folder, os.strerror(errno.EACCES))
    return folder


def _not_bound(error: OSError, host: str, port: int) -> AlreadyRunning | PlaceUnusable:
    if error.errno == errno.EADDRNOTAVAIL:
        return PlaceUnusable(
            f"VIBESTREAM_HOST: {host} is no address of this machine; 127.0.0.1 is this machine alone, 0.0.0.0 every way to it."
        )
    if error.errno == errno.EACCES:
        return PlaceUnusable(
            f"VIBESTREAM_PORT: port {port} may not be used by this account; set one from {_OF_ROOT} on, such as 8000."
        )
    return AlreadyRunning(f"Port {port} of {host} is in use; set VIBESTREAM_PORT to another.")


def _no_folder(folder: Path, why: str) -> PlaceUnusable:
    return PlaceUnusable(
        f"VIBESTREAM_DATA_DIR: {folder} cannot be made or written to ({why}); set it to a folder of your own."
    )

"""Giving a process's metrics to a scraper on a port of their own, reachable from this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def metrics_served(port: int | None) -> Iterator[None]:
    """Serve `/metrics` of this process on a loopback port for the time of the block; on None, nowhere."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, addr="127.0.0.1")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

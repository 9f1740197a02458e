"""The reference documentation, generated from the code: settings, commands, events, invariants, HTTP.

`docs/conf.py` writes the pages when the documentation is built; tests/architecture/test_docs.py refuses what has no
description.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import click

import vibestream.contexts
from vibestream.app import create_app
from vibestream.cli.main import cli
from vibestream.flows.audit import INVARIANTS
from vibestream.kernel.events import Event
from vibestream.platform.config import Settings, load_settings, variable_name


def write_all(folder: Path) -> None:
    """Write every generated page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "settings": settings_page(),
        "commands": commands_page(),
        "events": events_page(),
        "invariants": invariants_page(),
        "http": http_page(),
    }
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text)


def settings_page() -> str:
    """Describe every setting: its variable, default and meaning."""
    lines = [
        "# Settings",
        "",
        inspect.getdoc(importlib.import_module("vibestream.platform.config")) or "",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{_plain(field.default)}`"
        lines.append(f"| `{variable_name(name)}` | {default} | {_cell(field.description)} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Describe every command as its `--help` does."""
    lines = ["# Commands", "", "What each command says of itself with `--help`.", ""]
    context = click.Context(cli, info_name="vibestream")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None  # noqa: S101 - it is on the list
        shown = command.get_help(click.Context(command, info_name=f"vibestream {name}", max_content_width=100))
        lines += [f"## vibestream {name}", "", "```text", shown, "```", ""]
    return "\n".join(lines)


def events_page() -> str:
    """Describe every event: who announces it, its fields and its ordering key."""
    lines = ["# Events", "", "What each context announces. Delivery is at least once and, per key, in order.", ""]
    for event in all_events():
        owner = event.__module__.split(".")[-2]
        lines += [f"## {event.__name__}", "", f"`{event.type}` version {event.version}, announced by `{owner}`.", ""]
        lines += [inspect.getdoc(event) or "", "", "| field | type |", "|---|---|"]
        hints = get_type_hints(event)
        lines += [f"| `{one.name}` | `{_type(hints[one.name])}` |" for one in dataclasses.fields(event)]
        lines.append("")
    return "\n".join(lines)


def invariants_page() -> str:
    """Describe every invariant that `vibestream audit` checks."""
    lines = [
        "# Invariants",
        "",
        "What `vibestream audit` checks on a live database.",
        "",
        "| name | statement |",
        "|---|---|",
    ]
    lines += [f"| `{one.name}` | {_cell(one.statement)} |" for one in INVARIANTS]
    return "\n".join(lines) + "\n"


def http_page() -> str:
    """Describe every JSON route: method, path, what it does, and its policy."""
    app = create_app(load_settings())
    policies = {
        (method, route.path): route.policy.name
        for route in app.routes
        if hasattr(route, "policy")
        for method in route.methods
    }
    lines = [
        "# HTTP",
        "",
        "Errors are problem+json (RFC 9457). The OpenAPI document is at `/openapi.json` outside production.",
        "",
    ]
    lines += ["| method | path | what it does | who may |", "|---|---|---|---|"]
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            said = (operation.get("description") or operation.get("summary") or "").split("\n\n")[0]
            who = policies.get((method.upper(), path), "anyone")
            lines.append(f"| {method.upper()} | `{path}` | {_cell(said)} | {who} |")
    return "\n".join(lines) + "\n"


def all_events() -> list[type[Event]]:
    """Return every event class of every context, ordered by type."""
    return sorted(_events(), key=lambda event: event.type)


def _events() -> Iterator[type[Event]]:
    for context in pkgutil.iter_modules(vibestream.contexts.__path__, "vibestream.contexts."):
        try:
            module = importlib.import_module(f"{context.name}.events")
        except ModuleNotFoundError as error:
            if error.name != f"{context.name}.events":
                raise
            continue
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Event) and value.__module__ == module.__name__:
                yield value


def _plain(value: object) -> object:
    return getattr(value, "value", value)


def _cell(text: str | None) -> str:
    return " ".join((text or "").replace("|", "\\|").split())


def _type(hint: object) -> str:
    return getattr(hint, "__name__", str(hint)).replace("|", "\\|")

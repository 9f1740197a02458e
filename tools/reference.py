"""The reference documentation, generated from the code: settings, commands, HTTP, problems, events, jobs, retention and more.

`docs/conf.py` writes the pages when the documentation is built; tests/architecture/test_docs.py refuses what has no
description. Nothing is started and nothing is read from the environment but what `Settings` reads.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

import click
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from prometheus_client import REGISTRY

import vibestream
import vibestream.contexts
from tools.access_matrix import OWNED, WHO, admits, bears_id, object_of, rows_of
from vibestream.app import create_app
from vibestream.cli.main import cli
from vibestream.contexts.listen_reward.scoring.service.evaluations import last_report
from vibestream.flows.audit import invariants_of
from vibestream.flows.kept import KEPT
from vibestream.flows.retention import rules_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.events import Event
from vibestream.platform.access import Policy
from vibestream.platform.config import Environment, Settings, load_settings, variable_name
from vibestream.platform.http.problems import STATUS
from vibestream.platform.invariants import Invariant
from vibestream.platform.jobs import Job, declared_jobs
from vibestream.platform.retention import after
from vibestream.platform.storage.local import LocalObjectStore
from vibestream.sandbox.listeners.pages import page as report_page

PAGES: Final = (
    "settings",
    "commands",
    "http",
    "access",
    "problems",
    "events",
    "jobs",
    "metrics",
    "invariants",
    "retention",
    "scoring",
)
_WIDTH: Final = 100
_UNTAGGED: Final = "other"
_FOR_MACHINES: Final = {
    "/livez": "Say whether the event loop turns: restart the process when it does not.",
    "/startupz": "Say whether the process has finished starting.",
    "/readyz": "Say whether requests can be answered: send none when they cannot.",
    "/metrics": "Return this process's metrics to an operator; scrapers are given a port of their own.",
    "/api/openapi.json": "Describe all this as an OpenAPI 3.1 document.",
    "/media/{path:path}": "Send playlists, segments and covers. The signed address is the permission.",
}
"""Not in the OpenAPI document, and worth knowing all the same."""


def write_all(folder: Path) -> None:
    """Write every generated page into a folder; a page that has not changed is left alone, so builds stay incremental."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        text, page = globals()[f"{name}_page"](), folder / f"{name}.md"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


def scoring_page() -> str:
    """Say what the committed model and policy did to simulated adversaries and people, measured once."""
    return report_page(last_report(), title="Scoring, measured")


def settings_page() -> str:
    """Describe every setting: its variable, default and meaning."""
    about = inspect.getdoc(importlib.import_module("vibestream.platform.config")) or ""
    rows = [
        (f"`{variable_name(name)}`", "" if field.default is None else f"`{_plain(field.default)}`", field.description)
        for name, field in Settings.model_fields.items()
    ]
    return _page("Settings", about, _table(("variable", "default", "meaning"), rows))


def commands_page() -> str:
    """Describe every command, and the commands below it, as its `--help` does."""
    parts = ["What each command says of itself with `--help`."]
    for words, command in all_commands():
        context = click.Context(command, info_name=words, max_content_width=_WIDTH, terminal_width=_WIDTH)
        parts.append(f"{'#' * len(words.split())} {words}\n\n```text\n{command.get_help(context)}\n```")
    return _page("Commands", *parts)


def http_page() -> str:
    """Describe every route for programs: method, path, what it does, and its policy."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for route in all_routes():
        policy, original, path = policy_of(route), route.original_route, str(route.path)
        methods = sorted((route.methods or set()) - {"HEAD"}) or ["HEAD"]
        for_machines = path in _FOR_MACHINES and methods != ["HEAD"]
        if policy is not None and (getattr(original, "include_in_schema", False) or for_machines):
            where = str((getattr(original, "tags", None) or [_UNTAGGED])[0])
            said = _FOR_MACHINES.get(path) or _first_paragraph(inspect.getdoc(route.endpoint))
            groups.setdefault(where, []).append(
                (
                    ", ".join(methods),
                    f"`{path}`",
                    said,
                    policy.name,
                    "" if policy.scope is None else f"`{policy.scope}`",
                )
            )
    about = (
        "Who is signed in is known by the session's cookie, or by an access token that an app or a program of theirs sends "
        "in the `Authorization` header: it opens the addresses whose `scope` it holds, and no other "
        "([how to](../how-to/let-an-app-in.md)). Errors are [problems](problems.md). Lists come in pages: "
        "`?limit=` says how long a page may be, and `next_cursor` of an answer is the `?cursor=` of the next. The same, "
        "with every field, as an OpenAPI document: `/api/openapi.json` of any running instance."
    )
    parts = [
        f"## {name}\n\n{_table(('method', 'path', 'what it does', 'who may', 'scope'), rows)}"
        for name, rows in groups.items()
    ]
    return _page("HTTP", about, *parts)


def access_page() -> str:
    """Describe who may call each route, by role, and whose object an id in its address is."""
    about = (
        "Each route against each role, as its policy decides it; what is not let in is refused before anything is looked "
        "at: 401 to nobody, 403 to a role that is missing. A fan is everybody who is signed in. `apps` names the scope that "
        "lets an [access token](http.md) in; without one no app is let in."
    )
    heads = ("method", "path", *WHO, "apps", "whose the id is")
    return _page("Access", about, _table(heads, (row for route in all_routes() for row in _access_of(route))))


def problems_page() -> str:
    """Describe every problem that may be answered: code, status, meaning."""
    about = (
        "Errors are answered as `application/problem+json` "
        "([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `type` is `urn:vibestream:problem:` and the code, "
        "`detail` says in one sentence what to do, `facts` holds what a program may want to know, `errors` every field "
        "that does not fit. Codes are stable."
    )
    rows = [(f"`{one.code}`", str(status_of(one)), _first_paragraph(inspect.getdoc(one))) for one in all_problems()]
    return _page("Problems", about, _table(("code", "status", "meaning"), rows))


def events_page() -> str:
    """Describe every event: who announces it, its fields."""
    parts = ["What each context announces. Delivery is at least once and, per key, in order."]
    for event in all_events():
        hints = get_type_hints(event)
        rows = [(f"`{one.name}`", f"`{_type(hints[one.name])}`") for one in dataclasses.fields(event)]
        parts += [
            f"## {event.__name__}",
            f"`{event.type}` version {event.version}, announced by `{event.__module__.split('.')[-2]}`.",
            inspect.getdoc(event) or "",
            _table(("field", "type"), rows),
        ]
    return _page("Events", *parts)


def jobs_page() -> str:
    """Describe every job: what it does, its queue, how often it is tried or runs."""
    rows = [
        (f"`{one.name}`", _first_paragraph(inspect.getdoc(one.function)), one.queue, _rhythm(one)) for one in all_jobs()
    ]
    return _page(
        "Jobs", "What workers do beside relaying events.", _table(("name", "what it does", "queue", "when"), rows)
    )


def retention_page() -> str:
    """Describe every rule of retention: what it drops, and after how long by default."""
    rows = [
        (f"`{one.name}`", one.what, one.does.value, after(one.kept, one.since)) for one in rules_of(load_settings())
    ]
    about = (
        "For how long what is kept, with default settings. The worker keeps to every rule each hour; "
        "`vibestream retention` shows when each last ran. Why is told in [what is held of a person](../explanation/privacy.md)."
    )
    reasons = dict.fromkeys(KEPT.values())
    kept = [(one, ", ".join(f"`{table}`" for table, reason in KEPT.items() if reason == one)) for one in reasons]
    tables = (_table(("rule", "what", "does", "after"), rows), _table(("no rule, because", "tables"), kept))
    return _page("Retention", about, "\n\n".join(tables))


def metrics_page() -> str:
    """Describe every metric of our own."""
    rows = [(f"`{name}`", kind, meaning) for name, kind, meaning in all_metrics()]
    about = (
        "What each process tells Prometheus, at the port of `VIBESTREAM_METRICS_PORT`, or at `/metrics` of a web server "
        "for operators. Metrics of Python and of the process are there as well."
    )
    return _page("Metrics", about, _table(("name", "kind", "meaning"), rows))


def invariants_page() -> str:
    """Describe every invariant that `vibestream audit` checks."""
    rows = [(f"`{one.name}`", one.statement) for one in all_invariants()]
    return _page(
        "Invariants", "What `vibestream audit` checks on a live database.", _table(("name", "statement"), rows)
    )


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with the words that call it, each followed by those below it."""
    yield from _commands_below(cli, "vibestream")


@cache
def application() -> FastAPI:
    """Return the application as it is outside production, over a database that nobody connects to."""
    unreachable = {"database_url": "postgresql://nobody@localhost/none", "secret_key": "documentation" * 3}
    return create_app(load_settings(environment=Environment.DEVELOPMENT, **unreachable))


def all_routes() -> list[RouteContext]:
    """Return every route of the application, those of included routers with their whole path."""
    return list(iter_route_contexts(application().routes))


def policy_of(route: RouteContext) -> Policy | None:
    """Return who may call a route; None for one that does not say."""
    policy = getattr(route.original_route, "policy", None)
    return policy if isinstance(policy, Policy) else None


def all_problems() -> list[type[VibeStreamError]]:
    """Return every foreseen error that has a code of its own, ordered by code."""
    for module in pkgutil.walk_packages(vibestream.__path__, "vibestream."):
        if not module.name.endswith("__main__") and "migrations" not in module.name:
            importlib.import_module(module.name)
    return sorted(set(_errors_below(VibeStreamError)), key=lambda one: (one.code, one.__name__))


def status_of(error: type[VibeStreamError]) -> int:
    """Return the HTTP status that an error is answered with."""
    return int(getattr(error, "http_status", STATUS[error.kind]))


def all_events() -> list[type[Event]]:
    """Return every event class of every context, ordered by type."""
    return sorted(_events(), key=lambda event: event.type)


def all_jobs() -> list[Job]:
    """Return every job that a worker knows, ordered by name."""
    importlib.import_module("vibestream.worker")
    return [job for _, job in sorted(declared_jobs().items())]


def all_metrics() -> list[tuple[str, str, str]]:
    """Return name, kind and meaning of every metric that our own code declares."""
    importlib.import_module("vibestream.worker")
    application()
    found = (
        (f"{one.name}_total" if one.type == "counter" else one.name, one.type, one.documentation)
        for one in REGISTRY.collect()
    )
    return sorted(row for row in found if row[0].startswith("vibestream_"))


def all_invariants() -> tuple[Invariant, ...]:
    """Return every invariant, those that look into the object store included."""
    settings = load_settings(ledger_seal_key="A" * 43)
    return invariants_of(settings, LocalObjectStore(Path("objects")))


def _access_of(route: RouteContext) -> Iterator[tuple[str, ...]]:
    policy = policy_of(route)
    if policy is None or (route.methods == {"HEAD"} and "HEAD " + str(route.path) not in OWNED):
        return
    for row in rows_of(str(route.path), route.methods or ()):
        method, path = row.split(" ", maxsplit=1)
        may = ("yes" if admits(row, policy, who) else "" for who in WHO)
        whose = object_of(row, policy) if bears_id(path) else ""
        yield method, f"`{path}`", *may, policy.scope or "", whose


def _commands_below(group: click.Group, words: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=words)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101 - it is on the list
        yield f"{words} {name}", command
        if isinstance(command, click.Group):
            yield from _commands_below(command, f"{words} {name}")


def _errors_below(base: type[VibeStreamError]) -> Iterator[type[VibeStreamError]]:
    for error in base.__subclasses__():
        if "code" in vars(error) and error.__module__.startswith("vibestream."):
            yield error
        yield from _errors_below(error)


def _events() -> Iterator[type[Event]]:
    for context in pkgutil.iter_modules(vibestream.contexts.__path__, "vibestream.contexts."):
        try:
            module = importlib.import_module(f"{context.name}.events")
        except ModuleNotFoundError as error:
            if error.name != f"{context.name}.events":
                raise
            continue
        # What several events share is private to their module, and no event.
        for value in (one for name, one in vars(module).items() if not name.startswith("_")):
            if inspect.isclass(value) and issubclass(value, Event) and value.__module__ == module.__name__:
                yield value


def _rhythm(job: Job) -> str:
    return f"every {job.every_s} s" if job.every_s is not None else f"when deferred, at most {job.attempts} times"


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _plain(value: object) -> object:
    return getattr(value, "value", value)


def _cell(text: str | None) -> str:
    return " ".join((text or "").replace("|", "\\|").split())


def _first_paragraph(text: str | None) -> str:
    return (text or "").split("\n\n", maxsplit=1)[0]


def _type(hint: Any) -> str:
    """Return a type as it is written in the code, without its module."""
    origin = typing.get_origin(hint)
    if hint is Ellipsis:
        return "..."
    if origin is None:
        return "None" if hint is types.NoneType else str(getattr(hint, "__name__", hint))
    inside = [_type(one) for one in typing.get_args(hint)]
    if origin in (typing.Union, types.UnionType):
        return " | ".join(inside)
    return f"{origin.__name__}[{', '.join(inside)}]"

"""Nothing that people can see or set is without a description, and the pages that say so are whole."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest

from tools import reference
from vibestream.kernel.events import Event
from vibestream.platform.config import Settings, variable_name

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_setting_is_described():
    page = reference.settings_page()

    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"| `{variable_name(name)}` |" in page


def test_every_event_says_what_happened_and_has_a_key_of_its_own():
    page = reference.events_page()

    assert len(reference.all_events()) >= 10
    for event in reference.all_events():
        assert inspect.getdoc(event), event
        assert event.key is not Event.key, event
        assert f"`{event.type}` version {event.version}" in page


def test_no_two_events_share_a_type_and_version():
    names = [(event.type, event.version) for event in reference.all_events()]

    assert len(names) == len(set(names))


def test_every_command_teaches():
    page = reference.commands_page()

    for words, command in reference.all_commands():
        assert len(command.help or "") > (80 if len(words.split()) == 2 else 20), words
        assert "\\b" not in (command.help or ""), words
        assert all(option.help for option in command.params if isinstance(option, click.Option)), words
        assert f"# {words}\n" in page


def test_every_invariant_has_a_name_of_its_own_and_a_statement():
    invariants = reference.all_invariants()

    assert len(invariants) == len({one.name for one in invariants})
    assert all(one.statement.endswith(".") for one in invariants)


def test_every_rule_of_retention_is_told_with_its_time():
    page = reference.retention_page()

    assert "| `user.sessions` | Sessions | deletes | 30 days after they expired |" in page
    assert "| `user.exports` | Copies of data; that there was one stays | empties | once their days were over |" in page
    assert page.count("\n| `") >= 20


def test_every_route_says_who_may_call_it():
    routes = reference.all_routes()

    assert len(routes) > 100
    assert [route.path for route in routes if reference.policy_of(route) is None] == []


def test_the_reference_says_of_each_route_who_may_call_it():
    page = reference.http_page()

    assert "| GET | `/api/v1/wallet` | Return what the signed-in person has. | signed in | `wallet:read` |" in page
    assert (
        "| POST | `/api/v1/tus` | Begin an upload; a body that comes along is its first bytes. | signed in |  |" in page
    )
    described = re.findall(
        r"^\| [A-Z, ]+ \| `(/[^`]*)` \| (.*?) \| (?:anyone|signed in|holds \w+) \| (?:`[a-z:_]+`)? ?\|$",
        page,
        re.MULTILINE,
    )
    assert len(described) > 50
    assert [path for path, said in described if not said] == []


def test_every_problem_has_a_meaning_and_no_two_share_a_code():
    problems = reference.all_problems()

    assert len(problems) > 100
    assert [one for one in problems if not inspect.getdoc(one)] == []
    codes = [one.code for one in problems]
    assert sorted({code for code in codes if codes.count(code) > 1}) == []


def test_every_job_and_every_metric_says_what_it_is():
    assert [
        one.name
        for one in reference.all_jobs()
        if not one.name.startswith("test.") and not inspect.getdoc(one.function)
    ] == []
    assert [name for name, _, meaning in reference.all_metrics() if not meaning.endswith(".")] == []
    assert len(reference.all_metrics()) > 20


def test_every_flow_is_explained_in_the_architecture():
    explained = (DOCS / "explanation" / "architecture.md").read_text()
    flows = {path.stem for path in (ROOT / "src/vibestream/flows").glob("*.py")} - {"__init__"}

    assert {flow for flow in flows if f"`{flow}`" not in explained} == set()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_between_pages_leads_somewhere(page: Path):
    if "_build" in page.parts:
        pytest.skip("built output")
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text())

    generated = {f"{name}.md" for name in reference.PAGES}
    broken = [link for link in links if not (page.parent / link).exists() and Path(link).name not in generated]
    assert broken == []


def test_decisions_are_numbered_without_gaps_and_say_what_they_cost():
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))

    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences")), path.name

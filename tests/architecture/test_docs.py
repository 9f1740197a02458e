"""Nothing that people can see or set is without a description, and the pages that say so are whole."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest

from tools import reference
from vibestream.cli.main import cli
from vibestream.flows.audit import INVARIANTS
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
        assert "key" in vars(event), event
        assert f"`{event.type}` version {event.version}" in page


def test_no_two_events_share_a_type_and_version():
    names = [(event.type, event.version) for event in reference.all_events()]

    assert len(names) == len(set(names))


def test_every_command_teaches():
    context = click.Context(cli, info_name="vibestream")

    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert len(command.help or "") > 80, name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name


def test_every_invariant_has_a_name_of_its_own_and_a_statement():
    names = [one.name for one in INVARIANTS]

    assert len(names) == len(set(names))
    assert all(one.statement.endswith(".") for one in INVARIANTS)


def test_every_flow_is_explained_in_the_architecture():
    explained = (DOCS / "explanation" / "architecture.md").read_text()
    flows = {path.stem for path in (ROOT / "src/vibestream/flows").glob("*.py")} - {"__init__"}

    assert {flow for flow in flows if f"`{flow}`" not in explained} == set()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_between_pages_leads_somewhere(page: Path):
    if "_build" in page.parts:
        pytest.skip("built output")
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text())

    generated = {"settings.md", "commands.md", "events.md", "invariants.md", "http.md"}
    broken = [link for link in links if not (page.parent / link).exists() and Path(link).name not in generated]
    assert broken == []


def test_decisions_are_numbered_without_gaps_and_say_what_they_cost():
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))

    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences")), path.name

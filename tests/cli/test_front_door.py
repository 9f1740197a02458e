"""The command as a newcomer meets it: whatever is wrong is said in a line, with what to do, and never in a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PASSWORD = "hunter2-of-nobody"
NOWHERE = f"postgresql://app:{PASSWORD}@127.0.0.1:1/none"
BROKEN = f"postgresql://app:{PASSWORD}@127.0.0.1/none?frobnicate=1"


@pytest.fixture
def ran(tmp_path: Path):
    """Run the command in a process of its own, and return its exit code and all that it said."""

    def run(*arguments: str, **variables: str) -> tuple[int, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIBESTREAM_", "DATABASE_"))}
        done = subprocess.run(
            [sys.executable, "-m", "vibestream.cli", *arguments],
            env=kept | {"VIBESTREAM_DATA_DIR": str(tmp_path / "data"), "TMPDIR": str(tmp_path)} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert PASSWORD not in said, said
        return done.returncode, said

    return run


def test_a_command_that_there_is_not_is_named_with_the_one_that_is_meant(ran):
    code, said = ran("audti")
    assert (code, said.splitlines()[-1]) == (2, "Error: No such command 'audti'. Did you mean 'audit'?")
    code, said = ran("frobnicate")
    assert (code, "No such command 'frobnicate'." in said, "mean" in said) == (2, True, False)


@pytest.mark.parametrize("command", ["audit", "migrate", "web", "worker", "up"])
def test_a_database_that_does_not_answer_or_cannot_be_read_is_said_in_a_line_without_its_password(ran, command: str):
    down, malformed = [ran(command, DATABASE_URL=one) for one in (NOWHERE, BROKEN)]

    assert down[0] == malformed[0] == 1
    assert down[1].startswith("The database does not answer; check DATABASE_URL. It said: connection failed")
    assert malformed[1] == (
        "Settings are wrong:\n- DATABASE_URL: this is no address of a PostgreSQL;"
        " one is written as postgresql://user:password@host:5432/database\n"
    )


def test_the_web_server_alone_wants_a_database(ran):
    code, said = ran("web")

    assert (code, said) == (
        1,
        "Settings are wrong. DATABASE_URL: the web server alone needs one; `vibestream up` brings its own\n",
    )


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_port_that_is_taken_and_an_address_of_another_machine_are_told_apart(ran, command: str):
    more = {"DATABASE_URL": NOWHERE} if command == "web" else {}
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        taken = ran(command, VIBESTREAM_PORT=port, **more)
    elsewhere = ran(command, VIBESTREAM_HOST="192.0.2.1", VIBESTREAM_PORT=port, **more)
    nowhere = ran(command, VIBESTREAM_HOST="nowhere.invalid", VIBESTREAM_PORT=port, **more)

    assert taken == (1, f"Port {port} of 127.0.0.1 is in use; set VIBESTREAM_PORT to another.\n")
    assert elsewhere[0] == nowhere[0] == 1
    assert elsewhere[1].startswith("VIBESTREAM_HOST: 192.0.2.1 is no address of this machine;")
    assert nowhere[1].startswith("VIBESTREAM_HOST: nowhere.invalid is no address;")


@pytest.mark.parametrize("command", ["up", "audit", "migrate"])
def test_a_data_folder_that_cannot_be_made_is_named_with_the_setting(ran, tmp_path: Path, command: str):
    (tmp_path / "file").touch()

    code, said = ran(command, VIBESTREAM_DATA_DIR=str(tmp_path / "file" / "data"))

    assert code == 1
    assert said == (
        f"VIBESTREAM_DATA_DIR: {tmp_path}/file/data cannot be made or written to (Not a directory);"
        " set it to a folder of your own.\n"
    )


@pytest.mark.parametrize("arguments", [("epoch", "close", "yesterday"), ("reconcile", "--day", "2026-02-30")])
def test_a_day_that_is_none_is_answered_with_how_one_is_written(ran, arguments: tuple[str, ...]):
    code, said = ran(*arguments)

    assert code == 2
    assert f"'{arguments[-1]}' is no day; one is written as 2026-11-24." in said
    assert "%Y" not in said


def test_a_file_that_cannot_be_written_is_named(ran, tmp_path: Path):
    where = tmp_path / "nowhere" / "my.secret"

    assert ran("claim", "secret", str(where)) == (1, f"{where}: No such file or directory\n")


def test_what_answers_and_is_not_vibestream_is_not_quoted(ran, tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    serve = [sys.executable, "-u", "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        assert other.stdout is not None
        other.stdout.readline()
        code, said = ran("demo", "--url", f"http://127.0.0.1:{port}")
        other.terminate()

    assert code == 1
    assert f"What answers at http://127.0.0.1:{port} is not VibeStream (404)" in said
    assert "<html" not in said


def failing(command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that fails as none should: there is no way to make a real one do it."""
    program = (
        "import click, sys, types; from vibestream.cli.main import main;"
        f"module = types.ModuleType('vibestream.cli.{command}');"
        f"module.command = click.Command('{command}', callback=lambda: {{}}['gone']);"
        f"sys.modules[module.__name__] = module; sys.argv = ['vibestream', '{command}']; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_defect_is_one_line_and_where_it_happened_a_file_that_nobody_else_reads(tmp_path: Path):
    done = failing("audit", tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("This is a defect of VibeStream (KeyError). Nothing more was done.\n")
    assert "Traceback" not in done.stderr
    (kept,) = tmp_path.glob("vibestream-defect-*.txt")
    assert str(kept) in done.stderr
    assert "KeyError: 'gone'" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_server_keeps_its_defects_in_its_log_and_no_file(tmp_path: Path):
    done = failing("worker", tmp_path)

    assert done.returncode == 1
    assert "process.defect" in done.stdout + done.stderr
    assert "KeyError" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_who_has_read_enough_ends_it_without_a_word(tmp_path: Path):
    pipe = f"{sys.executable} -m vibestream.cli config | head -1"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)

    assert (done.stdout.count("\n"), done.stderr) == (1, "")

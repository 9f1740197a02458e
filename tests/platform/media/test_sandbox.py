"""What a sandboxed program can see, do and use, and what happens where bubblewrap is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import structlog

from vibestream.platform.config import SandboxRule
from vibestream.platform.media import sandbox as sandboxes
from vibestream.platform.media.child import Ending, OutputTooLarge, read_all, running
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import (
    SANDBOX_UID,
    Limits,
    Program,
    Sandbox,
    SandboxMissing,
    open_sandbox,
    without_bubblewrap,
)

LIMITS = Limits(cpu_s=10, wall_s=30)
ROOT = os.geteuid() == 0


@pytest.fixture(params=["bubblewrap", "limits alone"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return open_sandbox(SandboxRule.REQUIRE) if request.param == "bubblewrap" else without_bubblewrap()


@pytest.fixture
def isolated() -> Sandbox:
    return open_sandbox(SandboxRule.REQUIRE)


async def said(
    sandbox: Sandbox, script: str, folder: Path, *, limits: Limits = LIMITS, reads: tuple[Path, ...] = ()
) -> tuple[str, Ending]:
    """Run a Python script and return what it wrote to descriptor 3, and how it ended."""
    file = folder / "script.py"
    file.write_text(
        "import os, sys\ndef say(what): os.write(3, str(what).encode() + b'\\n')\n" + textwrap.dedent(script)
    )
    file.chmod(0o644)
    program, arguments = python(file, packages=("mutagen",))
    async with running(sandbox, program, arguments, reads=reads, pipes=1, limits=limits) as child:
        return (await read_all(child.pipes[0], limit_bytes=10**7)).decode(), await child.ended()


async def test_it_sees_the_files_it_was_given_and_no_others(isolated, tmp_path):
    given, other, pyproject = tmp_path / "given", tmp_path / "other", Path(__file__).parents[3] / "pyproject.toml"
    assert pyproject.exists()
    for path in (given, other):
        path.write_text("x")
        path.chmod(0o644)

    heard, ending = await said(
        isolated,
        f"""
        say(open({str(given)!r}).read())
        for path in ({str(other)!r}, "/etc/passwd", "/etc/hostname", "/proc/1/environ", "/usr/bin/env", {str(pyproject)!r}):
            say(os.path.exists(path))
        say(sorted(os.listdir({str(tmp_path)!r})))
        """,
        tmp_path,
        reads=(given,),
    )

    assert ending.well, ending.complaints
    assert heard.splitlines() == ["x", *["False"] * 6, "['given', 'script.py']"]


async def test_it_cannot_write_a_byte_to_any_file(sandbox, tmp_path):
    tmp_path.chmod(0o777)
    heard, _ = await said(
        sandbox,
        f"""
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", {str(tmp_path)!r}):
            try:
                with open(folder + "/made-by-the-sandbox", "w") as file:
                    file.write("x")
                say("wrote " + folder)
            except OSError as error:
                say("refused")
        """,
        tmp_path,
    )

    assert heard.splitlines() == ["refused"] * 5


async def test_it_cannot_reach_the_network_of_this_machine(isolated, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        heard, ending = await said(
            isolated,
            f"""
            import socket
            try:
                socket.create_connection(("127.0.0.1", {port}), timeout=2)
                say("connected")
            except OSError as error:
                say("refused")
            """,
            tmp_path,
        )

    assert (heard, ending.well) == ("refused\n", True)


async def test_it_cannot_see_or_signal_another_process(isolated, tmp_path):
    heard, _ = await said(
        isolated,
        f"""
        say(os.getpid() < 10)
        try:
            os.kill({os.getpid()}, 0)
            say("alive")
        except OSError:
            say("no such process")
        """,
        tmp_path,
    )

    assert heard.splitlines() == ["True", "no such process"]


@pytest.mark.skipif(not ROOT, reason="only root can make another user of its child")
async def test_roots_child_is_a_user_that_owns_nothing(sandbox):
    show = Program(Path(shutil.which("sleep") or "/bin/sleep"))
    async with running(sandbox, show, ["5"], limits=LIMITS):
        await asyncio.sleep(0.3)
        uids = {status_of(pid)["Uid"].split()[0] for pid in descendants(os.getpid()) if name_of(pid) == "sleep"}

    assert uids == {str(SANDBOX_UID)}


@pytest.mark.skipif(not ROOT, reason="only root could gain anything")
async def test_it_keeps_no_capability_and_can_gain_none(sandbox):
    show = Program(Path(shutil.which("sleep") or "/bin/sleep"))
    async with running(sandbox, show, ["5"], limits=LIMITS):
        await asyncio.sleep(0.3)
        (pid,) = (pid for pid in descendants(os.getpid()) if name_of(pid) == "sleep")
        status = status_of(pid)

    assert (int(status["CapEff"], 16), int(status["CapPrm"], 16), int(status["CapInh"], 16)) == (0, 0, 0)
    assert status["NoNewPrivs"] == "1"


async def test_it_is_told_nothing_by_the_environment(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("VIBESTREAM_SECRET_KEY", "0123456789" * 4)

    heard, _ = await said(sandbox, "say(sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}))", tmp_path)

    assert heard == "['AV_LOG_FORCE_NOCOLOR', 'LANG']\n"


async def test_processor_time_has_a_ceiling(sandbox, tmp_path):
    began = time.monotonic()
    _, ending = await said(sandbox, "while True: pass", tmp_path, limits=Limits(cpu_s=1, wall_s=30))

    assert ending.killed_by is signal.SIGXCPU
    assert not ending.late
    assert time.monotonic() - began < 15


async def test_memory_has_a_ceiling(sandbox, tmp_path):
    limits = Limits(cpu_s=10, wall_s=30, memory_bytes=300 * 1024**2)

    heard, ending = await said(
        sandbox, "say(len(bytearray(50_000_000))); bytearray(400_000_000)", tmp_path, limits=limits
    )

    assert heard == "50000000\n"
    assert "MemoryError" in ending.complaints


async def test_wall_time_has_a_ceiling(sandbox, tmp_path):
    _, ending = await said(sandbox, "import time; time.sleep(60)", tmp_path, limits=Limits(cpu_s=10, wall_s=0.7))

    assert (ending.late, ending.killed_by, ending.well) == (True, signal.SIGKILL, False)


async def test_what_it_writes_to_a_pipe_has_a_ceiling(sandbox, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os\nwhile True: os.write(3, bytes(65536))")
    script.chmod(0o644)
    program, arguments = python(script, packages=("mutagen",))

    async with running(sandbox, program, arguments, pipes=1, limits=LIMITS) as child:
        with pytest.raises(OutputTooLarge):
            await read_all(child.pipes[0], limit_bytes=10**6)

    assert not descendants_named(script)


@pytest.mark.parametrize("code", [1, 69, 127, 128, 183, 234, 255])
async def test_a_programs_own_exit_code_is_not_taken_for_a_signal(sandbox, tmp_path, code):
    _, ending = await said(sandbox, f"os._exit({code})", tmp_path)

    assert (ending.code, ending.killed_by, ending.well) == (code, None, False)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
async def test_a_program_that_was_killed_says_by_what(sandbox, tmp_path, number):
    _, ending = await said(sandbox, f"import signal; os.kill(os.getpid(), {number.value})", tmp_path)

    assert (ending.code, ending.killed_by, ending.well) == (0, number, False)


async def test_of_what_it_complains_only_the_end_is_kept(sandbox, tmp_path):
    _, ending = await said(sandbox, "sys.stderr.write('x' * 5_000_000 + 'the end'); sys.exit(3)", tmp_path)

    assert (ending.code, ending.complaints[-7:], len(ending.complaints)) == (3, "the end", 16_384)


async def test_leaving_the_block_ends_it(sandbox, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import time\ntime.sleep(60)")
    script.chmod(0o644)
    program, arguments = python(script, packages=("mutagen",))
    with pytest.raises(ZeroDivisionError):
        async with running(sandbox, program, arguments, limits=LIMITS):
            await asyncio.sleep(0.3)
            raise ZeroDivisionError

    await gone(script)


@pytest.mark.parametrize("how", ["bubblewrap", "limits alone"])
async def test_killing_the_parent_ends_it(tmp_path, how):
    script, parent = tmp_path / "script.py", tmp_path / "parent.py"
    script.write_text("import os, time\nos.write(3, b'up')\ntime.sleep(60)")
    script.chmod(0o644)
    parent.write_text(f"""
import asyncio, pathlib
from vibestream.platform.config import SandboxRule
from vibestream.platform.media.child import running
from vibestream.platform.media.programs import python
from vibestream.platform.media.sandbox import Limits, open_sandbox, without_bubblewrap
async def main():
    sandbox = open_sandbox(SandboxRule.REQUIRE) if {how == "bubblewrap"} else without_bubblewrap()
    program, arguments = python(pathlib.Path({str(script)!r}), packages=("mutagen",))
    async with running(sandbox, program, arguments, pipes=1, limits=Limits(cpu_s=10, wall_s=60)) as child:
        print((await child.pipes[0].read(2)).decode(), flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
""")
    process = subprocess.Popen([sys.executable, parent], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"up\n"
        assert descendants_named(script)
        process.kill()
        process.wait()

    await gone(script)


def test_where_bubblewrap_is_missing_the_rule_decides(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    sandboxes._found.cache_clear()
    try:
        with structlog.testing.capture_logs() as logs:
            found = open_sandbox(SandboxRule.PREFER)
            open_sandbox(SandboxRule.PREFER)
            with pytest.raises(SandboxMissing, match="Uploads are refused"):
                open_sandbox(SandboxRule.REQUIRE)
    finally:
        sandboxes._found.cache_clear()

    assert not found.isolated
    assert [(log["log_level"], log["event"], log["reason"]) for log in logs] == [
        ("warning", "media.sandbox.missing", "bubblewrap is not installed")
    ]


def test_a_bubblewrap_that_does_not_work_is_as_good_as_none(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sandboxes._found.cache_clear()
    try:
        with pytest.raises(SandboxMissing), structlog.testing.capture_logs() as logs:
            open_sandbox(SandboxRule.REQUIRE)
    finally:
        sandboxes._found.cache_clear()

    assert "setting up uid map: Permission denied" in logs[0]["reason"]


@pytest.mark.skipif(not ROOT, reason="for anybody else the child is the same user")
def test_a_file_is_shown_only_if_the_child_could_read_it(tmp_path):
    private, public = tmp_path / "private", tmp_path / "public"
    for path, mode in ((private, 0o600), (public, 0o644)):
        path.write_text("x")
        path.chmod(mode)
    sandbox = open_sandbox(SandboxRule.REQUIRE)

    assert (sandbox.can_read(private), sandbox.can_read(public)) == (False, True)

    sandbox.give(private)
    assert (private.stat().st_uid, private.stat().st_mode & 0o777) == (SANDBOX_UID, 0o400)


def descendants(pid: int) -> list[int]:
    """Return the processes below one, by their parents in /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(status_of(int(entry.name))["PPid"])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [grandchild for child in found for grandchild in descendants(child)]


def descendants_named(script: Path) -> list[int]:
    """Return the live processes that run a script."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(script).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def gone(script: Path) -> None:
    deadline = time.monotonic() + 5
    while descendants_named(script):
        assert time.monotonic() < deadline, "it outlived its parent"
        await asyncio.sleep(0.02)


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def name_of(pid: int) -> str:
    try:
        return status_of(pid)["Name"]
    except (FileNotFoundError, ProcessLookupError):
        return ""

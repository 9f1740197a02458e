"""Which ffmpeg is run, and with what Python runs a reader."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vibestream.platform.config import SandboxRule
from vibestream.platform.media.programs import ProgramMissing, ffmpeg, python
from vibestream.platform.media.sandbox import open_sandbox, without_bubblewrap


def test_the_settings_ffmpeg_goes_before_the_wheels(tmp_path):
    sandbox = open_sandbox(SandboxRule.REQUIRE)

    assert ffmpeg(Path("/usr/bin/ffmpeg"), sandbox=sandbox, work=tmp_path).executable == Path("/usr/bin/ffmpeg")
    assert "imageio_ffmpeg" in str(ffmpeg(None, sandbox=sandbox, work=tmp_path).executable)


def test_an_ffmpeg_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(ProgramMissing, match="VIBESTREAM_FFMPEG"):
        ffmpeg(tmp_path / "ffmpeg", sandbox=open_sandbox(SandboxRule.REQUIRE), work=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="for anybody else the child is the same user")
def test_a_program_in_a_private_folder_is_copied_for_the_other_user_once(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    program = private / "ffmpeg"
    program.write_bytes(b"program")
    program.chmod(0o700)
    work = Path("/var/tmp") / f"vibestream-test-{os.getpid()}"

    copies = [ffmpeg(program, sandbox=without_bubblewrap(), work=work).executable for _ in range(2)]

    assert copies[0] == copies[1]
    assert (copies[0].read_bytes(), copies[0].stat().st_mode & 0o777) == (b"program", 0o555)
    copies[0].unlink()
    copies[0].parent.rmdir()
    work.rmdir()


def test_a_package_that_is_not_installed_is_said_to_be_missing(tmp_path):
    with pytest.raises(ProgramMissing, match="the Python package no_such_package"):
        python(tmp_path / "script.py", packages=("no_such_package",))

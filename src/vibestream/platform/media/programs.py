"""The programs that read strangers' files: ffmpeg, and Python with a few packages."""

from __future__ import annotations

import functools
import importlib.util
import shutil
import sys
from pathlib import Path
from typing import ClassVar, Final

from vibestream.kernel.errors import Unavailable
from vibestream.platform.media.sandbox import Program, Sandbox, others_can_reach

_COPIES: Final = "programs"


class ProgramMissing(Unavailable):
    """A program that media work needs is not on this machine."""

    code: ClassVar[str] = "media.program_missing"

    def __init__(self, *, program: str) -> None:
        super().__init__(f"{program} is not on this server; VIBESTREAM_FFMPEG can name one.")
        self.program = program


def ffmpeg(chosen: Path | None, *, sandbox: Sandbox, work: Path) -> Program:
    """Return the ffmpeg that the settings name, else the wheel's, else the system's.

    Without bubblewrap another user must be able to execute it: a binary in a private folder is copied to `work` once.

    Raises:
        ProgramMissing: there is none.
    """
    found = chosen or _wheel_ffmpeg() or shutil.which("ffmpeg")
    if found is None or not Path(found).is_file():
        raise ProgramMissing(program=str(found or "ffmpeg"))
    executable = Path(found).absolute()
    if sandbox.uid is not None and not sandbox.isolated and not others_can_reach(executable.parent):
        executable = _reachable_copy(executable, work / _COPIES)
    return Program(executable)


def python(script: Path, *, packages: tuple[str, ...], beside: tuple[str, ...] = ()) -> tuple[Program, list[str]]:
    """Return Python with the standard library and these installed packages, and the arguments that run a script on it.

    The script is told the folders of the packages first (`os.pathsep` between them), to put on its path before it
    imports them, then what the caller adds. It must drop to another user by itself, after its imports: our own
    environment may be closed to others.

    Args:
        script: the file to run; nothing else of ours is visible to it.
        packages: importable packages.
        beside: folders that lie next to a package and belong to it, such as a wheel's bundled libraries.
    """
    homes = {name: _home_of(name) for name in packages}
    extra = tuple(home.parent / name for home in homes.values() for name in beside if (home.parent / name).is_dir())
    base = Path(sys.base_prefix).resolve()
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    library = Path(functools.__file__).resolve().parent
    needs = (library, *([base / "lib"] if base != Path("/usr") else []), *homes.values(), *extra, script)
    folders = dict.fromkeys(str(home.parent) for home in homes.values())
    return Program(executable, needs, drops_user=True), ["-I", "-S", "-B", str(script), ":".join(folders)]


def _home_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ProgramMissing(program=f"the Python package {package}")
    return Path(found.submodule_search_locations[0]).absolute()


def _wheel_ffmpeg() -> Path | None:
    # The wheel's own finder would fall back to whatever is on the PATH, and says nothing about it.
    found = importlib.util.find_spec("imageio_ffmpeg")
    if found is None or not found.submodule_search_locations:
        return None
    binaries = Path(found.submodule_search_locations[0]) / "binaries"
    return next(iter(sorted(path for path in binaries.glob("ffmpeg-*") if path.is_file())), None)


def _reachable_copy(executable: Path, folder: Path) -> Path:
    facts = executable.stat()
    copy = folder / f"{executable.name}-{facts.st_size}-{facts.st_mtime_ns}"
    if not copy.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = copy.with_suffix(".draft")
        shutil.copyfile(executable, draft)
        draft.chmod(0o555)
        draft.rename(copy)
    return copy

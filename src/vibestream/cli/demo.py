"""`vibestream demo`."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import httpx
from rich.console import Console

from vibestream.cli.connection import seed_file
from vibestream.cli.story import main_job, money, pieces, proof
from vibestream.cli.story.main_job import Person, Published
from vibestream.cli.story.telling import Teller
from vibestream.cli.story.visitor import Visitor
from vibestream.kernel.errors import InvalidInput, Unavailable
from vibestream.platform.config import Settings, load_settings

_AUDIO: Final = {".flac", ".wav", ".aif", ".aiff", ".mp3", ".m4a", ".ogg", ".oga", ".opus"}


class NoMusic(InvalidInput):
    """The folder holds no audio file of a kind that is taken."""

    code = "demo.no_music"


class NotUp(Unavailable):
    """No VibeStream answers at the address."""

    code = "demo.not_up"


@click.command()
@click.option(
    "--music",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of audio files; without it, three short original pieces are synthesised.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write one record per step: name, ok, seconds, figures.",
)
@click.option("--url", help="Where VibeStream answers; default: as your settings say.")
@click.option(
    "--seed", is_flag=True, help="Only publish the music and make a fan, as the first start of `vibestream up` does."
)
def command(*, music: Path | None, json_file: Path | None, url: str | None, seed: bool) -> None:
    """Tell the main job as a story, through the public HTTP API, against a running VibeStream.

    An artist signs up, uploads masters and publishes them. A fan signs up, tops up, subscribes and tips at the sandbox's
    gateways, listens in real time, and is paid. Then the fan makes a secret, listens again, and when the day was closed early
    proves in zero knowledge that a receipt is theirs, and is paid into a wallet without a name. An operator closes the month early, which only a sandbox does, and shares
    its royalties; the artist is paid out. Every transaction sums to zero. Start `vibestream up` in another terminal first.
    """
    settings = load_settings()
    base_url = (url or settings.base_url).rstrip("/")
    teller = Teller(Console())
    try:
        with _masters(music) as files:
            _tell(teller, base_url, files, title=None if music else "Three rooms", settings=settings, seed=seed)
    finally:
        if json_file is not None:
            teller.write(json_file)


def _tell(
    teller: Teller, base_url: str, files: list[Path], *, title: str | None, settings: Settings, seed: bool
) -> None:
    with teller.step("platform_is_up", f"VibeStream answers at {base_url}"):
        _require_up(base_url)
    artist_person, fan_person = main_job.invent("artist"), main_job.invent("fan")
    with Visitor(base_url) as artist, Visitor(base_url) as fan:
        published = main_job.artist_publishes(teller, artist, person=artist_person, files=files, title=title)
        if seed:
            with teller.step("fan_signs_up", "A fan signs up"):
                fan.sign_up(email=fan_person.email, password=fan_person.password, display_name=fan_person.display_name)
            _keep(seed_file(settings), artist_person, fan_person)
            teller.console.print(f"Sign in as the artist or the fan: {seed_file(settings)} says how.")
        else:
            _tell_all(teller, artist, fan, fan_person, published)
    teller.console.print(f"[bold]Open {base_url}/releases/{published.release_id}[/]")


def _tell_all(teller: Teller, artist: Visitor, fan: Visitor, person: Person, published: Published) -> None:
    with teller.step("fan_signs_up", "A fan signs up"):
        fan.sign_up(email=person.email, password=person.password, display_name=person.display_name)
    money.fan_pays(teller, fan, artist_id=published.artist_id)
    main_job.fan_listens(teller, fan, track_id=published.track_ids[0])
    main_job.fan_is_paid(teller, fan)
    proof.fan_claims(teller, fan, track_id=published.track_ids[-1])
    money.month_is_shared(teller, artist)
    with Visitor(artist.base_url) as reviewer:
        money.artist_is_paid_out(teller, artist, reviewer=reviewer, person=main_job.invent("finance"))
    money.books_balance(teller, fan)


def _require_up(base_url: str) -> None:
    try:
        answer = httpx.get(f"{base_url}/readyz", timeout=5)
    except httpx.TransportError:
        raise NotUp(
            f"Nothing answers at {base_url}. Start `vibestream up` (or `make run`) in another terminal."
        ) from None
    if answer.is_error and "json" not in answer.headers.get("content-type", ""):
        raise NotUp(
            f"What answers at {base_url} is not VibeStream ({answer.status_code}); say where it is with --url, or set VIBESTREAM_PORT."
        )
    if answer.is_error:
        raise NotUp(f"VibeStream at {base_url} is not ready: {answer.text[:300]}")


@contextmanager
def _masters(music: Path | None) -> Iterator[list[Path]]:
    if music is not None:
        files = sorted(path for path in music.iterdir() if path.suffix.lower() in _AUDIO)
        if not files:
            raise NoMusic(f"{music} holds no audio file; taken are {', '.join(sorted(_AUDIO))}.")
        yield files
        return
    with tempfile.TemporaryDirectory(prefix="vibestream-demo-") as folder:
        yield pieces.write_all(Path(folder))


def _keep(file: Path, *people: Person) -> None:
    file.touch(mode=0o600)
    os.chmod(file, 0o600)  # noqa: PTH101 - also when it was there
    shown = {one.display_name.lower(): {"email": one.email, "password": one.password} for one in people}
    file.write_text(json.dumps(shown, indent=2) + "\n")

"""`vibestream ceremony`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from vibestream.contexts.listen_reward.ceremony import service as ceremony
from vibestream.contexts.listen_reward.ceremony.service import Contribution, Folder, Snarkjs, Transcript
from vibestream.contexts.listen_reward.claims import service as claims

_FOLDER: Final = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_ATTESTATION: Final = click.option(
    "--attestation",
    "attestations",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What a contributor kept; it must be in there. May be repeated.",
)


@click.group()
def command() -> None:
    """Make the keys that claims are proved with, together: one contributor who kept nothing is enough.

    Whoever knows every secret that went into the keys can forge claims and be paid for nothing. The keys that come with the
    code were made by one person, and production refuses them. In a ceremony each contributor adds a secret of their own and
    forgets it, on a machine of their own, and hands the folder on.

    \b
      make circuits                                                         in a checkout of the source
      vibestream ceremony begin FOLDER                                      whoever conducts it
      vibestream ceremony contribute FOLDER --name NAME                     each person in turn; three at least
      vibestream ceremony end FOLDER --beacon HEX --source "Block 900000"   a number announced before it was known
      vibestream ceremony contribute FOLDER --name NAME                     each person again: now for the key itself
      vibestream ceremony end FOLDER --beacon HEX --source "Block 900100"
      vibestream ceremony verify FOLDER --attestation FILE ...              anybody
      vibestream ceremony install FOLDER KEYS --attestation FILE ...        then VIBESTREAM_CLAIM_KEYS=KEYS
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@_FOLDER
def begin(*, folder: Path) -> None:
    """Begin a ceremony in a new FOLDER."""
    compiled, circuit = claims.compiled_circuit()
    with _Progress() as tell:
        ceremony.begin(_snarkjs(), root=folder, compiled=compiled, circuit=circuit, tell=tell)
    click.secho("Begun. Nobody has contributed yet.", fg="green", bold=True)
    click.echo(f"Next: vibestream ceremony contribute {folder} --name NAME")


@command.command()
@_FOLDER
@click.option("--name", required=True, help="Whose contribution it is, as it will stand in the keys.")
@click.option(
    "--attestation",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write what proves that you took part; ceremony-HALF-NAME.json here otherwise.",
)
def contribute(*, folder: Path, name: str, attestation: Path | None) -> None:
    """Add a secret to the open half in FOLDER, and forget it. What came before is verified first."""
    with _Progress() as tell:
        made = ceremony.contribute(_snarkjs(), folder=_folder(folder), name=name, tell=tell)
    kept = attestation or Path(f"ceremony-{made.half.value}-{name.replace(' ', '-')}.json")
    kept.write_text(ceremony.attest(made))
    click.secho(f"{name} is contribution {made.number} to the {made.half.value}.", fg="green", bold=True)
    click.echo(f"digest   {made.digest}")
    click.echo(f"Publish {kept}, and keep it: it shows whether the keys hold what you added.")
    click.echo("Hand the folder on. If this machine was made for it, wipe it.")


@command.command()
@_FOLDER
@click.option("--beacon", required=True, help="32 to 64 bytes, hexadecimal.")
@click.option("--source", required=True, help="Where anybody finds that number, announced before it was known.")
def end(*, folder: Path, beacon: str, source: str) -> None:
    """End the open half in FOLDER with a public number. After the powers this prepares the key, which takes minutes."""
    with _Progress() as tell:
        last = ceremony.end(_snarkjs(), folder=_folder(folder), beacon=beacon, source=source, tell=tell)
    click.secho(f"{last.name} ended the {last.half.value}.", fg="green", bold=True)
    following = "contribute" if last.half is ceremony.Half.POWERS else "verify"
    click.echo(f"Next: vibestream ceremony {following} {folder}")


@command.command()
@_FOLDER
@_ATTESTATION
def verify(*, folder: Path, attestations: tuple[Path, ...]) -> None:
    """Verify everything in FOLDER from the circuit on, and say who contributed. Exits with 1 when keys may not be made of it."""
    with _Progress() as tell:
        found = ceremony.verify(_snarkjs(), folder=_folder(folder), tell=tell)
    ceremony.require_attested(found, attestations=list(attestations))
    _show(found)
    if found.lacks:
        sys.exit(1)


@command.command()
@_FOLDER
@click.argument("into", metavar="KEYS", type=click.Path(path_type=Path))
@_ATTESTATION
def install(*, folder: Path, into: Path, attestations: tuple[Path, ...]) -> None:
    """Verify FOLDER and write its keys into the new folder KEYS."""
    with _Progress() as tell:
        found = ceremony.verify(_snarkjs(), folder=_folder(folder), tell=tell)
        ceremony.require_attested(found, attestations=list(attestations))
        keys = ceremony.install(_snarkjs(), folder=_folder(folder), transcript=found, into=into, tell=tell)
    _show(found)
    click.secho(f"Installed in {into}.", fg="green", bold=True)
    click.echo(f"keys     {keys.digest}")
    click.echo(f"Next: VIBESTREAM_CLAIM_KEYS={into.absolute()}")


def _snarkjs() -> Snarkjs:
    return ceremony.open_snarkjs(claims.circuits_folder())


def _folder(root: Path) -> Folder:
    return Folder(root, claims.compiled_circuit()[1])


def _show(found: Transcript) -> None:
    for half in (found.powers, found.key):
        for one in half:
            click.echo(_line(one))
    for sentence in found.lacks:
        click.secho(sentence, fg="yellow", err=True)
    if not found.lacks:
        click.secho("Everything follows from what was before it.", fg="green", bold=True)


def _line(one: Contribution) -> str:
    kind = f"beacon {one.beacon}" if one.beacon else one.digest
    return f"{one.half.value:8}{one.number:3}  {one.name:24}  {kind}"


class _Progress:
    """What is being done and for how long, on one line of a terminal; a line each where it is none."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._on_terminal = sys.stderr.isatty()

    def __enter__(self) -> Callable[[str], None]:
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._on_terminal:
            click.echo("\r\033[K", nl=False, err=True)

    def _tell(self, what: str) -> None:
        line = f"{time.monotonic() - self._began:5.0f} s  {what}"
        click.echo(f"\r\033[K{line}" if self._on_terminal else line, nl=not self._on_terminal, err=True)

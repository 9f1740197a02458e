"""The command's front door. Each subcommand is a module of its own, imported only when it is run."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import tempfile
import traceback
from types import TracebackType
from typing import Final, NoReturn

import click
import psycopg
import structlog

from vibestream.kernel.errors import VibeStreamError

_COMMANDS: Final = {
    "up": "Start everything on this machine: database, web, worker.",
    "demo": "Tell the main job as a story, through the public API.",
    "audit": "Check every invariant on the live database.",
    "retention": "Show for how long what is kept, and when each rule last ran.",
    "reconcile": "Compare the gateways' own books with ours.",
    "migrate": "Bring the database to this code's schema.",
    "config": "Show every setting, its value and where it comes from.",
    "dead-letters": "List events that a consumer could not handle, and replay them.",
    "seal-key": "Make a pair of keys for the seals over the ledger.",
    "listens": "Measure the scoring of listens against simulated adversaries.",
    "fraud": "Train, measure and promote fraud models.",
    "royalties": "Close a month and share its royalties, or show what was shared.",
    "verify-statement": "Check a statement's proof file, offline.",
    "verify-export": "Check a copy of somebody's data, offline.",
    "prove": "Prove a claim in zero knowledge, without a browser.",
    "verify-proof": "Check a proof of a claim, offline.",
    "epoch": "Close a day's receipts to one signed root.",
    "ceremony": "Make the keys of claims, together.",
    "claim": "Claim what listening earned, without saying whose it is.",
    "rebuild": "Make what is read again from what happened.",
    "roles": "Show who holds a role, or make the first admin.",
    "grant-role": "Give an account a role, such as admin.",
    "web": "Run the web server alone (many machines).",
    "worker": "Run the worker alone (many machines).",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are wanted: `vibestream --help` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"vibestream.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - a defect of ours, not input
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that there is not, say which is meant by its like."""
        close = [] if args[0] in _COMMANDS else difflib.get_close_matches(args[0], _COMMANDS, n=1)
        if close:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{close[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """VibeStream, an open music platform whose books are open.

    \b
    A first look:
      vibestream up          then open http://localhost:8000
      vibestream demo        in a second terminal: upload, play, listen, get paid
      vibestream audit       every invariant, with its figure

    Settings come from the environment; `vibestream config` explains each.
    """  # noqa: D301 - click's mark: these lines are not wrapped


def main() -> None:
    """Run the command; an expected failure is one clear line and exit code 1, never a traceback."""
    sys.excepthook = _defect
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VibeStreamError as error:
        _fail(f"{error}")
    except BrokenPipeError:  # whoever read it, as `head` does, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except psycopg.OperationalError as error:
        if _serves():
            raise
        _fail(f"The database does not answer any more; try again. It said: {str(error).strip()}")
    except OSError as error:
        if _serves():
            raise
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}")
    sys.exit(code if isinstance(code, int) else 0)


def _serves() -> bool:
    return sys.argv[1:2] in (["web"], ["worker"])


def _fail(said: str) -> NoReturn:
    click.secho(said, fg="red", err=True)
    sys.exit(1)


def _defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that something unforeseen happened, and keep where for whoever mends it: the interpreter's last resort.

    A server keeps it in its log, which is read when its machine is long gone; what a person typed, in a file.
    """
    if issubclass(kind, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return
    if _serves():
        structlog.get_logger().critical("process.defect", exc_info=(kind, error, trace))
        return
    with tempfile.NamedTemporaryFile("w", prefix="vibestream-defect-", suffix=".txt", delete=False) as file:
        traceback.print_exception(kind, error, trace, file=file)
    click.secho(f"This is a defect of VibeStream ({kind.__name__}). Nothing more was done.", fg="red", err=True)
    click.echo(
        f"Where it happened is written to {file.name}: please report it, without what is private in it.", err=True
    )


if __name__ == "__main__":
    main()

"""`vibestream reconcile`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import date, timedelta

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.cli.days import DAY
from vibestream.cli.stand_ins import beside_stand_ins
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways, GatewayUnavailable, open_gateways
from vibestream.contexts.payment.reconciliation import service
from vibestream.contexts.payment.reconciliation.service import Finding, FindingState, Report
from vibestream.kernel.money import decimal_text
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.mail import Mailer
from vibestream.platform.postgres import migrate
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

DIFFERS, NOT_READ = 1, 2
"""Exit codes: something is open; a gateway's book could not be read, so nobody knows."""
_SHOWN = 500


@click.command()
@click.option(
    "--gateway",
    "gateways",
    multiple=True,
    type=click.Choice([name.value for name in GatewayName]),
    help="Only this one; may be given several times. Every configured one unless given.",
)
@click.option(
    "--day",
    "day",
    type=DAY,
    help="The day in UTC, such as 2026-11-23; yesterday unless given.",
)
def command(*, gateways: tuple[str, ...], day: date | None) -> None:
    """Compare each gateway's own book of a day with ours, and list what differs.

    \b
    Reads the gateway's book, posts nothing, may be repeated at any time. Exits with
      0  the books agree, or what differs has been explained
      1  something is open: see it here, or in the finance console
      2  a gateway could not be asked
    """  # noqa: D301 - click's mark: these lines are not wrapped
    settings = beside_stand_ins(load_settings())
    chosen_day = day if day is not None else (utc_now() - timedelta(days=1)).date()
    with reachable_owner_dsn(settings) as dsn:
        migrate.require_head(dsn)
        reports, findings, unread = asyncio.run(_reconcile(settings, as_app_role(dsn), gateways, chosen_day))
    for report in reports:
        _print_report(report)
    if findings:
        _print_findings(findings)
    for line in unread:
        click.secho(line, fg="red", err=True)
    if not reports and not unread:
        click.echo("No gateway is configured; `vibestream config` lists the settings.")
    sys.exit(NOT_READ if unread else DIFFERS if findings else 0)


async def _reconcile(
    settings: Settings, dsn: str, names: Sequence[str], day: date
) -> tuple[list[Report], list[Finding], list[str]]:
    opened = open_gateways(settings)
    threads = BoundedThreads(threads=1)
    chosen = [GatewayName(name) for name in names] or sorted(opened.configured)
    reports, findings, unread = [], [], []
    try:
        async with Database(dsn, max_size=2, application="vibestream reconcile") as database:
            runtime = Runtime(
                settings=settings,
                database=database,
                objects=open_store(settings),
                mailer=Mailer(settings),
                cpu=threads,
                parts={Gateways: opened},
            )
            for name in chosen:
                try:
                    reports.append(await service.reconcile(runtime, gateway=name, day=day, now=utc_now()))
                except GatewayUnavailable as error:
                    unread.append(f"{name.value}: {error}")
                async with database.begin(read_only=True) as tx:
                    findings += await service.findings(tx, gateway=name, states={FindingState.OPEN}, limit=_SHOWN)
    finally:
        threads.close()
        await opened.close()
    return reports, findings, unread


def _print_report(report: Report) -> None:
    click.echo(
        f"{report.gateway.value} {report.day}: {report.lines} lines read, {report.matched} matched, "
        f"{len(report.differences)} differ, {report.waiting} too new to tell, {report.resolved} resolved by themselves."
    )


def _print_findings(findings: Sequence[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("gateway", "since", "what", "kind", "subject", "ours", "theirs", "currency"):
        table.add_column(heading, overflow="fold", justify="right" if heading in {"ours", "theirs"} else "left")
    for one in findings:
        ours, theirs = (
            "nothing" if minor is None else decimal_text(minor, one.currency) for minor in (one.ours, one.theirs)
        )
        since = f"{one.found_at:%Y-%m-%d}"
        what = one.class_.value.replace("_", " ")
        table.add_row(one.gateway.value, since, what, one.kind.value, one.subject, ours, theirs, one.currency.code)
    Console().print(table)
    click.secho(f"{len(findings)} open.", fg="red", bold=True)

"""A day as people type it."""

from __future__ import annotations

from datetime import date

import click


class Day(click.ParamType[date]):
    """A day in UTC, written as 2026-11-24."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or say how one is written."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day; one is written as 2026-11-24.", param, ctx)


DAY = Day()

"""The country in which a time zone lies: as coarse a place as a clock says, without looking at any address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

from babel.core import get_global


def country_of(time_zone: str) -> str | None:
    """Return the ISO 3166 code of a time zone's country; None: it is of none, as UTC is, or is not known.

    A zone that several countries share is taken as that of the one it is named after.

    Source: Unicode CLDR, supplemental/metaZones and windowsZones, as Babel brings them.
    """
    found = _territories().get(time_zone)
    return found if found is not None and len(found) == 2 and found.isalpha() and found != "ZZ" else None  # noqa: PLR2004 - as ISO 3166 has them


@cache
def _territories() -> Mapping[str, str]:
    return cast("Mapping[str, str]", get_global("zone_territories"))

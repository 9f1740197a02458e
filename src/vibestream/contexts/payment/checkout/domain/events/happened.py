"""Whatever happens to a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something happened to a payment."""

    type: ClassVar[str]

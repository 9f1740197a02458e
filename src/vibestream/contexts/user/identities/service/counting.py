"""How people fare with other issuers, counted by issuer and outcome: one that fails for everybody is seen at once."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Counter

from vibestream.kernel.errors import VibeStreamError

_ANSWERS: Final = Counter(
    "vibestream_identity_answers_total",
    "Browsers that came back from another issuer or could not be sent there, by issuer and outcome.",
    ["provider", "outcome"],
)
_log = structlog.get_logger()


def count(provider: str, *, outcome: VibeStreamError | str) -> None:
    """Count an outcome; a failure is logged with its reason, which names nobody and holds nothing that was sent."""
    if isinstance(outcome, str):
        _ANSWERS.labels(provider, outcome).inc()
        return
    _ANSWERS.labels(provider, outcome.code.removeprefix("identity.")).inc()
    _log.warning(
        "user.identity.failed", provider=provider, code=outcome.code, reason=str(getattr(outcome, "reason", ""))
    )

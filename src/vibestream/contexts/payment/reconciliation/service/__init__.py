"""The public interface of reconciliation.

report = await reconcile(runtime, gateway=GatewayName.STRIPE, day=date(2026, 11, 23), now=now)
"""

from vibestream.contexts.payment.reconciliation.domain import (
    LAG,
    Ageing,
    Class,
    Difference,
    Finding,
    FindingState,
    Kind,
    NoteMissing,
    Settled,
    UnknownFinding,
)
from vibestream.contexts.payment.reconciliation.service.comparing import Report, reconcile
from vibestream.contexts.payment.reconciliation.service.findings import (
    ageing,
    explain,
    finding,
    findings,
    resolve,
    runs,
)
from vibestream.contexts.payment.reconciliation.store.books import Run

__all__ = [
    "LAG",
    "Ageing",
    "Class",
    "Difference",
    "Finding",
    "FindingState",
    "Kind",
    "NoteMissing",
    "Report",
    "Run",
    "Settled",
    "UnknownFinding",
    "ageing",
    "explain",
    "finding",
    "findings",
    "reconcile",
    "resolve",
    "runs",
]

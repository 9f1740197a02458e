"""What outside parties say of the risk, put into our names. Each is a feature or a fact for reviewers, never a decision."""

from __future__ import annotations

from collections.abc import Mapping


def radar_signals(risk: Mapping[str, str]) -> dict[str, float | str]:
    """Return Stripe Radar's view, out of what a gateway's payment says of its risk; empty when it says none.

    Source: Stripe's charge object, `outcome.risk_level` (normal, elevated, highest, not_assessed, unknown) and
    `outcome.risk_score` (0 to 100, Radar for Fraud Teams only).
    """
    known = {"risk_score": "radar_risk_score", "risk_level": "radar_risk_level"}
    return {name: risk[theirs] for theirs, name in known.items() if theirs in risk}

"""The registry of models, and drift."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from vibestream.platform.database import Tx


class ModelRole(enum.StrEnum):
    """What a model does."""

    CANDIDATE = "candidate"
    """Trained, and asked nothing."""
    CHALLENGER = "challenger"
    """Scores in the champion's shadow; decides nothing."""
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model that was trained."""

    model: str
    """The SHA-256 of its file."""
    object_key: str
    features: str
    trained_on: str
    metrics: Mapping[str, Any]
    trained_at: datetime
    role: ModelRole
    role_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a feature, or the score, has moved from what a model was trained on."""

    measured_on: date
    model: str
    feature: str
    psi_ppm: int
    """The population stability index in millionths."""
    decisions: int


async def save_model(tx: Tx, model: RegisteredModel) -> None:
    """Register a model; one that is registered stays as it is."""
    await tx.execute(
        """
        INSERT INTO payment.risk_model (model, object_key, features, trained_on, metrics, trained_at, role, role_since)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (model) DO NOTHING
        """,
        [
            *(model.model, model.object_key, model.features, model.trained_on, json.dumps(model.metrics)),
            *(model.trained_at, model.role.value, model.role_since),
        ],
    )


async def save_metrics(tx: Tx, *, model: str, metrics: Mapping[str, Any]) -> None:
    """Write what an evaluation found beside what is known of a model."""
    await tx.execute(
        "UPDATE payment.risk_model SET metrics = metrics || %s::jsonb WHERE model = %s", [json.dumps(metrics), model]
    )


async def lock_models(tx: Tx) -> list[RegisteredModel]:
    """Return every model, the latest first, and keep others from changing roles until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payment.risk_model', 0))")
    return await list_models(tx)


async def list_models(tx: Tx) -> list[RegisteredModel]:
    """Return every model, the latest first."""
    return await tx.all(
        _model,
        """
        SELECT model, object_key, features, trained_on, metrics, trained_at, role, role_since
        FROM payment.risk_model ORDER BY trained_at DESC, model
        """,
    )


async def serving_models(tx: Tx) -> dict[ModelRole, RegisteredModel]:
    """Return the champion and the challenger, as far as there are."""
    found = await tx.all(
        _model,
        """
        SELECT model, object_key, features, trained_on, metrics, trained_at, role, role_since
        FROM payment.risk_model WHERE role IN ('champion', 'challenger')
        """,
    )
    return {model.role: model for model in found}


async def set_role(tx: Tx, *, model: str, role: ModelRole, now: datetime) -> None:
    """Give a model a role; nobody else may have it if it is champion or challenger."""
    await tx.execute(
        "UPDATE payment.risk_model SET role = %s, role_since = %s WHERE model = %s", [role.value, now, model]
    )


async def save_drift(tx: Tx, drifts: list[Drift]) -> None:
    """Write a day's drift; measured again, the later one stays."""
    await tx.execute_many(
        """
        INSERT INTO payment.risk_drift (measured_on, model, feature, psi_ppm, decisions) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (measured_on, model, feature) DO UPDATE SET psi_ppm = excluded.psi_ppm,
            decisions = excluded.decisions
        """,
        [(one.measured_on, one.model, one.feature, one.psi_ppm, one.decisions) for one in drifts],
    )


async def latest_drift(tx: Tx, *, limit: int) -> list[Drift]:
    """Return the latest day's drift, the farthest first."""
    return await tx.all(
        Drift,
        """
        SELECT measured_on, model, feature, psi_ppm, decisions FROM payment.risk_drift
        WHERE measured_on = (SELECT max(measured_on) FROM payment.risk_drift)
        ORDER BY psi_ppm DESC, feature LIMIT %s
        """,
        [limit],
    )


def _model(*, role: str, **columns: Any) -> RegisteredModel:
    return RegisteredModel(role=ModelRole(role), **columns)

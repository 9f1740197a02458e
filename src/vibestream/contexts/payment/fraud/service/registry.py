"""The registry of models: which there are, which serve, and what was measured of them. Imports nothing heavy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from vibestream.contexts.payment.fraud.store import decisions
from vibestream.contexts.payment.fraud.store import models as store
from vibestream.contexts.payment.fraud.store.decisions import Band
from vibestream.contexts.payment.fraud.store.models import Drift, ModelRole, RegisteredModel
from vibestream.kernel.errors import Conflict, Missing
from vibestream.platform.database import Tx

__all__ = [
    "Band",
    "Drift",
    "ModelMismatch",
    "ModelRole",
    "NoSuchModel",
    "RegisteredModel",
    "SideBySide",
    "drift",
    "find_model",
    "object_key",
    "promote",
    "register",
    "registered",
    "save_evaluation",
    "side_by_side",
]


class NoSuchModel(Missing):
    """No model has this name, or several begin so."""

    code: ClassVar[str] = "fraud.no_such_model"


class ModelMismatch(Conflict):
    """The model was trained for another release's features."""

    code: ClassVar[str] = "fraud.model_mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """What champion and challenger said about the same decisions."""

    champion: str
    challenger: str
    decisions: int
    apart_ppm: int
    """How far their scores lie apart on average, in millionths."""
    far: int
    """Decisions about which they lie a tenth or more apart."""
    bands: tuple[Band, ...]


def object_key(data: bytes) -> str:
    """Return the key that a model's file is kept under in the object store."""
    return f"fraud/models/{hashlib.sha256(data).hexdigest()}.json"


async def register(
    tx: Tx, *, data: bytes, trained_on: str, metrics: Mapping[str, Any], now: datetime
) -> RegisteredModel:
    """Enter a model, whose file is in the object store, as a candidate, and return it; one that is there stays as it is."""
    from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET

    sha256 = hashlib.sha256(data).hexdigest()
    model = RegisteredModel(
        model=sha256,
        object_key=object_key(data),
        features=FEATURE_SET,
        trained_on=trained_on,
        metrics=metrics,
        trained_at=now,
        role=ModelRole.CANDIDATE,
        role_since=now,
    )
    await store.save_model(tx, model)
    return await find_model(tx, name=sha256)


async def registered(tx: Tx) -> list[RegisteredModel]:
    """Return every model, the latest first."""
    return await store.list_models(tx)


async def find_model(tx: Tx, *, name: str) -> RegisteredModel:
    """Return the model whose hash begins so; `champion` and `challenger` name those that serve.

    Raises:
        NoSuchModel: there is none, or there are several.
    """
    return _one(await store.list_models(tx), name)


async def save_evaluation(tx: Tx, *, model: str, measured_on: str, figures: Mapping[str, Any], now: datetime) -> None:
    """Keep an evaluation's figures beside what is known of a model."""
    found = {"measured_on": measured_on, "measured_at": now.isoformat(timespec="seconds"), **figures}
    await store.save_metrics(tx, model=model, metrics=found)


async def promote(tx: Tx, *, name: str, role: ModelRole, now: datetime) -> RegisteredModel:
    """Make a model champion or challenger, and return it; whoever was that is retired. Processes follow within a minute.

    Raises:
        NoSuchModel: there is none, or several begin so.
        ModelMismatch: it was trained for another release's features.
    """
    from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET

    known = await store.lock_models(tx)
    chosen = _one(known, name)
    if chosen.features != FEATURE_SET:
        raise ModelMismatch("That model was trained for another release's features: train a new one.")
    if chosen.role is not role:
        for other in known:
            if other.role is role:
                await store.set_role(tx, model=other.model, role=ModelRole.RETIRED, now=now)
        await store.set_role(tx, model=chosen.model, role=role, now=now)
    return await find_model(tx, name=chosen.model)


async def drift(tx: Tx, *, limit: int) -> list[Drift]:
    """Return what was measured on the latest day, the farthest first."""
    return await store.latest_drift(tx, limit=limit)


async def side_by_side(tx: Tx, *, since: datetime) -> SideBySide | None:
    """Return what champion and challenger said about the same decisions since an instant; None while there are not both.

    The challenger's verdict is not kept, since it decides nothing; how its scores are spread over what turned out to be fraud
    says what it would have done.
    """
    serving = await store.serving_models(tx)
    champion, challenger = serving.get(ModelRole.CHAMPION), serving.get(ModelRole.CHALLENGER)
    if champion is None or challenger is None:
        return None
    both, apart, far = await decisions.score_distance(
        tx, champion=champion.model, challenger=challenger.model, since=since
    )
    return SideBySide(
        champion=champion.model,
        challenger=challenger.model,
        decisions=both,
        apart_ppm=apart,
        far=far,
        bands=tuple(await decisions.score_bands(tx, champion=champion.model, challenger=challenger.model, since=since)),
    )


def _one(known: Sequence[RegisteredModel], name: str) -> RegisteredModel:
    found = [one for one in known if name == one.role.value] if name in {"champion", "challenger"} else []
    found = found or [one for one in known if name and one.model.startswith(name)]
    if len(found) != 1:
        raise NoSuchModel(
            f"{len(found) or 'No'} model{'s' if len(found) > 1 else ''} named {name}; `vibestream fraud` lists them."
        )
    return found[0]

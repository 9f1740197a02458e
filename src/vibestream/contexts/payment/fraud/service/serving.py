"""The models that this process has at hand, kept in step with the registry.

A model is loaded in a thread, beside whatever the process does; until it is there, and whenever it cannot be, rules decide
alone, and say so.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Gauge

from vibestream.contexts.payment.fraud.store import models as store
from vibestream.contexts.payment.fraud.store.models import ModelRole, RegisteredModel
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.recurring import recurring
from vibestream.platform.runtime import Runtime

if TYPE_CHECKING:
    from vibestream.contexts.payment.fraud.domain.statistics.model import Model

READY: Final = Gauge(
    "vibestream_fraud_model_ready", "1 while this process can ask the fraud model of this role.", ["role"]
)
_EVERY_S: Final = 30
_STATISTICS: Final = "vibestream.contexts.payment.fraud.domain.statistics"
_log = structlog.get_logger()


class Shelf:
    """Loaded models by hash. One per process, because a decision is asked for with nothing but a transaction."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self.trouble: str | None = None
        """Why a model that should serve cannot, in a sentence; None when all is well."""

    def put(self, model: Model) -> None:
        """Have a model at hand."""
        self._models[model.sha256] = model

    def get(self, sha256: str) -> Model | None:
        """Return a model that is at hand."""
        return self._models.get(sha256)

    def keep_only(self, wanted: set[str]) -> None:
        """Let go of every other model."""
        self._models = {sha256: model for sha256, model in self._models.items() if sha256 in wanted}


SHELF: Final = Shelf()


@asynccontextmanager
async def models_kept(runtime: Runtime) -> AsyncIterator[None]:
    """Keep the champion and the challenger at hand while the block runs, as the registry has them now and later.

    A root enters it at start; it returns at once, and the first model is there some seconds later.
    """
    async with recurring(partial(refresh, runtime), name="fraud models", every_s=_EVERY_S):
        yield


async def refresh(runtime: Runtime) -> None:
    """Load what the registry says should serve and is not at hand yet, and let go of the rest."""
    await asyncio.to_thread(importlib.import_module, f"{_STATISTICS}.serving")  # numpy, before the first decision waits
    async with runtime.database.begin(read_only=True) as tx:
        serving = await store.serving_models(tx)
    trouble = None
    for role in (ModelRole.CHAMPION, ModelRole.CHALLENGER):
        registered = serving.get(role)
        if registered is not None and SHELF.get(registered.model) is None:
            trouble = await _load(runtime, registered) or trouble
        READY.labels(role.value).set(registered is not None and SHELF.get(registered.model) is not None)
    SHELF.keep_only({registered.model for registered in serving.values()})
    if trouble != SHELF.trouble:
        SHELF.trouble = trouble
        if trouble is None:
            _log.info("fraud.model_ready")
        else:
            _log.error("fraud.rules_only", reason=trouble)


async def champion_at_hand(runtime: Runtime) -> Model | None:
    """Return the champion, loaded if it was not; None when there is none or it cannot be."""
    await refresh(runtime)
    async with runtime.database.begin(read_only=True) as tx:
        serving = await store.serving_models(tx)
    champion = serving.get(ModelRole.CHAMPION)
    return None if champion is None else SHELF.get(champion.model)


async def _load(runtime: Runtime, registered: RegisteredModel) -> str | None:
    """Load a model; return why it cannot be."""
    statistics = await asyncio.to_thread(importlib.import_module, f"{_STATISTICS}.model")
    try:
        data = await runtime.objects.get_bytes(registered.object_key)
        if hashlib.sha256(data).hexdigest() != registered.model:
            return f"The file of model {registered.model[:12]} is not the one that was registered."
        SHELF.put(await asyncio.to_thread(statistics.load, data))
        _log.info("fraud.model_loaded", model=registered.model[:12], role=registered.role.value)
    except VibeStreamError as error:
        return str(error)
    return None

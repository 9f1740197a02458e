"""A small world and a model trained on it, once per run."""

from __future__ import annotations

import pytest

from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Scale
from vibestream.contexts.payment.fraud.service.learning import Lesson, fit, simulated_lesson


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    return simulated_lesson(
        Scale(customers=1_500, terminals=500, days=60, terminals_taken=1, customers_taken=1), seed=4
    )


@pytest.fixture(scope="session")
def model_file(lesson: Lesson) -> bytes:
    return fit(lesson, seed=1)

"""An event orders by its key; an error carries its facts."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime

import pytest

from vibestream.kernel import errors
from vibestream.kernel.events import Event, UnkeyedEvent

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    type = "vibestream.test.happened"
    subject: str

    @property
    def key(self) -> str:
        return self.subject


def test_an_event_is_frozen_has_its_own_id_and_a_key():
    one, other = (Happened(occurred_at=NOON, subject="a") for _ in range(2))

    assert one.event_id != other.event_id
    assert (one.key, one.version, one.type) == ("a", 1, "vibestream.test.happened")
    with pytest.raises(FrozenInstanceError):
        one.subject = "b"  # type: ignore[misc]


def test_an_event_class_without_a_key_is_a_defect():
    with pytest.raises(UnkeyedEvent, match="Event does not define key"):
        _ = Event(occurred_at=NOON).key


def test_every_kind_of_failure_has_exactly_one_class_at_the_root_of_its_branch():
    branches = errors.VibeStreamError.__subclasses__()

    assert sorted(branch.kind.value for branch in branches if branch.__module__ == errors.__name__) == sorted(
        kind.value for kind in errors.Kind
    )


def test_an_error_shows_its_public_facts_only():
    error = errors.Limited("Too many sign-ins.", retry_after_s=30)
    error._note = "internal"  # type: ignore[attr-defined]

    assert error.facts() == {"retry_after_s": 30}
    assert str(error) == "Too many sign-ins."

"""What a saga consists of: its data and its steps, declared once per name and version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Local(Generic[D]):
    """A step inside our database. It returns the saga's data for the next step.

    `do` raises a lasting `VibeStreamError` (such as a Conflict) to refuse, which begins compensation.
    """

    name: str
    do: Callable[[Tx, D], Awaitable[D]]
    undo: Callable[[Tx, D], Awaitable[D]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[D]):
    """A call of an outside party, and the question whether it happened. Both are given the same idempotency key.

    `make` returns the saga's data for the next step, and raises `Refused` (or another lasting `VibeStreamError`) only
    when the other side said no, `NotSent` only when the call certainly had no effect. Anything else that it raises
    leaves the outcome unknown. `ask` returns what `make` would have returned, or None when the call never happened, and
    raises `Refused` when it was refused.
    """

    make: Callable[[Runtime, D, str], Awaitable[D]]
    ask: Callable[[Runtime, D, str], Awaitable[D | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside(Generic[D]):
    """A step that is a call of an outside party, and the call that takes it back."""

    name: str
    do: Call[D]
    undo: Call[D] | None = None


class Saga(Generic[D]):
    """A process: data of one frozen dataclass, and steps in order.

    A change of the steps is a new version; the old one stays declared until none of its sagas is unfinished.

    Raises:
        ValueError: no steps, or two of one name: the name is part of the idempotency key.
    """

    def __init__(self, *, name: str, data: type[D], steps: tuple[Local[D] | Outside[D], ...], version: int = 1) -> None:
        names = [step.name for step in steps]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"Saga {name} needs steps, each with a name of its own")
        self.name = name
        self.version = version
        self.steps = steps
        self._adapter: TypeAdapter[D] = TypeAdapter(data)

    def encode(self, data: D) -> str:
        """Return the data as JSON."""
        return self._adapter.dump_json(data).decode()

    def decode(self, text: str) -> D:
        """Return the data that `encode` wrote."""
        return self._adapter.validate_json(text, strict=True)


_declared: dict[tuple[str, int], Saga[Any]] = {}


def declare(saga: Saga[D]) -> Saga[D]:
    """Make a saga known to this process's worker, and return it.

    Raises:
        ValueError: its name and version are taken.
    """
    if (saga.name, saga.version) in _declared:
        raise ValueError(f"There is a saga {saga.name} version {saga.version} already")
    _declared[saga.name, saga.version] = saga
    return saga


def declared_sagas() -> Mapping[tuple[str, int], Saga[Any]]:
    """Return every saga that was declared by the modules imported so far, by name and version."""
    return dict(_declared)

"""Reading what a gateway answered, without trusting its shape.

A path is keys and indexes from the outside in. A field that is absent, or null, where it may be, is None; one that is of
another type than it must be makes the answer broken.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.kernel.ids import PaymentId, PayoutId

_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_FOLDED: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_WORD: Final = re.compile(r"[A-Za-z0-9._\[\]-]{1,255}")
_UNWRITABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
"""What JSON can escape and neither UTF-8 nor PostgreSQL can hold."""


def decoded(body: bytes) -> Any:
    """Return what JSON says.

    Raises:
        AnswerBroken: it is none: truncated, HTML, not UTF-8, nested without end, or holding NaN or an infinity.
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise AnswerBroken(f"no JSON: {type(error).__name__}") from error


def at(of: object, *path: str | int) -> Any:
    """Return the value at a path, None where it or anything before it is absent."""
    for step in path:
        match of, step:
            case Mapping(), str():
                of = of.get(step)
            case list(), int() if -len(of) <= step < len(of):
                of = of[step]
            case _:
                return None
    return of


def maybe_text(of: object, *path: str | int) -> str | None:
    """Return the text at a path; None where it is absent, null or empty."""
    found = at(of, *path)
    if found is None or found == "":
        return None
    if not isinstance(found, str) or _UNWRITABLE.search(found) is not None:
        raise AnswerBroken(f"{_name(path)} is no text")
    return found


def text(of: object, *path: str | int) -> str:
    """Return the text that must be at a path."""
    found = maybe_text(of, *path)
    if found is None:
        raise AnswerBroken(f"{_name(path)} is missing")
    return found


def reference(of: object, *path: str | int) -> str:
    """Return the id that must be at a path: nothing that would be more than one step of an address."""
    found = text(of, *path)
    if not is_reference(found):
        raise AnswerBroken(f"{_name(path)} is no id")
    return found


def word(of: object, *path: str | int) -> str:
    """Return the name of a type that must be at a path."""
    found = text(of, *path)
    if _WORD.fullmatch(found) is None:
        raise AnswerBroken(f"{_name(path)} is no name")
    return found


def is_reference(value: str) -> bool:
    """Say whether a text may stand as one step of an address."""
    return _REFERENCE.fullmatch(value) is not None


def boolean(of: object, *path: str | int) -> bool:
    """Return the truth value at a path; False where it is absent."""
    found = at(of, *path)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise AnswerBroken(f"{_name(path)} is no truth value")


def items(of: object, *path: str | int) -> Iterator[Any]:
    """Yield the elements of the list at a path; none where it is absent."""
    found = at(of, *path)
    if found is not None and not isinstance(found, list):
        raise AnswerBroken(f"{_name(path)} is no list")
    yield from found or ()


def instant(of: object, *path: str | int) -> datetime:
    """Return the instant that must be at a path: RFC 3339 text, or Unix seconds."""
    found = at(of, *path)
    try:
        if type(found) is int:
            return datetime.fromtimestamp(found, UTC)
        read = datetime.fromisoformat(found)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise AnswerBroken(f"{_name(path)} is no instant") from error
    if read.tzinfo is None:
        raise AnswerBroken(f"{_name(path)} has no time zone")
    return read.astimezone(UTC)


def payment_id(of: object, *path: str | int) -> PaymentId | None:
    """Return our payment's id as the gateway gives it back; None where there is none, or something else."""
    found = _uuid(at(of, *path))
    return None if found is None else PaymentId(found)


def payout_id(of: object, *path: str | int) -> PayoutId | None:
    """Return our payout's id as the gateway gives it back, folded or not; None where there is none, or something else."""
    found = at(of, *path)
    made = _uuid(found) or _unfolded(found)
    return None if made is None else PayoutId(made)


def folded(identifier: UUID) -> str:
    """Return an id in 22 characters, for a field that is too short for one as it is usually written."""
    return base64.urlsafe_b64encode(identifier.bytes).decode().rstrip("=")


def _uuid(found: object) -> UUID | None:
    try:
        return UUID(found) if isinstance(found, str) else None
    except ValueError:
        return None  # somebody else's: a payment that was made by hand in the gateway's dashboard


def _unfolded(found: object) -> UUID | None:
    if not isinstance(found, str) or _FOLDED.fullmatch(found) is None:
        return None
    return UUID(bytes=base64.urlsafe_b64decode(f"{found}=="))


def _no_constant(constant: str) -> None:
    raise ValueError(constant)


def _name(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))

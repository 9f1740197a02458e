"""The error tree: every way to fail that a person or a client can act on.

    VibeStreamError                kind -> HTTP status, in platform/http
      InvalidInput                 invalid          422
      Unauthenticated              unauthenticated  401
      Forbidden                    forbidden        403
      Missing                      missing          404
      Conflict                     conflict         409
      Gone                         gone             410
      TooLarge                     too_large        413
      Unsupported                  unsupported      415
      Limited                      limited          429
      Unavailable                  unavailable      503

A context derives one class per way to fail, beside the function that raises it, with a stable `code` and the facts as
attributes. Such an error is *expected*: it is answered and counted, never logged as an error. Whatever is not a
VibeStreamError is a defect.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Kind(enum.Enum):
    """What sort of failure it is; each has one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class VibeStreamError(Exception):
    """A failure that was foreseen. The message is one sentence that says what to do, safe to show to anyone."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "error"

    def facts(self) -> dict[str, object]:
        """Return the failure's facts: the public attributes that the constructor set."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class InvalidInput(VibeStreamError):
    """What was sent cannot be right."""

    kind = Kind.INVALID
    code: ClassVar[str] = "invalid"


class Unauthenticated(VibeStreamError):
    """Nobody is signed in, or the credentials are wrong."""

    kind = Kind.UNAUTHENTICATED
    code: ClassVar[str] = "unauthenticated"


class Forbidden(VibeStreamError):
    """Somebody is signed in who may not do this."""

    kind = Kind.FORBIDDEN
    code: ClassVar[str] = "forbidden"


class Missing(VibeStreamError):
    """It does not exist, or not for this person."""

    kind = Kind.MISSING
    code: ClassVar[str] = "missing"


class Conflict(VibeStreamError):
    """It contradicts what is already there."""

    kind = Kind.CONFLICT
    code: ClassVar[str] = "conflict"


class Gone(VibeStreamError):
    """It was there and is not any more."""

    kind = Kind.GONE
    code: ClassVar[str] = "gone"


class TooLarge(VibeStreamError):
    """It is larger than allowed."""

    kind = Kind.TOO_LARGE
    code: ClassVar[str] = "too_large"


class Unsupported(VibeStreamError):
    """Its media type or encoding is not taken."""

    kind = Kind.UNSUPPORTED
    code: ClassVar[str] = "unsupported"


class Limited(VibeStreamError):
    """Too many in too short a time; `retry_after_s` says when to come back."""

    kind = Kind.LIMITED
    code: ClassVar[str] = "limited"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(VibeStreamError):
    """Something it needs does not answer now; the same request may succeed later."""

    kind = Kind.UNAVAILABLE
    code: ClassVar[str] = "unavailable"

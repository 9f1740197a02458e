"""Routes that a stolen session must not be enough for: they want a proof, not older than so many minutes.

The proof is the second factor, or the password of an account without one; the session remembers when it was shown.
What is refused here is to be repeated after the proof: programs by `POST /api/v1/me/step-up`, people by a page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import Request

from vibestream.kernel.errors import Forbidden
from vibestream.platform.http import exchange


class ProofTooOld(Forbidden):
    """It is not long enough ago to be sure that it is still the account's owner; `max_age_s` says what is wanted."""

    code = "access.proof_too_old"

    def __init__(self, *, max_age_s: int) -> None:
        super().__init__(
            "Show that it is you: your second factor, or your password if you have none; then repeat this."
        )
        self.max_age_s = max_age_s


def fresh(minutes: int) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that admits whoever has shown that it is them in the last minutes: `Depends(fresh(5))`.

    It stands beside the route's policy, which says who may call it at all.

    Raises:
        ProofTooOld: when called later than that; answered with 403.
    """
    limit = timedelta(minutes=minutes)

    async def check(request: Request) -> None:
        require_fresh(request, limit=limit)

    return check


def require_fresh(request: Request, *, limit: timedelta) -> None:
    """Return when the signed-in person has shown that it is them within the limit, up to and with its last instant.

    Raises:
        NotSignedIn: nobody is signed in.
        ProofTooOld: they have not.
    """
    here = exchange.current(request)
    proved_at = here.signed_in().proved_at
    if proved_at is None or here.now - proved_at > limit:
        raise ProofTooOld(max_age_s=int(limit.total_seconds()))

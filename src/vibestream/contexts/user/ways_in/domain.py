"""The round of an account, and what somebody is told whose round is over."""

from __future__ import annotations

from typing import ClassVar, NewType

from vibestream.kernel.errors import Unauthenticated

Round = NewType("Round", int)
"""How often everybody was put out of an account before somebody began to show that it is theirs."""


class Overtaken(Unauthenticated):
    """While somebody was signing in, everybody was put out of the account: what they have shown counts no more."""

    code: ClassVar[str] = "session.overtaken"

    def __init__(self) -> None:
        super().__init__("While you were signing in, this account was signed out everywhere. Sign in once more.")

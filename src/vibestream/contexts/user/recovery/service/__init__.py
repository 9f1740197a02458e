"""Resetting a password that was forgotten, by a code that is mailed and shown in the browser that asked.

Whether an address has an account shows in no answer and in no duration. A reset does not do away with the second factor,
which is asked for too; it ends every session of the account and opens none.
"""

from vibestream.contexts.user.recovery.domain import CODE_GOOD_FOR
from vibestream.contexts.user.recovery.service.mailing import mail_password_reset
from vibestream.contexts.user.recovery.service.resetting import (
    RESET_COOKIE,
    RESET_COOKIE_GOOD_FOR,
    ResetExpired,
    ResetStarted,
    SecondFactorWanted,
    ask_reset,
    end_resets,
    reset_password,
)

__all__ = [
    "CODE_GOOD_FOR",
    "RESET_COOKIE",
    "RESET_COOKIE_GOOD_FOR",
    "ResetExpired",
    "ResetStarted",
    "SecondFactorWanted",
    "ask_reset",
    "end_resets",
    "mail_password_reset",
    "reset_password",
]

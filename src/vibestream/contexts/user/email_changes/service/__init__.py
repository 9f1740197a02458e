"""Giving an account another address, proved by a code, and putting the one before back.

Whether the new address has an account shows in no answer and in no duration. The code is shown by the browser that asked;
the address before is told and can undo the change for a week, which signs everybody out.
"""

from vibestream.contexts.user.email_changes.domain import CODE_GOOD_FOR, UNDO_GOOD_FOR
from vibestream.contexts.user.email_changes.service.changing import (
    CHANGE_COOKIE,
    CHANGE_COOKIE_GOOD_FOR,
    AddressUnchanged,
    ChangeExpired,
    ChangeStarted,
    ask_change,
    confirm_change,
)
from vibestream.contexts.user.email_changes.service.mailing import mail_email_change, mail_email_undo
from vibestream.contexts.user.email_changes.service.undoing import UndoExpired, undo_change

__all__ = [
    "CHANGE_COOKIE",
    "CHANGE_COOKIE_GOOD_FOR",
    "CODE_GOOD_FOR",
    "UNDO_GOOD_FOR",
    "AddressUnchanged",
    "ChangeExpired",
    "ChangeStarted",
    "UndoExpired",
    "ask_change",
    "confirm_change",
    "mail_email_change",
    "mail_email_undo",
    "undo_change",
]

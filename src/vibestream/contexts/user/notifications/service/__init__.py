"""Telling people what concerns them, and letting them read it, choose, and be left in peace.

A notification is one row; its list entry, its live announcement and its mail come from that row, in the transaction that
told it. Told again, the same fact is the same row. What is about safety or records of money cannot be turned off.
"""

from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Kind, KindMandatory
from vibestream.contexts.user.notifications.domain.push import Browser, SubscriptionInvalid
from vibestream.contexts.user.notifications.domain.timing import Hours, HoursInvalid, time_zones
from vibestream.contexts.user.notifications.domain.told import Bounce, Notification, Telling
from vibestream.contexts.user.notifications.domain.words import Said
from vibestream.contexts.user.notifications.service.choosing import (
    bounce_of,
    choose,
    choose_all,
    choose_hours,
    hours_of,
    time_zones_of,
    try_address_again,
    wanted_by,
)
from vibestream.contexts.user.notifications.service.mailing import mail_notification
from vibestream.contexts.user.notifications.service.pushing import (
    BrowserMissing,
    Reported,
    browsers_of,
    public_key,
    push_notification,
    subscribe,
    unsubscribe,
)
from vibestream.contexts.user.notifications.service.reading import (
    NotificationMissing,
    mark_all_read,
    mark_read,
    missed_since,
    notifications_of,
    said_of,
    unread,
    which_know,
)
from vibestream.contexts.user.notifications.service.returning import note_returned
from vibestream.contexts.user.notifications.service.telling import TOLD, tell, tell_many
from vibestream.contexts.user.notifications.service.unsubscribing import (
    LinkInvalid,
    kinds_of_token,
    stop_by_link,
    stop_token,
)

__all__ = [
    "RULES",
    "TOLD",
    "Bounce",
    "Browser",
    "BrowserMissing",
    "Channel",
    "Hours",
    "HoursInvalid",
    "Kind",
    "KindMandatory",
    "LinkInvalid",
    "Notification",
    "NotificationMissing",
    "Reported",
    "Said",
    "SubscriptionInvalid",
    "Telling",
    "bounce_of",
    "browsers_of",
    "choose",
    "choose_all",
    "choose_hours",
    "hours_of",
    "kinds_of_token",
    "mail_notification",
    "mark_all_read",
    "mark_read",
    "missed_since",
    "note_returned",
    "notifications_of",
    "public_key",
    "push_notification",
    "said_of",
    "stop_by_link",
    "stop_token",
    "subscribe",
    "tell",
    "tell_many",
    "time_zones",
    "time_zones_of",
    "try_address_again",
    "unread",
    "unsubscribe",
    "wanted_by",
    "which_know",
]

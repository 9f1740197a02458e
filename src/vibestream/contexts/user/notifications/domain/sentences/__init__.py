"""What each kind of notification says, one file for each thing that it is about: title, what happened, then what else a mail says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind
from vibestream.contexts.user.notifications.domain.sentences.judged import JUDGED
from vibestream.contexts.user.notifications.domain.sentences.money import MONEY
from vibestream.contexts.user.notifications.domain.sentences.music import MUSIC
from vibestream.contexts.user.notifications.domain.sentences.privacy import PRIVACY
from vibestream.contexts.user.notifications.domain.sentences.safety import SAFETY
from vibestream.contexts.user.notifications.domain.sentences.working import WORKING

SENTENCES: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    **JUDGED,
    **MONEY,
    **MUSIC,
    **PRIVACY,
    **SAFETY,
    **WORKING,
}
"""By language."""

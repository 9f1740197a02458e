"""What admins do with accounts. Each use case is audited and announced to whom it happens; none is about oneself.

Changes of the roles `admin` and `finance` are proposed by one admin and approved by another. Whoever decides is still an
admin when the decision takes effect: decisions take turns, so that two who take each other's role do not both succeed.
Hence an admin always remains: whoever approves that one loses the role.
"""

from vibestream.contexts.user.administration.domain import (
    FOUR_EYES,
    PROPOSAL_GOOD_FOR,
    AdminExists,
    AlreadyProposed,
    LockUnchanged,
    NoAdmin,
    NotProved,
    OwnAccount,
    PersonUnknown,
    Proposal,
    ProposalOver,
    RoleUnchanged,
    SameAdmin,
    Step,
)
from vibestream.contexts.user.administration.service.granting import (
    approve,
    change_role,
    make_first_admin,
    proposals,
    refuse,
)
from vibestream.contexts.user.administration.service.locking import lock_account, unlock_account
from vibestream.contexts.user.administration.service.looking import Limits, Seen, find, holders, look
from vibestream.contexts.user.administration.store import Held

__all__ = [
    "FOUR_EYES",
    "PROPOSAL_GOOD_FOR",
    "AdminExists",
    "AlreadyProposed",
    "Held",
    "Limits",
    "LockUnchanged",
    "NoAdmin",
    "NotProved",
    "OwnAccount",
    "PersonUnknown",
    "Proposal",
    "ProposalOver",
    "RoleUnchanged",
    "SameAdmin",
    "Seen",
    "Step",
    "approve",
    "change_role",
    "find",
    "holders",
    "lock_account",
    "look",
    "make_first_admin",
    "proposals",
    "refuse",
    "unlock_account",
]

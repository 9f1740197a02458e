"""The public interface of fraud: assess, tell outcomes, review, and keep the policy.

    decision = await fraud.assess(tx, facts=facts, signals=signals, now=now)
    await fraud.note_outcome(tx, subject_ref=str(payment_id), outcome=fraud.Outcome.CAPTURED, at=now)

Training and its measures are in `service.learning` (heavy), the registry of models in `service.registry`, outside signals in
`service.signals`, the models that a process keeps at hand in `service.serving`.
"""

from vibestream.contexts.payment.fraud.domain.facts import (
    Decision,
    Facts,
    Kind,
    Outcome,
    Reason,
    UnusableFacts,
    Verdict,
)
from vibestream.contexts.payment.fraud.domain.policy import Policy, UnusablePolicy
from vibestream.contexts.payment.fraud.domain.reasons import words_of
from vibestream.contexts.payment.fraud.domain.reviews import (
    AlreadyVoted,
    Judgement,
    NoteMissing,
    Review,
    ReviewClosed,
    ReviewerConcerned,
    ReviewState,
    UnknownReview,
    Vote,
)
from vibestream.contexts.payment.fraud.domain.signals import radar_signals
from vibestream.contexts.payment.fraud.service.assessing import assess
from vibestream.contexts.payment.fraud.service.outcomes import note_method, note_outcome, outcomes
from vibestream.contexts.payment.fraud.service.policies import (
    NotDenied,
    PolicyChanged,
    UnusableEntry,
    denied,
    deny,
    deny_no_longer,
    policy_document,
    policy_in_force,
    policy_versions,
    set_policy,
)
from vibestream.contexts.payment.fraud.service.reviewing import (
    Explained,
    closed_reviews,
    count_late,
    decide_review,
    decisions_about,
    explained,
    lapse_reviews,
    reviews,
    withdraw_review,
)
from vibestream.contexts.payment.fraud.service.serving import SHELF, models_kept
from vibestream.contexts.payment.fraud.store.policies import Denied, DenyList, PolicyVersion

__all__ = [
    "SHELF",
    "AlreadyVoted",
    "Decision",
    "Denied",
    "DenyList",
    "Explained",
    "Facts",
    "Judgement",
    "Kind",
    "NotDenied",
    "NoteMissing",
    "Outcome",
    "Policy",
    "PolicyChanged",
    "PolicyVersion",
    "Reason",
    "Review",
    "ReviewClosed",
    "ReviewState",
    "ReviewerConcerned",
    "UnknownReview",
    "UnusableEntry",
    "UnusableFacts",
    "UnusablePolicy",
    "Verdict",
    "Vote",
    "assess",
    "closed_reviews",
    "count_late",
    "decide_review",
    "decisions_about",
    "denied",
    "deny",
    "deny_no_longer",
    "explained",
    "lapse_reviews",
    "models_kept",
    "note_method",
    "note_outcome",
    "outcomes",
    "policy_document",
    "policy_in_force",
    "policy_versions",
    "radar_signals",
    "reviews",
    "set_policy",
    "withdraw_review",
    "words_of",
]

"""Proposals of rates: read back as they were written, by nobody else's key, and published by another person within a day."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.exchange.domain.proposals import (
    GOOD_FOR,
    OwnProposal,
    Proposal,
    ProposalOver,
    UnknownProposal,
    read,
    require_second,
    written,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD

KEY = b"k" * 32
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
PROPOSAL = Proposal(
    rate_id=new_id(),
    base=EUR,
    quote=USD,
    value="1.0842",
    spread_bp=50,
    source="el cambio del día",
    effective_from=None,
    effective_until=AT + timedelta(days=7),
    proposed_by=UserId(new_id()),
    proposed_at=AT,
)


@pytest.mark.parametrize("more", [{}, {"effective_from": AT, "effective_until": None}])
def test_a_proposal_is_read_as_it_was_written(more: dict[str, datetime | None]):
    proposal = replace(PROPOSAL, **more)  # type: ignore[arg-type]
    assert read(written(proposal, signing_key=KEY), signing_key=KEY) == proposal


def test_another_deployments_key_does_not_read_it():
    with pytest.raises(UnknownProposal):
        read(written(PROPOSAL, signing_key=KEY), signing_key=b"l" * 32)


def test_one_bit_changed_anywhere_makes_it_unknown():
    text = written(PROPOSAL, signing_key=KEY)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for place in range(len(raw)):
        raw[place] ^= 1
        with pytest.raises(UnknownProposal):
            read(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), signing_key=KEY)
        raw[place] ^= 1


@given(st.text(max_size=80))
def test_whatever_somebody_types_is_no_proposal(text: str):
    with pytest.raises(UnknownProposal):
        read(text, signing_key=KEY)


def test_it_takes_another_person_and_ends_after_a_day():
    other = UserId(new_id())
    require_second(PROPOSAL, published_by=other, now=AT + GOOD_FOR - timedelta(microseconds=1))
    with pytest.raises(OwnProposal):
        require_second(PROPOSAL, published_by=PROPOSAL.proposed_by, now=AT)
    with pytest.raises(ProposalOver):
        require_second(PROPOSAL, published_by=other, now=AT + GOOD_FOR)

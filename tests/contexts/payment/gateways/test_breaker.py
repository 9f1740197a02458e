"""The breaker opens when half of a gateway's answers fail, and lets exactly one probe through before it closes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from vibestream.contexts.payment.gateways.domain.breaker import (
    FEWEST_FAILURES,
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    PROBE_MS,
    Breaker,
    State,
    Ticket,
    admit,
    give_up,
    report,
    would_admit,
)


def opened(*, now_ms: int = 0) -> Breaker:
    breaker = Breaker()
    for _ in range(FEWEST_FAILURES):
        breaker, ticket = admit(breaker, now_ms=now_ms)
        assert ticket is not None
        breaker = report(breaker, ticket, well=False, now_ms=now_ms)
    assert breaker.state is State.OPEN
    return breaker


def test_four_failures_are_too_few_to_open_it_and_the_fifth_opens_it():
    breaker = Breaker()
    for _ in range(4):
        breaker, ticket = admit(breaker, now_ms=0)
        assert ticket is not None
        breaker = report(breaker, ticket, well=False, now_ms=0)
    assert breaker.state is State.CLOSED

    breaker, ticket = admit(breaker, now_ms=0)
    assert ticket is not None
    assert report(breaker, ticket, well=False, now_ms=0).state is State.OPEN


def test_failures_that_are_fewer_than_half_leave_it_closed():
    breaker = Breaker()
    for _ in range(40):
        for well in (True, True, False):
            breaker, ticket = admit(breaker, now_ms=0)
            assert ticket is not None
            breaker = report(breaker, ticket, well=well, now_ms=0)

    assert breaker.state is State.CLOSED


def test_open_it_lets_nothing_through_until_its_time_is_over_then_one_probe():
    breaker = opened()

    breaker, none = admit(breaker, now_ms=FIRST_PAUSE_MS - 1)
    breaker, probe = admit(breaker, now_ms=FIRST_PAUSE_MS)
    after, second = admit(breaker, now_ms=FIRST_PAUSE_MS)

    assert none is None
    assert probe is not None
    assert probe.probe
    assert second is None
    assert after.state is State.HALF_OPEN


def test_of_fifty_calls_at_once_when_half_open_one_goes_through():
    breaker = opened()
    tickets = []
    for _ in range(50):
        breaker, ticket = admit(breaker, now_ms=FIRST_PAUSE_MS)
        tickets.append(ticket)

    assert len([ticket for ticket in tickets if ticket is not None]) == 1


def test_a_probe_that_went_well_closes_it_and_forgets_the_longer_pauses():
    breaker, probe = admit(opened(), now_ms=FIRST_PAUSE_MS)
    assert probe is not None

    closed = report(breaker, probe, well=True, now_ms=FIRST_PAUSE_MS + 1)

    assert (closed.state, closed.outcomes, closed.pause_ms) == (State.CLOSED, (), FIRST_PAUSE_MS)


def test_each_probe_that_failed_doubles_the_pause_up_to_the_longest():
    breaker, now, pauses = opened(), 0, []
    for _ in range(7):
        pauses.append(breaker.until_ms - now)
        now = breaker.until_ms
        breaker, probe = admit(breaker, now_ms=now)
        assert probe is not None
        breaker = report(breaker, probe, well=False, now_ms=now)

    assert pauses == [5_000, 10_000, 20_000, 40_000, 80_000, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS]


def test_a_call_that_was_begun_before_it_opened_cannot_close_it():
    breaker, early = admit(Breaker(), now_ms=0)
    assert early is not None
    for _ in range(FEWEST_FAILURES):
        breaker = report(breaker, Ticket(breaker.generation, probe=False), well=False, now_ms=0)
    assert breaker.state is State.OPEN

    assert report(breaker, early, well=True, now_ms=1) == breaker
    probing, probe = admit(breaker, now_ms=FIRST_PAUSE_MS)
    assert probe is not None
    assert report(probing, early, well=True, now_ms=FIRST_PAUSE_MS) == probing


def test_a_probe_that_was_cancelled_lets_another_one_go_at_once():
    breaker, probe = admit(opened(), now_ms=FIRST_PAUSE_MS)
    assert probe is not None

    breaker = give_up(breaker, probe, now_ms=FIRST_PAUSE_MS + 7)

    assert admit(breaker, now_ms=FIRST_PAUSE_MS + 7)[1] is not None


def test_a_probe_that_never_reports_is_replaced_and_is_stale_when_it_does():
    breaker, lost = admit(opened(), now_ms=FIRST_PAUSE_MS)
    assert lost is not None
    assert admit(breaker, now_ms=FIRST_PAUSE_MS + PROBE_MS - 1)[1] is None

    breaker, probe = admit(breaker, now_ms=FIRST_PAUSE_MS + PROBE_MS)
    assert probe is not None
    assert report(breaker, lost, well=False, now_ms=FIRST_PAUSE_MS + PROBE_MS) == breaker


@given(outcomes=st.lists(st.booleans(), max_size=60))
def test_it_is_closed_as_long_as_more_than_half_of_what_it_keeps_went_well(outcomes: list[bool]):
    breaker = Breaker()
    kept: list[bool] = []
    for well in outcomes:
        breaker, ticket = admit(breaker, now_ms=0)
        assert ticket is not None
        breaker = report(breaker, ticket, well=well, now_ms=0)
        kept = [*kept, well][-20:]
        if breaker.state is State.OPEN:
            assert kept.count(False) >= FEWEST_FAILURES
            assert kept.count(False) * 2 >= len(kept)
            return
        assert kept.count(False) < FEWEST_FAILURES or kept.count(False) * 2 < len(kept) or well


class Breakers(RuleBasedStateMachine):
    """Any order of calls, outcomes, cancellations and time: at most one fresh probe is under way."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 0
        self.probes: dict[int, int] = {}
        """Probes that are under way, by generation, and when they were let through."""

    @rule(passed=st.sampled_from([0, 1, 1_000, FIRST_PAUSE_MS, PROBE_MS, LONGEST_PAUSE_MS]))
    def wait(self, passed: int) -> None:
        self.now += passed

    @rule(target=tickets)
    def ask(self) -> Ticket | None:
        before, expected = self.breaker, would_admit(self.breaker, now_ms=self.now)
        self.breaker, ticket = admit(before, now_ms=self.now)
        assert (ticket is not None) == expected
        if before.state is State.OPEN:
            assert (ticket is not None) == (self.now >= before.until_ms)
        if ticket is not None and ticket.probe:
            fresh = [begun for begun in self.probes.values() if self.now - begun < PROBE_MS]
            assert fresh == []
            self.probes[ticket.generation] = self.now
        return ticket

    @rule(ticket=consumes(tickets), well=st.booleans())
    def come_back(self, ticket: Ticket | None, well: bool) -> None:
        if ticket is None:
            return
        before = self.breaker
        self.breaker = report(before, ticket, well=well, now_ms=self.now)
        self.probes.pop(ticket.generation, None) if ticket.probe else None
        if before.state is not State.CLOSED and self.breaker.state is State.CLOSED:
            assert ticket.probe
            assert well
            assert ticket.generation == before.generation

    @rule(ticket=consumes(tickets))
    def be_cancelled(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self.breaker = give_up(self.breaker, ticket, now_ms=self.now)
        self.probes.pop(ticket.generation, None) if ticket.probe else None

    @invariant()
    def it_is_never_shut_for_longer_than_the_longest_pause(self) -> None:
        assert self.breaker.until_ms - self.now <= max(LONGEST_PAUSE_MS, PROBE_MS)


TestBreakers = Breakers.TestCase

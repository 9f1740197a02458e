"""When mail may come, what is said, who wants what, and which refusals mean that a mailbox does not exist."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from vibestream.contexts.user.notifications.domain import timing, words
from vibestream.contexts.user.notifications.domain.kinds import (
    RULES,
    Channel,
    Facts,
    Kind,
    KindMandatory,
    require_optional,
    together,
    wants,
)
from vibestream.contexts.user.notifications.domain.sentences import SENTENCES
from vibestream.contexts.user.notifications.domain.sentences.places import PLACES
from vibestream.contexts.user.notifications.domain.timing import Hours, HoursInvalid
from vibestream.contexts.user.notifications.domain.told import is_bounce

URL = "https://vibe.example"
FACTS: Facts = {
    "minor": 1_099,
    "currency": "USD",
    "earned": "9.89 USD",
    "what": "premium",
    "when": "2026-12-25T09:30:00+00:00",
    "method": "paypal",
    "device": "Firefox on Linux",
    "network": "192.0.2.0/24",
    "role": "moderator",
    "reason": "abuse",
    "form": "album",
    "purpose": "analytics",
    "artist_id": "01976e6e-0000-7000-8000-000000000002",
    "artist": "Río Lento",
    "release": "01976e6e-0000-7000-8000-000000000001",
}
MADRID = Hours(time_zone="Europe/Madrid", quiet_from=time(22, 30), quiet_until=time(7))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (utc(2026, 11, 24, 21, 29), utc(2026, 11, 24, 21, 29)),  # 22:29 there
        (utc(2026, 11, 24, 21, 30), utc(2026, 11, 25, 6)),  # 22:30: the quiet begins with its first minute
        (utc(2026, 11, 25, 0), utc(2026, 11, 25, 6)),  # after midnight it is the same night
        (utc(2026, 11, 25, 6), utc(2026, 11, 25, 6)),  # and over with its last
        (utc(2026, 3, 28, 22), utc(2026, 3, 29, 5)),  # the night in which summer time begins: seven is 05:00 UTC
        (utc(2026, 10, 24, 21), utc(2026, 10, 25, 6)),  # and the one in which it ends
    ],
)
def test_a_quiet_night_ends_in_the_readers_own_morning(wanted: datetime, sent: datetime):
    assert timing.not_before(MADRID, wanted) == sent


def test_a_quiet_time_within_a_day_ends_the_same_day():
    siesta = Hours(time_zone="Europe/Madrid", quiet_from=time(14), quiet_until=time(17))

    assert timing.not_before(siesta, utc(2026, 7, 1, 12, 30)) == utc(2026, 7, 1, 15)
    assert timing.not_before(siesta, utc(2026, 7, 1, 11, 59)) == utc(2026, 7, 1, 11, 59)


def test_a_quiet_time_that_ends_in_the_hour_that_is_left_out_ends_as_the_clock_jumps():
    night = Hours(time_zone="Europe/Madrid", quiet_from=time(23), quiet_until=time(2, 30))

    # At 02:00 the clock jumps to 03:00, which is 01:00 UTC; half past two is never shown and is taken as 01:30 UTC.
    assert timing.not_before(night, utc(2026, 3, 29, 0, 15)) == utc(2026, 3, 29, 1, 30)


def test_a_quiet_time_that_ends_in_the_hour_that_is_shown_twice_ends_once_and_never_in_the_past():
    night = Hours(time_zone="Europe/Madrid", quiet_from=time(23), quiet_until=time(2, 30))

    assert timing.not_before(night, utc(2026, 10, 24, 22)) == utc(2026, 10, 25, 0, 30)
    later = utc(2026, 10, 25, 1, 10)  # 02:10 for the second time
    assert timing.not_before(night, later) == later


@pytest.mark.parametrize(
    ("zone", "now", "morning"),
    [
        ("UTC", utc(2026, 11, 24, 23, 59), utc(2026, 11, 25, 9)),
        ("Europe/Madrid", utc(2026, 11, 24, 23, 30), utc(2026, 11, 26, 8)),  # there it is the 25th already
        ("America/Los_Angeles", utc(2026, 11, 24, 3), utc(2026, 11, 24, 17)),  # and there still the 23rd
        ("Pacific/Kiritimati", utc(2026, 11, 24, 9, 59), utc(2026, 11, 24, 19)),
    ],
)
def test_a_digest_comes_at_nine_of_the_readers_next_day(zone: str, now: datetime, morning: datetime):
    assert timing.next_morning(Hours(time_zone=zone), now) == morning


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("Europe/Nowhere", "", ""),
        ("../../etc/passwd", "", ""),
        ("Europe/Madrid\x00", "", ""),
        ("", "", ""),
        ("UTC", "22:00", ""),
        ("UTC", "", "07:00"),
        ("UTC", "22:00", "22:00"),
        ("UTC", "24:00", "07:00"),
        ("UTC", "7:00", "08:00"),
        ("UTC", "\u0660\u0667:\u0660\u0660", "08:00"),
        ("UTC", "22:00:00", "07:00"),
    ],
)
def test_hours_that_are_none_are_refused(zone: str, begins: str, ends: str):
    with pytest.raises(HoursInvalid):
        timing.hours_of(time_zone=zone, quiet_from=begins, quiet_until=ends)


def test_hours_are_read():
    read = timing.hours_of(time_zone="America/Bogota", quiet_from="22:30", quiet_until="07:05")

    assert read == Hours(time_zone="America/Bogota", quiet_from=time(22, 30), quiet_until=time(7, 5))


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_said_whole_in_every_language_and_leads_somewhere(kind: Kind, locale: str):
    said = words.say(kind, FACTS, count=12, locale=locale, url=URL)
    whole = " ".join((said.title, said.body, *said.more))

    assert "{" not in whole
    assert "http" not in said.title + said.body  # what the list shows leads by its own link
    assert whole.count(URL + said.path) == whole.count("http") <= 1
    assert said.path == PLACES[kind].format(**FACTS)
    assert said.path.startswith("/")


@pytest.mark.parametrize("kind", list(Kind))
def test_both_languages_say_the_same_facts(kind: Kind):
    names = [
        {sentence.count("{" + name) for name in ("amount", "when", "what", "n}", "method", "device", "here", "earned")}
        for sentence in (" ".join(SENTENCES[kind][locale]) for locale in ("en", "es"))
    ]

    assert names[0] == names[1]
    assert len(SENTENCES[kind]["en"]) == len(SENTENCES[kind]["es"])
    assert SENTENCES[kind]["en"][0] != SENTENCES[kind]["es"][0]


def test_a_receipt_names_the_amount_the_purpose_and_the_minute():
    said = words.say(Kind.RECEIPT, {**FACTS, "what": "tip"}, count=1, locale="es", url=URL)

    assert said.title == "Recibo: 10.99 USD"
    assert said.body == "Recibimos 10.99 USD de tu parte el 2026-12-25 09:30 UTC (propina). Gracias."


def test_a_fact_that_is_missing_is_a_defect_and_not_a_hole_in_a_sentence():
    with pytest.raises(KeyError):
        words.say(Kind.RECEIPT, {"minor": 1, "currency": "USD"}, count=1, locale="en", url=URL)


def test_what_is_mandatory_comes_whatever_was_chosen():
    never = {(kind, channel): False for kind in Kind for channel in Channel}

    assert {kind for kind in Kind if wants(kind, Channel.EMAIL, never)} == {
        Kind.RECEIPT,
        Kind.REFUND,
        Kind.RENEWAL_FAILED,
        Kind.EXPORT_READY,
        Kind.CONSENT_ENDED,
        Kind.SUBSCRIPTION_UNPAID,
        Kind.DESTINATION_SET,
        Kind.DESTINATION_CHANGED,
        Kind.PAYOUT_PAID,
        Kind.PAYOUT_RETURNED,
        Kind.PAYOUT_FAILED,
        Kind.NEW_DEVICE,
        Kind.APP_ENDED,
        Kind.EMAIL_CHANGED,
        Kind.EMAIL_RESTORED,
        Kind.ROLE_GRANTED,
        Kind.ROLE_TAKEN,
        Kind.ACCOUNT_LOCKED,
        Kind.ACCOUNT_UNLOCKED,
        Kind.PAGE_HIDDEN,
        Kind.PAGE_SHOWN,
        Kind.RELEASE_CONDEMNED,
        Kind.TEAM_JOINED,
        Kind.LABEL_JOINED,
    }
    for kind in Kind:
        if RULES[kind].mandatory:
            with pytest.raises(KindMandatory):
                require_optional(kind)
        else:
            require_optional(kind)


def test_without_a_choice_all_is_listed_and_all_but_what_can_wait_is_mailed():
    assert all(wants(kind, Channel.IN_APP, {}) for kind in Kind)
    assert [kind for kind in Kind if not wants(kind, Channel.EMAIL, {})] == [
        Kind.MASTER_READY,
        Kind.REPORT_DECIDED,
        Kind.NEW_RELEASE,
        Kind.MAIL_BOUNCED,
    ]


def test_what_is_told_together_is_summed_and_never_over_currencies():
    vibe: Facts = {"minor": 2**60, "currency": "VIBE"}

    assert together(vibe, {"minor": 1, "currency": "VIBE"}) == {"minor": 2**60 + 1, "currency": "VIBE"}
    assert together({}, {}) == {}
    with pytest.raises(ValueError, match="USD"):
        together(vibe, {"minor": 1, "currency": "USD"})


@pytest.mark.parametrize(
    ("reply", "bounced"),
    [
        ("550 5.1.1 No such user", True),
        ("550 No such user here", True),
        ("551 User not local", True),
        ("553 mailbox name not allowed", True),
        ("550 5.7.1 Message rejected as spam; see 5.1.1", False),
        ("550 5.7.26 Unauthenticated mail", False),
        ("554 5.1.10 Recipient address has null MX", True),
        ("552 5.2.2 Mailbox full", False),
        ("554 Transaction failed", False),
        ("mail.malformed", False),
        ("SMTPUTF8 is not supported", False),
    ],
)
def test_only_a_missing_mailbox_is_a_bounce(reply: str, bounced: bool):
    assert is_bounce(reply) is bounced

"""Codes of apps and recovery codes, against the standards' own vectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vibestream.contexts.user.factors import domain

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("step", "code"),
    # RFC 4226, appendix D
    list(
        enumerate(("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"))
    ),
)
def test_the_codes_of_rfc_4226(step: int, code: str):
    assert domain.code_at(SECRET, step) == code


@pytest.mark.parametrize(
    ("at", "code"),
    # RFC 6238, appendix B, SHA-1: the last six of its eight digits
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_of_rfc_6238(at: int, code: str):
    now = datetime.fromtimestamp(at, UTC)
    assert domain.code_at(SECRET, domain.step_of(now)) == code
    assert domain.matching_step(SECRET, code, now=now, after=0) == at // 30


@pytest.mark.parametrize(("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_taken_one_step_around(away: int, taken: bool):
    now = datetime.fromtimestamp(1_000_000 * 30, UTC)
    step = 1_000_000 + away
    found = domain.matching_step(SECRET, domain.code_at(SECRET, step), now=now, after=0)
    assert found == (step if taken else None)


def test_a_code_of_a_step_that_was_taken_is_none():
    now = datetime.fromtimestamp(1_000_000 * 30, UTC)
    code = domain.code_at(SECRET, 1_000_000)
    assert domain.matching_step(SECRET, code, now=now, after=999_999) == 1_000_000
    assert domain.matching_step(SECRET, code, now=now, after=1_000_000) is None


@pytest.mark.parametrize("code", ["", "0", "\u0660" * 6, "\ud800", "28708", "2870820", "287082\x00", "%", "-287082"])
def test_what_is_no_code_is_wrong_and_no_crash(code: str):
    assert domain.matching_step(SECRET, code, now=datetime.fromtimestamp(59, UTC), after=0) is None


def test_a_code_may_be_typed_in_two_halves():
    assert domain.typed_code(" 287 082 ") == domain.typed_code("287-082") == "287082"


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        (9, None),
        (10, timedelta(minutes=1)),
        (11, timedelta(minutes=2)),
        (20, timedelta(minutes=1024)),
        (21, timedelta(days=1)),
        (10**9, timedelta(days=1)),
    ],
)
def test_who_guesses_waits_longer_and_longer(failures: int, wait: timedelta | None):
    assert domain.wait_after(failures) == wait


def test_an_app_reads_the_address_and_people_the_key():
    uri = domain.enrolment_uri(SECRET, label="ana+vs@example.org")
    assert uri == (
        "otpauth://totp/VibeStream%3Aana%2Bvs%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=VibeStream&algorithm=SHA1&digits=6&period=30"
    )
    assert domain.key_text(SECRET) == "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ"


def test_a_recovery_code_is_known_however_it_is_typed():
    shown = domain.recovery_text(bytes(range(15)))
    assert shown == "aaaq-eaye-auda-ocaj-bifq-ydio"
    known = domain.recovery_hash(shown)
    assert known is not None
    assert domain.recovery_hash(shown.upper().replace("-", " ")) == known
    assert domain.recovery_hash(shown.replace("o", "0").replace("l", "1").replace("b", "8")) == known
    assert domain.recovery_hash("b" + shown[1:]) != known


@pytest.mark.parametrize("text", ["", "a" * 23, "a" * 25, "a" * 1_000_000, "ä" * 24, "\ud800" * 24, "\U0001d7d8" * 24])
def test_what_has_not_the_form_of_a_recovery_code_has_no_hash(text: str):
    assert domain.recovery_hash(text) is None


def test_an_app_code_is_told_from_a_recovery_code_by_its_length():
    assert domain.looks_like_totp("123 456")
    assert not domain.looks_like_totp("aaaq-eaye")

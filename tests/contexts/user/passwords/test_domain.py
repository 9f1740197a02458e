"""Which passwords may be chosen."""

from __future__ import annotations

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

from vibestream.contexts.user.passwords.domain import (
    PasswordCommon,
    PasswordLength,
    PasswordPersonal,
    normalise,
    require_good,
)
from vibestream.kernel.errors import InvalidInput

COMMON = frozenset(FREQUENCY_LISTS["passwords"])
CONTEXT = ("marisol.fuentes@example.org", "Marisol Fuentes")


def require(password: str) -> None:
    require_good(normalise(password), context=CONTEXT, common=COMMON)


@pytest.mark.parametrize(
    "password",
    [
        "velvet harbour lantern 42",
        "               x               y",  # spaces count like anything else
        "all lower case words",
        "ñandú çedilla Ωmega €uro",
        "🦜🪗🎺🥁🎻🪕🎷🎸🎹🪘🎤🎧📻💿📀",  # 15 characters
        "k" + "q7#Lm2" * 42,  # 253
        "xq" * 2 + "correct horse",
        "marisol plays the hurdy-gurdy",  # a name inside an otherwise long one
        "?" * 7 + "aB3$" * 62 + "z",  # 256
    ],
)
def test_takes_any_long_uncommon_password(password: str):
    try:
        require(password)
    except InvalidInput as refusal:
        pytest.fail(str(refusal))
    assert 15 <= len(normalise(password)) <= 256


@pytest.mark.parametrize("password", ["", "short", "fourteen chars", "a b" * 86, "x7" * 500_000])
def test_refuses_by_length_alone_at_14_and_at_257_characters(password: str):
    with pytest.raises(PasswordLength):
        require(password)


def test_counts_the_composed_characters():
    decomposed = "u\u0308ber den Wolke"
    assert len(decomposed) == 15
    with pytest.raises(PasswordLength):  # 14 once composed
        require(decomposed)


@pytest.mark.parametrize(
    "password",
    [
        "123456789987654321",  # in the list
        "1QAZ2wsx3edc4RFV",  # in the list, in another case
        "passwordpassword",  # a common one twice
        "qwerty1qwerty1qwerty1",
        "abcabcabcabcabc",  # a short unit repeated
        "aaaaaaaaaaaaaaaa",
        "               ",
        "abcdefghijklmno",  # a run upwards
        "98765432109876543210",
        "12345678901234567",
        "\uff41bcdefghijklmno",  # the first letter in full width
    ],
)
def test_refuses_what_is_tried_first(password: str):
    with pytest.raises(PasswordCommon):
        require(password)


@pytest.mark.parametrize(
    "password",
    [
        "marisolfuentes1",
        "Marisol Fuentes 2026",
        "FUENTESmarisol!!!",
        "vibestream-marisol",
        "vibestreamvibe1",
        "marisol-sunshine",  # what is left is itself common
        "contraseña2026!",
    ],
)
def test_refuses_what_is_mostly_about_the_person_or_the_service(password: str):
    with pytest.raises(PasswordPersonal):
        require(password)


@pytest.mark.parametrize("password", ["q7#Lm2 x", "tram lilac", "ñandú-42"])
def test_beside_a_second_factor_eight_are_enough(password: str):
    require_good(normalise(password), context=CONTEXT, common=COMMON, least=8)
    with pytest.raises(PasswordLength) as alone:
        require(password)
    assert (alone.value.least, alone.value.most) == (15, 256)


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("q7#Lm2x", PasswordLength),
        ("sunshine", PasswordCommon),
        ("abab" * 2, PasswordCommon),
        ("aaaaaaaa", PasswordCommon),
        ("12345678", PasswordCommon),
        ("vibe2026", PasswordPersonal),
        ("Fuentes1", PasswordPersonal),
    ],
)
def test_beside_a_second_factor_the_rest_of_the_rules_holds(password: str, kind: type[InvalidInput]):
    with pytest.raises(kind):
        require_good(normalise(password), context=CONTEXT, common=COMMON, least=8)

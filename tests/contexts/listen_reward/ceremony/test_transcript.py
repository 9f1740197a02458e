"""What snarkjs says of a file, read into who contributed; and whether that is enough."""

from __future__ import annotations

import pytest

from vibestream.contexts.listen_reward.ceremony.domain.transcript import (
    Contribution,
    Half,
    NotABeacon,
    NotAName,
    checked_beacon,
    checked_name,
    lacks,
    read_transcript,
)


def turns(half: Half, *names: str, beacon: bool = True) -> tuple[Contribution, ...]:
    made = [Contribution(half, number, name, f"{number:0128x}", None) for number, name in enumerate(names, start=1)]
    if beacon:
        made.append(Contribution(half, len(names) + 1, "Block 9", "ff" * 64, "ab" * 32))
    return tuple(made)


def test_three_people_and_a_beacon_in_each_half_are_enough():
    assert lacks(turns(Half.POWERS, "a", "b", "c"), turns(Half.KEY, "c", "b", "a")) == ()


@pytest.mark.parametrize(
    ("powers", "key", "sentences"),
    [
        (("a", "b"), ("a", "b", "c"), ["2 of at least 3 people contributed to the powers."]),
        (("a", "b", "c"), ("a", "a", "a"), ["1 of at least 3 people contributed to the key."]),
        (
            (),
            (),
            ["0 of at least 3 people contributed to the powers.", "0 of at least 3 people contributed to the key."],
        ),
    ],
)
def test_fewer_people_are_not_whichever_half_they_lack_in(powers, key, sentences):
    assert list(lacks(turns(Half.POWERS, *powers), turns(Half.KEY, *key))) == sentences


def test_without_a_beacon_whoever_came_last_chose():
    assert lacks(turns(Half.POWERS, "a", "b", "c"), turns(Half.KEY, "a", "b", "c", beacon=False)) == (
        "No beacon ended the key.",
    )


def test_whoever_contributes_after_the_beacon_undoes_it():
    powers = (*turns(Half.POWERS, "a", "b", "c"), Contribution(Half.POWERS, 5, "d", "0" * 128, None))
    assert "after a beacon" in " ".join(lacks(powers, turns(Half.KEY, "a", "b", "c")))


def test_two_files_are_read_first_contribution_first():
    # As snarkjs 0.7.6 says it, the last first; a powers file says each twice removed under the same heading.
    assert read_transcript(
        Half.POWERS,
        [
            "Powers Of tau file OK!",
            "Next challenge hash: \n\t\t00",
            "Contribution #2: Block 9",
            "Next Challenge: \n\t\t01",
            "Response Hash:\n\t\tcc dd\n\t\tee ff",
            "Response Hash:\n\t\t99",
            f"Beacon generator: {'ab' * 32}",
            "Beacon iterations Exp: 10",
            "Contribution #1: a",
            "Next Challenge: \n\t\t02",
            "Response Hash:\n\t\taa bb",
            "Response Hash:\n\t\t98",
            "Powers of Tau Ok!",
        ],
    ) == (
        Contribution(Half.POWERS, 1, "a", "aabb", None),
        Contribution(Half.POWERS, 2, "Block 9", "ccddeeff", "ab" * 32),
    )
    assert read_transcript(
        Half.KEY,
        ["Circuit Hash: \n\t\t00", "contribution #2 b c:\n\t\t11 22", "contribution #1 a:\n\t\t33", "ZKey Ok!"],
    ) == (Contribution(Half.KEY, 1, "a", "33", None), Contribution(Half.KEY, 2, "b c", "1122", None))


@pytest.mark.parametrize("name", ["", " a", "a\nContribution #9: b", "a:b", "x" * 61, "é", "a/b"])
def test_a_name_that_could_be_read_as_something_else_is_none(name):
    with pytest.raises(NotAName):
        checked_name(name)


@pytest.mark.parametrize("value", ["", "0x" + "ab" * 32, "ab" * 31, "ab" * 65, "ab" * 32 + "a", "zz" * 32])
def test_a_beacon_is_32_to_64_bytes_in_hexadecimal(value):
    with pytest.raises(NotABeacon):
        checked_beacon(value)


def test_a_beacon_is_written_in_one_way():
    assert checked_beacon("AB" * 32) == "ab" * 32

"""How somebody looks without a picture: an initial that is theirs, on a colour that stays theirs."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from vibestream.kernel.ids import new_id
from vibestream.web.portraits import TONES, face_of, initial_of
from vibestream.web.rendering import TEMPLATES

STYLES = TEMPLATES.parent / "frontend/styles/portraits.css"


@pytest.mark.parametrize(
    ("name", "initial"),
    [
        ("Ana Soler", "A"),
        ("élan", "É"),
        ("e\u0301lan", "É"),
        ("  «Río»", "R"),
        ("...7 sisters", "7"),
        ("ßuper", "ß"),
        ("\u02bbokina", "O"),
        ("東京", "東"),
        ("\u043d\u0438\u043d\u0430", "\u041d"),
        ("x\u0323\u0323y", "X\u0323\u0323"),
        ("<script>", "S"),
        ("!!!", "\u266a"),
        ("", "\u266a"),
    ],
)
def test_the_initial_is_the_first_letter_or_digit_in_capitals(name: str, initial: str):
    assert initial_of(name) == initial


def test_the_colour_follows_from_the_id_alone_and_all_are_used():
    one = UUID("01a20fa8-8918-72dc-a517-c00a0110c158")

    assert face_of(one, "A").tone == face_of(one, "Another name").tone == one.int % 12
    assert {face_of(new_id(), "A").tone for _ in range(500)} == set(range(TONES))


def test_the_stylesheet_has_every_colour_and_an_initial_is_read_on_each():
    tones = dict(re.findall(r"\.tone-(\d+) \{\s*--tone: (\d+);", STYLES.read_text()))

    assert sorted(map(int, tones)) == list(range(TONES))
    for hue in map(int, tones.values()):
        assert _contrast(_rgb(hue, 0.34, 0.25), _rgb(hue, 0.55, 0.93)) >= 7, hue


def _rgb(hue: int, saturation: float, lightness: float) -> tuple[float, float, float]:
    """Source: CSS Color 4, 7.1, hsl to sRGB."""
    spread = saturation * min(lightness, 1 - lightness)
    red, green, blue = (
        lightness - spread * max(-1.0, min((at + hue / 30) % 12 - 3, 9 - (at + hue / 30) % 12, 1.0)) for at in (0, 8, 4)
    )
    return red, green, blue


def _contrast(*colours: tuple[float, float, float]) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour: tuple[float, float, float]) -> float:
        red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted(luminance(one) for one in colours)
    return (light + 0.05) / (dark + 0.05)

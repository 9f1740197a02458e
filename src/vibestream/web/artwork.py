"""Artwork for a release that has none yet: circles in two colours, drawn from its id, always the same."""

from __future__ import annotations

import hashlib
from typing import Final

_SIZE: Final = 400


def draw(seed: bytes) -> str:
    """Return the SVG that belongs to a seed: a ground and six circles, muted enough to sit beside real covers."""
    numbers = hashlib.sha256(seed).digest()
    first = numbers[0] * 360 // 256
    second = (first + 110 + numbers[1] * 140 // 256) % 360
    shapes = [f'<rect width="{_SIZE}" height="{_SIZE}" fill="hsl({first} 32% 24%)"/>']
    for circle in range(6):
        x, y, radius, tone = numbers[2 + circle * 4 : 6 + circle * 4]
        hue = first if circle % 3 == 1 else second
        shapes.append(
            f'<circle cx="{x * _SIZE // 256}" cy="{y * _SIZE // 256}" r="{36 + radius * 110 // 256}" '
            f'fill="hsl({hue} {28 + tone % 16}% {36 + tone * 26 // 256}%)" opacity="0.72"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" width="{_SIZE}" height="{_SIZE}">'
        + "".join(shapes)
        + "</svg>"
    )

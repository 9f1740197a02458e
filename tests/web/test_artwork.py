"""Artwork drawn from an id."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from vibestream.web.artwork import draw


def test_the_same_seed_is_always_the_same_picture_and_another_seed_another():
    assert draw(b"media luna") == draw(b"media luna")
    assert draw(b"media luna") != draw(b"salitre")


def test_it_is_a_ground_and_six_circles_with_no_script_and_no_reference():
    picture = ET.fromstring(draw(b"norte"))  # noqa: S314 - our own text
    shapes = [element.tag.rpartition("}")[2] for element in picture]

    assert shapes == ["rect", *["circle"] * 6]
    assert all("href" not in name for element in picture.iter() for name in element.attrib)

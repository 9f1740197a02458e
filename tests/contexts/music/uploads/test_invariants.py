"""Number nine: what was accepted is what is stored."""

from __future__ import annotations

import os

import pytest

from tests.contexts.music.uploads.conftest import Kept, Tus
from vibestream.contexts.music.uploads.invariants import invariants_of
from vibestream.platform.invariants import check_all
from vibestream.platform.storage.local import LocalObjectStore


@pytest.fixture
async def masters(tus: Tus) -> list[bytes]:
    """Six accepted uploads of five masters, and one that is not finished."""
    masters = [bytes([n]) * 1000 for n in range(5)]
    for master in [*masters, masters[0]]:
        await tus.patch(await tus.begin(1000), 0, master)
    await tus.patch(await tus.begin(1000), 0, b"abc")
    return masters


async def test_holds_over_all_originals_and_over_a_sample(masters: list[bytes], runtime, kept: Kept):
    (everything,) = await check_all(runtime.database, invariants_of(runtime.objects, sample=None))
    assert everything.finding.ok
    assert everything.finding.figure == "5 originals, all read again, 0 faults"
    assert everything.invariant.name == "music.originals_kept"
    (some,) = await check_all(runtime.database, invariants_of(runtime.objects, sample=2))
    assert (some.finding.ok, some.finding.figure) == (True, "5 originals, 2 of them read again, 0 faults")


async def test_holds_where_nothing_was_uploaded(runtime):
    (nothing,) = await check_all(runtime.database, invariants_of(runtime.objects))
    assert (nothing.finding.ok, nothing.finding.figure) == (True, "0 originals, all read again, 0 faults")


async def test_sees_what_is_missing_cut_or_changed(masters: list[bytes], runtime, kept: Kept):
    assert isinstance(runtime.objects, LocalObjectStore)
    lost, cut, changed = (await kept.originals())[:3]
    await runtime.objects.delete(lost)
    os.truncate(runtime.objects.root / cut, 10)
    path = runtime.objects.root / changed
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    (found,) = await check_all(runtime.database, invariants_of(runtime.objects, sample=None))
    assert not found.finding.ok
    assert found.finding.figure == "5 originals, all read again, 3 faults"
    assert "its original is missing" in found.finding.detail
    assert "1000 bytes arrived, 10 are stored" in found.finding.detail
    assert "the stored bytes are not those that arrived" in found.finding.detail

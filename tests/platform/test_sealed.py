"""Small secrets at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.sealed import Sealer, SealUnknown

OLD, NEW = "o" * 40, "n" * 40


def settings(tmp_path: Path, key: str, *, accepted: str | None = None) -> Settings:
    return load_settings(environment=Environment.TEST, data_dir=tmp_path, secret_key=key, accepted_secret_keys=accepted)


def test_what_is_sealed_opens_for_its_owner_and_purpose_alone(tmp_path: Path):
    sealer = Sealer.of(settings(tmp_path, OLD), purpose="a")
    sealed = sealer.seal(b"twenty bytes of it..", belongs_to=b"ana")

    assert len(sealed) == 56
    assert b"twenty" not in sealed
    assert sealer.seal(b"twenty bytes of it..", belongs_to=b"ana") != sealed
    assert sealer.open(sealed, belongs_to=b"ana") == b"twenty bytes of it.."
    for other, owner in ((sealer, b"kito"), (Sealer.of(settings(tmp_path, OLD), purpose="b"), b"ana")):
        with pytest.raises(SealUnknown):
            other.open(sealed, belongs_to=owner)


@pytest.mark.parametrize("at", range(56))
def test_no_octet_can_be_changed(tmp_path: Path, at: int):
    sealer = Sealer.of(settings(tmp_path, OLD), purpose="a")
    sealed = bytearray(sealer.seal(b"twenty bytes of it..", belongs_to=b"ana"))
    sealed[at] ^= 1

    assert sealer.try_open(bytes(sealed), belongs_to=b"ana") is None


@pytest.mark.parametrize("length", [0, 8, 19, 20, 35])
def test_what_is_cut_short_does_not_open(tmp_path: Path, length: int):
    sealer = Sealer.of(settings(tmp_path, OLD), purpose="a")

    assert sealer.try_open(sealer.seal(b"secret", belongs_to=b"ana")[:length], belongs_to=b"ana") is None


def test_after_the_key_is_changed_the_former_one_opens_while_it_is_accepted(tmp_path: Path):
    old = Sealer.of(settings(tmp_path, OLD), purpose="a")
    sealed = old.seal(b"secret", belongs_to=b"ana")

    both = Sealer.of(settings(tmp_path, NEW, accepted=OLD), purpose="a")
    assert both.open(sealed, belongs_to=b"ana") == b"secret"
    assert not sealed.startswith(both.name)
    assert both.seal(b"secret", belongs_to=b"ana").startswith(both.name)
    with pytest.raises(SealUnknown):
        Sealer.of(settings(tmp_path, NEW), purpose="a").open(sealed, belongs_to=b"ana")


def test_the_keys_are_not_shown(tmp_path: Path):
    assert "keys" not in repr(Sealer.of(settings(tmp_path, OLD), purpose="a"))

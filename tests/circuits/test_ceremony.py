"""A ceremony by three people, whole, on a circuit so small that it takes seconds; and everybody who would cheat in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools import build_circuits
from vibestream.contexts.listen_reward.ceremony import service as ceremony
from vibestream.contexts.listen_reward.ceremony.service import (
    AlreadyACeremony,
    Folder,
    Forged,
    Half,
    LeftOut,
    NotFinished,
    NotItsTurn,
    OtherCircuit,
    Snarkjs,
    SomethingThere,
    StepFailed,
    TakenTurn,
    Transcript,
)

CUBE = """pragma circom 2.1.0;
template Cube() {
    signal input a;
    signal square;
    signal output cube;
    square <== a * a;
    cube <== square * a;
}
component main = Cube();
"""
BEACON = "ab" * 32
Copy = Callable[[Folder], Folder]


def hush(_: str) -> None:
    """Tell nobody how far it is."""


@pytest.fixture(scope="module")
def snarkjs() -> Snarkjs:
    return ceremony.open_snarkjs(build_circuits.CIRCUITS)


@pytest.fixture(scope="module")
def begun(snarkjs: Snarkjs, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    source = tmp_path_factory.mktemp("cube") / "src" / "claim.circom"
    source.parent.mkdir()
    source.write_text(CUBE)
    compiled = tmp_path_factory.mktemp("compiled")
    build_circuits.compile_circuit(source, compiled)
    circuit = {name: build_circuits.digest(compiled / name) for name in ("claim.r1cs", "claim.wasm")}
    root = tmp_path_factory.mktemp("hand") / "ceremony"
    return ceremony.begin(snarkjs, root=root, compiled=compiled, circuit=circuit, tell=hush, power=4)


@pytest.fixture(scope="module")
def attestations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attestations")


def add(snarkjs: Snarkjs, folder: Folder, name: str, attestations: Path) -> None:
    made = ceremony.contribute(snarkjs, folder=folder, name=name, tell=hush)
    (attestations / f"{made.half}-{name}").write_text(ceremony.attest(made))


def end(snarkjs: Snarkjs, folder: Folder) -> None:
    ceremony.end(snarkjs, folder=folder, beacon=BEACON, source="Block 9", tell=hush)


def copied(folder: Folder, into: Path) -> Folder:
    shutil.copytree(folder.root, into)
    return Folder(into, folder.circuit)


@pytest.fixture(scope="module")
def open_key(snarkjs: Snarkjs, begun: Folder, attestations: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The powers by three people, and a key that one has contributed to."""
    folder = copied(begun, tmp_path_factory.mktemp("open") / "ceremony")
    for name in ("ana", "bo", "cy"):
        add(snarkjs, folder, name, attestations)
    end(snarkjs, folder)
    add(snarkjs, folder, "ana", attestations)
    return folder


@pytest.fixture(scope="module")
def ended(snarkjs: Snarkjs, open_key: Folder, attestations: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = copied(open_key, tmp_path_factory.mktemp("ended") / "ceremony")
    for name in ("bo", "cy"):
        add(snarkjs, folder, name, attestations)
    end(snarkjs, folder)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return lambda folder: copied(folder, tmp_path / "ceremony")


def verify(snarkjs: Snarkjs, folder: Folder) -> Transcript:
    return ceremony.verify(snarkjs, folder=folder, tell=hush)


def test_three_people_and_two_beacons_make_keys_that_lack_nothing(snarkjs, ended, attestations):
    found = verify(snarkjs, ended)

    assert [(one.half, one.number, one.name) for one in (*found.powers, *found.key)] == [
        (half, number, name)
        for half in (Half.POWERS, Half.KEY)
        for number, name in enumerate(["ana", "bo", "cy", "Block 9"], start=1)
    ]
    assert found.lacks == ()
    assert found.powers[-1].beacon == found.key[-1].beacon == BEACON
    ceremony.require_attested(found, attestations=sorted(attestations.iterdir()))
    assert len({one.digest for one in (*found.powers, *found.key)}) == 8


def test_whoever_is_left_out_finds_it_by_what_they_kept(snarkjs, open_key, ended, attestations, copy):
    # Bo contributed (to `ended`); the conductor goes back to the file before that and lets only Cy follow. It verifies.
    assert ended.root != open_key.root
    folder = copy(open_key)
    ceremony.contribute(snarkjs, folder=folder, name="cy", tell=hush)

    found = verify(snarkjs, folder)

    ceremony.require_attested(found, attestations=[attestations / "key-ana"])
    with pytest.raises(LeftOut, match="bo added to the key"):
        ceremony.require_attested(found, attestations=[attestations / "key-bo"])


def test_a_turn_under_another_name_is_not_the_one_that_was_attested(snarkjs, ended, attestations, tmp_path):
    said = json.loads((attestations / "powers-bo").read_text())
    (tmp_path / "stolen").write_text(json.dumps(said | {"name": "mallory"}))

    with pytest.raises(LeftOut):
        ceremony.require_attested(verify(snarkjs, ended), attestations=[tmp_path / "stolen"])


@pytest.mark.parametrize("name", ["prepared.ptau", "claim.zkey"])
@pytest.mark.parametrize("part", [0.35, 0.6, 0.98])
def test_one_changed_bit_is_found(snarkjs, ended, copy, name, part):
    folder = copy(ended)
    data = bytearray((folder.root / name).read_bytes())
    data[int(len(data) * part)] ^= 1
    (folder.root / name).write_bytes(data)

    with pytest.raises((Forged, StepFailed)):
        verify(snarkjs, folder)


def test_a_key_on_other_powers_is_found(snarkjs, begun, ended, attestations, tmp_path):
    other = copied(begun, tmp_path / "other")
    ceremony.contribute(snarkjs, folder=other, name="mallory", tell=hush)
    end(snarkjs, other)
    folder = copied(ended, tmp_path / "ceremony")
    shutil.copy(other.key, folder.key)

    with pytest.raises(Forged):
        verify(snarkjs, folder)


def test_nobody_contributes_to_what_was_forged(snarkjs, open_key, copy):
    folder = copy(open_key)
    data = bytearray(folder.key.read_bytes())
    data[-40] ^= 1
    folder.key.write_bytes(data)

    with pytest.raises((Forged, StepFailed)):
        ceremony.contribute(snarkjs, folder=folder, name="bo", tell=hush)
    assert folder.key.read_bytes() == data


def test_each_comes_in_turn_once_and_not_after_the_beacon(snarkjs, begun, open_key, ended, copy):
    with pytest.raises(NotItsTurn, match="ana has contributed"):
        ceremony.contribute(snarkjs, folder=open_key, name="ana", tell=hush)
    with pytest.raises(NotItsTurn, match="beacon ended the key"):
        ceremony.contribute(snarkjs, folder=ended, name="dee", tell=hush)
    with pytest.raises(NotItsTurn, match="beacon ended the key"):
        end(snarkjs, ended)
    with pytest.raises(NotItsTurn, match="Nobody has contributed"):
        end(snarkjs, copy(begun))


def test_two_at_once_are_told_to_wait(snarkjs, open_key, copy):
    folder = copy(open_key)
    with folder.turn(), pytest.raises(TakenTurn):
        ceremony.contribute(snarkjs, folder=folder, name="bo", tell=hush)


def test_a_turn_that_broke_off_changed_nothing_and_is_taken_again(snarkjs, open_key, copy):
    folder = copy(open_key)
    before = folder.key.read_bytes()
    folder.key.with_name(".claim.zkey.made").write_bytes(before[: len(before) // 2])  # as SIGKILL leaves it
    assert verify(snarkjs, folder).key[-1].name == "ana"

    ceremony.contribute(snarkjs, folder=folder, name="bo", tell=hush)

    assert [one.name for one in verify(snarkjs, folder).key] == ["ana", "bo"]
    assert not list(folder.root.glob(".*.made"))


def test_an_end_that_broke_off_before_the_key_goes_on_with_the_same_beacon(snarkjs, open_key, copy):
    folder = copy(open_key)
    folder.key.unlink()
    folder.prepared.unlink()
    before = folder.powers.read_bytes()

    last = ceremony.end(snarkjs, folder=folder, beacon="cd" * 32, source="Block 10", tell=hush)

    assert (last.name, last.beacon) == ("Block 9", BEACON)
    assert folder.powers.read_bytes() == before
    assert verify(snarkjs, folder).key == ()


def test_another_circuit_is_refused_at_the_begin_and_at_every_turn(snarkjs, open_key, copy, tmp_path):
    folder = copy(open_key)
    folder.r1cs.write_bytes(folder.r1cs.read_bytes() + b"\0")
    with pytest.raises(OtherCircuit):
        ceremony.contribute(snarkjs, folder=folder, name="bo", tell=hush)
    with pytest.raises(OtherCircuit):
        ceremony.begin(
            snarkjs, root=tmp_path / "new", compiled=folder.root, circuit={"claim.r1cs": "00" * 32}, tell=hush
        )
    assert not (tmp_path / "new").exists()


def test_a_ceremony_of_another_circuit_is_not_ours_however_whole_it_is(snarkjs, ended):
    with pytest.raises(OtherCircuit, match="another circuit than the sources"):
        ceremony.verify(snarkjs, folder=replace(ended, circuit={"claim.r1cs": "00" * 32}), tell=hush)


def test_a_ceremony_is_not_begun_over_something(snarkjs, open_key):
    with pytest.raises(AlreadyACeremony):
        ceremony.begin(
            snarkjs, root=open_key.root, compiled=open_key.root, circuit=open_key.circuit, tell=hush, power=4
        )
    assert verify(snarkjs, open_key).lacks != ()


def test_keys_of_too_few_are_not_installed(snarkjs, open_key, tmp_path):
    with pytest.raises(NotFinished, match="1 of at least 3 people contributed to the key"):
        ceremony.install(
            snarkjs, folder=open_key, transcript=verify(snarkjs, open_key), into=tmp_path / "keys", tell=hush
        )
    assert list(tmp_path.iterdir()) == []


def test_keys_are_written_beside_and_put_in_place_at_once_or_not_at_all(snarkjs, ended, tmp_path):
    (tmp_path / "keys").mkdir()
    with pytest.raises(SomethingThere):
        ceremony.install(snarkjs, folder=ended, transcript=verify(snarkjs, ended), into=tmp_path / "keys", tell=hush)
    assert list(tmp_path.rglob("*")) == [tmp_path / "keys"]

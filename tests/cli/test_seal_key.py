"""`vibestream seal-key` prints a pair of keys that belong together, new ones each time."""

from __future__ import annotations

from click.testing import CliRunner

from vibestream.cli.seal_key import command
from vibestream.kernel.signing import SigningKey


def printed() -> dict[str, str]:
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    return dict(line.rsplit("  ", 1) if "  " in line else line.rsplit(" ", 1) for line in result.output.splitlines())


def test_prints_a_pair_and_its_id():
    keys = {name.strip(): value.strip() for name, value in printed().items()}
    public = SigningKey.parse(keys["private key"]).public
    assert (keys["public key"], keys["key id"]) == (public.text, public.key_id)
    assert printed() != printed()

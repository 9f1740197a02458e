"""The web bundle as the server sees it: which file an asset is called, and its integrity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from vibestream.kernel.errors import Unavailable

FOLDER: Final = Path(__file__).parent / "static"
URL: Final = "/static"


class BundleMissing(Unavailable):
    """The web bundle was not built; a checkout builds it with `make assets`, a wheel carries it."""

    code: ClassVar[str] = "web.bundle_missing"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the bundle, named by its content."""

    url: str
    integrity: str


class Assets:
    """The bundle's manifest, read once; in development again whenever it was rebuilt."""

    def __init__(self, folder: Path = FOLDER, *, reread: bool = False) -> None:
        self._path = folder / "dist" / "manifest.json"
        self._reread = reread
        self._built_at = 0.0
        self._known: Mapping[str, Asset] = {}

    def __getitem__(self, name: str) -> Asset:
        """Return an asset by its plain name, such as `app.js`.

        Raises:
            BundleMissing: the bundle was not built, or has no such file.
        """
        if not self._known or self._reread:
            self._read()
        try:
            return self._known[name]
        except KeyError:
            raise BundleMissing(f"The web bundle has no {name}: run `make assets`.") from None

    def messages(self, locale: str) -> str:
        """Return what the islands say in a language, as JSON that may stand inside a script element."""
        path = self._path.with_name(f"messages.{locale}.json")
        return path.read_text().replace("<", "\\u003c") if path.exists() else "{}"

    def _read(self) -> None:
        try:
            built_at = self._path.stat().st_mtime
            if built_at == self._built_at:
                return
            manifest = json.loads(self._path.read_text())
        except FileNotFoundError:
            raise BundleMissing("The web bundle was not built: run `make assets`.") from None
        self._built_at = built_at
        self._known = {
            name: Asset(f"{URL}/dist/{entry['file']}", entry["integrity"]) for name, entry in manifest.items()
        }

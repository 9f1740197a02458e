"""What the stand-ins remember: one SQLite file, which survives restarts and being killed.

Every object of every provider is a JSON document with its provider, kind, id and one `parent` to look it up by (a refund's
payment, an event's object). One thread uses it; a request is one transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]

_ALPHABET: Final = string.ascii_letters + string.digits
_CHUNK: Final = 200
_BEYOND: Final = 2**62
_SEQ_OF: Final = (
    "(SELECT d.seq FROM documents d WHERE d.provider = documents.provider AND d.kind = documents.kind AND d.id = ?)"
)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT,
    created INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (provider, kind, id));
CREATE INDEX IF NOT EXISTS documents_by_kind ON documents (provider, kind, seq);
CREATE INDEX IF NOT EXISTS documents_by_parent ON documents (provider, kind, parent);
CREATE TABLE IF NOT EXISTS answers (
    provider TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (provider, key));
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, kind TEXT NOT NULL, act TEXT NOT NULL, times INTEGER NOT NULL,
    options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, endpoint TEXT NOT NULL, event TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, spoilt INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL, status INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_ms) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS due (
    provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (provider, kind, id));
CREATE INDEX IF NOT EXISTS due_by_time ON due (provider, kind, at);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def random_ref(prefix: str = "", *, length: int = 24, alphabet: str = _ALPHABET) -> str:
    """Return a new id as providers make them: a prefix and random letters and digits."""
    return prefix + "".join(secrets.choice(alphabet) for _ in range(length))


class Store:
    """The open file. Its methods outside `transaction()` each are a transaction of their own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None)
        # Written data is the kernel's before a request is answered, so it outlives this process; only a crash of the
        # machine itself may lose the latest, which a sandbox may.
        self.db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;" + _SCHEMA
        )
        self._lasting: list[list[tuple[str, tuple[Any, ...]]]] = []
        """Per open transaction, from the outside in, the statements that outlive its being undone."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block wholly or not at all; inside another one, a part that can fail by itself."""
        name = f"level_{len(self._lasting)}"
        outermost = not self._lasting
        self.db.execute("BEGIN IMMEDIATE" if outermost else f"SAVEPOINT {name}")
        self._lasting.append([])
        done = False
        try:
            yield
            done = True
        finally:
            lasting = self._lasting.pop()
            if outermost:
                self.db.execute("COMMIT" if done else "ROLLBACK")
            else:
                self.db.execute(f"RELEASE {name}" if done else f"ROLLBACK TO {name}")
                self._lasting[-1] += lasting
            if not done:
                for statement, values in lasting:
                    self.db.execute(statement, values)

    def write_lastingly(self, statement: str, values: tuple[Any, ...]) -> None:
        """Write what stays written when the transaction around it is undone: that a fault was used up."""
        self.db.execute(statement, values)
        if self._lasting:
            self._lasting[-1].append((statement, values))

    def put(
        self, provider: str, kind: str, ref: str, body: Document, *, created: int, parent: str | None = None
    ) -> None:
        """Add a document, or replace the body of the one that has this id."""
        self.db.execute(
            "INSERT INTO documents (provider, kind, id, parent, created, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (provider, kind, id) DO UPDATE SET body = excluded.body, parent = coalesce(excluded.parent, parent)",
            (provider, kind, ref, parent, created, json.dumps(body)),
        )

    def get(self, provider: str, kind: str, ref: str) -> Document | None:
        """Return a document; None when there is none."""
        row = self.db.execute(
            "SELECT body FROM documents WHERE provider = ? AND kind = ? AND id = ?", (provider, kind, ref)
        ).fetchone()
        return None if row is None else _document(row[0])

    def drop(self, provider: str, kind: str, ref: str) -> None:
        """Forget a document."""
        self.db.execute("DELETE FROM documents WHERE provider = ? AND kind = ? AND id = ?", (provider, kind, ref))

    def newest_first(
        self,
        provider: str,
        kind: str,
        *,
        parent: str | None = None,
        since: int | None = None,
        until: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Iterator[Document]:
        """Yield documents, the newest first: of one parent, made in [since, until), older than `before`, newer than `after`."""
        clauses, values = ["provider = ?", "kind = ?"], [provider, kind]
        for clause, value in (
            ("parent = ?", parent),
            ("created >= ?", since),
            ("created < ?", until),
            (f"seq < {_SEQ_OF}", before),
            (f"seq > {_SEQ_OF}", after),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)  # type: ignore[arg-type]  # sqlite3 takes both kinds
        query = (
            f"SELECT seq, body FROM documents WHERE {' AND '.join(clauses)} AND seq < ?"  # noqa: S608 - clauses are ours
            f" ORDER BY seq DESC LIMIT {_CHUNK}"
        )
        last = _BEYOND
        while rows := self.db.execute(query, (*values, last)).fetchall():
            # In chunks, so that who wants a few reads a few, and who writes meanwhile disturbs nothing.
            for _, body in rows:
                yield _document(body)
            last = rows[-1][0]

    def kept_answer(self, provider: str, key: str) -> tuple[str, int, str] | None:
        """Return the request, status and body that an idempotency key was first answered with; None for a new key."""
        row = self.db.execute(
            "SELECT request, status, body FROM answers WHERE provider = ? AND key = ?", (provider, key)
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), str(row[2]))

    def keep_answer(self, provider: str, key: str, *, request: str, status: int, body: str) -> None:
        """Remember how a new key was answered."""
        self.db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (provider, key, request, status, body))

    def schedule(self, provider: str, kind: str, ref: str, *, at: int) -> None:
        """Remember that something of this kind is to be done about an id at a Unix second; the last word counts."""
        self.db.execute("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)", (provider, kind, ref, at))

    def take_due(self, provider: str, kind: str, *, now: int) -> list[str]:
        """Return the ids that are due, the earliest first, and forget that they were."""
        rows = self.db.execute(
            "SELECT id FROM due WHERE provider = ? AND kind = ? AND at <= ? ORDER BY at, rowid", (provider, kind, now)
        ).fetchall()
        if rows:
            self.db.execute("DELETE FROM due WHERE provider = ? AND kind = ? AND at <= ?", (provider, kind, now))
        return [str(row[0]) for row in rows]

    def fact(self, name: str) -> str | None:
        """Return a remembered fact; None when it was never set."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact."""
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        self.db.close()


def _document(body: str) -> Document:
    document: Document = json.loads(body)
    return document
